# SPDX-License-Identifier: GPL-3.0-or-later
"""Waltz: three beats to the bar, so that four are never taken for granted."""

from __future__ import annotations

from requinto_lab.material.style import Part, Style

WALTZ = Style(
    name="waltz",
    tempo_bpm=(84, 180),
    minor=0.5,
    beats_per_bar=3,
    swing=(0.0, 0.1),
    swung_beats=0.5,
    minor_progressions=("i|i|V7|V7|V7|V7|i|i", "i|iv|V7|i", "i|bVII|bVI|V7"),
    major_progressions=("I|I|V7|V7|V7|V7|I|I", "I|vi|ii|V7", "I|IV|I|V7"),
    forms=(
        "intro:4 verse:16 chorus:8 outro:2",
        "intro:4 verse:8 bridge:8 verse:8 outro:2",
    ),
    parts=(
        Part(
            name="guitar",
            instruments=("guitar", "piano", "accordion"),
            manner="strum",
            lowest=(48, 55),
            n_voices=4,
            rows=(".DD", "..D.D.", "..D.DU"),
        ),
        Part(
            name="requinto",
            instruments=("guitar", "mallets", "piano"),
            manner="arpeggio",
            lowest=(55, 62),
            share=0.6,
            leads=True,
            rows=("012321", "R-2-3-", "3-2-1-", "0-1232"),
        ),
        Part(
            name="bass",
            instruments=("bass",),
            manner="bass",
            lowest=(28, 34),
            rows=("R--|5--", "R-.", "R-5-5-", "R--"),
        ),
        Part(
            name="melody",
            instruments=("accordion", "strings", "flute", "reed", "voice"),
            manner="melody",
            lowest=(58, 65),
            rows=("x---x-", "x-x-x-", "x-----", "x-xxx-"),
        ),
        Part(
            name="drums",
            instruments=("drums",),
            manner="strokes",
            share=0.5,
            rows=("K...../..s.s./hhhhhh", "K...../..r.r./y.y.y."),
        ),
        Part(
            name="cabasa",
            instruments=("maracas",),
            manner="strokes",
            share=0.3,
            rows=("X.x.x.",),
        ),
    ),
)
