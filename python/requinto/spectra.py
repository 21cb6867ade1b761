# SPDX-License-Identifier: GPL-3.0-or-later
"""Sound to spectrogram and exactly back, and the bands in which the network sees it.

Conventions
-----------
A *spectrum* is complex, shaped `(n_channels, n_bins, n_columns)`, as librosa
has it.  *Bands* are real, shaped `(n_columns, n_bands, n_channels)`, as the
network has them: the lowest are one bin wide, the rest widen with frequency.
"""

from __future__ import annotations

import numpy as np
import scipy.fft
import scipy.signal
import scipy.sparse

from requinto.config import SpectraConfig

_FLOOR = 1e-10  # power of silence, so that ratios stay finite
_LOWEST_HZ = 20.0  # of what is heard
_HIGHEST_HZ = 15000.0  # above, single lines are not heard
_LINE = 4.0  # times the median power up there is what a band may have


class Spectra:
    """The transform of one configuration."""

    def __init__(self, config: SpectraConfig) -> None:
        self.config = config
        weights = _bin_weights(config)
        self.band_sizes = weights.sum(axis=0)
        self.band_centres = _band_centres(config)  # in bins
        # In single precision, as what it weighs is: half of the time
        self._window = scipy.signal.get_window("hann", config.n_fft).astype(np.float32)
        # A bin lies in two bands at most: nearly all weights are zero
        self._spreading = scipy.sparse.csr_matrix(weights)
        self._averaging = scipy.sparse.csr_matrix((weights / self.band_sizes).T)

    def analyse(self, audio: np.ndarray) -> np.ndarray:
        """Return the spectrum of `audio`, `(n_channels, n_frames)` or `(n_frames,)`.

        Columns lie on multiples of the hop, from the first to where all is heard.
        """
        n_fft, hop = self.config.n_fft, self.config.hop
        missing = -audio.shape[-1] % hop
        edges = [(0, 0)] * (audio.ndim - 1) + [(n_fft // 2, n_fft // 2 + missing)]
        sound = np.pad(audio.astype(np.float32, copy=False), edges)
        frames = np.lib.stride_tricks.sliding_window_view(sound, n_fft, axis=-1)
        columns = scipy.fft.rfft(frames[..., ::hop, :] * self._window)
        return np.swapaxes(columns, -1, -2)

    def synthesise(self, spectrum: np.ndarray, n_frames: int) -> np.ndarray:
        """Return the `n_frames` of sound whose spectrum this is."""
        config = self.config
        # SciPy's takes half of the time of librosa's, and has a scale of its own
        _, sound = scipy.signal.istft(
            spectrum,
            window=self._window,
            nperseg=config.n_fft,
            noverlap=config.n_fft - config.hop,
        )
        return np.divide(sound[..., :n_frames], self._window.sum(), dtype=np.float32)

    def in_bands(self, values: np.ndarray) -> np.ndarray:
        """Average real values over the bins of each band.

        Takes `(n_channels, n_bins, n_columns)`, returns
        `(n_columns, n_bands, n_channels)`, float32.
        """
        banded = np.stack([self._averaging @ channel for channel in values])
        return np.ascontiguousarray(banded.transpose(2, 1, 0), dtype=np.float32)

    def power(self, spectrum: np.ndarray) -> np.ndarray:
        """Return the mean power in each band of a spectrum."""
        return self.in_bands(np.square(spectrum.real) + np.square(spectrum.imag))

    def audible(self, power: np.ndarray) -> np.ndarray:
        """Return the power in bands without what nobody hears.

        Where the configuration says so, what lies below 20 Hz is left out, and above
        15 kHz no band of a column exceeds four times their median, so that neither a
        constant offset nor a whine scales, or matches, anything.

        Parameters
        ----------
        power : np.ndarray, shape=(n_columns, n_bands, n_channels)

        Returns
        -------
        np.ndarray
            Of the same shape; `power` itself where nothing is left out.
        """
        if not self.config.limit_inaudible:
            return power
        bins_per_hz = self.config.n_fft / self.config.sample_rate
        first = int(np.searchsorted(self.band_centres, _LOWEST_HZ * bins_per_hz))
        top = int(np.searchsorted(self.band_centres, _HIGHEST_HZ * bins_per_hz))
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
        shown = mask[: spectrum.shape[2]].transpose(2, 1, 0)
        return spectrum * np.stack([self._spreading @ channel for channel in shown])

    def padded(self, bands: np.ndarray) -> np.ndarray:
        """Pad bands with silence to a multiple of `n_columns_step` columns.

        The network then meets few shapes, and TensorFlow traces it few times.
        """
        excess = -len(bands) % self.config.n_columns_step
        return np.pad(bands, [(0, excess)] + [(0, 0)] * (bands.ndim - 1))


def centred(audio: np.ndarray) -> np.ndarray:
    """Return sound `(n_channels, n_frames)` without its mean, which nobody hears.

    Where a clip begins and ends it would be a step, which all bands show.
    """
    return audio - audio.mean(axis=-1, keepdims=True)


def compressed(power: np.ndarray) -> np.ndarray:
    """Square-root magnitudes, scaled so that their mean square is one.

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


def _bin_weights(config: SpectraConfig) -> np.ndarray:
    """Share of each band in each bin, `(n_bins, n_bands)`; rows sum to one.

    Bands are triangles, each from its neighbour's centre to the next one's.
    """
    centres = _band_centres(config)
    bins = np.arange(config.n_bins)
    identity = np.eye(config.n_bands)
    return np.stack([np.interp(bins, centres, row) for row in identity], axis=1).astype(
        np.float32
    )
