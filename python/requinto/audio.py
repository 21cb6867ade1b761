# SPDX-License-Identifier: GPL-3.0-or-later
"""Check sound, shaped `(n_channels, n_frames)`, float32, and code references."""

from __future__ import annotations

import io

import numpy as np
import soundfile

from requinto import audio_reader
from requinto.errors import AudioError, AudioFileError
from requinto.signal_shelter import call_away_from_signals

SHORTEST_S = 0.5  # seconds; less holds neither a beat nor a timbre
MIN_RATE_HZ, MAX_RATE_HZ = 4000, 384000
MAX_AMPLITUDE = 1e6  # full scale of 1 and integers held as floats; beyond is a bug
_BLOCK = 1 << 16  # frames looked at together
AUDIBLE = 1e-4  # amplitude; what stays below is silence


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
        If it is empty, not finite, beyond an amplitude of a million, shorter than
        half a second, of another shape or type, or the rate is out of range.
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
    # Extremes tell as much as a look at each sample, without a copy of the song
    extremes = np.array([sound.min(), sound.max()], np.float64)
    if not np.isfinite(extremes).all():
        raise AudioError(f"{name} holds samples that are not finite")
    if np.abs(extremes).max() > MAX_AMPLITUDE:
        raise AudioError(
            f"{name} reaches {np.abs(extremes).max():.3g}; full scale is 1, and at "
            f"most {MAX_AMPLITUDE:g} is accepted"
        )
    return sound.astype(np.float32, copy=False)


def checked_reference(
    reference: np.ndarray, sample_rate: float, name: str = "reference"
) -> np.ndarray:
    """Return a reference as `checked` does, or raise `AudioError`, also if silent."""
    sound = checked(reference, sample_rate, name)
    centre = sound.mean(axis=1, keepdims=True)  # an offset is no sound
    if not np.any(np.abs(sound - centre) > AUDIBLE):
        raise AudioError(f"{name} is silent: it must hold the instrument")
    return sound


def channel_statistics(audio: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return each channel's mean, and its mean square, in double precision.

    Parameters
    ----------
    audio : np.ndarray, shape=(n_channels, n_frames)
        One frame or more; it is not copied as a whole.

    Returns
    -------
    means, mean_squares : np.ndarray, shape=(n_channels,)
    """
    sums = np.zeros((2, len(audio)))
    for start in range(0, audio.shape[1], _BLOCK):
        block = audio[:, start : start + _BLOCK].astype(np.float64)
        sums += block.sum(axis=1), np.square(block).sum(axis=1)
    means, mean_squares = sums / audio.shape[1]
    return means, mean_squares


def decoded(file: bytes) -> tuple[np.ndarray, int]:
    """Return the sound `(n_channels, n_frames)` in a file's bytes, and its rate in Hz.

    Raises
    ------
    AudioFileError
        If they hold no sound that libsndfile can read.
    """
    try:
        recording = audio_reader.decode(file)
    except AudioFileError as error:
        raise AudioFileError(f"the reference {error}") from error
    return recording.samples, recording.sample_rate


def encoded(audio: np.ndarray, sample_rate: float) -> bytes:
    """Return the bytes of a FLAC file of 24 bits; what exceeds 1 is scaled down."""
    file = io.BytesIO()
    level = max(1.0, float(np.max(np.abs(audio))))
    rate = round(sample_rate)
    call_away_from_signals(
        lambda: soundfile.write(
            file, audio.T / level, rate, format="FLAC", subtype="PCM_24"
        )
    )
    return file.getvalue()
