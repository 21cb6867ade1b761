# SPDX-License-Identifier: GPL-3.0-or-later
"""The instruments that parts are written for."""

from __future__ import annotations

BACHATA = ("guitar", "bass", "bongo", "guira")
PERCUSSION = ("bongo", "guira", "conga", "maracas", "timbales", "drums")
MELODIC = (
    *("guitar", "bass", "piano", "organ", "accordion", "strings", "brass", "reed"),
    *("flute", "mallets", "lead", "pad", "voice"),
)
INSTRUMENTS = (*MELODIC, *PERCUSSION)
# Whole classes that no network ever hears in training, by the split that asks for them
UNSEEN = {
    "validation": (
        *("harpsichord", "dulcimer", "pizzicato", "ocarina", "shanai"),
        *("tubular bells", "music box"),
    ),
    "test": ("harp", "banjo", "sitar", "koto", "kalimba", "steel drums", "bagpipe"),
}
# Lowest and highest MIDI note that a part may ask for
RANGES: dict[str, tuple[int, int]] = {
    "bass": (28, 55),
    "guitar": (40, 88),
    "piano": (36, 96),
    "organ": (36, 96),
    "accordion": (48, 91),
    "strings": (48, 91),
    "brass": (46, 84),
    "reed": (46, 84),
    "flute": (60, 91),
    "mallets": (48, 91),
    "lead": (48, 91),
    "pad": (45, 84),
    "voice": (45, 79),
}
# Letters of the rows of each percussion instrument: stroke, and how hard
STROKES: dict[str, dict[str, tuple[str, float]]] = {
    "bongo": {
        "H": ("hi", 0.9),
        "h": ("hi", 0.6),
        "t": ("tip", 0.4),
        "s": ("slap", 0.85),
        "L": ("lo", 0.9),
        "l": ("lo", 0.6),
    },
    "guira": {
        "L": ("long", 0.9),
        "l": ("long", 0.6),
        "S": ("short", 0.85),
        "s": ("short", 0.5),
    },
    "conga": {
        "O": ("open", 0.85),
        "o": ("mute", 0.5),
        "L": ("low", 0.8),
        "s": ("slap", 0.85),
    },
    "maracas": {"X": ("shake", 0.85), "x": ("shake", 0.5)},
    "timbales": {
        "T": ("high", 0.9),
        "t": ("high", 0.6),
        "L": ("low", 0.85),
        "C": ("bell", 0.7),
        "c": ("bell", 0.45),
    },
    "drums": {
        "K": ("kick", 0.9),
        "k": ("kick", 0.6),
        "S": ("snare", 0.9),
        "s": ("snare", 0.45),
        "r": ("rim", 0.7),
        "H": ("hat", 0.75),
        "h": ("hat", 0.5),
        "o": ("open", 0.65),
        "y": ("ride", 0.6),
        "C": ("crash", 0.8),
        "t": ("tom", 0.75),
        "f": ("floor", 0.75),
        "p": ("clap", 0.8),
    },
}
