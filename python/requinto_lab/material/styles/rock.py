# SPDX-License-Identifier: GPL-3.0-or-later
"""Rock: drums, picked bass, driven guitars."""

from __future__ import annotations

from requinto_lab.material.style import Part, Style

ROCK = Style(
    name="rock",
    tempo_bpm=(96, 170),
    minor=0.5,
    swing=(0.0, 0.08),
    minor_progressions=(
        "i5|bVI5|bIII5|bVII5",
        "i5|i5|bVII5|iv5",
        "i|bVII|bVI|bVII",
        "i5|bIII5 iv5|i5|bVII5",
    ),
    major_progressions=("I5|V5|vi5|IV5", "I|IV|V|IV", "I5|bVII5|IV5|I5", "I|vi|IV|V"),
    forms=(
        "intro:4 verse:8 chorus:8 bridge:4 chorus:8 outro:2",
        "intro:4 verse:8 chorus:4 verse:8 chorus:8 outro:1",
    ),
    parts=(
        Part(
            name="rhythm",
            instruments=("guitar",),
            manner="strum",
            lowest=(40, 47),
            n_voices=3,
            rows=("DDDDDDDD", "D.xxD.xx", "D.dDD.dD", "D..D..D.D..D.D..", "DxDxDxDx"),
            by_section={"chorus": ("D.DUDUDU", "D---D-D-", "DDDDDDDD")},
        ),
        Part(
            name="lead",
            instruments=("guitar", "lead", "organ"),
            manner="melody",
            lowest=(60, 67),
            share=0.7,
            leads=True,
            silent_in=("verse",),
            rows=("x-x-x---x-x-x---", "..x-x-x-x-------", "xxx-xxx-x---x---"),
        ),
        Part(
            name="bass",
            instruments=("bass",),
            manner="bass",
            lowest=(28, 34),
            rows=("RRRRRRRR", "R-RRR-RR", "R---R-5-", "R--R--R-R-R-5-a-"),
        ),
        Part(
            name="drums",
            instruments=("drums",),
            manner="strokes",
            rows=(
                "K...K.../..S...S./hhhhhhhh",
                "K..KK.../..S...S./HhHhHhHh",
                "K.....K.K.K...../....S.......S.../h.h.h.h.h.h.h.o.",
            ),
            by_section={
                "chorus": ("K.KKK.K./..S...S./oooooooo", "K..KK..K/..S...S./yyyyyyyy")
            },
            fills=("K.......K......./S.S.SSSSttttffff/................",),
        ),
        Part(
            name="keys",
            instruments=("organ", "piano", "strings", "pad"),
            manner="chords",
            lowest=(52, 60),
            n_voices=4,
            share=0.35,
            rows=("X-------", "x-x-x-x-", "X---X---"),
        ),
        Part(
            name="voice",
            instruments=("voice",),
            manner="melody",
            lowest=(54, 62),
            share=0.6,
            silent_in=("intro", "bridge"),
            rows=("x-x-x-x-x---....", "..x-x-x-x-x-....", "x---x---x-x-x---"),
        ),
    ),
)
