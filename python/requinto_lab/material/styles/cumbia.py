# SPDX-License-Identifier: GPL-3.0-or-later
"""Cumbia: güira on the off-beats, accordion, a walking bass."""

from __future__ import annotations

from requinto_lab.material.style import Part, Style

CUMBIA = Style(
    name="cumbia",
    tempo_bpm=(84, 112),
    minor=0.7,
    swing=(0.0, 0.15),
    minor_progressions=("i|V7|i|V7", "i|bVII|bVI|V7", "i|iv|V7|i", "i|i|bVII|bVII"),
    major_progressions=("I|V7|I|V7", "I|IV|V7|I", "vi|IV|I|V7"),
    forms=(
        "intro:4 verse:8 chorus:8 bridge:4 chorus:8 outro:2",
        "intro:4 verse:8 verse:8 chorus:8 outro:1",
    ),
    parts=(
        Part(
            name="accordion",
            instruments=("accordion", "flute", "reed", "lead"),
            manner="melody",
            lowest=(60, 67),
            leads=True,
            rows=("x.x.x-x-x.x.x---", "..x.x.x.x-x-x-..", "x-x-..x-x-x-..x-"),
        ),
        Part(
            name="guitar",
            instruments=("guitar", "piano", "organ"),
            manner="chords",
            lowest=(52, 60),
            n_voices=4,
            rows=("..x-..x-", "..xx..xx", ".x.x.x.x"),
        ),
        Part(
            name="bass",
            instruments=("bass",),
            manner="bass",
            lowest=(28, 34),
            rows=("R---3-5-", "R-..5-5-", "R---5-8-", "R-..3-5-|R-..5-a-"),
        ),
        Part(
            name="congas",
            instruments=("conga", "bongo"),
            manner="strokes",
            share=0.8,
            rows=("L.s.L.s.L.sLL.s.", "L...s...L.L.s..."),
        ),
        Part(
            name="guiro",
            instruments=("guira",),
            manner="strokes",
            rows=("L.s.s.L.s.s.", "L...s.s.L...s.s.", "S.ssL.ssS.ssL.ss"),
        ),
        Part(
            name="timbales",
            instruments=("timbales",),
            manner="strokes",
            share=0.5,
            rows=("C.c.C.c.C.c.C.c.", "C...C...C...C.C."),
            fills=("C.c.C.c.L.L.L.L.",),
        ),
        Part(
            name="voz",
            instruments=("voice", "brass"),
            manner="melody",
            lowest=(52, 60),
            share=0.6,
            silent_in=("intro", "bridge"),
            rows=("x-x-x-x-x---....", "..x-x-x-x-x-x---"),
        ),
    ),
)
