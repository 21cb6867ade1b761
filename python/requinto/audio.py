# SPDX-License-Identifier: GPL-3.0-or-later
"""Read, write and check sound, shaped `(n_channels, n_frames)`, float32."""

from __future__ import annotations

import contextlib
import io
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import soundfile

from requinto.errors import AudioError, AudioFileError
from requinto.quiet import MPG123, filter_stderr

SHORTEST_S = 0.5  # seconds; less holds neither a beat nor a timbre
MIN_RATE_HZ, MAX_RATE_HZ = 4000, 384000
AUDIBLE = 1e-4  # amplitude; what stays below is silence
# How each kind of file is written: float where it can be, so nothing is rounded
_SUBTYPES = {".wav": "FLOAT", ".flac": "PCM_24", ".ogg": "VORBIS", ".aiff": "FLOAT"}


def checked(audio: np.ndarray, sample_rate: float, name: str = "audio") -> np.ndarray:
    """Return sound as float32 `(n_channels, n_frames)`, or raise.

    Parameters
    ----------
    audio : np.ndarray, shape=(n_channels, n_frames) or (n_frames,)
        One or two channels, full scale at 1.
    sample_rate : float
        Hz.
    name : str
        What to call it in an error.

    Raises
    ------
    AudioError
        If it is empty, not finite, shorter than half a second, of another shape
        or type, or the rate is out of range.
    """
    if not MIN_RATE_HZ <= sample_rate <= MAX_RATE_HZ:
        raise AudioError(
            f"the sample rate of {name} must be from {MIN_RATE_HZ} to {MAX_RATE_HZ} "
            f"Hz, got {sample_rate}"
        )
    sound = np.asarray(audio)
    if not np.issubdtype(sound.dtype, np.floating):
        raise AudioError(f"{name} must hold floating-point samples, got {sound.dtype}")
    sound = np.atleast_2d(sound)
    if sound.ndim != 2 or len(sound) not in (1, 2):
        raise AudioError(
            f"{name} must be shaped (n_channels, n_frames) with 1 or 2 channels, "
            f"or (n_frames,), got {np.shape(audio)}"
        )
    if sound.shape[1] == 0:
        raise AudioError(f"{name} is empty")
    if sound.shape[1] < SHORTEST_S * sample_rate:
        raise AudioError(
            f"{name} must last {SHORTEST_S} s or more, got "
            f"{sound.shape[1] / sample_rate:.3f} s"
        )
    sound = sound.astype(np.float32, copy=False)
    # Extremes tell as much as a look at each sample, without a copy of the song
    if not np.isfinite([sound.min(), sound.max()]).all():
        raise AudioError(f"{name} holds samples that are not finite")
    return sound


def checked_reference(reference: np.ndarray, sample_rate: float) -> np.ndarray:
    """Return a reference as `checked` does, or raise `AudioError`, also if silent."""
    sound = checked(reference, sample_rate, "reference")
    if not np.any(np.abs(sound) > AUDIBLE):
        raise AudioError("the reference is silent: it must hold the instrument")
    return sound


def decoded(file: bytes) -> tuple[np.ndarray, int]:
    """Return the sound `(n_channels, n_frames)` in a file's bytes, and its rate in Hz.

    Raises
    ------
    AudioFileError
        If they hold no sound that libsndfile can read.
    """
    try:
        sound, rate = soundfile.read(io.BytesIO(file), dtype="float32", always_2d=True)
    except soundfile.LibsndfileError as error:
        raise AudioFileError(
            f"the reference is not sound we can read: {error.error_string}"
        ) from error
    return np.ascontiguousarray(sound.T), rate


def encoded(audio: np.ndarray, sample_rate: float) -> bytes:
    """Return the bytes of a FLAC file of 24 bits; what exceeds 1 is scaled down."""
    file = io.BytesIO()
    level = max(1.0, float(np.max(np.abs(audio))))
    rate = round(sample_rate)
    soundfile.write(file, audio.T / level, rate, format="FLAC", subtype="PCM_24")
    return file.getvalue()


def read(path: str | os.PathLike[str]) -> tuple[np.ndarray, int]:
    """Return the sound in a file, `(n_channels, n_frames)`, and its rate in Hz.

    Raises
    ------
    AudioFileError
        If the file is missing, is a folder, or holds no sound we can read.
    """
    if not Path(path).exists():
        raise AudioFileError(f"{path} does not exist")
    if Path(path).is_dir():
        raise AudioFileError(f"{path} is a folder; a sound file is needed")
    # libsndfile's Python takes no names of bytes that are no text, but the bytes
    name = os.fspath(path) if os.name == "nt" else os.fsencode(path)
    try:
        with filter_stderr(MPG123):
            sound, rate = soundfile.read(name, dtype="float32", always_2d=True)
        return np.ascontiguousarray(sound.T), rate
    except soundfile.LibsndfileError as error:
        return _read_with_pedalboard(path, error)


def _read_with_pedalboard(
    path: str | os.PathLike[str], first: Exception
) -> tuple[np.ndarray, int]:
    """Read what libsndfile cannot (AAC on some systems), else say why not."""
    from pedalboard.io import AudioFile

    try:
        with AudioFile(os.fspath(path)) as file:
            return file.read(file.frames), int(file.samplerate)
    except Exception as error:  # pedalboard raises whatever its decoders do
        raise AudioFileError(
            f"{path} cannot be read as sound ({first}); wav, flac, ogg, mp3 and "
            "aiff can"
        ) from error


def write(path: str | os.PathLike[str], audio: np.ndarray, sample_rate: int) -> None:
    """Write sound to a file whose ending names its kind: wav, flac, ogg or aiff.

    The file appears when it is complete, or not at all.

    Raises
    ------
    AudioFileError
        If the ending is another or the place cannot be written.
    """
    check_writable(path)
    ending = Path(path).suffix.lower()
    with whole_file(path) as unfinished:
        soundfile.write(unfinished, audio.T, sample_rate, subtype=_SUBTYPES[ending])


def check_writable(path: str | os.PathLike[str]) -> None:
    """Raise `AudioFileError` unless `write` could put a sound file there."""
    ending = Path(path).suffix.lower()
    if ending not in _SUBTYPES:
        raise AudioFileError(
            f"{path} must end in one of {', '.join(_SUBTYPES)}, got {ending or 'none'}"
        )
    check_place(path)


def check_place(path: str | os.PathLike[str]) -> None:
    """Raise `AudioFileError` unless a file may be written at `path`."""
    folder = Path(path).absolute().parent
    if Path(path).is_dir():
        raise AudioFileError(f"{path} is a folder; name a file")
    if not folder.is_dir():
        raise AudioFileError(f"{path} cannot be written: {folder} does not exist")
    if not os.access(folder, os.W_OK):
        raise AudioFileError(f"{path} cannot be written: {folder} is read-only")


@contextlib.contextmanager
def whole_file(path: str | os.PathLike[str]) -> Iterator[str]:
    """Give a temporary name beside `path`; on success it takes its place.

    Raises
    ------
    AudioFileError
        If the file cannot be written.
    """
    folder, ending = Path(path).absolute().parent, Path(path).suffix
    try:
        handle, unfinished = tempfile.mkstemp(ending, ".requinto-", folder)
        os.close(handle)
        # mkstemp makes private files; a finished one has the usual mode
        mask = os.umask(0)
        os.umask(mask)
        os.chmod(unfinished, 0o666 & ~mask)
    except OSError as error:
        raise AudioFileError(f"{path} cannot be written: {error}") from error
    try:
        yield unfinished
        os.replace(unfinished, path)
    except (OSError, soundfile.LibsndfileError) as error:
        raise AudioFileError(f"{path} cannot be written: {error}") from error
    finally:
        Path(unfinished).unlink(missing_ok=True)
