# SPDX-License-Identifier: GPL-3.0-or-later
"""Bembé: Afro-Cuban 6/8, two bars a clave of twelve pulses."""

from __future__ import annotations

from requinto_lab.material.style import Part, Style

BEMBE = Style(
    name="bembe",
    tempo_bpm=(84, 140),
    minor=0.7,
    beats_per_bar=2,
    swing=(0.0, 0.0),
    compound=True,
    minor_progressions=("i|i|iv|V7", "i|bVII|bVI|V7", "i|i|iv|iv|V7|V7|i|i"),
    major_progressions=("I|I|IV|V7", "I|bVII|IV|I"),
    forms=(
        "intro:4 verse:16 mambo:16 chorus:8 outro:2",
        "intro:8 verse:8 chorus:8 mambo:16 outro:4",
    ),
    parts=(
        Part(
            name="montuno",
            instruments=("piano", "guitar", "mallets"),
            manner="arpeggio",
            lowest=(52, 58),
            leads=True,
            rows=("R2.3-2|.3-2.1", "R-3.2-|3-.2-1", "R12321"),
        ),
        Part(
            name="bass",
            instruments=("bass",),
            manner="bass",
            lowest=(28, 34),
            rows=("R--..5|-..5--", "R..5..", "R--.5-", "R.5.8."),
        ),
        Part(
            name="bell",
            instruments=("timbales",),
            manner="strokes",
            rows=("C.C.CC|.C.C.C", "C.CC.C|C.CC.C"),
        ),
        Part(
            name="congas",
            instruments=("conga",),
            manner="strokes",
            share=0.9,
            rows=("s..O.O", "L.os.O", "s.oO.o|L.os.O"),
            by_section={"intro": ("s.....",)},
        ),
        Part(
            name="shaker",
            instruments=("maracas",),
            manner="strokes",
            share=0.6,
            rows=("X.xX.x",),
        ),
        Part(
            name="melody",
            instruments=("voice", "flute", "brass", "reed"),
            manner="melody",
            lowest=(58, 65),
            share=0.8,
            silent_in=("intro",),
            rows=("x--x-x|x-----", "xxx-x-|x--x--", ".x-x-x"),
        ),
        Part(
            name="drums",
            instruments=("drums",),
            manner="strokes",
            share=0.3,
            rows=("K..k../.....s/h.hh.h", "K...../...s../y.yy.y"),
        ),
    ),
)
