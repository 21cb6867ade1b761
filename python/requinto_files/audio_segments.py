# SPDX-License-Identifier: GPL-3.0-or-later
"""Find the streams that lie one after another in a sound file, and what is cut off.

libsndfile reads the first stream of a file alone, and ends in silence where a file was
cut off. Here the framing of a file is walked, not decoded: pages of Ogg, chunks of WAV,
frames of MPEG audio, the markers of FLAC, and the tags that players append to files.

Sources of these: id3.org, "ID3v1" and "Lyrics3 made easy"; wiki.hydrogenaud.io, "APEv2
specification".
"""

from __future__ import annotations

import io
import os
from collections.abc import Callable
from typing import BinaryIO, NamedTuple

from requinto_files.mpeg_frames import id3_size, mpeg_streams
from requinto_files.sized_containers import EndOf, end_of_w64, sized_container

_FLAC_START = b"fLaC\x00\x00\x00\x22"  # the marker, and a STREAMINFO of 34 bytes
_CHUNK = 1 << 20  # bytes that are searched at a time
_OGG_FIRST, _OGG_LAST = 2, 4  # flags of a page
_ID3V1 = 128  # bytes
_APE_FOOTER = 32  # bytes
_LYRICS_LONGEST = 5100 + 20  # bytes of the first version, with both its marks


class Segment(NamedTuple):
    """One stream of a file."""

    start: int  # byte
    stop: int  # byte after the last
    problems: tuple[str, ...] = ()  # what its framing says is missing
    prefix: bytes = b""  # to be read before it, in place of a header that is not true
    n_frames: int = 0  # that its framing holds, where that is walked
    n_missing: int = 0  # bytes that its header declares beyond the end of the file


class FileWindow(io.RawIOBase):
    """A segment of a binary file, after its prefix, as a file of its own to be read."""

    def __init__(self, file: BinaryIO, segment: Segment) -> None:
        super().__init__()
        self._file, self._segment = file, segment
        self._position = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._position

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        start, stop, _, prefix, *_ = self._segment
        size = len(prefix) + stop - start
        origin = {os.SEEK_SET: 0, os.SEEK_CUR: self._position, os.SEEK_END: size}
        self._position = max(0, origin[whence] + offset)
        return self._position

    def readinto(self, buffer: bytearray) -> int:  # type: ignore[override]
        content = self._segment.prefix[self._position :][: len(buffer)]
        if not content:
            start, stop, _, prefix, *_ = self._segment
            first = start + self._position - len(prefix)
            self._file.seek(first)
            content = self._file.read(max(0, min(len(buffer), stop - first)))
        memoryview(buffer)[: len(content)] = content
        self._position += len(content)
        return len(content)


def segments(file: BinaryIO) -> list[Segment]:
    """Return the streams in a file, in order; one where its kind has no framing here.

    Parameters
    ----------
    file : binary file
        Seekable; its position is lost.
    """
    size = file.seek(0, os.SEEK_END)
    start = _after_id3(file)
    beginning = _read(file, start, 12)
    if end_of := sized_container(beginning):
        return _sized_segments(file, start, _before_end_tags(file, size), end_of)
    walk = _walker(beginning)
    end = size if walk is _mpeg_segments else _before_end_tags(file, size)
    return walk(file, end) if walk else [Segment(0, end)]


def _walker(beginning: bytes) -> Callable[[BinaryIO, int], list[Segment]] | None:
    if beginning.startswith(b"OggS"):
        return _ogg_segments
    if beginning.startswith(b"RIFF") and beginning[8:12] == b"WAVE":
        return _wav_segments
    if beginning.startswith(b"fLaC"):
        return _flac_segments
    if beginning[:1] == b"\xff" and beginning[1:2] >= b"\xe0":
        return _mpeg_segments
    return None


def _after_id3(file: BinaryIO) -> int:
    """Return the byte after the tags of kind ID3v2 that a file begins with."""
    start = 0
    while n_bytes := id3_size(_read(file, start, 10)):
        start += n_bytes
    return start


def _ogg_segments(file: BinaryIO, size: int) -> list[Segment]:
    """Split at each page that begins a stream after pages that did not."""
    streams: list[Segment] = []
    start, position = 0, 0
    was_first, ended = True, False
    problems: list[str] = []
    while position < size:
        file.seek(position)
        header = file.read(27)
        table = file.read(header[26]) if len(header) == 27 else b""
        if header[:4] != b"OggS":
            problems = problems or [f"there is damage {position} bytes into the file"]
            position = _next(file, b"OggS", position + 1, size)
            continue
        is_first = bool(header[5:6] and header[5] & _OGG_FIRST)
        if is_first and not was_first:
            problems += [] if ended else ["an Ogg stream has no end: it was cut off"]
            streams.append(Segment(start, position, tuple(problems)))
            start, ended, problems = position, False, []
        was_first = is_first
        ended = ended or bool(header[5:6] and header[5] & _OGG_LAST)
        position += 27 + len(table) + sum(table)
        if position > size or len(header) < 27 or len(table) < header[26]:
            problems.append("it ends within a page of Ogg: it was cut off")
            ended, position = True, size
    if not ended:
        problems.append("the Ogg stream has no end: it was cut off")
    return [*streams, Segment(start, size, tuple(problems))]


def _flac_segments(file: BinaryIO, size: int) -> list[Segment]:
    starts = []
    position = _next(file, _FLAC_START, 0, size)
    while position < size:
        starts.append(position)
        position = _next(file, _FLAC_START, position + 1, size)
    starts = [0, *starts[1:]]
    return [Segment(*pair) for pair in zip(starts, [*starts[1:], size], strict=True)]


def _next(file: BinaryIO, marker: bytes, position: int, size: int) -> int:
    """Return where a marker comes next, or the size of the file."""
    while position < size:
        content = _read(file, position, _CHUNK)
        index = content.find(marker)
        if index >= 0:
            return position + index
        position += max(len(content) - len(marker) + 1, 1)
    return size


def _mpeg_segments(file: BinaryIO, size: int) -> list[Segment]:
    streams = mpeg_streams(file, _after_id3(file), size)
    return [
        Segment(
            stream.start, stream.stop, stream.problems, stream.tag, stream.n_samples
        )
        for stream in streams
    ]


def _sized_segments(
    file: BinaryIO, start: int, size: int, end_of: EndOf
) -> list[Segment]:
    """Split where one file of a kind follows another."""
    streams: list[Segment] = []
    while True:
        end = end_of(file, start)
        if end is None or end <= start or end >= size:
            n_missing = max(0, (end or 0) - size)
            return [*streams, Segment(start, size, n_missing=n_missing)]
        if sized_container(_read(file, end, 12)) is not end_of:
            # libsndfile takes what follows in W64 for sound
            stop = end if end_of is end_of_w64 else size
            return [*streams, Segment(start, stop, _rest(file, end, size))]
        streams.append(Segment(start, end))
        start = end


def _rest(file: BinaryIO, end: int, size: int) -> tuple[str, ...]:
    """Return what to say of bytes after the end of the last stream."""
    n_left = size - end
    # Some writers pad to a boundary, with zeros
    if n_left > 8 and any(_read(file, end, _CHUNK)):
        return (f"{n_left} bytes follow after the end that its header declares",)
    return ()


def _wav_segments(file: BinaryIO, size: int) -> list[Segment]:
    """Split where one RIFF file follows another, and see to sizes that are not true."""
    start, streams = 0, []
    while start < size:
        segment = _wav_segment(file, start, size)
        streams.append(segment)
        start = segment.stop
    return streams


def _wav_segment(file: BinaryIO, start: int, size: int) -> Segment:
    position = start + 12
    while position + 8 <= size:
        name, n_bytes = _chunk(file, position)
        end = position + 8 + n_bytes + n_bytes % 2
        if name == b"data":
            return _wav_data(file, start, position, n_bytes, size)
        position = end
    return Segment(start, size)


def _wav_data(
    file: BinaryIO, start: int, position: int, n_bytes: int, size: int
) -> Segment:
    """Return the segment whose chunk of samples begins at `position`."""
    content = position + 8
    if n_bytes == 0 and content < size and not _is_chunk(file, content, size):
        header = _read(file, start, position + 4 - start) + b"\xff\xff\xff\xff"
        return Segment(content, size, prefix=header)
    end = content + n_bytes + n_bytes % 2
    return _wav_tail(file, start, end, size) if end < size else Segment(start, size)


def _wav_tail(file: BinaryIO, start: int, end: int, size: int) -> Segment:
    """Return the segment whose samples end at `end`, after which chunks may come."""
    while end + 8 <= size and _is_chunk(file, end, size):
        name, n_bytes = _chunk(file, end)
        if name == b"RIFF":
            return Segment(start, end)
        end += 8 + n_bytes + n_bytes % 2
    return Segment(start, size, _rest(file, end, size))


def _chunk(file: BinaryIO, position: int) -> tuple[bytes, int]:
    header = _read(file, position, 8)
    return header[:4], int.from_bytes(header[4:8], "little")


def _is_chunk(file: BinaryIO, position: int, size: int) -> bool:
    name, n_bytes = _chunk(file, position)
    printable = len(name) == 4 and all(32 <= byte < 127 for byte in name)
    return printable and (position + 8 + n_bytes <= size or name == b"RIFF")


def _before_end_tags(file: BinaryIO, size: int) -> int:
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
