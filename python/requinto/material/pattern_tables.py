# SPDX-License-Identifier: GPL-3.0-or-later
"""Bachata as data: what each instrument plays in a bar, and over which chords.

Steps of percussion are letters, one a sixteenth (16 in a bar of 4/4) or an
eighth (8 in a bar).  A dot is a rest.
"""

from __future__ import annotations

BEATS_PER_BAR = 4

# Degrees above the key in semitones, with the quality of the chord there
MINOR_PROGRESSIONS: tuple[tuple[tuple[int, str], ...], ...] = (
    ((0, "m"), (5, "m"), (7, "7"), (0, "m")),
    ((0, "m"), (10, ""), (8, ""), (7, "7")),
    ((0, "m"), (8, ""), (3, ""), (10, "")),
    ((0, "m"), (0, "m"), (7, "7"), (7, "7")),
    ((0, "m"), (5, "m"), (10, "7"), (3, "")),
    ((8, ""), (10, ""), (0, "m"), (0, "m")),
    ((0, "m"), (3, ""), (5, "m"), (7, "7")),
    ((5, "m"), (0, "m"), (7, "7"), (0, "m")),
)
MAJOR_PROGRESSIONS: tuple[tuple[tuple[int, str], ...], ...] = (
    ((0, ""), (7, ""), (9, "m"), (5, "")),
    ((0, ""), (5, ""), (7, "7"), (0, "")),
    ((0, ""), (9, "m"), (5, ""), (7, "7")),
    ((0, ""), (0, ""), (7, "7"), (7, "7")),
    ((5, ""), (7, ""), (4, "m"), (9, "m")),
    ((2, "m"), (7, "7"), (0, ""), (9, "m")),
    ((0, ""), (4, "m"), (5, ""), (7, "7")),
    ((9, "m"), (5, ""), (0, ""), (7, "")),
)
CHORD_TONES: dict[str, tuple[int, ...]] = {
    "": (0, 4, 7),
    "m": (0, 3, 7),
    "7": (0, 4, 7, 10),
}
MINOR_SCALE = (0, 2, 3, 5, 7, 8, 10)
MAJOR_SCALE = (0, 2, 4, 5, 7, 9, 11)

# Steps through a voicing, lowest note 0; None is a rest.  8 or 16 to a bar.
ARPEGGIOS: tuple[tuple[int | None, ...], ...] = (
    (0, 1, 2, 3, 2, 1, 2, 1),
    (0, 2, 1, 2, 3, 2, 1, 2),
    (3, 2, 1, 2, 3, 2, 1, 0),
    (0, 1, 2, 1, 3, 2, 1, 2),
    (None, 3, 2, 3, 1, 3, 2, 3),
    (0, None, 2, 3, None, 2, 3, 1),
    (0, 2, 3, 4, 3, 2, 4, 2),
    (4, 3, 2, 3, 1, 2, 3, 2),
    (0, 1, 2, 3, 2, 1, 2, 3, 4, 3, 2, 1, 2, 3, 2, 1),
    (0, None, 2, 3, 2, None, 1, 2, 3, None, 2, 1, 2, None, 3, None),
    (3, None, 3, 2, 3, None, 1, None, 3, None, 3, 2, 1, None, 2, None),
    (0, None, 1, None, 2, 3, 2, None, 4, None, 3, None, 2, 1, 2, None),
    (4, 3, 2, 3, 4, 3, 2, 3, 3, 2, 1, 2, 3, 2, 1, 2),
)
# The guitar of the mambo: dense, high, in pairs
MAMBO_ARPEGGIOS: tuple[tuple[int | None, ...], ...] = (
    (3, None, 3, 4, 3, None, 2, 3, 4, None, 4, 5, 4, None, 3, 2),
    (5, 4, 3, None, 5, 4, 3, None, 4, 3, 2, None, 4, 3, 2, None),
    (3, 4, 5, 4, 3, 4, 5, 4, 2, 3, 4, 3, 2, 3, 4, 3),
    (5, None, 5, 4, None, 4, 3, None, 5, None, 4, 3, 4, 3, 2, None),
)
# Down, up, muted (x); upper case is louder.  Eighths.
STRUMS = (
    "D.DU.UDU",
    "D.dUD.dU",
    "DxdUxUdU",
    "..Du..Du",
    "D..U.UD.",
    "DdUudUDu",
    "x.D.x.DU",
    "D.xU.UxU",
)
# Beat, semitones above the chord's root or "third", length in beats
BASS_FIGURES: tuple[tuple[tuple[float, int | str, float], ...], ...] = (
    ((0, 0, 1.4), (1.5, 7, 0.45), (2, 7, 0.9), (3, 12, 0.9)),
    ((0, 0, 1.9), (2, 7, 0.9), (3, 0, 0.9)),
    ((0, 0, 0.9), (1, "third", 0.9), (2, 7, 0.9), (3, "third", 0.9)),
    ((0, 0, 1.4), (1.5, 0, 0.4), (2, 7, 0.9), (3, 12, 0.45), (3.5, 7, 0.45)),
    ((0, 0, 0.9), (1.5, 7, 0.9), (2.5, 7, 0.4), (3, 12, 0.9)),
    ((0, 0, 1.4), (1.5, "third", 0.4), (2, 7, 1.4), (3.5, 0, 0.4)),
    ((0, 0, 0.45), (0.5, 0, 0.45), (1.5, 7, 0.45), (2, 12, 0.9), (3, 7, 0.9)),
    ((0, 0, 1.9), (2, 7, 0.45), (2.5, 12, 0.45), (3, 7, 0.45), (3.5, "third", 0.45)),
)
MAMBO_BASS_FIGURES: tuple[tuple[tuple[float, int | str, float], ...], ...] = (
    (
        (0, 0, 0.4),
        (0.75, 0, 0.2),
        (1, 7, 0.4),
        (2, 12, 0.4),
        (2.5, 7, 0.4),
        (3, 0, 0.9),
    ),
    ((0, 0, 0.7), (0.75, 7, 0.7), (1.5, 12, 0.45), (2, 12, 0.7), (2.75, 7, 0.7)),
    (
        (0, 0, 0.4),
        (0.5, 12, 0.4),
        (1.5, 12, 0.4),
        (2, 7, 0.4),
        (3, 0, 0.4),
        (3.5, 7, 0.4),
    ),
)
# H, h: high drum open, loud and soft; t: a tip (muted); s: slap; L, l: low drum
BONGO_BARS = (
    "H.t.h.t.H.t.L.t.",
    "H.t.s.t.H.t.L.l.",
    "H.t.h.tth.t.L.t.",
    "H.h.t.h.H.h.L.L.",
    "s.t.h.t.H.t.L.tt",
    "H.tth.t.H.tth.L.",
    "H.t.h.t.h.t.LhL.",
    "H..hh.t.H..hL.t.",
)
BONGO_MAMBO_BARS = (
    "HhthHhthHhthL.L.",
    "H.hhH.hhL.hhL.hh",
    "HtthtthtHtthL.l.",
    "s.hhs.hhs.hhL.Lh",
)
BONGO_FILLS = (
    "H.t.h.t.HhHhLlLl",
    "HhHhLl..HhLlL.L.",
    "H.t.hhhhH.hhL.LL",
    "hhhhHHHHllllL.L.",
    "H.LhH.LhHhLhL.s.",
)
# L, l: long scrape; S, s: short
GUIRA_BARS = (
    "L.ssL.ssL.ssL.ss",
    "L.s.L.s.L.s.L.s.",
    "L.ssL.s.L.ssL.s.",
    "S.ssS.ssS.ssS.ss",
    "L..sL.ssL..sL.ss",
    "l.ssL.ssl.ssL.ss",
)
GUIRA_MAJAO_BARS = (
    "S.s.S.s.S.s.S.s.",
    "L...S.s.L...S.s.",
    "S...S.ssS...S.ss",
)
GUIRA_MAMBO_BARS = (
    "LsssLsssLsssLsss",
    "S.LsS.LsS.LsS.Ls",
    "L.LsssL.L.Lsssss",
    "SssSssSsSssSssSs",
)
GUIRA_FILLS = ("L.ssL.ssSsSsSsSs", "L.ssL.s.L...L.L.", "SsSsSsSsL.L.L...")

# Other instruments: chords on these steps (eighths), x a chord
COMPING = ("x..x..x.", ".x.x.x.x", "x.......", "x...x...", "x.xx.xx.", "..x...x.")
# Kick, snare, closed hat, open hat, one row each; sixteenths
DRUM_BARS: tuple[tuple[str, str, str, str], ...] = (
    ("X.....X.X.......", "....X.......X...", "x.x.x.x.x.x.x.x.", "................"),
    ("X...X...X...X...", "....X.......X...", "..............x.", "..x...x...x...x."),
    ("X.....X...X.....", "..x.X..x.x..X...", "xxxxxxxxxxxxxxxx", "................"),
    ("X..x..X...X...x.", "....X....x..X..x", "x.xxx.xxx.xxx.xx", "..............x."),
)
# O: open high; o: muted high; L: low; s: slap
CONGA_BARS = (
    "o.o.s.o.o.o.s.OO",
    "o.s.o.OOo.s.o.OO",
    "L.o.s.L.o.o.s.OO",
    "O.oLs.o.L.o.s.OO",
)
# T, t: high timbale; L: low; C, c: shell or bell
TIMBALE_BARS = ("C.c.Cc.cC.c.Cc.c", "C.ccC.c.CcC.c.C.", "C.c.C.c.TtTtL.L.")
