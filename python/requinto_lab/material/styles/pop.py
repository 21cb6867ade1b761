# SPDX-License-Identifier: GPL-3.0-or-later
"""Pop: a picked clean guitar and a muted one, bass, drums, keys."""

from __future__ import annotations

from requinto_lab.material.style import Part, Style

POP = Style(
    name="pop",
    tempo_bpm=(84, 128),
    minor=0.4,
    swing=(0.0, 0.12),
    minor_progressions=("i|bVI|bIII|bVII", "i|iv|bVI|bVII", "i7|iv7|bVII|bIII"),
    major_progressions=("I|V|vi|IV", "vi|IV|I|V", "I|iii|IV|V", "IV|I|V|vi"),
    forms=(
        "intro:4 verse:8 chorus:8 verse:8 chorus:8 outro:2",
        "intro:4 verse:8 chorus:8 bridge:4 chorus:8 outro:1",
    ),
    parts=(
        Part(
            name="picked",
            instruments=("guitar",),
            manner="arpeggio",
            lowest=(52, 60),
            n_voices=5,
            rows=(
                "R-1-2-3-B-3-2-1-",
                "R-2-1-3-R-2-3-2-",
                "R-12-32-B-12-32-",
                "R-3-2-1-4-3-2-1-",
                "0-2-1-3-2-4-3-1-",
            ),
        ),
        Part(
            name="muted",
            instruments=("guitar",),
            manner="riff",
            lowest=(45, 50),
            n_voices=2,
            share=0.6,
            silent_in=("intro",),
            rows=(
                "n.n.n.nnn.n.n.nn",
                "n.n5n.n5n.n5n.53",
                "mmmmmmmmmmmmmmmm",
                "n.n.R.n.n.R.n.3.",
            ),
            by_section={"chorus": ("X---X---X---X---", "X-------X-------")},
        ),
        Part(
            name="bass",
            instruments=("bass",),
            manner="bass",
            lowest=(28, 34),
            rows=(
                "R--R--R-R--R--a-",
                "R-R-R-R-R-R-R-R-",
                "R-----R-5---R-a-",
                "R..RR...R..RR.5.",
            ),
        ),
        Part(
            name="drums",
            instruments=("drums",),
            manner="strokes",
            rows=(
                "K.....K.K......./....S.......S.../h.h.h.h.h.h.h.h.",
                "K..K......K...../....S.......S.../hhhhhhhhhhhhhhhh",
                "K...K...K...K.../....p.......p.../..o...o...o...o.",
            ),
            fills=("K.......K......./....S.S.S.SSttff/h.h.h.h.........",),
        ),
        Part(
            name="keys",
            instruments=("piano", "organ", "pad", "strings"),
            manner="chords",
            lowest=(53, 60),
            n_voices=4,
            share=0.5,
            rows=("X-------", "x--x--x-", "X---X---"),
        ),
        Part(
            name="sax",
            instruments=("reed", "brass"),
            manner="melody",
            lowest=(55, 62),
            share=0.3,
            silent_in=("verse",),
            rows=("x---x-x-x-------", "..x-x-x-x---....", "x-x-x-------...."),
        ),
        Part(
            name="voice",
            instruments=("voice",),
            manner="melody",
            lowest=(54, 62),
            share=0.5,
            silent_in=("intro",),
            rows=("x-x-x-x-x---....", "..x-x-x-x-x-....", "x-x-xxx-x---x---"),
        ),
    ),
)
