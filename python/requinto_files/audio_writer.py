# SPDX-License-Identifier: GPL-3.0-or-later
"""Write sound files block by block, each kind within what it can hold."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

import numpy as np
import soundfile

from requinto_files.audio_streams import SequentialFile
from requinto_files.errors import AudioFileError
from requinto_files.output_files import (
    cause_of,
    make_writable_file,
    unfinished_file,
    write_error,
)
from requinto_files.quantisation import to_integers
from requinto_files.sound_kinds import ENDINGS as ENDINGS
from requinto_files.sound_kinds import WAV, Kind, kind_of

Progress = Callable[[float], None]

# Frames written at a time; a whole song at once overflows libvorbis' stack
BLOCK = 1 << 16
_HEADERS = 1 << 16  # bytes that headers may take at most
_FLOAT_BYTES = 4  # of a sample
_FIELD_32 = 1 << 32  # bytes; what WAV and AIFF can say of their size
# Beyond full scale by so much is arithmetic, and inaudible
_ROUNDING = 1e-6

File = TypeVar("File", bound="BlockFile")


def check_capacity(
    path: str | os.PathLike[str],
    n_channels: int,
    n_frames: int,
    sample_rate: int,
    n_bytes_before: int = 0,
    *,
    bit_depth: int | None = None,
) -> int:
    """Raise `AudioFileError` unless a file of this name can hold such a sound.

    Parameters
    ----------
    path : str or path
    n_channels, n_frames : int
    sample_rate : int
        Hz.
    n_bytes_before : int
        What other files will take of the same disk.
    bit_depth : int, optional
        See `sound_kinds.check_bit_depth`.

    Returns
    -------
    int
        Lower bound of the bytes that it takes while `write_sounds` writes it.
    """
    kind = _kind_for(path, n_channels, n_frames, bit_depth)
    sample_bytes = kind.n_bytes or 0
    if kind.peak is not None:
        sample_bytes += _FLOAT_BYTES  # kept beside it until all is known
    n_bytes = n_channels * n_frames * sample_bytes + _HEADERS
    n_free = shutil.disk_usage(Path(path).absolute().parent).free - n_bytes_before
    if n_bytes > n_free:
        others = " after the files named before it" if n_bytes_before else ""
        raise AudioFileError(
            f"{path} cannot be written: there is no space left for it (it takes "
            f"{n_bytes / 1e6:.1f} MB, and {max(0, n_free) / 1e6:.1f} MB are "
            f"free{others})"
        )
    _check_kind(path, kind, n_channels, sample_rate)
    return n_bytes


class BlockFile:
    """A hidden file beside a path, to which sound is written block by block; a context.

    Parameters
    ----------
    path : str or path
        What the file may become.
    kind : Kind
    n_channels, n_frames : int
        Of all that is to be written.
    sample_rate : int
        Hz.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        kind: Kind,
        n_channels: int,
        n_frames: int,
        sample_rate: int,
    ) -> None:
        self.path, self.kind = path, kind
        self._n_channels, self._n_frames = n_channels, n_frames
        self._sample_rate = sample_rate
        sample_bytes = kind.n_bytes or _FLOAT_BYTES
        self._n_bytes = sample_bytes * n_channels * n_frames + _HEADERS

    def __enter__(self: File) -> File:
        with contextlib.ExitStack() as stack:
            self._unfinished = stack.enter_context(unfinished_file(self.path))
            with self._explain_errors():
                self._file = _open_file(
                    *(self._unfinished.name, self.kind),
                    *(self._n_channels, self._sample_rate),
                )
            stack.callback(_close_whatever_is_left, self._file)
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *exception: object) -> None:
        self._stack.close()

    def _explain_errors(self) -> contextlib.AbstractContextManager[None]:
        return self._unfinished.explain_errors(self._n_bytes)

    def write(self, block: np.ndarray) -> None:
        """Write the next block `(n_channels, n_frames)`, of floats.

        Integers are the nearest ones; full scale itself, which they do not reach, is
        the highest.

        Raises
        ------
        AudioFileError
            If the file ends at full scale and the block does not.
        """
        if not block.size:
            return
        if self.kind.peak is not None:
            self._check_peak(float(np.abs(block).max()))
        bit_depth, frames = self.kind.bit_depth, block.T
        with self._explain_errors():
            if bit_depth:
                self._file.write(to_integers(frames, bit_depth))
            else:
                self._file.write(frames.astype(np.float32, copy=False))

    def _check_peak(self, peak: float) -> None:
        if peak > 1.0 + _ROUNDING:
            raise AudioFileError(
                f"{self.path} cannot hold a peak of {peak:.4g}: full scale is 1; .wav "
                "of 32 bits holds every peak"
            )

    def finish(self) -> None:
        """End the file, which must hold all that was announced."""
        with self._explain_errors():
            self._file.close()
            _check_length(self._unfinished.name, self._n_frames)


class SoundWriter(BlockFile):
    """A sound file that is written block by block; a context.

    The ending names its kind: wav, flac, ogg, aiff or mp3. The file appears in
    `publish`, complete, or not at all. A WAV file that would be larger than 4 GiB is
    written as RF64, which has room for its size.

    Parameters
    ----------
    path : str or path
    n_channels, n_frames : int
        Of all that is to be written.
    sample_rate : int
        Hz.
    bit_depth : int, optional
        See `sound_kinds.check_bit_depth`.
    overwrite : bool
        Whether a file that is there may be replaced.

    Raises
    ------
    AudioFileError
        If the ending is another, the kind cannot hold so much, or the folder cannot be
        written; in `publish` also if a file is there and may not be replaced.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        n_channels: int,
        n_frames: int,
        sample_rate: int,
        *,
        bit_depth: int | None = None,
        overwrite: bool = False,
    ) -> None:
        kind = _kind_for(path, n_channels, n_frames, bit_depth)
        _check_kind(path, kind, n_channels, sample_rate)
        super().__init__(path, kind, n_channels, n_frames, sample_rate)
        self._overwrite = overwrite

    @property
    def unfinished_path(self) -> str:
        """The hidden file that is to appear as `path`."""
        return self._unfinished.name

    def publish(self) -> None:
        """Let the file appear."""
        self._unfinished.publish(overwrite=self._overwrite)


class FloatStore(BlockFile):
    """Sound that is kept as floats beside a path until it can be coded; a context.

    Parameters
    ----------
    path, n_channels, n_frames, sample_rate
        As in `SoundWriter`; nothing is published there.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        n_channels: int,
        n_frames: int,
        sample_rate: int,
    ) -> None:
        n_bytes = _FLOAT_BYTES * n_channels * n_frames + _HEADERS
        kind = _wav_of(WAV, n_bytes)
        super().__init__(path, kind, n_channels, n_frames, sample_rate)

    def blocks(self) -> Iterator[np.ndarray]:
        """End the file, and yield blocks of it, `(n_channels, n_frames)`, float32."""
        self.finish()
        with (
            self._explain_errors(),
            soundfile.SoundFile(_name(self._unfinished.name)) as file,
        ):
            for frames in file.blocks(BLOCK, dtype="float32", always_2d=True):
                yield frames.T


def write(
    path: str | os.PathLike[str],
    audio: np.ndarray,
    sample_rate: int,
    *,
    bit_depth: int | None = None,
    overwrite: bool = False,
) -> None:
    """Write sound `(n_channels, n_frames)` to a file, as `SoundWriter` does."""
    shape = (*audio.shape, sample_rate)
    with SoundWriter(path, *shape, bit_depth=bit_depth, overwrite=overwrite) as writer:
        for start in range(0, audio.shape[1], BLOCK):
            writer.write(audio[:, start : start + BLOCK])
        writer.finish()
        writer.publish()


def _holds(kind: Kind, n_channels: int, sample_rate: int) -> bool:
    """Return whether a short file of a kind comes back."""
    if sample_rate > kind.max_rate:
        return False
    # A file, not memory: cffi would drop what a signal raises in Python that
    # libsndfile calls, and the file would seem not to come back
    with tempfile.TemporaryDirectory(prefix="requinto-") as folder:
        os.chmod(folder, 0o700)  # whatever the umask
        path = os.path.join(folder, "sound")
        make_writable_file(path)
        try:
            with _open_file(path, kind, n_channels, sample_rate) as file:
                file.write(np.zeros((1, n_channels), np.float32))
            return bool(soundfile.info(_name(path)).samplerate == sample_rate)
        except soundfile.LibsndfileError as error:
            cause = cause_of(path, error)
            if isinstance(cause, OSError):  # the system refuses, not the kind
                raise write_error(path, cause) from error
            return False


def _kind_for(
    path: str | os.PathLike[str],
    n_channels: int,
    n_frames: int,
    bit_depth: int | None = None,
) -> Kind:
    """Return the kind that holds so much, or raise `AudioFileError`."""
    kind = kind_of(path, bit_depth)
    if kind.n_bytes is None:
        return kind
    n_bytes = n_channels * n_frames * kind.n_bytes + _HEADERS
    if kind.format == "WAV":
        return _wav_of(kind, n_bytes)
    if n_bytes < _FIELD_32:
        return kind
    raise AudioFileError(
        f"{path} cannot be written: {kind.format} holds 4 GiB, and this takes "
        f"{n_bytes / 2**30:.2f} GiB; .wav has room for it"
    )


def _check_kind(
    path: str | os.PathLike[str], kind: Kind, n_channels: int, sample_rate: int
) -> None:
    if not _holds(kind, n_channels, sample_rate):
        raise AudioFileError(
            f"{path} cannot be written: {kind.format} does not hold {n_channels} "
            f"channel(s) at {sample_rate} Hz; .wav does"
        )


def _wav_of(kind: Kind, n_bytes: int) -> Kind:
    """Return the kind of WAV that holds so much."""
    return kind if n_bytes < _FIELD_32 else kind._replace(format="RF64")


def _open_file(
    path: str, kind: Kind, n_channels: int, sample_rate: int
) -> soundfile.SoundFile:
    return SequentialFile(
        *(_name(path), "w", sample_rate, n_channels),
        format=kind.format,
        subtype=kind.subtype,
        **kind.settings,
    )


def _name(path: str) -> str | bytes:
    """Return a name as soundfile takes it, also of bytes that are no text."""
    return path if os.name == "nt" else os.fsencode(path)


def _close_whatever_is_left(file: soundfile.SoundFile) -> None:
    with contextlib.suppress(soundfile.LibsndfileError):  # of a full disk: known
        file.close()


def _check_length(path: str, n_frames: int) -> None:
    """Raise `OSError` if a file does not hold what was written, for whatever reason."""
    if (n_held := soundfile.info(_name(path)).frames) != n_frames:
        raise OSError(f"only {n_held} of {n_frames} frames arrived in it")
