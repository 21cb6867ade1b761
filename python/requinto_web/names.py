# SPDX-License-Identifier: GPL-3.0-or-later
"""Names that clients give: shown and offered for downloads, never part of a path."""

from __future__ import annotations

import re
import unicodedata

_MAX_LENGTH = 120  # characters; with an ending, file systems hold as many in UTF-8
_MAX_BYTES = 200
_SEPARATORS = re.compile(r"[/\\]")
_FORBIDDEN = re.compile(r'[<>:"|?*]')  # in the names of files on some system
_JOINERS = "\u200c\u200d"  # of letters, as in Persian, and of emoji
_NO_NAME = "song"


def clean_name(given: str | None) -> str:
    """Return the last part of a client's file name, in one printable line.

    Parameters
    ----------
    given : str or None
        Whatever the client says: folders, control characters, any length.
    """
    last = _SEPARATORS.split(given or "")[-1]
    normal = unicodedata.normalize("NFC", last.encode("utf-8", "replace").decode())
    printable = "".join(c if _is_shown(c) else " " for c in normal)
    words = " ".join(_FORBIDDEN.sub("_", printable).split())
    return _shorten(words).strip(" .") or _NO_NAME


def _is_shown(character: str) -> bool:
    return character.isprintable() or character in _JOINERS


def stem_of(name: str) -> str:
    """Return a clean name without its ending."""
    stem, dot, ending = name.rpartition(".")
    return stem if dot and stem and 0 < len(ending) <= 5 else name


def _shorten(name: str) -> str:
    """Return a name of few characters, that keeps its ending."""
    stem, dot, ending = name.rpartition(".")
    if not stem or len(ending) > 5:
        stem, dot, ending = name, "", ""
    stem = stem[:_MAX_LENGTH]
    while len(stem.encode()) > _MAX_BYTES:
        stem = stem[:-1]
    return f"{stem}{dot}{ending}"
