# SPDX-License-Identifier: GPL-3.0-or-later
"""What a page shows of a whole sound: its peaks, and a spectrogram as a picture."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np

from requinto.columns import N_BANDS, Bands, column_frames, to_levels
from requinto.process import one_blas_thread
from requinto_files.figures import save_pixels

N_PEAKS_PER_S = 50
N_COLUMNS_PER_S = 20
MAX_COLUMNS = 4096  # in all: of longer sounds, columns last longer
_WINDOWS_TOGETHER = 64  # a few megabytes at the highest rate


class Overview:
    """The peaks and the spectrogram of a sound that comes in blocks.

    Memory does not grow with the blocks: what is held is the result and a window.

    Parameters
    ----------
    n_channels : int
        1 or 2.
    sample_rate : float
        Hz.
    n_frames : int
        Of the whole sound, 1 or more.
    """

    def __init__(self, n_channels: int, sample_rate: float, n_frames: int) -> None:
        self._n_frames, self._n_added = n_frames, 0
        n_peaks = math.ceil(n_frames * N_PEAKS_PER_S / sample_rate)
        edges = np.arange(n_peaks + 1) * sample_rate / N_PEAKS_PER_S
        self._peak_starts = np.ceil(edges).astype(np.int64)
        self._lows = np.full(n_peaks, np.inf, np.float32)
        self._highs = np.full(n_peaks, -np.inf, np.float32)

        n_columns = math.ceil(n_frames * N_COLUMNS_PER_S / sample_rate)
        n_columns = min(max(n_columns, 1), MAX_COLUMNS)
        self._power = np.zeros((n_columns, N_BANDS))  # sums over windows
        self._n_windows = np.zeros(n_columns, np.int64)
        self._bands = Bands(sample_rate)
        # Windows lie about the middles of the plugin's columns
        self._step = column_frames(sample_rate)
        self._next = self._step // 2  # middle of the next window
        # From half a window before it on; before the sound there is silence
        n_before = self._bands.n_frames // 2 - self._next
        self._sound = np.zeros((n_channels, max(n_before, 0)), np.float32)
        self._skip = max(-n_before, 0)  # frames of the sound before that

    def add(self, block: np.ndarray) -> None:
        """Take the next block `(n_channels, n_frames)`, float32.

        Raises
        ------
        ValueError
            If there are more frames than the sound was to have.
        """
        if self._n_added + block.shape[1] > self._n_frames:
            raise ValueError(f"there are more than {self._n_frames} frames")
        n_together = _WINDOWS_TOGETHER * self._step
        for start in range(0, block.shape[1], n_together):
            part = block[:, start : start + n_together]
            self._add_peaks(part.mean(axis=0))
            self._n_added += part.shape[1]
            self._add_windows(part)
        if block.shape[1] and self._n_added == self._n_frames:
            silence = np.zeros((len(block), self._bands.n_frames), np.float32)
            self._add_windows(silence)

    @property
    def peaks(self) -> np.ndarray:
        """Minimum and maximum of all channels' mean, `(n_peaks, 2)`, float32.

        `N_PEAKS_PER_S` a second; zeros where no sound was added yet.
        """
        peaks = np.stack([self._lows, self._highs], axis=1)
        return np.where(np.isfinite(peaks), peaks, np.float32(0))

    @property
    def spectrogram(self) -> np.ndarray:
        """Levels `(n_bands, n_columns)`, uint8, the lowest band first.

        As in the plugin's window: 255 is a sine at full scale, 0 is 80 dB below; bands
        are evenly spaced in logarithmic frequency, from 40 to 10240 Hz.
        """
        means = self._power / np.maximum(self._n_windows, 1)[:, None]
        return to_levels(means).T

    def write_picture(self, path: Path) -> None:
        """Write the spectrogram as a PNG, a pixel a level, the lowest band at the end.

        Raises
        ------
        AudioFileError
            If it cannot be written.
        """
        save_pixels(self.spectrogram, path)

    def _add_peaks(self, mono: np.ndarray) -> None:
        first, end = self._n_added, self._n_added + len(mono)
        low = np.searchsorted(self._peak_starts, first, side="right") - 1
        high = np.searchsorted(self._peak_starts, end, side="left")
        starts = np.maximum(self._peak_starts[low:high] - first, 0)
        some = slice(low, high)
        np.minimum(
            self._lows[some], np.minimum.reduceat(mono, starts), out=self._lows[some]
        )
        np.maximum(
            self._highs[some], np.maximum.reduceat(mono, starts), out=self._highs[some]
        )

    def _add_windows(self, part: np.ndarray) -> None:
        n_skipped = min(self._skip, part.shape[1])
        self._skip -= n_skipped
        sound = np.concatenate([self._sound, part[:, n_skipped:]], axis=1)
        n_frames = self._bands.n_frames
        last = max(self._n_frames - 1, self._step // 2)  # of a click there is one
        n_windows = max(0, (sound.shape[1] - n_frames) // self._step + 1)
        middles = self._next + self._step * np.arange(n_windows)
        middles = middles[middles <= last]
        if len(middles):
            starts = middles - self._next
            with one_blas_thread():
                power = self._bands.power(sound, starts)
            columns = middles * len(self._power) // (last + 1)
            np.add.at(self._power, columns, power)
            np.add.at(self._n_windows, columns, 1)
        self._next += self._step * n_windows
        self._sound = sound[:, self._step * n_windows :].copy()
