# SPDX-License-Identifier: GPL-3.0-or-later
"""Write sound files block by block, each kind within what it can hold."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
import soundfile

from requinto_files.audio_streams import SequentialFile
from requinto_files.errors import AudioFileError
from requinto_files.output_files import (
    cause_of,
    check_ending,
    make_writable_file,
    unfinished_file,
    write_error,
)

Progress = Callable[[float], None]

# Frames written at a time; a whole song at once overflows libvorbis' stack
_BLOCK = 1 << 16
_HEADERS = 1 << 16  # bytes that headers may take at most
_FLOAT_BYTES = 4  # of a sample
_FIELD_32 = 1 << 32  # bytes; what WAV and AIFF can say of their size


class Kind(NamedTuple):
    """How a kind of file is written."""

    format: str
    subtype: str
    n_bytes: int | None  # of a sample, where that is fixed
    peak: float | None  # the loudest it holds, where it does not hold everything
    max_rate: float = np.inf  # Hz; beyond it libvorbis crashes


# Float where it can be, so that nothing is rounded
_KINDS = {
    ".wav": Kind("WAV", "FLOAT", 4, None),
    ".flac": Kind("FLAC", "PCM_24", None, 1.0 - 2.0**-23),
    ".ogg": Kind("OGG", "VORBIS", None, 1.0, 200_000),
    ".aiff": Kind("AIFF", "FLOAT", 4, None),
}
ENDINGS = tuple(_KINDS)


def kind_of(path: str | os.PathLike[str]) -> Kind:
    """Return how a file of this name is written, or raise `AudioFileError`."""
    return _KINDS[check_ending(path, ENDINGS)]


def check_capacity(
    path: str | os.PathLike[str],
    n_channels: int,
    n_frames: int,
    sample_rate: int,
    n_bytes_before: int = 0,
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

    Returns
    -------
    int
        Bytes that it takes, at least, while it is written by `SoundWriter`.
    """
    kind = _kind_for(path, n_channels, n_frames)
    n_bytes = n_channels * n_frames * _FLOAT_BYTES + _HEADERS
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


class SoundWriter:
    """A sound file that is written block by block; a context.

    The ending names its kind: wav, flac, ogg or aiff. The file appears in `publish`,
    complete, or not at all. A WAV file that would be larger than 4 GiB is written as
    RF64, which has room for its size.

    Parameters
    ----------
    path : str or path
    n_channels, n_frames : int
        Of all that is to be written.
    sample_rate : int
        Hz.
    gain : float, optional
        Factor of every sample. Unless it is known now, a kind that ends at full scale
        is coded in `finish`, and floats are kept beside `path` until then.
    overwrite : bool
        Whether a file that is there may be replaced.

    Attributes
    ----------
    peak : float
        The largest magnitude so far, without the gain.

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
        gain: float | None = None,
        overwrite: bool = False,
    ) -> None:
        self.path = path
        self.peak = 0.0
        self._kind = _kind_for(path, n_channels, n_frames)
        _check_kind(path, self._kind, n_channels, sample_rate)
        self._n_channels, self._n_frames = n_channels, n_frames
        self._sample_rate = sample_rate
        self._gain, self._overwrite = gain, overwrite
        self._n_bytes = _FLOAT_BYTES * n_channels * n_frames + _HEADERS

    @property
    def peak_limit(self) -> float | None:
        """The loudest that the kind holds, where it does not hold everything."""
        return self._kind.peak

    @property
    def unfinished_path(self) -> str:
        """The hidden file that is to appear as `path`."""
        return self._unfinished.name

    def __enter__(self) -> SoundWriter:
        with contextlib.ExitStack() as stack:
            kind = self._kind
            if self._gain is None and kind.peak is not None:
                kind = _wav_of(self._n_bytes)
            self._open(kind, stack)
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *exception: object) -> None:
        self._stack.close()

    def _open(self, kind: Kind, stack: contextlib.ExitStack) -> None:
        """Begin a hidden file, to which blocks are written."""
        self._unfinished = stack.enter_context(unfinished_file(self.path))
        with self._explain_errors():
            self._file = _open_file(
                self._unfinished.name, kind, self._n_channels, self._sample_rate
            )
        stack.callback(_close_whatever_is_left, self._file)

    def _explain_errors(self) -> contextlib.AbstractContextManager[None]:
        return self._unfinished.explain_errors(self._n_bytes)

    def write(self, block: np.ndarray) -> None:
        """Write the next block `(n_channels, n_frames)`, float32."""
        if not block.size:
            return
        self.peak = max(self.peak, float(np.abs(block).max()))
        self._write(block.T, 1.0 if self._gain is None else self._gain)

    def _write(self, frames: np.ndarray, gain: float) -> None:
        with self._explain_errors():
            self._file.write(frames if gain == 1.0 else np.float32(gain) * frames)

    def finish(self, gain: float = 1.0, progress: Progress | None = None) -> None:
        """End the file; apply the gain, unless it was known before.

        Parameters
        ----------
        gain : float
            See `common_gain`.
        progress : callable, optional
            Called with the share of this work that is done.
        """
        self._close()
        if self._gain is not None or (gain == 1.0 and self._kind.peak is None):
            return
        floats = self._unfinished.name
        self._open(self._kind, self._stack)
        with self._explain_errors(), soundfile.SoundFile(_name(floats)) as file:
            for i, frames in enumerate(file.blocks(_BLOCK, dtype="float32")):
                self._write(frames.reshape(len(frames), -1), gain)
                if progress:
                    progress(min(1.0, (i + 1) * _BLOCK / self._n_frames))
        os.unlink(floats)
        self._close()

    def _close(self) -> None:
        with self._explain_errors():
            self._file.close()
            _check_length(self._unfinished.name, self._n_frames)

    def publish(self) -> None:
        """Let the file appear."""
        self._unfinished.publish(overwrite=self._overwrite)


def write(
    path: str | os.PathLike[str],
    audio: np.ndarray,
    sample_rate: int,
    *,
    overwrite: bool = False,
) -> None:
    """Write sound `(n_channels, n_frames)` to a file, as `SoundWriter` does.

    What exceeds the kind's full scale is clipped.
    """
    shape = (*audio.shape, sample_rate)
    with SoundWriter(path, *shape, gain=1.0, overwrite=overwrite) as writer:
        for start in range(0, audio.shape[1], _BLOCK):
            writer.write(audio[:, start : start + _BLOCK])
        writer.finish()
        writer.publish()


def common_gain(peaks: dict[str, float]) -> float:
    """Return the factor with which sounds fit the files they are written to.

    Parameters
    ----------
    peaks : dict of str to float
        The peak of what each path is to hold.

    Returns
    -------
    float
        1, or less where a kind that ends at full scale would be exceeded: one factor
        for all, so that sounds which add up to a song still do, to that factor.
    """
    gain = 1.0
    for path, largest in peaks.items():
        limit = kind_of(path).peak
        if limit is not None and largest > 1.0:
            gain = min(gain, limit / largest)
    return gain


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


def _kind_for(path: str | os.PathLike[str], n_channels: int, n_frames: int) -> Kind:
    """Return the kind that holds so much, or raise `AudioFileError`."""
    kind = kind_of(path)
    if kind.n_bytes is None:
        return kind
    n_bytes = n_channels * n_frames * kind.n_bytes + _HEADERS
    if kind.format == "WAV":
        return _wav_of(n_bytes)
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


def _wav_of(n_bytes: int) -> Kind:
    """Return the kind of WAV that holds so much, as floats."""
    kind = _KINDS[".wav"]
    return kind if n_bytes < _FIELD_32 else kind._replace(format="RF64")


def _open_file(
    path: str, kind: Kind, n_channels: int, sample_rate: int
) -> soundfile.SoundFile:
    return SequentialFile(
        *(_name(path), "w", sample_rate, n_channels),
        format=kind.format,
        subtype=kind.subtype,
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
