# SPDX-License-Identifier: GPL-3.0-or-later
"""Find the tags that players append to sound files of any kind.

Sources: id3.org, "ID3v1" and "Lyrics3 made easy"; wiki.hydrogenaud.io, "APEv2
specification".
"""

from __future__ import annotations

from typing import BinaryIO

_ID3V1 = 128  # bytes
_APE_FOOTER = 32  # bytes
_LYRICS_LONGEST = 5100 + 20  # bytes of the first version, with both its marks


def before_end_tags(file: BinaryIO, size: int) -> int:
    """Return the byte where the tags at the end of a file begin, or its size.

    Knows ID3v1, APE of both versions and Lyrics3 of both, in any order.
    """
    end = size
    while n_bytes := _id3v1(file, end) or _ape(file, end) or _lyrics3(file, end):
        if n_bytes > end:
            break
        end -= n_bytes
    return end


def _id3v1(file: BinaryIO, end: int) -> int:
    is_tag = end >= _ID3V1 and _read(file, end - _ID3V1, 3) == b"TAG"
    return _ID3V1 if is_tag else 0


def _ape(file: BinaryIO, end: int) -> int:
    footer = _read(file, end - _APE_FOOTER, _APE_FOOTER)
    if not footer.startswith(b"APETAGEX"):
        return 0
    n_bytes = int.from_bytes(footer[12:16], "little")  # without a header
    has_header = footer[23] & 0x80
    return n_bytes + _APE_FOOTER if has_header else n_bytes


def _lyrics3(file: BinaryIO, end: int) -> int:
    mark = _read(file, end - 15, 15)
    if mark.endswith(b"LYRICS200") and mark[:6].isdigit():
        n_bytes = int(mark[:6]) + 15
        return n_bytes if _read(file, end - n_bytes, 11) == b"LYRICSBEGIN" else 0
    if mark.endswith(b"LYRICSEND"):
        first = max(0, end - _LYRICS_LONGEST)
        index = _read(file, first, end - first).rfind(b"LYRICSBEGIN")
        return end - first - index if index >= 0 else 0
    return 0


def _read(file: BinaryIO, position: int, n_bytes: int) -> bytes:
    file.seek(max(0, position))
    return file.read(n_bytes)
