# SPDX-License-Identifier: GPL-3.0-or-later
"""Bachata: requinto and segunda, bajo, bongo and güira.

The bongo's martillo and the güira follow the section: *derecho* in the verse,
*majao* in the chorus, *mambo* where the guitar leads.
"""

from __future__ import annotations

from requinto_lab.material.style import Part, Style

_REQUINTO = Part(
    name="requinto",
    instruments=("guitar",),
    manner="arpeggio",
    lowest=(52, 60),
    leads=True,
    rows=(
        "01232121",
        "02123212",
        "32123210",
        "01213212",
        ".3231323",
        "0.23.231",
        "02343242",
        "43231232",
        "0123212343212321",
        "0.232.123.212.3.",
        "3.323.1.3.321.2.",
        "0.1.232.4.3.212.",
        "4323432332123212",
        "0-232-213-231-21",
        "3-2-1-2-3-4-3-2-",
        "..3-2.3-..3-2.1-",
    ),
    by_section={
        "intro": (
            "3-2-1-2-3---2---",
            "0-1-2-3-4-3-2-1-",
            "4-3-2---3-2-1---",
            "01232121",
        ),
        "mambo": (
            "3.343.234.454.32",
            "543.543.432.432.",
            "3454345423432343",
            "5.54.43.5.43432.",
            "4-3-4-5-4-3-2-3-",
            "3453.453.453.43.",
        ),
    },
    fills=("5432543243214321", "0123123423452345", "5-4-3-2-4-3-2-1-"),
)
_SEGUNDA = Part(
    name="segunda",
    instruments=("guitar",),
    manner="strum",
    lowest=(45, 52),
    n_voices=5,
    share=0.75,
    silent_in=("intro",),
    rows=(
        "D.DU.UDU",
        "D.dUD.dU",
        "DxdUxUdU",
        "..Du..Du",
        "D..U.UD.",
        "DdUudUDu",
        "x.D.x.DU",
        "D.xU.UxU",
        "D.d.DudUD.d.Dud.",
    ),
    by_section={
        "mambo": ("D.x.D.x.", "x.DUx.DU", "D..D..D.", "DxUxDxUx"),
        "chorus": ("DuDuDuDu", "D.DUDUDU", "DdUuDdUu"),
    },
)
_BAJO = Part(
    name="bajo",
    instruments=("bass",),
    manner="bass",
    lowest=(28, 32),
    rows=(
        "R-----5-5---8---",
        "R-------5---R---",
        "R---3---5---3---",
        "R-----R-5---8-5-",
        "R-----5---5-8---",
        "R-----3-5-----R-",
        "R-R---5-8---5---",
        "R-------5-8-5-3-",
        "R---..5-8---5-a-",
        "R-----5-8---..a-",
    ),
    by_section={
        "mambo": (
            "R..R5-..8-5-R---",
            "R--5--8-8--5--..",
            "R-8-..8-5-..R-5-",
            "R-..R-5-..5-8-a-",
            "R---R---5---5-a-",
        ),
        "intro": ("R-------5-------", "R---------------", "R-----5-5---8---"),
    },
)
_BONGO = Part(
    name="bongo",
    instruments=("bongo",),
    manner="strokes",
    rows=(
        "H.t.h.t.H.t.L.t.",
        "H.t.s.t.H.t.L.l.",
        "H.t.h.tth.t.L.t.",
        "H.h.t.h.H.h.L.L.",
        "s.t.h.t.H.t.L.tt",
        "H.tth.t.H.tth.L.",
        "H.t.h.t.h.t.LhL.",
        "H..hh.t.H..hL.t.",
        "H.tth.ttH.ttL.tt",
        "H.t.h.hhH.t.L.hh",
    ),
    by_section={
        "chorus": (
            "H.h.H.h.H.h.L.L.",
            "H.hhH.hhH.hhL.L.",
            "s.h.H.h.s.h.L.l.",
        ),
        "mambo": (
            "HhthHhthHhthL.L.",
            "H.hhH.hhL.hhL.hh",
            "HtthtthtHtthL.l.",
            "s.hhs.hhs.hhL.Lh",
            "H.Lhs.LhH.LhL.L.",
        ),
        "intro": ("H.t.h.t.H.t.L.t.", "H.......L.......", "t.t.t.t.t.t.L.t."),
    },
    fills=(
        "H.t.h.t.HhHhLlLl",
        "HhHhLl..HhLlL.L.",
        "H.t.hhhhH.hhL.LL",
        "hhhhHHHHllllL.L.",
        "H.LhH.LhHhLhL.s.",
        "s.s.HhHhL.LlL...",
    ),
)
_GUIRA = Part(
    name="guira",
    instruments=("guira",),
    manner="strokes",
    rows=(
        "L.ssL.ssL.ssL.ss",
        "L.s.L.s.L.s.L.s.",
        "L.ssL.s.L.ssL.s.",
        "S.ssS.ssS.ssS.ss",
        "L..sL.ssL..sL.ss",
        "l.ssL.ssl.ssL.ss",
    ),
    by_section={
        "chorus": ("S.s.S.s.S.s.S.s.", "L...S.s.L...S.s.", "S...S.ssS...S.ss"),
        "mambo": (
            "LsssLsssLsssLsss",
            "S.LsS.LsS.LsS.Ls",
            "L.LsssL.L.Lsssss",
            "SssSssSsSssSssSs",
        ),
    },
    fills=("L.ssL.ssSsSsSsSs", "L.ssL.s.L...L.L.", "SsSsSsSsL.L.L..."),
)
_VOZ = Part(
    name="voz",
    instruments=("voice",),
    manner="melody",
    lowest=(50, 60),
    share=0.25,
    silent_in=("intro", "mambo"),
    rows=(
        "x-x-x---x-x-x---",
        "..x-x-x-x---....",
        "x---x-x-x-x-x---",
        "..x-x-x-x-x-x---|x-------........",
    ),
)
_PIANO = Part(
    name="piano",
    instruments=("piano", "strings", "accordion", "pad", "organ"),
    manner="chords",
    lowest=(52, 60),
    n_voices=4,
    share=0.2,
    silent_in=("intro",),
    rows=("X---x---", "x-------|X-----x-", "..x-..x-", "X---------------"),
)

BACHATA = Style(
    name="bachata",
    tempo_bpm=(100, 160),
    minor=0.6,
    swing=(0.0, 0.18),
    parts=(_REQUINTO, _SEGUNDA, _BAJO, _BONGO, _GUIRA, _VOZ, _PIANO),
    minor_progressions=(
        "i|iv|V7|i",
        "i|bVII|bVI|V7",
        "i|bVI|bIII|bVII",
        "i|i|V7|V7",
        "i|iv|bVII7|bIII",
        "bVI|bVII|i|i",
        "i|bIII|iv|V7",
        "iv|i|V7|i",
        "i|bVI|iv|V7",
        "i|bVII|bIII|bVI|iv|i|V7|i",
    ),
    major_progressions=(
        "I|V|vi|IV",
        "I|IV|V7|I",
        "I|vi|IV|V7",
        "I|I|V7|V7",
        "IV|V|iii|vi",
        "ii|V7|I|vi",
        "I|iii|IV|V7",
        "vi|IV|I|V",
        "I|iii|ii|V7",
    ),
    forms=(
        "intro:4 verse:8 chorus:8 mambo:8 chorus:4 outro:2",
        "intro:4 verse:8 mambo:4 verse:8 chorus:8 outro:2",
        "intro:2 verse:8 chorus:4 mambo:8 mambo:4 outro:1",
        "intro:8 verse:8 chorus:8 outro:2",
    ),
)
