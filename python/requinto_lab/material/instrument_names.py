# SPDX-License-Identifier: GPL-3.0-or-later
"""Which instrument a name that somebody gave to a track or sample says plainly."""

from __future__ import annotations

import re

from requinto_lab.material.tables import read_table

OTHER = "other"  # parts whose instrument is not in `INSTRUMENTS`, or unclear

_TABLE = read_table("instrument_names")
_BY_WORD = {word: name for name, words in _TABLE["words"].items() for word in words}
_ENDINGS: dict[str, str] = _TABLE["endings"]
# Beside these a word means an imitation, or something else altogether
_IMITATIONS = {
    *("synth", "analog", "analogue", "saw", "wave", "chip"),
    *("speech", "reversed", "rev"),
}
_PLUCKED = {"plucked", "pizzicato"}
_IMITABLE = {"guitar", "piano", "brass", "reed", "flute", "mallets", "voice"}


def instrument_named(*texts: str) -> str:
    """Return the instrument that names say plainly, or "other".

    A drum's name wins ("bass drum"), then bass wins over guitar ("bass guitar") and
    guitar over lead ("lead guitar"); any other two instruments leave it unclear, and
    so do words such as "synth" beside an acoustic instrument.
    """
    words = [word for text in texts for word in _split(text)]
    named = {_BY_WORD[word] for word in words if word in _BY_WORD}
    for ending, name in _ENDINGS.items():
        if any(word.endswith(ending) and word not in _BY_WORD for word in words):
            named.add(name)
    for winner, loser in (("bass", "guitar"), ("guitar", "lead")):
        if winner in named:
            named.discard(loser)
    if "drums" in named and named <= {"drums", "bass"}:
        return "drums"
    if len(named) != 1:
        return OTHER
    name = named.pop()
    if name == "strings" and not _PLUCKED.isdisjoint(words):
        return OTHER
    imitated = name in _IMITABLE and not _IMITATIONS.isdisjoint(words)
    return OTHER if imitated else name


def _split(text: str) -> list[str]:
    apart = re.sub(r"([a-z])([A-Z])", r"\1 \2", text)
    return re.findall(r"[a-z]+", apart.lower())
