# SPDX-License-Identifier: GPL-3.0-or-later
"""Folk picking: a thumb on the bass strings, fingers above."""

from __future__ import annotations

from requinto_lab.material.style import Part, Style

FOLK = Style(
    name="folk",
    tempo_bpm=(84, 132),
    minor=0.4,
    swing=(0.0, 0.15),
    swung_beats=0.5,
    minor_progressions=(
        "i|bVII|bVI|bVII",
        "i|iv|i|V7",
        "i|bIII|bVII|i",
        "i|v|bVI|bVII",
    ),
    major_progressions=("I|IV|I|V", "I|V|vi|IV", "I|vi|IV|V7", "I|iii|IV|I"),
    forms=(
        "intro:4 verse:8 chorus:8 verse:8 outro:2",
        "intro:2 verse:8 bridge:4 verse:8 outro:2",
    ),
    parts=(
        Part(
            name="picking",
            instruments=("guitar",),
            manner="arpeggio",
            lowest=(48, 53),
            leads=True,
            rows=(
                "R-B-R-B-/..1.2.1.|.3.2.1.2",
                "R-B-R-B-/3..2.3.2",
                "R---B---/.1232321",
                "R-B-R-B-/3.2.1.2.",
            ),
        ),
        Part(
            name="second",
            instruments=("guitar", "piano", "accordion"),
            manner="strum",
            lowest=(47, 52),
            n_voices=5,
            share=0.5,
            silent_in=("intro",),
            rows=("D...D.DU", "D.DU.UDU", "D---D---"),
        ),
        Part(
            name="bass",
            instruments=("bass",),
            manner="bass",
            lowest=(28, 34),
            share=0.8,
            rows=("R---5---", "R-------", "R---R-a-", "R---3-5-"),
        ),
        Part(
            name="melody",
            instruments=("flute", "voice", "strings", "accordion", "reed"),
            manner="melody",
            lowest=(60, 66),
            share=0.8,
            silent_in=("intro",),
            rows=("x-x-x---", "x---x-x-", "x-xxx-x-", "x-------"),
        ),
        Part(
            name="shaker",
            instruments=("maracas",),
            manner="strokes",
            share=0.3,
            rows=("x.X.x.X.", "xxXxxxXx"),
        ),
    ),
)
