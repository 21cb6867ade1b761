# SPDX-License-Identifier: GPL-3.0-or-later
"""Hard rock: riffs of power chords, a lead guitar over them, straight drums."""

from __future__ import annotations

from requinto_lab.material.style import Part, Style

_RHYTHM = Part(
    name="rhythm",
    instruments=("guitar",),
    manner="riff",
    lowest=(40, 43),
    n_voices=3,
    rows=(
        "X-mmX-mmX-mmX-X-",
        "X---..X-..X-X---",
        "mmmmmmmmX-mmmmX-",
        "X-x-m-X-x-m-X-m-",
        "R-R-3-R-4-R-3-2-",
        "X-..X-..R-3-4-5-",
        "m-m-m-m-X---m-m-",
        "X.....X.X...X...|X.....X.R-3-5-4-",
    ),
    by_section={
        "chorus": (
            "X---X---X---X---",
            "X-------X-----X-",
            "X-X-X-X-X-X-X-X-",
            "X---..X-X---..X-",
        ),
        "bridge": ("X---------------", "R-3-R-5-R-4-R-3-"),
    },
    fills=("X-X-X-X-5-4-3-2-", "X---X---........"),
)
_LEAD = Part(
    name="lead",
    instruments=("guitar",),
    manner="melody",
    lowest=(57, 64),
    share=0.8,
    leads=True,
    silent_in=("verse",),
    rows=(
        "x---x---x-x-x---",
        "x-x-x---x-x-x---",
        "..x-x-x-x-------",
        "x-------x---x-x-",
        "xxx-xxx-x---x---",
        "x-xxx-x-x-------",
    ),
    by_section={"bridge": ("x-xxx-xxx-xxx---", "xxxxxxx-xxxxxxx-")},
)
_BASS = Part(
    name="bass",
    instruments=("bass",),
    manner="bass",
    lowest=(28, 31),
    rows=(
        "R-R-R-R-R-R-R-R-",
        "R---..R-..R-R---",
        "R-RRR-RRR-RRR-5-",
        "R-R-3-R-5-R-3-a-",
    ),
    by_section={"chorus": ("R-R-R-R-R-R-R-R-", "R---R---R---5-a-")},
)
_DRUMS = Part(
    name="drums",
    instruments=("drums",),
    manner="strokes",
    rows=(
        "K.....K.K......./....S.......S.../H.H.H.H.H.H.H.H.",
        "K...K.....K.K.../....S.......S.../h.h.h.h.h.h.h.o.",
        "K.K.....K.K...K./....S.......S.../o...o...o...o...",
        "K.....K...K...../....S..s....S..s/y...y...y...y...",
    ),
    by_section={
        "chorus": (
            "K...K.K.K...K.K./....S.......S.../C...C...C...C...",
            "K.KKK.K.K.KKK.K./....S.......S.../o.o.o.o.o.o.o.o.",
        )
    },
    fills=(
        "K.......K......./S.S.SSSSttttffff/................",
        "K...K...K...K.../S.SSt.ttf.ffS.S./C...............",
    ),
)
_ORGAN = Part(
    name="organ",
    instruments=("organ", "piano"),
    manner="chords",
    lowest=(52, 60),
    n_voices=3,
    share=0.25,
    rows=("X-------", "x-x-x-x-", "X---X---"),
)
_VOICE = Part(
    name="voice",
    instruments=("voice",),
    manner="melody",
    lowest=(56, 64),
    share=0.5,
    silent_in=("intro", "bridge"),
    rows=("x-x-x-x-x---....", "..x-x-x-x-x-....", "x---x---x-x-x---"),
)

HARD_ROCK = Style(
    name="hard rock",
    tempo_bpm=(120, 180),
    minor=0.7,
    swing=(0.0, 0.1),
    minor_progressions=(
        "i5|i5|bVII5|iv5",
        "i5|bIII5|iv5|i5",
        "i5|bVI5|bVII5|i5",
        "i5 bIII5|iv5|i5 bVII5|i5",
    ),
    major_progressions=("I5|bVII5|IV5|I5", "I5|IV5|V5|IV5", "I5|V5|vi5|IV5"),
    forms=(
        "intro:4 verse:8 chorus:8 bridge:8 chorus:8 outro:2",
        "intro:4 verse:8 chorus:4 verse:8 bridge:4 chorus:8 outro:1",
    ),
    parts=(_RHYTHM, _LEAD, _BASS, _DRUMS, _ORGAN, _VOICE),
)
