# SPDX-License-Identifier: GPL-3.0-or-later
"""Read sound files to their end, block by block, and say what is missing of them."""

from __future__ import annotations

import contextlib
import io
import os
import stat
from collections.abc import Callable, Generator, Iterable, Iterator
from typing import BinaryIO, NamedTuple, Protocol, TypeVar

import numpy as np
import soundfile

from requinto_files import audio_streams
from requinto_files.audio_streams import JoinedStreams, sentence
from requinto_files.downmix import MAX_CHANNELS, downmix_matrix
from requinto_files.errors import AudioFileError, reason_of
from requinto_files.ffmpeg_decoder import open_with_ffmpeg
from requinto_files.quiet import MPG123, filter_stderr
from requinto_files.signal_shelter import call_away_from_signals

N_FRAMES = 1 << 16  # of every block but the last
_FIRST_CAPACITY = 1 << 20  # frames

Result = TypeVar("Result")


class Recording(NamedTuple):
    """The sound in a file, as far as it could be read."""

    samples: np.ndarray  # (n_channels, n_frames), float32
    sample_rate: int  # Hz
    problems: tuple[str, ...]  # one clause for each thing that is missing or damaged
    n_channels_in_file: int  # more than those of `samples` where they are mixed down


class SampleBuffer:
    """Sound `(n_channels, n_frames)` that grows as blocks of it arrive.

    Memory that nothing was written to costs nothing, so there is never more than one
    copy of the sound where the capacity that was expected is enough.

    Parameters
    ----------
    n_channels : int
    n_expected : int
        Frames that are likely to come.
    """

    def __init__(self, n_channels: int, n_expected: int = 0) -> None:
        capacity = n_expected or _FIRST_CAPACITY
        self._samples = np.empty((n_channels, capacity), np.float32)
        self.n_frames = 0

    @property
    def n_channels(self) -> int:
        """Channels of every block."""
        return len(self._samples)

    def append(self, block: np.ndarray) -> None:
        """Append a block `(n_channels, n_frames)`."""
        end = self.n_frames + block.shape[1]
        if end > self._samples.shape[1]:
            self._widen(max(end, 2 * self._samples.shape[1]))
        self._samples[:, self.n_frames : end] = block
        self.n_frames = end

    def samples(self) -> np.ndarray:
        """Return all sound so far, `(n_channels, n_frames)`, float32."""
        return self._samples[:, : self.n_frames]

    def _widen(self, capacity: int) -> None:
        wider = np.empty((self.n_channels, capacity), np.float32)
        wider[:, : self.n_frames] = self.samples()
        self._samples = wider


class _Call(Protocol):
    """What calls a function where it can be called."""

    def __call__(self, function: Callable[[], Result], /) -> Result: ...


class _Decoder(Protocol):
    """What decodes a file, from its beginning as often as needed."""

    @property
    def sample_rate(self) -> int: ...

    @property
    def n_channels(self) -> int: ...

    @property
    def speakers(self) -> tuple[str, ...]: ...

    @property
    def n_expected(self) -> int: ...

    def blocks(self, problems: list[str]) -> Iterator[np.ndarray]: ...


class SoundReader:
    """A sound file that can be read from its beginning as often as needed.

    Attributes
    ----------
    sample_rate : int
        Hz.
    n_channels : int
        1 or 2.
    n_channels_in_file : int
        More than 2 where they are mixed down to stereo.
    n_expected : int
        Frames to make room for, or 0 where nothing can be said.
    problems : tuple of str
        One clause for each thing that is missing or damaged in what the last pass read.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        decoder: _Decoder,
        call: _Call,
    ) -> None:
        self._path, self._decoder, self._call = path, decoder, call
        self.sample_rate = decoder.sample_rate
        self.n_channels_in_file = decoder.n_channels
        self._matrix: np.ndarray | None = None
        if decoder.n_channels > MAX_CHANNELS:
            self._matrix = downmix_matrix(decoder.speakers)
        self.n_channels = min(MAX_CHANNELS, decoder.n_channels)
        self.n_expected = decoder.n_expected
        self.problems: tuple[str, ...] = ()

    def blocks(self) -> Generator[np.ndarray, None, None]:
        """Yield the sound `(n_channels, n_frames)`, float32, in blocks of `N_FRAMES`.

        One pass ends, or is closed, before the next begins.

        Raises
        ------
        AudioFileError
            If the file cannot be read any more, or nothing is left of it.
        """
        problems: list[str] = []
        is_empty = True
        blocks = _equal_blocks(self._decoder.blocks(problems), N_FRAMES)
        try:
            while (block := self._next(blocks)) is not None:
                is_empty = False
                yield block if self._matrix is None else self._matrix @ block
        finally:
            self._call(blocks.close)
            self.problems = tuple(dict.fromkeys(problems))
        if is_empty and self.problems:
            with _name_in_errors(self._path):
                raise AudioFileError(f"holds no sound: {'; '.join(self.problems)}")

    def _next(self, blocks: Iterator[np.ndarray]) -> np.ndarray | None:
        with _name_in_errors(self._path):
            return self._call(lambda: next(blocks, None))


@contextlib.contextmanager
def open_sound(
    path: str | os.PathLike[str], *, downmix: bool = False
) -> Iterator[SoundReader]:
    """Open a sound file, to be read in blocks.

    Streams that follow one another in a file (Ogg, mp3, FLAC, WAV) are joined.

    Parameters
    ----------
    path : str or path
    downmix : bool
        Whether 3 to 8 channels become stereo; see `requinto_files.downmix`.

    Raises
    ------
    AudioFileError
        If the file is missing, is a folder or a device, holds no sound that libsndfile
        or ffmpeg reads, or more than two channels that are not mixed down.
    """
    _check_regular(path)
    with contextlib.ExitStack() as stack:
        with _name_in_errors(path):
            file = stack.enter_context(open(path, "rb"))
            reader = _open_reader(path, file, stack, downmix=downmix)
        yield reader


def _open_reader(
    path: str | os.PathLike[str],
    file: BinaryIO,
    stack: contextlib.ExitStack,
    *,
    downmix: bool,
) -> SoundReader:
    call = _quietly if audio_streams.has_number(file) else _call_away_quietly
    try:
        streams = call(lambda: JoinedStreams(file, downmix=downmix))
    except soundfile.LibsndfileError as error:
        decoder = open_with_ffmpeg(path, error, downmix=downmix)
        return SoundReader(path, decoder, _call_directly)
    return SoundReader(path, stack.enter_context(streams), _call_away_quietly)


def read(path: str | os.PathLike[str]) -> tuple[np.ndarray, int]:
    """Return the sound in a file, `(n_channels, n_frames)`, and its rate in Hz.

    Raises
    ------
    AudioFileError
        If `open_sound` does, or the file is not whole.
    """
    recording = read_available(path)
    if recording.problems:
        raise AudioFileError(f"{path} is not whole: {'; '.join(recording.problems)}")
    return recording.samples, recording.sample_rate


def read_available(path: str | os.PathLike[str], *, downmix: bool = False) -> Recording:
    """Return the sound that is there in a file, and what is not.

    Parameters
    ----------
    path, downmix
        As in `open_sound`.

    Raises
    ------
    AudioFileError
        If `open_sound` does.
    """
    with open_sound(path, downmix=downmix) as reader:
        return _read_all(reader)


def decode(content: bytes) -> Recording:
    """Return the sound in the bytes of a file, as `read_available` does.

    Raises
    ------
    AudioFileError
        If they hold no sound that libsndfile can read, or more than two channels; the
        message lacks its subject.
    """
    try:
        return call_away_from_signals(lambda: _decode(content))
    except soundfile.LibsndfileError as error:
        raise AudioFileError(f"is not sound we can read: {sentence(error)}") from error


def _decode(content: bytes) -> Recording:
    with JoinedStreams(io.BytesIO(content)) as streams:
        return _read_all(SoundReader("", streams, _call_directly))


def _read_all(reader: SoundReader) -> Recording:
    buffer = SampleBuffer(reader.n_channels, reader.n_expected)
    for block in reader.blocks():
        buffer.append(block)
    return Recording(
        buffer.samples(),
        reader.sample_rate,
        reader.problems,
        reader.n_channels_in_file,
    )


def _equal_blocks(
    blocks: Iterable[np.ndarray], n_frames: int
) -> Generator[np.ndarray, None, None]:
    """Yield copies of blocks `(n_channels, ...)` joined or split to `n_frames` each.

    The last may be shorter; none is empty.
    """
    buffer: SampleBuffer | None = None
    for block in blocks:
        while block.shape[1]:
            buffer = buffer or SampleBuffer(len(block), n_frames)
            n_missing = n_frames - buffer.n_frames
            buffer.append(block[:, :n_missing])
            block = block[:, n_missing:]
            if buffer.n_frames == n_frames:
                yield buffer.samples()
                buffer = None
    if buffer:
        yield buffer.samples()


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


@contextlib.contextmanager
def _name_in_errors(path: str | os.PathLike[str]) -> Iterator[None]:
    """Name a file in errors of reading it."""
    try:
        yield
    except OSError as error:
        raise AudioFileError(f"{path} cannot be read: {reason_of(error)}") from error
    except soundfile.LibsndfileError as error:
        raise AudioFileError(f"{path} cannot be read: {sentence(error)}") from error
    except AudioFileError as error:
        raise AudioFileError(f"{path} {error}") from error


def _call_directly(function: Callable[[], Result]) -> Result:
    return function()


def _quietly(function: Callable[[], Result]) -> Result:
    with filter_stderr(MPG123):
        return function()


def _call_away_quietly(function: Callable[[], Result]) -> Result:
    """Call a function away from signals, which could also leave stderr filtered."""
    return call_away_from_signals(lambda: _quietly(function))
