# SPDX-License-Identifier: GPL-3.0-or-later
"""Read the streams of a sound file through libsndfile, joined, block by block."""

from __future__ import annotations

import contextlib
import io
import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from typing import BinaryIO

import numpy as np
import soundfile

from requinto_files.audio_segments import FileWindow, Segment, segments
from requinto_files.downmix import check_channels, speakers_in
from requinto_files.errors import AudioFileError, reason_of

# Frames read at a time: as many as most FLAC blocks hold, so that of a file that is
# damaged nothing before the damage is lost
_BLOCK = 4096
# More frames to a byte than any coder reaches, except in silence: beyond it what a
# header declares is read when it comes
_DENSEST = 1024
_PADDING = 4608  # frames at both ends of an mp3 at most that are no sound of its own
_COPIED = 1 << 20  # bytes at a time
# What libsndfile's log says of a header whose size is not the file's
_SIZES = re.compile(
    r"^\s*(?:data|SSND|Data Size|riff|Riff size)\s*: (\d+) \(should be (\d+)\)",
    re.MULTILINE,
)
_FACT = re.compile(r"^fact : \d+\s+frames\s+: (\d+)", re.MULTILINE)
# Sizes that writers put where they cannot go back and say how much came, less the
# headers that some of them subtract
_STREAMED_SIZES = (
    range(0x7FFF0000, 0x80000001),
    range(0xFFFF0000, 0x100000001),
)


class SequentialFile(soundfile.SoundFile):
    """A sound file that does not seek: it may be of unknown length, or be written."""

    def seekable(self) -> bool:
        return False


class JoinedStreams:
    """The streams of a file, one after another; a context.

    Parameters
    ----------
    file : binary file
        Seekable; its position is lost.
    downmix : bool
        Whether there may be more than two channels, which can be mixed down.

    Attributes
    ----------
    sample_rate : int
        Hz.
    n_channels : int
    speakers : tuple of str
        Of the channels, where they are known; see `downmix`.
    n_expected : int
        Frames to make room for, or 0 where too many are promised.

    Raises
    ------
    AudioFileError
        If there are too many channels, or the streams differ; the message lacks its
        subject.
    soundfile.LibsndfileError
        If libsndfile refuses one of the streams.
    """

    def __init__(self, file: BinaryIO, *, downmix: bool = False) -> None:
        self._downmix = downmix
        self._segments = segments(file)
        with contextlib.ExitStack() as stack:
            self._sources = [
                stack.enter_context(_source(file, segment))
                for segment in self._segments
            ]
            # All are opened before the first is read: later it would be too late to
            # read the file with another decoder
            for source, segment in zip(self._sources, self._segments, strict=True):
                with _open_stream(source) as stream:
                    self._check(stream, segment, is_first=segment is self._segments[0])
            self._stack = stack.pop_all()

    def __enter__(self) -> JoinedStreams:
        return self

    def __exit__(self, *exception: object) -> None:
        self._stack.close()

    def _check(
        self, stream: soundfile.SoundFile, segment: Segment, *, is_first: bool
    ) -> None:
        if is_first:
            self.sample_rate, self.n_channels = stream.samplerate, stream.channels
            likely = stream.frames <= _DENSEST * (segment.stop - segment.start)
            self.n_expected = int(stream.frames) if likely else 0
            self.speakers = speakers_in(
                stream.channels, stream.format, stream.extra_info
            )
            check_channels(stream.channels, self.speakers, downmix=self._downmix)
        rate, n_channels = self.sample_rate, self.n_channels
        if (stream.samplerate, stream.channels) != (rate, n_channels):
            raise AudioFileError(
                f"holds streams that differ: {n_channels} channels at {rate} Hz, then "
                f"{stream.channels} at {stream.samplerate} Hz; split it"
            )

    def blocks(self, problems: list[str]) -> Iterator[np.ndarray]:
        """Yield the sound from its beginning, and add what is missing of it.

        Each block `(n_channels, n_frames)`, float32, lasts until the next.
        """
        for source, segment in zip(self._sources, self._segments, strict=True):
            problems += segment.problems
            with _open_stream(source) as stream:
                yield from _stream_blocks(stream, segment, problems)


@contextlib.contextmanager
def _source(file: BinaryIO, segment: Segment) -> Iterator[int | FileWindow]:
    """Give what libsndfile is to read a segment from, as often as needed.

    Were it to call Python for the bytes, cffi would drop whatever a signal raises
    there, Ctrl-C too, and the sound would seem to end. A file without a name tells
    libsndfile no ending either, from which it would take noise for headerless sound.
    """
    window = FileWindow(file, segment)
    if not has_number(file):
        yield window
        return
    size = os.fstat(file.fileno()).st_size
    if (segment.start, segment.stop, segment.prefix) == (0, size, b""):
        yield file.fileno()
    else:
        with tempfile.TemporaryFile(buffering=0) as copy:
            shutil.copyfileobj(window, copy, _COPIED)
            yield copy.fileno()


def _open_stream(source: int | FileWindow) -> SequentialFile:
    if isinstance(source, int):
        os.lseek(source, 0, os.SEEK_SET)  # libsndfile takes it for the beginning
    else:
        source.seek(0)
    return SequentialFile(source, closefd=False)


def has_number(file: BinaryIO) -> bool:
    """Return whether libsndfile can read a file by its number."""
    # On Windows each C library has numbers of its own
    return os.name != "nt" and not isinstance(file, io.BytesIO)


def _stream_blocks(
    stream: soundfile.SoundFile, segment: Segment, problems: list[str]
) -> Iterator[np.ndarray]:
    """Yield a stream to its end; add what is missing of it."""
    block = np.empty((_BLOCK, stream.channels), np.float32)
    n_frames = 0
    damage = []
    try:
        # No further than is declared, first: an error behind it would take the block
        while len(part := stream.read(out=block[: _n_next(stream, n_frames)])):
            n_frames += len(part)
            yield part.T
    except soundfile.LibsndfileError as error:
        read_s = n_frames / stream.samplerate
        damage.append(f"it is damaged after {read_s:.2f} s ({sentence(error)})")
    problems += (
        damage
        or _cut_problems(stream, n_frames)
        or _decoding_problems(segment, n_frames, stream.samplerate)
    )


def _n_next(stream: soundfile.SoundFile, n_frames: int) -> int:
    """Return how many frames to read after so many."""
    n_left = stream.frames - n_frames
    return int(n_left) if 0 < n_left < _BLOCK else _BLOCK


def _decoding_problems(segment: Segment, n_frames: int, rate: int) -> list[str]:
    """Return how many of the frames in the file could not be decoded."""
    if n_frames >= segment.n_frames - _PADDING:
        return []
    return [
        f"it is damaged: {n_frames / rate:.2f} of {segment.n_frames / rate:.2f} s "
        "could be decoded"
    ]


def _cut_problems(stream: soundfile.SoundFile, n_frames: int) -> list[str]:
    """Return what a header declares and the file does not hold."""
    rate = stream.samplerate
    n_declared = _n_declared(stream)
    for declared, there in _SIZES.findall(stream.extra_info):
        if not any(int(declared) in sizes for sizes in _STREAMED_SIZES):
            n_declared = max(n_declared, n_frames * int(declared) // max(1, int(there)))
    # An unknown length is a huge one
    if n_frames < n_declared < 1 << 62:
        return [
            f"it was cut off: it declares {n_declared / rate:.2f} s and holds "
            f"{n_frames / rate:.2f} s"
        ]
    return []


def _n_declared(stream: soundfile.SoundFile) -> int:
    """Return how many frames a header counts, or 0 where none does."""
    if not stream.subtype.startswith("MPEG"):
        return int(stream.frames)
    # Of MPEG audio it is an estimate; within WAV a chunk counts them
    fact = _FACT.search(stream.extra_info)
    n_frames = int(fact[1]) if fact else 0
    is_streamed = any(n_frames in sizes for sizes in _STREAMED_SIZES)
    return 0 if is_streamed else max(0, n_frames - _PADDING)


def sentence(error: Exception) -> str:
    """Return why something failed, ending in a full stop."""
    return reason_of(error).removeprefix("Error : ").rstrip(".") + "."
