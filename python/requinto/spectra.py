# SPDX-License-Identifier: GPL-3.0-or-later
"""Sound to spectrogram and exactly back, and the bands in which the network sees it.

Conventions
-----------
A *spectrum* is complex, shaped `(n_channels, n_bins, n_columns)` as in librosa.
*Bands* are real, shaped `(n_columns, n_bands, n_channels)` as the network takes them:
the lowest are one bin wide, the rest widen with frequency.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

import numpy as np

from requinto.config import SpectraConfig
from requinto.stft import COLUMNS_TOGETHER, hann, stft

_FLOOR = 1e-10  # power of silence, so that ratios stay finite
_LOWEST_HZ = 20.0  # of what is audible
WHINE_HZ = 15000.0  # single lines above are inaudible
_LINE = 4.0  # times the median power up there is what a band may have
_BANDS_PER_GROUP = 16  # of the bands whose weights are one matrix


class _BandGroup(NamedTuple):
    """Bands that lie side by side, and the bins between them."""

    bins: slice
    bands: slice
    weights: np.ndarray  # (n_bins, n_bands), the share of each band in each bin


class Spectra:
    """The transform of one configuration."""

    def __init__(self, config: SpectraConfig) -> None:
        self.config = config
        weights = _bin_weights(config)
        self.band_sizes = weights.sum(axis=0)
        self.band_centres = _band_centres(config)  # in bins
        self._groups = _band_groups(weights, config)
        self._window = hann(config.n_fft)
        # By the part of the window that one hop takes
        parts = self._window.reshape(-1, config.hop).astype(np.float64)
        self._squares = np.square(parts)
        self._synthesis = (parts / self._squares.sum(axis=0)).astype(np.float32)

    def analyse(
        self, audio: np.ndarray, columns: tuple[int, int] | None = None
    ) -> np.ndarray:
        """Return the spectrum of `audio`, `(n_channels, n_frames)` or `(n_frames,)`.

        Columns lie on multiples of the hop, from the first frame to the last or beyond;
        `columns` are the first of them to compute, and the one after the last.
        """
        n_fft, hop = self.config.n_fft, self.config.hop
        missing = -audio.shape[-1] % hop
        edges = [(0, 0)] * (audio.ndim - 1) + [(n_fft // 2, n_fft // 2 + missing)]
        sound = np.pad(audio.astype(np.float32, copy=False), edges)
        if columns is not None:
            first, end = columns
            sound = sound[..., first * hop : (end - 1) * hop + n_fft]
        return np.swapaxes(stft(sound, self._window, hop), -1, -2)

    def columns_of(self, frames: slice, n_frames: int) -> tuple[int, int]:
        """Return which columns of a sound shape some of its frames.

        Parameters
        ----------
        frames : slice
            From one frame to another, both given.
        n_frames : int
            Of the sound.

        Returns
        -------
        (int, int)
            The first column and the one after the last, on multiples of
            `COLUMNS_TOGETHER` where the sound does not end: `synthesise` then computes
            them as it does amid all others, to the bit.
        """
        reach = self.config.n_fft // 2
        first = max(0, (frames.start - reach) // self.config.hop + 1)
        last = -(-(frames.stop + reach) // self.config.hop)
        first -= first % COLUMNS_TOGETHER
        last += -last % COLUMNS_TOGETHER
        return first, min(last, self.config.n_columns(n_frames))

    def synthesise(
        self,
        spectrum: np.ndarray,
        n_frames: int,
        mask: np.ndarray | None = None,
        first_column: int = 0,
    ) -> np.ndarray:
        """Return the `n_frames` of sound whose spectrum this is.

        With a mask, as `apply` takes it, of what that leaves of the spectrum. Where the
        spectrum, and the mask, are only of the columns from `first_column` on, only the
        frames are complete that no other column shapes: see `columns_of`.
        """
        hop = self.config.hop
        n_columns = spectrum.shape[-1]
        end = max(first_column + n_columns, self.config.n_columns(n_frames))
        # Up to the first column's centre and from the last one's there is padding
        sound = np.zeros((*spectrum.shape[:-2], end - 1, hop), np.float32)
        for first in range(0, n_columns, COLUMNS_TOGETHER):
            few = slice(first, min(first + COLUMNS_TOGETHER, n_columns))
            some = spectrum[..., few]
            shown = some if mask is None else self.apply(mask[few], some)
            self._add(sound, shown, first_column + first)
        self._raise_ends(sound)
        return sound.reshape(*sound.shape[:-2], -1)[..., :n_frames]

    def _add(self, sound: np.ndarray, spectrum: np.ndarray, first: int) -> None:
        """Add to sound, in hops, that of columns of which the first is `first`."""
        columns = np.swapaxes(spectrum, -1, -2).astype(np.complex64, copy=False)
        frames = np.fft.irfft(columns, self.config.n_fft)
        n_parts, hop = self._synthesis.shape
        frames = frames.reshape(*frames.shape[:-1], n_parts, hop)
        frames *= self._synthesis
        for part in range(n_parts):
            start = first + part - n_parts // 2  # the hop of the first column's part
            ends = start, start + columns.shape[-2]
            begin, end = np.clip(ends, 0, sound.shape[-2])
            sound[..., begin:end, :] += frames[
                ..., begin - start : end - start, part, :
            ]

    def _raise_ends(self, sound: np.ndarray) -> None:
        """Scale, in place, the hops to which fewer columns add than to others."""
        n_hops, n_parts = sound.shape[-2], len(self._squares)
        reach = n_parts // 2
        ends = {*range(reach - 1), *range(max(0, n_hops - reach + 1), n_hops)}
        for hop in ends:
            columns = hop + reach - np.arange(n_parts)
            there = self._squares[(columns >= 0) & (columns <= n_hops)]
            sound[..., hop, :] *= self._squares.sum(axis=0) / there.sum(axis=0)

    def in_bands(self, values: np.ndarray) -> np.ndarray:
        """Average `(n_channels, n_bins, n_columns)` over the bins of each band."""
        rows = np.swapaxes(values, 1, 2).astype(np.float32, copy=False)
        n_linear = self.config.n_linear_bands
        sums = np.zeros((*rows.shape[:2], self.config.n_bands), np.float32)
        sums[..., :n_linear] = rows[..., :n_linear]
        for group in self._groups:
            sums[..., group.bands] += rows[..., group.bins] @ group.weights
        sums /= self.band_sizes
        return np.ascontiguousarray(sums.transpose(1, 2, 0))

    def power(self, spectrum: np.ndarray) -> np.ndarray:
        """Return the mean power in each band of a spectrum."""
        magnitudes = np.abs(spectrum)
        return self.in_bands(np.square(magnitudes, out=magnitudes))

    def audible_power(self, spectrum: np.ndarray) -> np.ndarray:
        """Return the power in bands that may steer a network."""
        return self.limit_inaudible(self.power(spectrum))

    def limit_inaudible(self, power: np.ndarray) -> np.ndarray:
        """Return the power in bands without what is inaudible.

        Where the configuration says so, what lies below 20 Hz is left out, and above
        15 kHz no band of a column exceeds four times their median, so that neither a
        constant offset nor a whine scales, or matches, anything.

        Models that are trained with it need it; `inaudible.py` takes the same out of
        sound and spectra for every model, for those that were trained without.
        """
        if not self.config.limit_inaudible:
            return power
        bins_per_hz = self.config.n_fft / self.config.sample_rate
        first = int(np.searchsorted(self.band_centres, _LOWEST_HZ * bins_per_hz))
        top = int(np.searchsorted(self.band_centres, WHINE_HZ * bins_per_hz))
        limited = power.copy()
        limited[:, :first] = 0
        whine = limited[:, top:]
        if whine.size:
            ceiling = _LINE * np.median(whine, axis=1, keepdims=True)
            limited[:, top:] = np.minimum(whine, ceiling)
        return limited

    def apply(self, mask: np.ndarray, spectrum: np.ndarray) -> np.ndarray:
        """Multiply a spectrum by a mask `(n_columns, n_bands, n_channels)`.

        Columns of the mask beyond the spectrum's are padding, and ignored.
        """
        n_linear = self.config.n_linear_bands
        shown = np.ascontiguousarray(mask[: spectrum.shape[2]].transpose(2, 0, 1))
        gains = np.empty((*shown.shape[:2], self.config.n_bins), np.float32)
        gains[..., :n_linear] = shown[..., :n_linear]
        for group in self._groups:
            bands = shown[..., group.bands]
            np.matmul(bands, group.weights.T, out=gains[..., group.bins])
        return np.swapaxes(np.swapaxes(spectrum, 1, 2) * gains, 1, 2)

    def pad(self, bands: np.ndarray) -> np.ndarray:
        """Pad bands with silence to a multiple of `n_columns_step` columns.

        The network then meets few shapes, and TensorFlow traces it few times.
        """
        excess = -len(bands) % self.config.n_columns_step
        return np.pad(bands, [(0, excess)] + [(0, 0)] * (bands.ndim - 1))


def compress(power: np.ndarray) -> np.ndarray:
    """Return square roots of magnitudes, scaled to a mean square of one.

    The scale is that of the whole array (one clip), so what the network sees
    does not depend on the level of the song.
    """
    root = np.sqrt(np.sqrt(power))
    return root / np.sqrt(np.mean(np.square(root)) + _FLOOR)


def _band_centres(config: SpectraConfig) -> np.ndarray:
    """Bins on which bands lie: consecutive from zero, then geometrically spaced."""
    n_linear, n_bins = config.n_linear_bands, config.n_bins
    n_log = config.n_bands - n_linear
    return np.concatenate(
        [np.arange(n_linear), np.geomspace(n_linear, n_bins - 1, n_log)]
    )


def _band_groups(weights: np.ndarray, config: SpectraConfig) -> list[_BandGroup]:
    """Cut the weights of all bins above the linear bands into small matrices.

    A bin lies between two bands, so that nearly all weights are zero.  The bins of
    groups are apart; neighbouring groups share a band.
    """
    last_band = config.n_bands - 1
    centres = np.ceil(_band_centres(config)).astype(int)
    groups = []
    for first in range(config.n_linear_bands - 1, last_band, _BANDS_PER_GROUP):
        last = min(first + _BANDS_PER_GROUP, last_band)
        start = max(centres[first], config.n_linear_bands)
        bins = slice(start, config.n_bins if last == last_band else centres[last])
        bands = slice(first, last + 1)
        groups.append(_BandGroup(bins, bands, weights[bins, bands].copy()))
    return groups


def _bin_weights(config: SpectraConfig) -> np.ndarray:
    """Share of each band in each bin, `(n_bins, n_bands)`; rows sum to one.

    Bands are triangles, each from its neighbour's centre to the next one's.
    """
    centres = _band_centres(config)
    bins = np.arange(config.n_bins)
    upper = np.searchsorted(centres, bins).clip(1, config.n_bands - 1)
    below, above = centres[upper - 1], centres[upper]
    shares = (bins - below) / (above - below)
    weights = np.zeros((config.n_bins, config.n_bands), np.float32)
    weights[bins, upper - 1] = 1 - shares
    weights[bins, upper] = shares
    return weights


def moving_mean(
    values: np.ndarray, size: int, *, edge: Literal["symmetric", "edge"] = "symmetric"
) -> np.ndarray:
    """Return the mean of `size` values, an odd number, around each on the last axis.

    Beyond the ends the values are mirrored ("symmetric"), or the last is held ("edge").
    """
    n_values = values.shape[-1]
    padding = [(0, 0)] * (values.ndim - 1) + [(size // 2, size // 2)]
    sums = np.pad(values, padding, mode=edge)  # of `width` values from each on
    total = np.zeros_like(values)
    width, start = 1, 0
    while True:
        if size & width:
            total += sums[..., start : start + n_values]
            start += width
        if 2 * width > size:
            break
        sums = sums[..., :-width] + sums[..., width:]
        width *= 2
    total /= size
    return total
