# SPDX-License-Identifier: GPL-3.0-or-later
"""Find where files end whose header says how long they are: AIFF, RF64, AU, CAF, W64.

Sources: Apple, "Audio Interchange File Format" and "Core Audio Format Specification";
EBU Tech 3306 for RF64; Sun, au(5); Sony, "Sony Wave64".
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import BinaryIO

_W64 = b"riff\x2e\x91\xcf\x11"  # the first half of a GUID
_UNKNOWN_32, _UNKNOWN_64 = (1 << 32) - 1, (1 << 64) - 1
_LARGEST = 1 << 48  # bytes of a chunk
_CAF_CHUNKS = (
    *(b"desc", b"data", b"pakt", b"kuki", b"chan", b"free", b"strg", b"mark", b"regn"),
    *(b"inst", b"midi", b"ovvw", b"peak", b"edct", b"info", b"umid", b"uuid"),
)
EndOf = Callable[[BinaryIO, int], "int | None"]


def sized_container(beginning: bytes) -> EndOf | None:
    """Return the function that says where a file of this beginning ends.

    Parameters
    ----------
    beginning : bytes
        12 of them.

    Returns
    -------
    function or None
        Takes a binary file and the byte where one begins; returns the byte after its
        end, or None if its header does not say. None if the kind is another.
    """
    form = beginning[8:12]
    if beginning.startswith(b"FORM") and form in (b"AIFF", b"AIFC"):
        return _end_of_form
    if beginning.startswith(b"RIFX") and form == b"WAVE":
        return _end_of_form
    if beginning.startswith(b"RF64") and form == b"WAVE":
        return _end_of_rf64
    if beginning.startswith(_W64):
        return end_of_w64
    if beginning.startswith((b".snd", b"dns.")):
        return _end_of_au
    return _end_of_caf if beginning.startswith(b"caff\x00\x01") else None


def _end_of_form(file: BinaryIO, start: int) -> int | None:
    n_bytes = _number(file, start + 4, 4)
    return _round_up(start + 8 + n_bytes, 2) if _is_known(n_bytes) else None


def _end_of_rf64(file: BinaryIO, start: int) -> int | None:
    file.seek(start + 12)
    if file.read(4) != b"ds64":
        return None
    n_bytes = _number(file, start + 20, 8, "little")
    return _round_up(start + 8 + n_bytes, 2) if _is_known(n_bytes) else None


def end_of_w64(file: BinaryIO, start: int) -> int | None:
    """Return the byte after the end of a W64 file, None where it is not known."""
    n_bytes = _number(file, start + 16, 8, "little")
    return _round_up(start + n_bytes, 8) if _is_known(n_bytes) else None


def _end_of_au(file: BinaryIO, start: int) -> int | None:
    file.seek(start)
    order = "little" if file.read(4) == b"dns." else "big"
    n_header = _number(file, start + 4, 4, order)
    n_bytes = _number(file, start + 8, 4, order)
    return start + n_header + n_bytes if _is_known(n_bytes) else None


def _end_of_caf(file: BinaryIO, start: int) -> int | None:
    position = start + 8
    for n_chunks in itertools.count():
        file.seek(position)
        if file.read(4) not in _CAF_CHUNKS:
            return position if n_chunks else None
        n_bytes = _number(file, position + 4, 8)
        if n_bytes > _LARGEST:  # unknown, to the end of the file
            return None
        position += 12 + n_bytes
    return None


def _number(file: BinaryIO, position: int, n_bytes: int, order: str = "big") -> int:
    file.seek(position)
    content = file.read(n_bytes)
    return int.from_bytes(content, "little" if order == "little" else "big")


def _is_known(n_bytes: int) -> bool:
    return n_bytes not in (0, _UNKNOWN_32, _UNKNOWN_64)


def _round_up(position: int, multiple: int) -> int:
    return -(-position // multiple) * multiple
