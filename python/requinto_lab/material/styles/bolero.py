# SPDX-License-Identifier: GPL-3.0-or-later
"""Bolero: slow, with nylon guitar, maracas and bongo."""

from __future__ import annotations

from requinto_lab.material.style import Part, Style

BOLERO = Style(
    name="bolero",
    tempo_bpm=(80, 116),
    minor=0.6,
    swing=(0.0, 0.1),
    minor_progressions=(
        "i|iv|V7|i",
        "i|i7|iv|V7",
        "iv7|bVII7|bIIIM7|bVIM7",
        "i|bVI|iio V7|i",
    ),
    major_progressions=("IM7|vi7|ii7|V7", "I|iii|ii7|V7", "IM7|IM7|ii7|V7"),
    forms=(
        "intro:4 verse:8 chorus:8 verse:8 outro:2",
        "intro:2 verse:8 bridge:8 verse:4 outro:2",
    ),
    parts=(
        Part(
            name="requinto",
            instruments=("guitar",),
            manner="arpeggio",
            lowest=(52, 59),
            leads=True,
            rows=("R-234323", "0-1-2-3-2-1-2-1-", "..23..23", "R-3-2-3-4-3-2-3-"),
            fills=("5-4-3-2-4-3-2-1-", "23454321"),
        ),
        Part(
            name="segunda",
            instruments=("guitar", "piano"),
            manner="chords",
            lowest=(48, 54),
            n_voices=4,
            share=0.7,
            rows=("..x-x-x-", "X-..x-x-", "..x-..x-"),
        ),
        Part(
            name="bass",
            instruments=("bass",),
            manner="bass",
            lowest=(28, 33),
            rows=("R-------5---5---", "R-----R-5---5---", "R-------5---a---"),
        ),
        Part(
            name="bongo",
            instruments=("bongo",),
            manner="strokes",
            rows=("H.t.h.t.H.t.L.t.", "H.t.h.tth.t.L.t."),
            fills=("H.t.h.t.HhHhL.L.",),
        ),
        Part(
            name="maracas",
            instruments=("maracas",),
            manner="strokes",
            rows=("X.x.x.x.X.x.x.x.", "X.xxx.x.X.xxx.x.", "X...xxx.X...xxx."),
        ),
        Part(
            name="melody",
            instruments=("voice", "strings", "flute", "brass", "accordion"),
            manner="melody",
            lowest=(57, 64),
            share=0.7,
            silent_in=("intro",),
            rows=("x---x-x-x-------", "..x-x-x-x---x---", "x-----x-x---x-x-"),
        ),
    ),
)
