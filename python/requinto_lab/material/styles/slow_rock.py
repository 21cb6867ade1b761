# SPDX-License-Identifier: GPL-3.0-or-later
"""Slow rock: six eighths in two beats of three, a ballad's compound time."""

from __future__ import annotations

from requinto_lab.material.style import Part, Style

SLOW_ROCK = Style(
    name="slow rock",
    tempo_bpm=(46, 80),
    minor=0.4,
    beats_per_bar=2,
    swing=(0.0, 0.0),
    compound=True,
    minor_progressions=("i|bVI|bIII|bVII", "i|iv|V7|i", "i|bVII|bVI|V7"),
    major_progressions=("I|vi|IV|V", "I|vi|ii|V7", "I|IV|I|V"),
    forms=(
        "intro:4 verse:8 chorus:8 verse:8 chorus:8 outro:2",
        "intro:2 verse:8 bridge:8 chorus:8 outro:4",
    ),
    parts=(
        Part(
            name="guitar",
            instruments=("guitar", "piano", "organ"),
            manner="arpeggio",
            lowest=(48, 55),
            leads=True,
            rows=("R12321", "R13213", "012345", "R21R21", "R-2132"),
        ),
        Part(
            name="chords",
            instruments=("piano", "organ", "guitar"),
            manner="chords",
            lowest=(50, 57),
            share=0.6,
            rows=("XxxXxx", "X--X--", "X-xX-x", "xxxxxx"),
        ),
        Part(
            name="bass",
            instruments=("bass",),
            manner="bass",
            lowest=(28, 34),
            rows=("R--R-5", "R----5", "R--5--", "R-rR-5", "R--8-5"),
        ),
        Part(
            name="melody",
            instruments=("voice", "strings", "lead", "reed"),
            manner="melody",
            lowest=(57, 64),
            share=0.8,
            silent_in=("intro",),
            rows=("x--x-x", "x-xx--", "x-----", "xxxx--", ".xxx-x"),
        ),
        Part(
            name="drums",
            instruments=("drums",),
            manner="strokes",
            share=0.9,
            rows=(
                "K...../...S../hhhhhh",
                "K....k/...S../hhhhhh",
                "K.k..k/...S../y.yy.y",
                "K...../...r../hhhhhh",
            ),
            fills=("K...../...SSS/hhh...", "K...../..SStf"),
        ),
        Part(
            name="shaker",
            instruments=("maracas",),
            manner="strokes",
            share=0.3,
            rows=("XxxXxx", "X.xX.x"),
        ),
    ),
)
