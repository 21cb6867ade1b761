# SPDX-License-Identifier: GPL-3.0-or-later
"""A clip at its song's rate to a spectrum at the model's rate, and back."""

from __future__ import annotations

import functools
from dataclasses import dataclass

import numpy as np

from requinto.audio import resample
from requinto.config import SpectraConfig
from requinto.inaudible import without_infrasound, without_whine
from requinto.spectra import Spectra


@dataclass(frozen=True, eq=False)
class ClipSpectrum:
    """A clip as a model's transform shows it, for whatever query.

    Parameters
    ----------
    spectrum : np.ndarray, shape=(2, n_bins, n_columns)
        Of the columns that were analysed; none of a clip of zeros.
    first_column : int
        The first of them.
    n_frames : int
        Of the clip at the model's rate.
    shape : (int, int)
        Of the clip, `(n_channels, n_frames)`.
    sample_rate : float
        Hz, of the clip.
    transform : ClipTransform
    """

    spectrum: np.ndarray
    first_column: int
    n_frames: int
    shape: tuple[int, ...]
    sample_rate: float
    transform: ClipTransform

    @property
    def is_sounding(self) -> bool:
        """Whether the clip holds anything but zeros."""
        return self.spectrum.shape[-1] > 0

    @functools.cached_property
    def power(self) -> np.ndarray:
        """As `Spectra.audible_power`, computed once for all queries."""
        return self.transform.spectra.audible_power(self.spectrum)

    def part(self, columns: tuple[int, int]) -> ClipSpectrum:
        """Return some of the columns that it holds; see `Spectra.columns_of`."""
        first, end = (column - self.first_column for column in columns)
        return ClipSpectrum(
            self.spectrum[..., first:end],
            columns[0],
            self.n_frames,
            self.shape,
            self.sample_rate,
            self.transform,
        )


class ClipTransform:
    """The way from clips to spectra of one configuration, and back.

    Parameters
    ----------
    config : SpectraConfig
    """

    def __init__(self, config: SpectraConfig) -> None:
        self.config = config
        self.spectra = Spectra(config)

    def analyse(
        self, clip: np.ndarray, sample_rate: float, frames: slice | None = None
    ) -> ClipSpectrum:
        """Return the spectrum of a clip, without what is inaudible.

        Parameters
        ----------
        clip : np.ndarray, shape=(n_channels, n_frames)
            One or two channels.
        sample_rate : float
            Hz.
        frames : slice, optional
            Of the clip: columns that shape none of these are left out.
        """
        if not clip.any():
            empty = np.zeros((2, self.config.n_bins, 0), np.complex64)
            return ClipSpectrum(empty, 0, 0, clip.shape, sample_rate, self)
        sound = self.clean(self.at_model_rate(clip, sample_rate))
        columns = self.columns_of(frames, clip.shape[1], sample_rate)
        spectrum = self.spectrum(sound, columns)
        return ClipSpectrum(
            spectrum, columns[0], sound.shape[1], clip.shape, sample_rate, self
        )

    def columns_of(
        self, frames: slice | None, n_frames: int, sample_rate: float
    ) -> tuple[int, int]:
        """Return which columns shape some frames of a clip.

        All do where the clip is not at the model's rate: a filter that resamples begins
        and ends with the clip.
        """
        n_at_rate = self._n_frames(n_frames, sample_rate)
        if frames is None or sample_rate != self.config.sample_rate:
            return 0, self.config.n_columns(n_at_rate)
        return self.spectra.columns_of(frames, n_at_rate)

    def synthesise(
        self, spectrum: ClipSpectrum, mask: np.ndarray | None, sensitivity: float
    ) -> np.ndarray:
        """Return what a mask leaves of a clip, of the clip's shape, float32.

        Parameters
        ----------
        spectrum : ClipSpectrum
            Frames that columns shape which it lacks are not complete.
        mask : np.ndarray, shape=(n_columns or more, n_bands, 2), or None
            For the columns of the spectrum; None where it has none.
        sensitivity : float
            From 0 to 1.
        """
        if mask is None or not spectrum.is_sounding:
            return np.zeros(spectrum.shape, np.float32)
        n_channels, n_frames = spectrum.shape
        mask = mask[: spectrum.spectrum.shape[-1]]
        exponent = mask_exponent(sensitivity)
        if exponent != 1.0:
            mask = np.where(mask < 1.0, mask**exponent, mask)
        sound = self.spectra.synthesise(
            spectrum.spectrum, spectrum.n_frames, mask, spectrum.first_column
        )
        rates = self.config.sample_rate, spectrum.sample_rate
        estimate = resample(sound, *rates, n_frames)
        return estimate if n_channels == 2 else estimate.mean(axis=0, keepdims=True)

    def clean(self, sound: np.ndarray) -> np.ndarray:
        """Return a sound at the model's rate in stereo, without rumble or offset."""
        clean = without_infrasound(sound, self.config.sample_rate)
        return clean if len(clean) == 2 else np.repeat(clean, 2, axis=0)

    def spectrum(
        self, sound: np.ndarray, columns: tuple[int, int] | None = None
    ) -> np.ndarray:
        """Return the spectrum of a sound, without lines above hearing."""
        bin_hz = self.config.sample_rate / self.config.n_fft
        return without_whine(self.spectra.analyse(sound, columns), bin_hz)

    def at_model_rate(self, audio: np.ndarray, sample_rate: float) -> np.ndarray:
        """Return a sound, of `sample_rate` Hz, at the model's rate."""
        n_frames = self._n_frames(audio.shape[1], sample_rate)
        resampled = resample(audio, sample_rate, self.config.sample_rate, n_frames)
        return resampled.astype(np.float32, copy=False)

    def _n_frames(self, n_frames: int, sample_rate: float) -> int:
        return round(n_frames * self.config.sample_rate / sample_rate)


def mask_exponent(sensitivity: float) -> float:
    """Return the power that masks below 1 are raised to.

    From 4 at a sensitivity of 0 to a quarter at 1; at 0.5 masks are as they were.
    What is all the target's, at 1 or above, stays.
    """
    return float(4.0 ** (1.0 - 2.0 * sensitivity))
