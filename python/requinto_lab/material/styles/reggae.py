# SPDX-License-Identifier: GPL-3.0-or-later
"""Reggae: chords on the off-beat, one drop, a heavy bass."""

from __future__ import annotations

from requinto_lab.material.style import Part, Style

REGGAE = Style(
    name="reggae",
    tempo_bpm=(65, 90),
    minor=0.5,
    swing=(0.0, 0.25),
    minor_progressions=("i|iv|i|iv", "i|bVII|i|bVII", "i|bVI|bVII|i", "i|v|i|v"),
    major_progressions=("I|IV|I|V", "I|ii|I|ii", "I|vi|IV|V", "I|V|vi|IV"),
    forms=(
        "intro:4 verse:8 chorus:8 bridge:4 chorus:4 outro:2",
        "intro:2 verse:8 chorus:8 verse:4 outro:2",
    ),
    parts=(
        Part(
            name="skank",
            instruments=("guitar", "piano"),
            manner="strum",
            lowest=(50, 57),
            n_voices=4,
            leads=True,
            rows=("..x...x...x...x.", "..D...D...D...D.", "..D...Du..D...Du"),
        ),
        Part(
            name="bubble",
            instruments=("organ",),
            manner="chords",
            lowest=(52, 60),
            n_voices=3,
            share=0.7,
            rows=("..xx..xx..xx..xx", ".xx..xx..xx..xx.", "..x-..x-..x-..x-"),
        ),
        Part(
            name="bass",
            instruments=("bass",),
            manner="bass",
            lowest=(28, 33),
            rows=(
                "R--R--5-..3-5-..",
                "..R-R-5-..R-8-5-",
                "R-R-..3-5---....",
                "R---..5-3-R-..a-|....R-5-8-5-3-..",
            ),
        ),
        Part(
            name="drums",
            instruments=("drums",),
            manner="strokes",
            rows=(
                "........K......./........r......./h.h.h.h.h.h.h.o.",
                "K...K...K...K.../....r.......r.../h.hhh.hhh.hhh.hh",
                "........K......./........S......./hhh.hhh.hhh.hho.",
            ),
            fills=("K.......K......./..S.S.S.tt.tf.f./................",),
        ),
        Part(
            name="horns",
            instruments=("brass", "reed", "lead"),
            manner="melody",
            lowest=(58, 65),
            share=0.5,
            silent_in=("verse",),
            rows=("x-x-..x-x---....", "..x-x-x-x-......"),
        ),
        Part(
            name="voice",
            instruments=("voice", "flute"),
            manner="melody",
            lowest=(52, 60),
            share=0.6,
            silent_in=("intro", "bridge"),
            rows=("..x-x-x-x---....", "x-x-..x-x-x-x-..", "x---x-x-........"),
        ),
        Part(
            name="shaker",
            instruments=("maracas",),
            manner="strokes",
            share=0.3,
            rows=("X.x.X.x.X.x.X.x.", "xxXxxxXxxxXxxxXx"),
        ),
    ),
)
