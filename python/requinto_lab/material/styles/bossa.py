# SPDX-License-Identifier: GPL-3.0-or-later
"""Bossa nova: nylon guitar, soft rim clicks, sevenths."""

from __future__ import annotations

from requinto_lab.material.style import Part, Style

BOSSA = Style(
    name="bossa",
    tempo_bpm=(112, 160),
    minor=0.4,
    swing=(0.0, 0.08),
    minor_progressions=("i7|i7|iv7|iv7", "i7|bVI7|iio V7|i7", "iv7|bVII7|bIIIM7|V7"),
    major_progressions=(
        "IM7|IM7|II7|II7",
        "IM7|vi7|ii7|V7",
        "ii7|V7|IM7|VI7",
        "IM7|iv7|IM7|V7",
    ),
    forms=(
        "intro:4 verse:8 bridge:8 verse:8 outro:2",
        "intro:2 verse:8 verse:8 bridge:4 outro:2",
    ),
    parts=(
        Part(
            name="guitar",
            instruments=("guitar",),
            manner="chords",
            lowest=(52, 58),
            n_voices=4,
            leads=True,
            rows=("X..x..x.|..x..x..", "x-..x-.x|..x-..x-", "X--x--X-|--x--x--"),
        ),
        Part(
            name="bass",
            instruments=("bass",),
            manner="bass",
            lowest=(28, 34),
            rows=("R--55--R", "R---5---", "R--55--5|5--RR--R"),
        ),
        Part(
            name="drums",
            instruments=("drums",),
            manner="strokes",
            share=0.8,
            rows=(
                "K..kK..k/hhhhhhhh/r..r..r.|..r..r..",
                "K..kK..k/hhhhhhhh/r..r..r.",
            ),
        ),
        Part(
            name="shaker",
            instruments=("maracas",),
            manner="strokes",
            share=0.6,
            rows=("XxxxXxxxXxxxXxxx", "X.x.X.x."),
        ),
        Part(
            name="melody",
            instruments=("flute", "reed", "voice", "mallets", "piano"),
            manner="melody",
            lowest=(60, 66),
            silent_in=("intro",),
            share=0.8,
            rows=("x---x-x-|x-------", "..x-x-x-|x---x---", "x-x-x---|..x-x---"),
        ),
        Part(
            name="bed",
            instruments=("strings", "pad", "piano"),
            manner="chords",
            lowest=(52, 60),
            n_voices=4,
            share=0.4,
            rows=("X-------", "X---x---"),
        ),
    ),
)
