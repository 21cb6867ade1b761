# SPDX-License-Identifier: GPL-3.0-or-later
"""Ballad: slow, piano and strings, a drum kit that waits for the chorus."""

from __future__ import annotations

from requinto_lab.material.style import Part, Style

BALLAD = Style(
    name="ballad",
    tempo_bpm=(60, 84),
    minor=0.4,
    swing=(0.0, 0.05),
    minor_progressions=("i|bVI|bIII|bVII", "i|iv|bVII|bIII", "i|v|bVI|iv"),
    major_progressions=("I|V|vi|IV", "I|iii|vi|IV", "IM7|vi7|ii7|V7", "I|V ii|vi|IV V"),
    forms=(
        "intro:4 verse:8 chorus:8 outro:2",
        "intro:2 verse:8 chorus:8 bridge:4 outro:2",
    ),
    parts=(
        Part(
            name="piano",
            instruments=("piano", "guitar"),
            manner="arpeggio",
            lowest=(52, 59),
            leads=True,
            rows=("R-123-21/R-------", "R-1-2-3-2-1-2-1-", "R---1-2-3---2-1-"),
        ),
        Part(
            name="strings",
            instruments=("strings", "pad", "organ", "voice"),
            manner="chords",
            lowest=(55, 62),
            n_voices=4,
            share=0.8,
            silent_in=("intro",),
            rows=("X-------", "X---X---"),
        ),
        Part(
            name="guitar",
            instruments=("guitar",),
            manner="arpeggio",
            lowest=(50, 57),
            share=0.5,
            silent_in=("intro",),
            rows=("01232321", "0-2-3-2-", "0123212343212321"),
        ),
        Part(
            name="bass",
            instruments=("bass",),
            manner="bass",
            lowest=(28, 34),
            rows=("R-------", "R-----5-", "R---R-a-"),
        ),
        Part(
            name="drums",
            instruments=("drums",),
            manner="strokes",
            share=0.8,
            silent_in=("intro",),
            rows=("K...K.../..r...r./hhhhhhhh", "K..K...K/..S...S./hhhhhhhh"),
            by_section={"chorus": ("K..KK.../..S...S./yyyyyyyy",)},
            fills=("K.......K......./....S...ttttff../h...............",),
        ),
        Part(
            name="melody",
            instruments=("voice", "reed", "flute", "brass", "strings"),
            manner="melody",
            lowest=(57, 64),
            silent_in=("intro",),
            rows=("x-x-x---x-x-x---", "..x-x-x-x-------", "x---x-x-x---x---"),
        ),
        Part(
            name="bells",
            instruments=("mallets",),
            manner="arpeggio",
            lowest=(64, 70),
            share=0.3,
            rows=("0---2---3---....", "....3---2---...."),
        ),
    ),
)
