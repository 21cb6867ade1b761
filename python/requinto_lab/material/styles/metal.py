# SPDX-License-Identifier: GPL-3.0-or-later
"""Metal: palm-muted gallops and power chords, double bass drums, blast beats."""

from __future__ import annotations

from requinto_lab.material.style import Part, Style

_RHYTHM = Part(
    name="rhythm",
    instruments=("guitar",),
    manner="riff",
    lowest=(40, 40),
    n_voices=3,
    rows=(
        "m.mmm.mmm.mmX---",
        "mmmmX-mmmmmmX-X-",
        "X-mmX-mmX-mmX-X-",
        "mmmmmmmmmmmmmmmm",
        "m.mmm.mmm.mmm.mm",
        "X---mmmmX---mmmm",
        "R-m.2-m.3-m.2-1-",
        "mm5-mm3-mm2-mmX-",
        "X-..mmX-..mmX-mm|m.mmm.mmX---X---",
    ),
    by_section={
        "chorus": (
            "X-------X-------",
            "X---X---X---X-X-",
            "X-----X-----X---",
            "XXXXXXXXXXXXXXXX",
            "X-------X---X---",
        ),
        "bridge": ("X---------------", "m...m.mmX.......", "m.....m.m.....X-"),
    },
    fills=("m.mmm.mmX-X-X-X-", "5-3-2-1-5-3-2-1-", "X---X---........"),
)
_LEAD = Part(
    name="lead",
    instruments=("guitar",),
    manner="melody",
    lowest=(59, 66),
    share=0.75,
    leads=True,
    silent_in=("verse",),
    rows=(
        "x---x---x-------",
        "xxxxxxxxxxxxxxxx",
        "x-xxx-xxx-xxx---",
        "x-------x---x---",
        "x-x-x-x-x-x-x---",
        "..xxx---..xxx---",
        "x---------x-x-x-",
    ),
    by_section={"bridge": ("xxxxxxxxxxxxxxxx", "xxxxx---xxxxx---", "x-xxx-x-xxxxx---")},
)
_BASS = Part(
    name="bass",
    instruments=("bass",),
    manner="bass",
    lowest=(28, 28),
    rows=(
        "R.RRR.RRR.RRR---",
        "RRRRRRRRRRRRRRRR",
        "R-R-R-R-R-R-R-R-",
        "R---RRRRR---RRRR",
        "RRRRR-RRRRRRR-R-",
    ),
    by_section={"chorus": ("R-R-R-R-R-R-R-R-", "R-------R-------", "R---R---R---R-5-")},
)
_DRUMS = Part(
    name="drums",
    instruments=("drums",),
    manner="strokes",
    rows=(
        "KKKKKKKKKKKKKKKK/....S.......S.../y...y...y...y...",
        "K.KKK.KKK.KKK.KK/....S.......S.../h.h.h.h.h.h.h.h.",
        "K.K.K.K.K.K.K.K./.S.S.S.S.S.S.S.S/H.H.H.H.H.H.H.H.",
        "KKKKKKKKKKKKKKKK/S.S.S.S.S.S.S.S./y.y.y.y.y.y.y.y.",
        "K...K.KKK...K.KK/....S.......S.../H...H...H...H...",
        "K.....K.K.....K./........S......./C...y...y...y...",
    ),
    by_section={
        "chorus": (
            "KKKKKKKKKKKKKKKK/....S.......S.../C...C...C...C...",
            "K...K...K.K.K.../....S.......S.../o...o...o...o...",
        ),
        "bridge": (
            "K...........K.../........S......./y...y...y...y...",
            "K.K.K.K.K.K.K.K./.S.S.S.S.S.S.S.S/y.y.y.y.y.y.y.y.",
        ),
    },
    fills=(
        "KKKKKKKKKKKKKKKK/SSSSttttttttffff/................",
        "K...K...K.K.K.K./S.SSS.SSt.ttf.ff/C...............",
        "K.....K...K...../S.S...S.t...f.../........C.......",
    ),
)
_VOICE = Part(
    name="voice",
    instruments=("voice",),
    manner="melody",
    lowest=(52, 60),
    share=0.4,
    silent_in=("intro", "bridge"),
    rows=("x---x---x-------", "x-x-x-x-x---....", "....x-x-x-x-x---"),
)

METAL = Style(
    name="metal",
    tempo_bpm=(120, 200),
    minor=1.0,
    swing=(0.0, 0.0),
    minor_progressions=(
        "i5|i5|bVI5|bVII5",
        "i5|i5|i5|bII5",
        "i5|bIII5|bVII5|iv5",
        "i5|bVI5|iv5|v5",
        "i5 bII5|i5|bVI5 bVII5|i5",
        "i5|bVII5|bVI5|v5",
    ),
    major_progressions=(),
    forms=(
        "intro:4 verse:8 chorus:8 bridge:8 chorus:8 outro:2",
        "intro:4 verse:8 chorus:4 verse:8 bridge:4 chorus:8 outro:1",
    ),
    parts=(_RHYTHM, _LEAD, _BASS, _DRUMS, _VOICE),
)
