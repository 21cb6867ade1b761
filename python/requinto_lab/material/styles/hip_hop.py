# SPDX-License-Identifier: GPL-3.0-or-later
"""Hip-hop: slow drums, sub bass, looped keys."""

from __future__ import annotations

from requinto_lab.material.style import Part, Style

HIP_HOP = Style(
    name="hip hop",
    tempo_bpm=(70, 100),
    minor=0.8,
    swing=(0.0, 0.35),
    minor_progressions=("i|i|bVI|bVII", "i7|iv7|i7|v7", "i|bVI|i|bVI", "i|i|i|i"),
    major_progressions=("IM7|vi7|IM7|vi7", "ii7|V7|IM7|IM7"),
    forms=(
        "intro:4 verse:8 chorus:4 verse:8 chorus:4 outro:2",
        "intro:2 verse:8 chorus:8 bridge:4 outro:2",
    ),
    parts=(
        Part(
            name="drums",
            instruments=("drums",),
            manner="strokes",
            rows=(
                "K.....K...K...../....S.......S.../h.h.h.h.h.h.h.h.",
                "K..K......KK..../....S.......S..s/hhhhhhhhhhhhhhhh",
                "K.........K..K../....p.......p.../h.h.hhh.h.h.hhhh",
            ),
            fills=("K.....K...K...../....S..S....SSSS/h.......h.......",),
        ),
        Part(
            name="bass",
            instruments=("bass",),
            manner="bass",
            lowest=(28, 34),
            rows=("R-----R---R-----", "R---------5-R---", "R--R------R-..a-"),
        ),
        Part(
            name="loop",
            instruments=("piano", "guitar", "mallets", "strings", "flute"),
            manner="arpeggio",
            lowest=(57, 64),
            n_voices=5,
            leads=True,
            rows=("0-2-3-2-1-2-....", "3-..2-..1-..2-..", "0-1-2---3-2-1---"),
        ),
        Part(
            name="chords",
            instruments=("piano", "pad", "organ", "strings"),
            manner="chords",
            lowest=(52, 60),
            n_voices=4,
            share=0.6,
            rows=("X---------------", "X-----x---------", "x-......x-......"),
        ),
        Part(
            name="hook",
            instruments=("voice", "lead", "brass"),
            manner="melody",
            lowest=(55, 62),
            share=0.5,
            silent_in=("intro", "verse"),
            rows=("x-x-x-x-x---....", "..x-x---..x-x---"),
        ),
        Part(
            name="shaker",
            instruments=("maracas",),
            manner="strokes",
            share=0.3,
            rows=("x.X.x.X.x.X.x.X.",),
        ),
    ),
)
