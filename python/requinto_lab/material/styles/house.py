# SPDX-License-Identifier: GPL-3.0-or-later
"""House: four on the floor, synthesisers, off-beat hats."""

from __future__ import annotations

from requinto_lab.material.style import Part, Style

HOUSE = Style(
    name="house",
    tempo_bpm=(116, 130),
    minor=0.8,
    swing=(0.0, 0.15),
    minor_progressions=(
        "i7|bVI|bIII|bVII",
        "i|iv|bVI|bVII",
        "i7|i7|iv7|iv7",
        "i|v|bVI|iv",
    ),
    major_progressions=("IM7|iii7|vi7|IV", "I|V|vi|IV"),
    forms=(
        "intro:8 verse:8 chorus:8 bridge:8 chorus:8 outro:4",
        "intro:4 verse:8 bridge:4 chorus:8 outro:4",
    ),
    parts=(
        Part(
            name="drums",
            instruments=("drums",),
            manner="strokes",
            rows=(
                "K...K...K...K.../....p.......p.../..o...o...o...o.",
                "K...K...K...K.../....S.......S.../h.ohh.ohh.ohh.oh",
                "K...K...K...K..k/....p..p....p.../hhohhhohhhohhhoh",
            ),
            by_section={
                "bridge": ("................/....p.......p.../hhhhhhhhhhhhhhhh",)
            },
            fills=("K...K...K...K.../....p...SSSSSSSS/..o...o.........",),
        ),
        Part(
            name="bass",
            instruments=("bass",),
            manner="bass",
            lowest=(28, 34),
            rows=(
                "..R...R...R...R.",
                "R..R..R.R..R..8.",
                "..R-..8-..R-..5-",
                "R.R.8.R.R.R.8.7.",
            ),
        ),
        Part(
            name="stabs",
            instruments=("piano", "organ", "lead"),
            manner="chords",
            lowest=(55, 62),
            n_voices=4,
            rows=("x..x..x...x..x..", "..x...x...x...x.", "X-..x-..x-..x-.."),
        ),
        Part(
            name="pad",
            instruments=("pad", "strings"),
            manner="chords",
            lowest=(52, 60),
            n_voices=4,
            share=0.7,
            rows=("X---------------", "X-------x-------"),
        ),
        Part(
            name="arpeggio",
            instruments=("lead", "mallets", "guitar", "flute"),
            manner="arpeggio",
            lowest=(60, 67),
            share=0.7,
            leads=True,
            rows=("0123012301230123", "0.2.3.2.0.2.3.2.", "3.23.23.3.23.23."),
        ),
        Part(
            name="voice",
            instruments=("voice",),
            manner="melody",
            lowest=(55, 63),
            share=0.4,
            silent_in=("intro", "bridge"),
            rows=("x---x-x-x-------", "..x-x-x-........"),
        ),
        Part(
            name="congas",
            instruments=("conga", "bongo"),
            manner="strokes",
            share=0.4,
            rows=("..sL..L...sL..LL", "s.L.s.LLs.L.s.L."),
        ),
        Part(
            name="shaker",
            instruments=("maracas",),
            manner="strokes",
            share=0.4,
            rows=("xxXxxxXxxxXxxxXx", "..X...X...X...X."),
        ),
    ),
)
