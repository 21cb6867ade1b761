# SPDX-License-Identifier: GPL-3.0-or-later
"""Funk: sixteenths, muted guitar, a busy bass, horns."""

from __future__ import annotations

from requinto_lab.material.style import Part, Style

FUNK = Style(
    name="funk",
    tempo_bpm=(90, 124),
    minor=0.6,
    swing=(0.0, 0.25),
    minor_progressions=("i7|i7|i7|iv7", "i7|iv7|i7|iv7", "i7|bVII7|i7|bVII7"),
    major_progressions=("I7|I7|IV7|I7", "I7|IV7|I7|IV7", "I7|bVII7|IV7|I7"),
    forms=(
        "intro:4 verse:8 chorus:8 bridge:4 chorus:4 outro:2",
        "intro:4 verse:8 bridge:8 verse:4 outro:1",
    ),
    parts=(
        Part(
            name="scratch",
            instruments=("guitar",),
            manner="strum",
            lowest=(54, 60),
            n_voices=4,
            rows=(
                "xxDuxxDuxxDuxxxx",
                "DxxUxxDxxxDxxUxx",
                "..Du..xu..Du..xu",
                "D..x.xDxxuxuDx..",
            ),
            leads=True,
        ),
        Part(
            name="bass",
            instruments=("bass",),
            manner="bass",
            lowest=(28, 34),
            rows=(
                "R..R..8.R...5.7.",
                "R...R.8...R.5.8.",
                "R.RR..7.8.R...a.",
                "R-..8.R...5-..7.|R-..R.8...7.5.a.",
            ),
        ),
        Part(
            name="drums",
            instruments=("drums",),
            manner="strokes",
            rows=(
                "K.K...K...K..K../....S..s.s..S..s/hhhhhhhhhhhhhhho",
                "K..K..K...K...../....S.......S..s/h.h.h.hoh.h.h.h.",
                "K.....KK..K...../....S..s....S.../hhhhhhhhhhhhhhhh",
            ),
            fills=("K...K...K...K.../..SsS.sS.sSsttff/h...............",),
        ),
        Part(
            name="clavinet",
            instruments=("piano", "organ", "lead"),
            manner="chords",
            lowest=(54, 60),
            n_voices=3,
            share=0.6,
            rows=("x..x..x.x..x..x.", "..x..x....x..x..", "x.......x-......"),
        ),
        Part(
            name="horns",
            instruments=("brass", "reed"),
            manner="chords",
            lowest=(58, 64),
            n_voices=3,
            share=0.6,
            silent_in=("verse",),
            rows=(
                "x..x....X-......",
                "......x.x.X---..",
                "X-..x...........|....x.x.X---....",
            ),
        ),
        Part(
            name="congas",
            instruments=("conga", "bongo"),
            manner="strokes",
            share=0.4,
            rows=("L.s.LLs.L.s.L.sL", "s..L..s.s..L.Ls."),
        ),
        Part(
            name="voice",
            instruments=("voice",),
            manner="melody",
            lowest=(54, 62),
            share=0.4,
            silent_in=("intro", "bridge"),
            rows=("x.xx..x-x-......", "..x.x.x-....x-x-"),
        ),
    ),
)
