# SPDX-License-Identifier: GPL-3.0-or-later
"""Check, resample and code sound, shaped `(n_channels, n_frames)`, float32."""

from __future__ import annotations

import io
import math
from typing import Any

import numpy as np
import soundfile
import soxr

from requinto.checks import is_number, show
from requinto.errors import AudioError, AudioFileError
from requinto_files import audio_reader
from requinto_files.signal_shelter import call_away_from_signals

SHORTEST_S = 0.5  # seconds; less holds neither a beat nor a timbre
MIN_RATE_HZ, MAX_RATE_HZ = 4000, 384000
MAX_AMPLITUDE = 1e6  # full scale of 1 and integers held as floats; beyond is a bug
_BLOCK = audio_reader.N_FRAMES  # frames added at a time
AUDIBLE = 1e-4  # amplitude; what stays below is silence


def check_rate(sample_rate: Any, name: str = "audio") -> float:
    """Return a sample rate in Hz as a float, or raise `AudioError`."""
    rate_name = "sample_rate" if name == "audio" else "reference_sample_rate"
    limits = f"from {MIN_RATE_HZ} to {MAX_RATE_HZ}"
    if not is_number(sample_rate):
        raise AudioError(
            f"{rate_name} must be a number of Hz, {limits}, got {show(sample_rate)}"
        )
    try:
        rate = float(sample_rate)
    except OverflowError:  # of an integer with hundreds of digits
        rate = np.inf
    if not MIN_RATE_HZ <= rate <= MAX_RATE_HZ:
        raise AudioError(
            f"the sample rate of {name} must be {limits} Hz, got {show(sample_rate)}"
        )
    return rate


def check_samples(
    audio: np.ndarray, sample_rate: float, name: str = "audio"
) -> np.ndarray:
    """Return sound as float32 `(n_channels, n_frames)`, or raise.

    Parameters
    ----------
    audio : np.ndarray, shape=(n_channels, n_frames) or (n_frames,)
        One or two channels, full scale at 1.
    sample_rate : float
        Hz.
    name : str
        For errors.

    Raises
    ------
    AudioError
        If it is empty, not finite, beyond an amplitude of a million, shorter than
        half a second, of another shape or type, or the rate is out of range.
    """
    checks = SampleChecks(sample_rate, name)
    sound = np.asarray(audio)
    if not np.issubdtype(sound.dtype, np.floating):
        raise AudioError(f"{name} must hold floating-point samples, got {sound.dtype}")
    sound = np.atleast_2d(sound)
    if sound.ndim != 2 or len(sound) not in (1, 2):
        raise AudioError(
            f"{name} must be shaped (n_channels, n_frames) with 1 or 2 channels, "
            f"or (n_frames,), got {np.shape(audio)}"
        )
    checks.add(sound)
    checks.finish()
    return sound.astype(np.float32, copy=False)


class SampleChecks:
    """The checks of `check_samples`, block by block; of the rate at once."""

    def __init__(self, sample_rate: float, name: str) -> None:
        self._sample_rate, self._name = check_rate(sample_rate, name), name
        self._n_frames = 0
        # Extremes are enough, and need no copy of the song
        self._extremes = np.zeros(2)

    def add(self, block: np.ndarray) -> None:
        """Check the next block `(n_channels, n_frames)`, which may be all."""
        self._n_frames += block.shape[1]
        if block.size:
            low, high = self._extremes
            self._extremes[:] = (
                np.minimum(low, block.min()),
                np.maximum(high, block.max()),
            )

    def finish(self) -> None:
        """Raise `AudioError` unless the sound can be worked with."""
        name = self._name
        if self._n_frames == 0:
            raise AudioError(f"{name} is empty")
        if self._n_frames < SHORTEST_S * self._sample_rate:
            raise AudioError(
                f"{name} must last {SHORTEST_S} s or more, got "
                f"{self._n_frames / self._sample_rate:.3f} s"
            )
        if not np.isfinite(self._extremes).all():
            raise AudioError(f"{name} holds samples that are not finite")
        if (peak := np.abs(self._extremes).max()) > MAX_AMPLITUDE:
            raise AudioError(
                f"{name} reaches {peak:.3g}; full scale is 1, and at most "
                f"{MAX_AMPLITUDE:g} is accepted"
            )


def check_reference_samples(
    reference: np.ndarray, sample_rate: float, name: str = "reference"
) -> np.ndarray:
    """Return a reference as `check_samples` does, or raise, also if silent."""
    sound = check_samples(reference, sample_rate, name)
    centre = sound.mean(axis=1, keepdims=True)  # an offset is no sound
    if not np.any(np.abs(sound - centre) > AUDIBLE):
        raise AudioError(f"{name} is silent: it must hold the instrument")
    return sound


def resample(
    audio: np.ndarray,
    sample_rate: float,
    new_rate: float,
    n_frames: int | None = None,
) -> np.ndarray:
    """Return a sound at another rate, as `librosa.resample` does.

    Parameters
    ----------
    audio : np.ndarray, shape=(..., n_frames)
        One or two axes; float32 stays float32.
    sample_rate, new_rate : float
        Hz, above 0.
    n_frames : int, optional
        Of the result; by default the duration stays, rounded up.

    Returns
    -------
    np.ndarray, shape=(..., n_frames)
        The sound itself where the rates and lengths are equal.
    """
    n_default = audio.shape[-1]
    if sample_rate != new_rate:
        n_default = math.ceil(n_default * new_rate / sample_rate)
        audio = soxr.resample(audio.T, sample_rate, new_rate, quality="HQ").T
        audio = np.ascontiguousarray(audio)
    n_frames = n_default if n_frames is None else n_frames
    n_missing = n_frames - audio.shape[-1]
    if n_missing <= 0:
        return audio[..., :n_frames] if n_missing else audio
    return np.pad(audio, [(0, 0)] * (audio.ndim - 1) + [(0, n_missing)])


class ChannelStatistics:
    """Each channel's mean and mean square, in double precision, block by block."""

    def __init__(self) -> None:
        self._sums: np.ndarray | float = 0.0  # (2, n_channels)
        self._n_frames = 0

    def add(self, block: np.ndarray) -> None:
        """Add a block `(n_channels, n_frames)`, of which a copy is made."""
        exact = block.astype(np.float64)
        sums = np.array([exact.sum(axis=1), np.square(exact).sum(axis=1)])
        self._sums = self._sums + sums
        self._n_frames += block.shape[1]

    @property
    def means(self) -> np.ndarray:
        """Of one frame or more, by channel."""
        return np.asarray(self._sums)[0] / self._n_frames

    @property
    def mean_squares(self) -> np.ndarray:
        """Of one frame or more, by channel."""
        return np.asarray(self._sums)[1] / self._n_frames


def channel_statistics(audio: np.ndarray) -> ChannelStatistics:
    """Return the statistics of sound `(n_channels, n_frames)`, without a copy of it."""
    statistics = ChannelStatistics()
    for start in range(0, audio.shape[1], _BLOCK):
        statistics.add(audio[:, start : start + _BLOCK])
    return statistics


def decode(file: bytes) -> tuple[np.ndarray, int]:
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


def encode_flac(audio: np.ndarray, sample_rate: float) -> bytes:
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
