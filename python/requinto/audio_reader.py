# SPDX-License-Identifier: GPL-3.0-or-later
"""Read sound files to their end, and say what is missing of them."""

from __future__ import annotations

import contextlib
import io
import os
import re
import shutil
import stat
import tempfile
from collections.abc import Iterator
from typing import BinaryIO, NamedTuple

import numpy as np
import soundfile

from requinto import ffmpeg
from requinto.audio_segments import FileWindow, Segment, segments
from requinto.errors import AudioFileError, reason_of
from requinto.quiet import MPG123, filter_stderr
from requinto.sample_buffer import SampleBuffer
from requinto.signal_shelter import call_away_from_signals

READABLE = "wav, flac, ogg, opus, mp3 and aiff"
MAX_CHANNELS = 2
# Frames read at a time: as many as most FLAC blocks hold, so that of a file that is
# damaged nothing before the damage is lost
_BLOCK = 4096
# More frames to a byte than any coder reaches but for silence: what a header declares
# beyond it is taken when it comes
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


class Recording(NamedTuple):
    """The sound in a file, as far as it could be read."""

    samples: np.ndarray  # (n_channels, n_frames), float32
    sample_rate: int  # Hz
    problems: tuple[str, ...]  # one clause for each thing that is missing or damaged


class _ChannelsError(AudioFileError):
    """Sound that can be read, of more channels than we take."""


class _Sequential(soundfile.SoundFile):
    """A sound file that is read on and on: seeking fails where a length is unknown."""

    def seekable(self) -> bool:
        return False


def read(path: str | os.PathLike[str]) -> tuple[np.ndarray, int]:
    """Return the sound in a file, `(n_channels, n_frames)`, and its rate in Hz.

    Raises
    ------
    AudioFileError
        If `read_available` does, or the file is not whole.
    """
    recording = read_available(path)
    if recording.problems:
        raise AudioFileError(f"{path} is not whole: {'; '.join(recording.problems)}")
    return recording.samples, recording.sample_rate


def read_available(path: str | os.PathLike[str]) -> Recording:
    """Return the sound that is there in a file, and what is not.

    Streams that follow one another in a file (Ogg, mp3, FLAC, WAV) are joined.

    Raises
    ------
    AudioFileError
        If the file is missing, is a folder or a device, holds no sound that libsndfile
        or ffmpeg reads, or more than two channels.
    """
    _check_regular(path)
    try:
        with open(path, "rb") as file, filter_stderr(MPG123):
            return _read_streams(file)
    except OSError as error:
        raise AudioFileError(f"{path} cannot be read: {reason_of(error)}") from error
    except soundfile.LibsndfileError as error:
        return _read_otherwise(path, error)
    except AudioFileError as error:
        raise AudioFileError(f"{path} {error}") from error


def decode(content: bytes) -> Recording:
    """Return the sound in the bytes of a file, as `read_available` does.

    Raises
    ------
    AudioFileError
        If they hold no sound that libsndfile can read, or more than two channels; the
        message lacks its subject.
    """
    try:
        return _read_streams(io.BytesIO(content))
    except soundfile.LibsndfileError as error:
        raise AudioFileError(f"is not sound we can read: {_reason(error)}") from error


def _check_regular(path: str | os.PathLike[str]) -> None:
    """Raise unless there is a file that can be read twice: no pipe, no device."""
    try:
        status = os.stat(path)
    except FileNotFoundError as error:
        raise AudioFileError(f"{path} does not exist") from error
    except OSError as error:
        raise AudioFileError(f"{path} cannot be read: {error.strerror}") from error
    if stat.S_ISDIR(status.st_mode):
        raise AudioFileError(f"{path} is a folder; a sound file is needed")
    if not stat.S_ISREG(status.st_mode):
        raise AudioFileError(
            f"{path} is a pipe or a device; save the sound to a file first"
        )
    if not status.st_size:
        raise AudioFileError(f"{path} is empty")


def _read_streams(file: BinaryIO) -> Recording:
    """Read and join the streams of a file, through libsndfile."""
    if _has_number(file):
        return _joined_streams(file)
    return call_away_from_signals(lambda: _joined_streams(file))


def _joined_streams(file: BinaryIO) -> Recording:
    buffer: SampleBuffer | None = None
    rate = 0
    problems: list[str] = []
    for segment in segments(file):
        with _open_stream(file, segment) as stream:
            if buffer is None:
                rate = stream.samplerate
                buffer = SampleBuffer(stream.channels, _expected(stream, segment))
            _check_channels(stream.channels)
            _check_alike(stream, rate, buffer.n_channels)
            problems += [*segment.problems, *_append_stream(buffer, stream, segment)]
    assert buffer is not None
    return Recording(buffer.samples(), rate, tuple(dict.fromkeys(problems)))


@contextlib.contextmanager
def _open_stream(file: BinaryIO, segment: Segment) -> Iterator[_Sequential]:
    """Open a segment for libsndfile to read by itself.

    Were it to call Python for the bytes, cffi would drop whatever a signal raises
    there, Ctrl-C too, and the sound would seem to end. A file without a name tells
    libsndfile no ending either, from which it would take noise for headerless sound.
    """
    window = FileWindow(file, segment)
    if not _has_number(file):
        with _Sequential(window) as stream:
            yield stream
        return
    with contextlib.ExitStack() as stack:
        if _is_whole(file, segment):
            number = file.fileno()
        else:
            copy = stack.enter_context(tempfile.TemporaryFile(buffering=0))
            shutil.copyfileobj(window, copy, _COPIED)
            number = copy.fileno()
        os.lseek(number, 0, os.SEEK_SET)  # libsndfile takes it for the beginning
        yield stack.enter_context(_Sequential(number, closefd=False))


def _is_whole(file: BinaryIO, segment: Segment) -> bool:
    """Return whether a segment is all of a file."""
    size = os.fstat(file.fileno()).st_size
    return (segment.start, segment.stop, segment.prefix) == (0, size, b"")


def _has_number(file: BinaryIO) -> bool:
    """Return whether libsndfile can read a file by its number."""
    # On Windows each C library has numbers of its own
    return os.name != "nt" and not isinstance(file, io.BytesIO)


def _expected(stream: soundfile.SoundFile, segment: Segment) -> int:
    """Return how many frames to make room for, or 0 where too many are promised."""
    likely = stream.frames <= _DENSEST * (segment.stop - segment.start)
    return int(stream.frames) if likely else 0


def _check_channels(n_channels: int) -> None:
    if n_channels > MAX_CHANNELS:
        raise _ChannelsError(
            f"has {n_channels} channels; 1 or 2 channels are accepted. Mix them down "
            "first, for example: ffmpeg -i SONG -ac 2 STEREO.wav"
        )


def _check_alike(stream: soundfile.SoundFile, rate: int, n_channels: int) -> None:
    if (stream.samplerate, stream.channels) != (rate, n_channels):
        raise AudioFileError(
            f"holds streams that differ: {n_channels} channels at {rate} Hz, then "
            f"{stream.channels} at {stream.samplerate} Hz; split it"
        )


def _append_stream(
    buffer: SampleBuffer, stream: soundfile.SoundFile, segment: Segment
) -> list[str]:
    """Append a stream to its end; return what is missing of it."""
    first = buffer.n_frames
    block = np.empty((_BLOCK, stream.channels), np.float32)
    problems = []
    n_frames = 0
    try:
        # No further than is declared, first: an error behind it would take the block
        while len(part := stream.read(out=block[: _n_next(stream, n_frames)])):
            buffer.append(part)
            n_frames = buffer.n_frames - first
    except soundfile.LibsndfileError as error:
        read_s = n_frames / stream.samplerate
        problems.append(f"it is damaged after {read_s:.2f} s ({_reason(error)})")
    return (
        problems
        or _missing(stream, n_frames)
        or _undecoded(segment, n_frames, stream.samplerate)
    )


def _n_next(stream: soundfile.SoundFile, n_frames: int) -> int:
    """Return how many frames to read after so many."""
    n_left = stream.frames - n_frames
    return int(n_left) if 0 < n_left < _BLOCK else _BLOCK


def _undecoded(segment: Segment, n_frames: int, rate: int) -> list[str]:
    """Return how much of the frames that are there did not come."""
    if n_frames >= segment.n_frames - _PADDING:
        return []
    return [
        f"it is damaged: {n_frames / rate:.2f} of {segment.n_frames / rate:.2f} s "
        "could be decoded"
    ]


def _missing(stream: soundfile.SoundFile, n_frames: int) -> list[str]:
    """Return what a header declares that did not come."""
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


def _read_otherwise(path: str | os.PathLike[str], refusal: Exception) -> Recording:
    """Read with ffmpeg what libsndfile refuses, else say why not."""
    if ffmpeg.is_installed():
        try:
            return _read_with_ffmpeg(path)
        except _ChannelsError as error:
            raise AudioFileError(f"{path} {error}") from error
        except AudioFileError as error:
            raise AudioFileError(
                f"{path} cannot be read as sound: {_reason(refusal)} {error}"
            ) from error
    raise AudioFileError(
        f"{path} cannot be read as sound: {_reason(refusal)} {READABLE} can be read, "
        "and m4a, aac, wma, webm and others where ffmpeg is installed"
    ) from refusal


def _read_with_ffmpeg(path: str | os.PathLike[str]) -> Recording:
    decoding = ffmpeg.Decoding(path)
    with decoding as decoder:
        _check_channels(decoder.n_channels)
        buffer = SampleBuffer(decoder.n_channels)
        for block in decoder.blocks():
            buffer.append(block)
    rate = decoder.sample_rate
    with open(path, "rb") as file:
        parts = segments(file)
    framing = [problem for part in parts for problem in part.problems] or [
        f"it was cut off: it declares {part.n_missing} bytes more"
        for part in parts
        if part.n_missing
    ]
    problems = framing or decoding.problems(buffer.n_frames / rate)
    return Recording(buffer.samples(), rate, tuple(problems))


def _reason(error: Exception) -> str:
    return reason_of(error).removeprefix("Error : ").rstrip(".") + "."
