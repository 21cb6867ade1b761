# SPDX-License-Identifier: GPL-3.0-or-later
"""Merengue: fast, two to the bar in the ear, güira without pause."""

from __future__ import annotations

from requinto_lab.material.style import Part, Style

MERENGUE = Style(
    name="merengue",
    tempo_bpm=(120, 160),
    minor=0.5,
    swing=(0.0, 0.08),
    minor_progressions=("i|V7|V7|i", "i|iv|V7|i", "i|bVII|bVI|V7"),
    major_progressions=("I|V7|V7|I", "I|IV|V7|I", "I|vi|ii|V7"),
    forms=(
        "intro:4 verse:8 chorus:8 mambo:8 outro:2",
        "intro:2 verse:8 mambo:8 chorus:8 outro:1",
    ),
    parts=(
        Part(
            name="accordion",
            instruments=("accordion", "piano", "reed", "guitar"),
            manner="arpeggio",
            lowest=(58, 65),
            leads=True,
            rows=(
                "0.12.210.12.210.",
                "321.321.321.3.2.",
                "0120120120123210",
                "3.2.3.2.1.2.1.0.",
            ),
            fills=("5432432132102101",),
        ),
        Part(
            name="piano",
            instruments=("piano", "guitar", "organ"),
            manner="chords",
            lowest=(52, 60),
            n_voices=4,
            share=0.7,
            rows=(".x.x.x.x", "..x...x.", "x.xx.xx."),
        ),
        Part(
            name="bass",
            instruments=("bass",),
            manner="bass",
            lowest=(28, 34),
            rows=("R---5---R---5---", "R---R---5---5---", "R--.5-8-R---5-a-"),
        ),
        Part(
            name="tambora",
            instruments=("conga", "bongo", "timbales"),
            manner="strokes",
            rows=("L.LLL.L.", "L...L...L.LLL.L."),
            fills=("LLLLLLLLL.L.L...",),
        ),
        Part(
            name="guira",
            instruments=("guira",),
            manner="strokes",
            rows=(
                "S.ssS.ssS.ssS.ss",
                "L.ssL.ssL.ssL.ss",
                "SsssSsssSsssSsss",
                "LsssLsssLsssLsss",
            ),
            fills=("SsSsSsSsL.L.L...",),
        ),
        Part(
            name="horns",
            instruments=("reed", "brass"),
            manner="arpeggio",
            lowest=(56, 63),
            share=0.6,
            silent_in=("verse",),
            rows=("3.3.2.2.1.1.2.2.", "0.1.2.3.", "3-2-1-2-3-2-1-0-"),
        ),
        Part(
            name="voz",
            instruments=("voice",),
            manner="melody",
            lowest=(52, 60),
            share=0.5,
            silent_in=("intro", "mambo"),
            rows=("x.x.x-x.|x-x-x---", "..xxx-x-|x---...."),
        ),
    ),
)
