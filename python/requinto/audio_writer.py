# SPDX-License-Identifier: GPL-3.0-or-later
"""Write sound files block by block, each kind within what it can hold."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import soundfile

from requinto.errors import AudioFileError
from requinto.output_files import (
    cause_of,
    make_writable_file,
    unwritable,
    whole_file,
)

# Frames written at a time; a whole song at once overflows libvorbis' stack
_BLOCK = 1 << 16
_HEADERS = 1 << 16  # bytes that headers may take at most
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


class _Sequential(soundfile.SoundFile):
    """A sound file that is written on and on, without a seek after each block."""

    def seekable(self) -> bool:
        return False


def kind_of(path: str | os.PathLike[str]) -> Kind:
    """Return how a file of this name is written, or raise `AudioFileError`."""
    ending = Path(path).suffix.lower()
    if ending not in _KINDS:
        raise AudioFileError(
            f"{path} must end in one of {', '.join(ENDINGS)}, got {ending or 'none'}"
        )
    return _KINDS[ending]


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
    n_channels, n_frames, sample_rate : int
        Of the sound.
    n_bytes_before : int
        What other files will take of the same disk.

    Returns
    -------
    int
        The bytes it takes, or 0 where its kind compresses them.
    """
    kind = _kind_for(path, n_channels, n_frames)
    n_bytes = _n_bytes(kind, n_channels, n_frames) or 0
    n_free = shutil.disk_usage(Path(path).absolute().parent).free - n_bytes_before
    if n_bytes > n_free:
        others = " after the files named before it" if n_bytes_before else ""
        raise AudioFileError(
            f"{path} cannot be written: there is no space left for it (it takes "
            f"{n_bytes / 1e6:.1f} MB, and {n_free / 1e6:.1f} MB are free{others})"
        )
    if not _holds(kind, n_channels, sample_rate):
        raise _unheld(path, kind, n_channels, sample_rate)
    return n_bytes


def write(
    path: str | os.PathLike[str],
    audio: np.ndarray,
    sample_rate: int,
    *,
    minus: np.ndarray | None = None,
    gain: float = 1.0,
    overwrite: bool = False,
) -> None:
    """Write sound to a file whose ending names its kind: wav, flac, ogg or aiff.

    The file appears when it is complete, or not at all. A WAV file that would be
    larger than 4 GiB is written as RF64, which has room for its size.

    Parameters
    ----------
    path : str or path
    audio : np.ndarray, shape=(n_channels, n_frames)
    sample_rate : int
        Hz.
    minus : np.ndarray, optional
        Shaped as `audio`; taken from it on the way.
    gain : float
        Factor of every sample, so that kinds which end at full scale hold it; see
        `common_gain`.
    overwrite : bool
        Whether a file that is there may be replaced.

    Raises
    ------
    AudioFileError
        If the ending is another, the place cannot be written, a file is there and may
        not be replaced, or the kind cannot hold so much.
    """
    n_channels, n_frames = audio.shape
    kind = _kind_for(path, n_channels, n_frames)
    if not _holds(kind, n_channels, sample_rate):
        raise _unheld(path, kind, n_channels, sample_rate)
    n_bytes = 4 * n_channels * n_frames + _HEADERS
    with whole_file(path, overwrite=overwrite, n_bytes=n_bytes) as unfinished:
        with _opened(unfinished, kind, n_channels, sample_rate) as file:
            for block in _blocks(audio, minus):
                file.write(block.T if gain == 1.0 else np.float32(gain) * block.T)
        _check_length(unfinished, n_frames)


def peak(audio: np.ndarray, minus: np.ndarray | None = None) -> float:
    """Return the largest magnitude in a sound, or in its difference from `minus`."""
    return max(
        (float(np.abs(block).max()) for block in _blocks(audio, minus) if block.size),
        default=0.0,
    )


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
            with _opened(path, kind, n_channels, sample_rate) as file:
                file.write(np.zeros((1, n_channels), np.float32))
            return bool(soundfile.info(_name(path)).samplerate == sample_rate)
        except soundfile.LibsndfileError as error:
            cause = cause_of(path, error)
            if isinstance(cause, OSError):  # the system refuses, not the kind
                raise unwritable(path, cause) from error
            return False


def _kind_for(path: str | os.PathLike[str], n_channels: int, n_frames: int) -> Kind:
    """Return the kind that holds so much, or raise `AudioFileError`."""
    kind = kind_of(path)
    n_bytes = _n_bytes(kind, n_channels, n_frames)
    if n_bytes is None or n_bytes < _FIELD_32:
        return kind
    if kind.format == "WAV":
        return kind._replace(format="RF64")
    raise AudioFileError(
        f"{path} cannot be written: {kind.format} holds 4 GiB, and this takes "
        f"{n_bytes / 2**30:.2f} GiB; .wav has room for it"
    )


def _unheld(
    path: str | os.PathLike[str], kind: Kind, n_channels: int, sample_rate: int
) -> AudioFileError:
    return AudioFileError(
        f"{path} cannot be written: {kind.format} does not hold {n_channels} "
        f"channel(s) at {sample_rate} Hz; .wav does"
    )


def _n_bytes(kind: Kind, n_channels: int, n_frames: int) -> int | None:
    return n_channels * n_frames * kind.n_bytes + _HEADERS if kind.n_bytes else None


def _opened(
    path: str, kind: Kind, n_channels: int, sample_rate: int
) -> soundfile.SoundFile:
    return _Sequential(
        *(_name(path), "w", sample_rate, n_channels),
        format=kind.format,
        subtype=kind.subtype,
    )


def _name(path: str) -> str | bytes:
    """Return a name as soundfile takes it, also of bytes that are no text."""
    return path if os.name == "nt" else os.fsencode(path)


def _blocks(audio: np.ndarray, minus: np.ndarray | None) -> Iterator[np.ndarray]:
    for start in range(0, audio.shape[1], _BLOCK):
        part = slice(start, start + _BLOCK)
        block = audio[:, part]
        yield block if minus is None else block - minus[:, part]


def _check_length(path: str, n_frames: int) -> None:
    """Raise `OSError` if a file does not hold what was written, for whatever reason."""
    if (n_held := soundfile.info(_name(path)).frames) != n_frames:
        raise OSError(f"only {n_held} of {n_frames} frames arrived in it")
