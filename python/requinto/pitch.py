# SPDX-License-Identifier: GPL-3.0-or-later
"""The dominant pitch of a sound, and whether it has one.

The root of the magnitude spectrum is correlated with that of a harmonic sound at each
candidate, as in SWIPE', with windows of one length.  A pitch is clear where most of the
power lies at its harmonics: that tells tones from noise in every register, which the
correlation does not.

References
----------
Camacho and Harris, "A sawtooth waveform inspired pitch estimator for speech and music",
J. Acoust. Soc. Am. 124(3), 2008.
"""

from __future__ import annotations

import numpy as np

from requinto.stft import hann

LOWEST_NOTE, HIGHEST_NOTE = 28, 100  # MIDI notes: a bass's lowest string to E7
_STEPS = 2  # candidates in a semitone
_WINDOW_S = 0.186  # seconds: seven periods of the lowest note
_RATE_HZ = 11025.0  # about which sound is enough: harmonics to 5 kHz
_PRIMES = (1, 2, 3, 5, 7, 11)  # harmonics: of all, a subharmonic would have many
_N_HARMONICS = 12  # at which power counts
# Half of a harmonic's width: that of a Hann window, and what a bend adds by frequency
_WIDTH_BINS, _WIDTH = 2.0, 0.015
_CLEAR = 0.45  # of the power, beyond what noise has there; noise has 0.1, tones 0.5
_FLOOR = 1.5  # medians of the root spectrum that are taken for noise
_QUIET = 1e-7  # mean square: -70 dB
_HANN_POWER = 3 / 8  # mean square of a Hann window
_SMALLEST = 1e-30  # instead of a divisor of 0
_PASS_BAND = 0.85  # of the low-pass: of half the reduced rate
_REACH = 6  # of the low-pass, to each side: frames at the reduced rate


class PitchEstimator:
    """Estimates the pitch in windows of a sound.

    Parameters
    ----------
    sample_rate : float
        Hz.
    """

    def __init__(self, sample_rate: float) -> None:
        self._factor = max(1, round(sample_rate / _RATE_HZ))
        rate = sample_rate / self._factor
        n_fft = 2 ** round(np.log2(_WINDOW_S * rate))
        self._window = hann(n_fft)
        self._taps = _low_pass(self._factor)
        # With those that the filter takes, and up to where the next that is kept lies
        self.n_frames = n_fft * self._factor + len(self._taps)
        steps = np.arange((HIGHEST_NOTE - LOWEST_NOTE) * _STEPS + 3) - 1
        self._notes = LOWEST_NOTE + steps / _STEPS
        bins = 440 * 2 ** ((self._notes - 69) / 12) * n_fft / rate
        self._kernels = _kernels(bins, n_fft)
        self._first, self._last = _harmonics(bins, n_fft)
        span = np.minimum((_N_HARMONICS + 0.5) * bins, n_fft / 2)
        self._share_of_noise = (self._last - self._first).sum(axis=0) / span

    def estimate(self, sound: np.ndarray, starts: np.ndarray) -> np.ndarray:
        """Return the pitch in each of some windows.

        Parameters
        ----------
        sound : np.ndarray, shape=(n_frames,), float32
            One channel.
        starts : np.ndarray, shape=(n_windows,), int
            Frames of `sound`, ascending, at which windows of `n_frames` frames begin.

        Returns
        -------
        np.ndarray, shape=(n_windows,), float32
            MIDI notes; 0 where no pitch is clear.
        """
        if not len(starts):
            return np.zeros(0, np.float32)
        skipped = -starts[0] % self._factor + starts[0]
        reduced = self._reduce(sound[skipped : starts[-1] + self.n_frames])
        first = -(-(starts - skipped) // self._factor)
        frames = np.lib.stride_tricks.sliding_window_view(reduced, len(self._window))
        windows = frames[first] * self._window
        # Scaled, so that NumPy stays in single precision: see `stft`
        magnitudes = np.abs(np.fft.rfft(windows, norm="forward")[:, 1:])
        roots = np.sqrt(magnitudes)
        roots -= _FLOOR * _medians(roots)
        strengths = np.maximum(roots, 0, out=roots) @ self._kernels
        best = 1 + np.argmax(strengths[:, 1:-1], axis=1)
        is_clear = self._share(magnitudes, best) >= _CLEAR
        is_clear &= np.mean(np.square(windows), axis=1) >= _QUIET * _HANN_POWER
        return np.where(is_clear, self._refine(strengths, best), 0).astype(np.float32)

    def _reduce(self, sound: np.ndarray) -> np.ndarray:
        """Return a sound at about `_RATE_HZ`."""
        frames = np.lib.stride_tricks.sliding_window_view(sound, len(self._taps))
        return np.asarray(frames[:: self._factor] @ self._taps)

    def _share(self, magnitudes: np.ndarray, best: np.ndarray) -> np.ndarray:
        """Return how much of the power is at harmonics: of noise 0, of a tone 1."""
        sums = np.zeros((len(magnitudes), magnitudes.shape[1] + 1))
        np.cumsum(np.square(magnitudes), axis=1, out=sums[:, 1:])
        rows = np.arange(len(sums))
        last, first = self._last[:, best], self._first[:, best]
        within = np.sum(sums[rows, last] - sums[rows, first], axis=0)
        share = within / np.maximum(sums[:, -1], _SMALLEST)
        chance = self._share_of_noise[best]
        return np.asarray((share - chance) / (1 - chance))

    def _refine(self, strengths: np.ndarray, best: np.ndarray) -> np.ndarray:
        """Return notes at the peaks of parabolas through three candidates."""
        rows = np.arange(len(strengths))
        before, peak, after = (strengths[rows, best + k] for k in (-1, 0, 1))
        bend = np.minimum(before - 2 * peak + after, -1e-12)
        offset = np.clip((before - after) / (2 * bend), -0.5, 0.5)
        return np.asarray(self._notes[best] + offset / _STEPS)


def _medians(rows: np.ndarray) -> np.ndarray:
    """Return the median of each row, of every fourth value."""
    few = rows[:, ::4]
    middle = few.shape[1] // 2
    return np.partition(few, middle, axis=1)[:, middle, None]


def _low_pass(factor: int) -> np.ndarray:
    """Return the taps of a filter, after which every `factor`-th frame is enough."""
    if factor == 1:
        return np.ones(1, np.float32)
    times = np.arange(-_REACH * factor, _REACH * factor + 1) / factor
    taps = np.sinc(_PASS_BAND * times) * np.hanning(len(times) + 2)[1:-1]
    return (taps / taps.sum()).astype(np.float32)


def _kernels(bins: np.ndarray, n_fft: int) -> np.ndarray:
    """Return what each candidate's root spectrum is compared with.

    Lobes are positive about harmonics and negative between, so that the note an octave
    below, whose odd harmonics lie there, does not fit.

    Parameters
    ----------
    bins : np.ndarray, shape=(n_notes,)
        Fundamentals, in bins of the transform.

    Returns
    -------
    np.ndarray, shape=(n_fft // 2, n_notes), float32
        Of the bins from the first above 0 Hz on.
    """
    rows = np.arange(1, n_fft // 2 + 1)[:, None]
    ratios = rows / bins
    lobes = np.cos(2 * np.pi * ratios)
    kernels = np.zeros_like(ratios)
    for harmonic in _PRIMES:
        away = np.abs(ratios - harmonic)
        kernels += np.where(away < 0.25, lobes, np.where(away < 0.75, lobes / 2, 0))
    kernels /= np.sqrt(rows)
    kernels /= np.linalg.norm(np.maximum(kernels, 0), axis=0)
    return kernels.astype(np.float32)


def _harmonics(bins: np.ndarray, n_fft: int) -> tuple[np.ndarray, np.ndarray]:
    """Return where the harmonics of each candidate begin and end.

    Returns
    -------
    first, last : np.ndarray, shape=(_N_HARMONICS, n_notes), int
        Of the bins from the first above 0 Hz on.
    """
    centres = np.arange(1, _N_HARMONICS + 1)[:, None] * bins
    # Lobes are flat at high notes, where the best candidate may be the next one
    flat = np.minimum(centres, 2 * bins) / _STEPS * np.log(2) / 12
    half = np.minimum(_WIDTH_BINS + np.maximum(_WIDTH * centres, flat), bins / 2)
    first = np.clip(np.round(centres - half) - 1, 0, n_fft // 2).astype(int)
    last = np.clip(np.round(centres + half), 0, n_fft // 2).astype(int)
    return first, np.maximum(first, last)
