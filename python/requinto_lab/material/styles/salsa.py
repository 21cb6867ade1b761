# SPDX-License-Identifier: GPL-3.0-or-later
"""Salsa and son: montuno over a clave of two bars."""

from __future__ import annotations

from requinto_lab.material.style import Part, Style

SALSA = Style(
    name="salsa",
    tempo_bpm=(150, 210),
    minor=0.6,
    swing=(0.0, 0.06),
    minor_progressions=("i|iv|V7|iv", "i|V7|V7|i", "i|bVII|bVI|V7", "i|iv|bVII7|bIII"),
    major_progressions=("I|IV|V7|IV", "I|ii7|V7|I", "I|I7|IV|V7", "ii7|V7|I|vi7"),
    forms=(
        "intro:4 verse:8 chorus:8 mambo:8 chorus:8 outro:2",
        "intro:8 verse:8 mambo:8 chorus:8 outro:1",
    ),
    parts=(
        Part(
            name="montuno",
            instruments=("piano", "guitar"),
            manner="arpeggio",
            lowest=(55, 62),
            leads=True,
            rows=(
                "0.23.23.|2.31.31.",
                "0123.121|.2.3.121",
                ".0.2.3.2|3.2.0.2.",
                "02.3.20.|2.3.23.2",
            ),
        ),
        Part(
            name="bass",
            instruments=("bass",),
            manner="bass",
            lowest=(28, 33),
            rows=("R--5--8-", "...5--8-", "R--5--a-", "..5-..8-|..5-..a-"),
            by_section={"verse": ("R---5---", "R--5----", "R---5-8-")},
        ),
        Part(
            name="congas",
            instruments=("conga",),
            manner="strokes",
            rows=(
                "o.o.s.o.o.o.O.O.",
                "o.s.o.OOo.s.o.OO",
                "L.o.s.o.o.o.s.OO",
                "o.o.s.o.L.Lo.sOO",
            ),
            fills=("O.sOO.sOO.sOO.O.", "sOsOsOsOL.L.O.O."),
        ),
        Part(
            name="timbales",
            instruments=("timbales",),
            manner="strokes",
            share=0.8,
            rows=(
                "C.C.cC.cC.C.cC.c",
                "C.cCc.C.|C.C.cCc.",
                "C.ccC.c.CcC.c.C.",
            ),
            by_section={"mambo": ("C.c.Cc.cC.c.Cc.c/......T.......T.",)},
            fills=("C.c.C.c.TtTtL.L.", "TtTtTtTtLLT.L.T."),
        ),
        Part(
            name="bongo",
            instruments=("bongo",),
            manner="strokes",
            share=0.7,
            rows=("H.t.h.t.H.t.L.t.", "H.tth.t.H.tth.L."),
            fills=("HhHhLl..HhLlL.L.",),
        ),
        Part(
            name="guiro",
            instruments=("guira",),
            manner="strokes",
            share=0.7,
            rows=("L...s.s.L...s.s.", "L--.s.s.L--.s.s.", "L.s.s.s."),
        ),
        Part(
            name="maracas",
            instruments=("maracas",),
            manner="strokes",
            share=0.5,
            rows=("X.xxX.xxX.xxX.xx", "x.x.x.x.x.x.x.x."),
        ),
        Part(
            name="brass",
            instruments=("brass", "reed", "strings"),
            manner="chords",
            lowest=(58, 64),
            n_voices=3,
            share=0.6,
            silent_in=("verse",),
            rows=("x...x--.|........", "..X-..x.|X-------", "X-x-..x-|..x-X-.."),
        ),
        Part(
            name="coro",
            instruments=("voice", "flute", "reed"),
            manner="melody",
            lowest=(57, 64),
            share=0.6,
            silent_in=("intro", "mambo"),
            rows=("x.x.x-x.|x-x-....", "..x-x-x-|x---....", "x-x-x---|x-x-x---"),
        ),
    ),
)
