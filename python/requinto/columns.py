# SPDX-License-Identifier: GPL-3.0-or-later
"""What a window shows of a stream: a column of levels every fortieth of a second."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from requinto.process import one_blas_thread
from requinto.stft import COLUMNS_TOGETHER, hann

COLUMNS_PER_S = 40
N_BANDS = 64
LOWEST_HZ, HIGHEST_HZ = 40.0, 10240.0  # outer edges: eight octaves of eight bands
RANGE_DB = 80.0  # below a sine at full scale, which is 255
MARK_BEAT, MARK_BAR, MARK_CLIP, MARK_SEAM = 1, 2, 4, 8
_WINDOW_S = 2048 / 44100  # seconds, to the nearest power of two of frames
_LOBE_BINS = 1.5  # of a Hann window, over which a sine's power counts once
_SILENCE = 1e-12  # added to powers: -120 dB, far below the range

# As `Column` of bridge.h
COLUMN = np.dtype(
    [
        ("frame", np.uint64),
        ("n_frames", np.uint32),
        ("marks", np.uint32),
        ("mixture_power", np.float32),
        ("extracted_power", np.float32),
        ("rest_power", np.float32),
        ("tempo_bpm", np.float32),
        ("register_shift", np.float32),
        ("mixture", np.uint8, N_BANDS),
        ("extracted", np.uint8, N_BANDS),
    ],
    align=True,
)


def column_frames(sample_rate: float) -> int:
    """Return how many frames a column lasts."""
    return round(sample_rate / COLUMNS_PER_S)


class ColumnMaker:
    """Makes columns of two sounds that come in pieces.

    Marks, tempos and shifts come before the sound in which they lie.

    Parameters
    ----------
    sample_rate : float
        Hz.
    n_channels : int
    start : int
        Frame of the stream from which sound comes.  The first column begins at the
        next multiple of a column's length, so that all makers of a stream have the
        same ones.
    """

    def __init__(self, sample_rate: float, n_channels: int, start: int = 0) -> None:
        self._n = column_frames(sample_rate)
        self._bands = Bands(sample_rate)
        # Of what is kept, where a window begins: its middle is that of its column
        self._offset = self._n - (self._bands.n_frames - self._n) // 2
        self._reach = self._offset + self._bands.n_frames
        self._next = -(-start // self._n) * self._n  # frame at which a column begins
        # The mixture's channels and the extracted sound's, from a column before
        n_before = self._n - (self._next - start)
        self._sound = np.zeros((2 * n_channels, n_before), np.float32)
        self._marks: list[tuple[int, np.ndarray]] = []
        self._values: dict[str, list[tuple[int, float]]] = {
            name: [(0, 0.0)] for name in ("tempo_bpm", "register_shift")
        }  # and from which frames on they hold

    def mark(self, mark: int, frames: np.ndarray | Sequence[int]) -> None:
        """Mark the columns that hold some frames of the stream."""
        self._marks.append((mark, np.asarray(frames, int)))

    def set_tempo(self, frame: int, tempo_bpm: float) -> None:
        """Give the columns that begin at a frame or later a tempo; 0 is unknown."""
        self._values["tempo_bpm"].append((frame, tempo_bpm))

    def set_register_shift(self, frame: int, semitones: float) -> None:
        """Give the columns from a frame on a shift, as of `register_shift.judge`."""
        self._values["register_shift"].append((frame, semitones))

    def add(self, mixture: np.ndarray, extracted: np.ndarray) -> np.ndarray:
        """Take the sound that comes next; return the columns that it completes.

        A column is complete once its windows are, some frames after its end.

        Parameters
        ----------
        mixture, extracted : np.ndarray, shape=(n_channels, n_frames), float32
            The same frames of both.

        Returns
        -------
        np.ndarray, shape=(n_columns,), `COLUMN`
        """
        both = np.concatenate([mixture, extracted])
        self._sound = np.concatenate([self._sound, both], axis=1)
        n_columns = max(0, (self._sound.shape[1] - self._reach) // self._n + 1)
        columns = np.zeros(n_columns, COLUMN)
        with one_blas_thread():
            for first in range(0, n_columns, COLUMNS_TOGETHER):
                some = columns[first : first + COLUMNS_TOGETHER]
                self._fill(some, self._sound[:, first * self._n :])
                self._next += self._n * len(some)
        self._sound = self._sound[:, n_columns * self._n :].copy()
        return columns

    def _fill(self, columns: np.ndarray, sound: np.ndarray) -> None:
        """Write the columns that come next, of sound from a column before."""
        starts = self._n * np.arange(len(columns))
        columns["frame"], columns["n_frames"] = self._next + starts, self._n
        mixture, extracted = np.split(sound, 2)
        inner = slice(self._n, self._n + self._n * len(columns))
        shown = mixture[:, inner], extracted[:, inner]
        columns["mixture_power"] = self._powers(shown[0])
        columns["extracted_power"] = self._powers(shown[1])
        columns["rest_power"] = self._powers(shown[0] - shown[1])
        columns["mixture"] = self._bands.levels(mixture, starts + self._offset)
        if extracted[:, : starts[-1] + self._reach].any():
            columns["extracted"] = self._bands.levels(extracted, starts + self._offset)
        self._mark(columns)

    def _powers(self, sound: np.ndarray) -> np.ndarray:
        squares = np.square(sound).reshape(len(sound), -1, self._n)
        return np.asarray(squares.mean(axis=2).mean(axis=0))

    def _mark(self, columns: np.ndarray) -> None:
        """Write marks and values, and forget those of the past."""
        first, end = self._next, self._next + self._n * len(columns)
        for mark, frames in self._marks:
            within = frames[(frames >= first) & (frames < end)]
            columns["marks"][(within - first) // self._n] |= np.uint32(mark)
        later = [(mark, frames[frames >= end]) for mark, frames in self._marks]
        self._marks = [(mark, frames) for mark, frames in later if len(frames)]
        for name, values in self._values.items():
            for frame, value in values:
                columns[name][max(0, -(-(frame - first) // self._n)) :] = value
            n_past = sum(frame <= end for frame, _ in values)
            del values[: max(0, n_past - 1)]


class Bands:
    """Levels in bands that are evenly spaced in logarithmic frequency."""

    def __init__(self, sample_rate: float) -> None:
        self.n_frames = 2 ** round(np.log2(_WINDOW_S * sample_rate))
        window = hann(self.n_frames)
        # By which a sine at full scale has a power of 1
        self._window = window * np.float32(2 * self.n_frames / window.sum())
        self._weights = _weights(sample_rate, self.n_frames)

    def levels(self, sound: np.ndarray, starts: np.ndarray) -> np.ndarray:
        """Return the levels in windows that begin at some frames; see `to_levels`."""
        return to_levels(self.power(sound, starts))

    def power(self, sound: np.ndarray, starts: np.ndarray) -> np.ndarray:
        """Return the power in windows that begin at some frames.

        Returns
        -------
        np.ndarray, shape=(n_windows, N_BANDS), float32
            1 of a sine at full scale; the mean of the channels.
        """
        n_bins = len(self._weights)
        frames = np.lib.stride_tricks.sliding_window_view(sound, self.n_frames, axis=1)
        power = np.zeros((len(starts), n_bins), np.float32)
        for channel in frames:
            windows = channel[starts] * self._window
            # Scaled, so that NumPy stays in single precision: see `stft`
            spectra = np.fft.rfft(windows, norm="forward")[:, :n_bins]
            power += np.square(spectra.real) + np.square(spectra.imag)
        return np.asarray(power @ self._weights / len(sound))


def to_levels(power: np.ndarray) -> np.ndarray:
    """Return levels of powers, uint8: 255 at full scale, 0 at `-RANGE_DB`."""
    levels_db = 10 * np.log10(power + _SILENCE)
    levels = np.clip(np.round(255 * (1 + levels_db / RANGE_DB)), 0, 255)
    return np.asarray(levels, np.uint8)


def _weights(sample_rate: float, n_fft: int) -> np.ndarray:
    """Return how much of each bin's power belongs to each band, `(n_bins, N_BANDS)`.

    A band that is narrower than a sine's peak takes in its neighbourhood.
    """
    bin_hz = sample_rate / n_fft
    edges = np.geomspace(LOWEST_HZ, HIGHEST_HZ, N_BANDS + 1) / bin_hz
    centres = np.sqrt(edges[1:] * edges[:-1])
    low = np.minimum(edges[:-1], centres - _LOBE_BINS / 2)
    high = np.maximum(edges[1:], centres + _LOBE_BINS / 2)
    n_bins = min(n_fft // 2 + 1, int(np.ceil(high[-1])) + 1)
    bins = np.arange(n_bins)[:, None]
    covered = np.minimum(bins + 0.5, high) - np.maximum(bins - 0.5, low)
    return np.asarray(covered.clip(0, 1) / _LOBE_BINS, np.float32)
