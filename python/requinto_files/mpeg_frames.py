# SPDX-License-Identifier: GPL-3.0-or-later
"""Walk the frames of MPEG audio (mp3): where streams begin, and whether all is there.

Source: ISO/IEC 11172-3 and 13818-3 for headers; the tag `Xing` (`Info` where the bit
rate is constant) is the first frame's, and says how many others follow.
"""

from __future__ import annotations

import functools
from typing import BinaryIO, NamedTuple

# kbit/s by version (1, or 2 and 2.5) and layer, of indices 1 to 14
_KBITS = {
    (1, 1): (32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448),
    (1, 2): (32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384),
    (1, 3): (32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    (2, 1): (32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256),
    (2, 2): (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
    (2, 3): (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}
_RATES_HZ = {
    3: (44100, 48000, 32000),
    2: (22050, 24000, 16000),
    0: (11025, 12000, 8000),
}
_TAIL = 1 << 16  # bytes at the end that may be tags of any kind
_LONGEST = 1 << 13  # bytes; no frame is longer


class Frame(NamedTuple):
    """A frame's header."""

    n_bytes: int
    n_samples: int
    rate_hz: int


class MpegStream(NamedTuple):
    """A run of frames that was written in one go."""

    start: int  # byte
    stop: int  # byte after the last
    problems: tuple[str, ...]
    tag: bytes  # that says how many frames there are, where the stream has none
    n_samples: int  # in each channel, of its frames


class _Run:
    """Frames without a gap, and what the tag before them declares."""

    def __init__(self, start: int, n_before: int = 0, damage: str = "") -> None:
        self.start = start
        self.header = b""  # of the first frame
        self.n_frames = 0
        self.n_before = n_before  # frames since the tag, of runs before the damage
        self.n_declared: int | None = None
        self.damage = damage  # at the end of the run before

    def append(self, content: bytes, n_tagged: int | None) -> None:
        self.header = self.header or content[:4]
        self.n_declared = n_tagged if n_tagged is not None else self.n_declared
        self.n_frames += n_tagged is None

    def is_complete(self) -> bool:
        return self.n_declared is not None and self.n_all >= self.n_declared

    @property
    def n_all(self) -> int:
        return self.n_before + self.n_frames

    def after_damage(self, start: int, damage: str) -> _Run:
        """Return the run that goes on behind bytes which are no frames."""
        run = _Run(start, self.n_all, damage)
        run.n_declared = self.n_declared
        return run

    def stream(self, stop: int, *, is_last: bool, is_cut: bool = False) -> MpegStream:
        """Return the run as a stream, with what is missing if it is the last of it."""
        frame = parse_header(self.header)
        if frame is None:
            return MpegStream(self.start, stop, (), b"", 0)
        problems: tuple[str, ...] = (self.damage,) if self.damage else ()
        if is_last:
            cut = "" if self.n_before else "was cut off: it "
            problems += _missing(frame, self.n_all, self.n_declared, cut)
        if is_cut and not problems:
            problems = ("it ends within a frame: it was cut off",)
        has_tag = self.n_declared is not None and not self.damage
        tag = b"" if has_tag else _tag(self.header, self.n_frames)
        n_samples = self.n_frames * frame.n_samples
        return MpegStream(self.start, stop, problems, tag, n_samples)


def mpeg_streams(file: BinaryIO, position: int, size: int) -> list[MpegStream]:
    """Return the streams of MPEG audio in a file whose first frame is at `position`.

    What comes after damage is a stream of its own, for decoders end there.
    """
    streams: list[MpegStream] = []
    run = _Run(position)
    end = position  # of the last frame
    while position + 4 <= size:
        file.seek(position)
        content = file.read(256)
        frame = parse_header(content)
        if frame is None:
            position = _resume(file, content, position, size)
            if content.startswith((b"ID3", b"TAG", b"APETAGEX", b"LYRICSBEGIN")):
                end = position
            continue
        n_tagged = _declared_frames(content)
        if run.header and (n_tagged is not None or run.is_complete()):
            streams.append(run.stream(position, is_last=True))
            run = _Run(position)
        elif run.header and position > end:
            streams.append(run.stream(end, is_last=False))
            run = run.after_damage(
                position, f"there is damage {end} bytes into the file"
            )
        run.append(content, n_tagged)
        end = position = position + frame.n_bytes
    return [*streams, run.stream(size, is_last=True, is_cut=end > size)]


def _tag(header: bytes, n_frames: int) -> bytes:
    """Return a frame that says how many others follow.

    Without it libsndfile guesses their number from the first one's bit rate, and stops
    there.
    """
    # Of layer III without a checksum, at a bit rate that leaves room
    plain = bytes([0xFF, header[1] | 1, 9 << 4 | header[2] & 0x0C, header[3]])
    frame = parse_header(plain)
    if frame is None or header[1] >> 1 & 3 != 1:
        return b""
    is_mono, is_first_version = header[3] >> 6 == 3, header[1] >> 3 & 3 == 3
    n_side = (17 if is_mono else 32) if is_first_version else (9 if is_mono else 17)
    count = b"Xing" + (1).to_bytes(4, "big") + n_frames.to_bytes(4, "big")
    return (plain + bytes(n_side) + count).ljust(frame.n_bytes, b"\0")


def parse_header(content: bytes) -> Frame | None:
    """Return the frame that bytes begin with, or None if they begin with none."""
    if len(content) < 4 or content[0] != 0xFF or content[1] < 0xE0:
        return None
    version, layer = content[1] >> 3 & 3, 4 - (content[1] >> 1 & 3)
    bits, rate, padding = content[2] >> 4, content[2] >> 2 & 3, content[2] >> 1 & 1
    if version == 1 or layer == 4 or bits in (0, 15) or rate == 3:
        return None
    generation = 1 if version == 3 else 2
    rate_hz = _RATES_HZ[version][rate]
    kbits = _KBITS[generation, layer][bits - 1]
    if layer == 1:
        return Frame(4 * (12000 * kbits // rate_hz + padding), 384, rate_hz)
    n_samples = 576 if layer == 3 and generation == 2 else 1152
    return Frame(n_samples * 125 * kbits // rate_hz + padding, n_samples, rate_hz)


def _declared_frames(content: bytes) -> int | None:
    """Return how many frames a tag says will follow, if this frame is a tag."""
    for name in (b"Xing", b"Info"):
        index = content.find(name, 4, 48)
        if index >= 0 and content[index + 7] & 1:
            return int.from_bytes(content[index + 8 : index + 12], "big")
    return None


def _missing(
    frame: Frame, n_frames: int, n_declared: int | None, cut: str
) -> tuple[str, ...]:
    # The last frame may be the encoder's padding
    if n_declared is None or n_frames + 1 >= n_declared:
        return ()
    frame_s = frame.n_samples / frame.rate_hz
    return (
        f"it {cut}declares {n_declared * frame_s:.2f} s and holds "
        f"{n_frames * frame_s:.2f} s",
    )


def _resume(file: BinaryIO, content: bytes, position: int, size: int) -> int:
    """Return where to look for a frame after bytes that begin with none."""
    if n_bytes := id3_size(content):
        return position + n_bytes
    if content[:3] == b"TAG":
        return min(size, position + 128)
    if content[:8] == b"APETAGEX":
        return min(size, position + 32 + int.from_bytes(content[12:16], "little"))
    return _next_frame(file, position + 1, size)


def id3_size(content: bytes) -> int:
    """Return the bytes of the tag of kind ID3v2 that some begin with, or 0."""
    if len(content) < 10 or content[:3] != b"ID3":
        return 0
    return 10 + functools.reduce(lambda size, b: size << 7 | b & 0x7F, content[6:10], 0)


def _next_frame(file: BinaryIO, position: int, size: int) -> int:
    """Return where two frames in a row begin, or the size of the file."""
    file.seek(position)
    content = file.read(_TAIL)
    i = content.find(0xFF)
    while i >= 0:
        frame = parse_header(content[i : i + 4])
        following = frame and parse_header(content[i + frame.n_bytes :][:4])
        if frame and following and frame.rate_hz == following.rate_hz:
            return position + i
        i = content.find(0xFF, i + 1)
    return position + _TAIL - _LONGEST if len(content) == _TAIL else size
