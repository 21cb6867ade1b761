# SPDX-License-Identifier: GPL-3.0-or-later
"""From mixed sound to what the networks are fed, and what the mask is scored on."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from requinto.config import ModelConfig
from requinto.evidence import Evidence
from requinto.spectra import Spectra, compressed

_FLOOR = 1e-9  # power added to silence, so that scaling stays finite


class Features(NamedTuple):
    """One example as the networks meet it, float32."""

    mixture: np.ndarray  # (n_columns, n_bands, n_views), what the U-Net sees
    reference: np.ndarray  # (n_columns, n_bands, 2), what the encoder sees
    truth: np.ndarray  # (n_columns, n_bands, 2, 3): moments, see `losses.py`


class Featurer:
    """The features of one configuration, as the separator makes them too."""

    def __init__(self, config: ModelConfig) -> None:
        self._spectra = Spectra(config.spectra)
        self._evidence = Evidence(config.evidence, self._spectra)

    def __call__(
        self, mixture: np.ndarray, target: np.ndarray, reference: np.ndarray
    ) -> Features:
        """Return the features of sounds, each of shape `(2, n_frames)`.

        Moments are in units of the mixture's mean energy.
        """
        spectra = self._spectra
        heard = spectra.power(spectra.analyse(reference))
        templates = self._evidence.templates(heard)

        whole, part = spectra.analyse(mixture), spectra.analyse(target)
        power = spectra.power(whole)
        cross = spectra.in_bands(whole.real * part.real + whole.imag * part.imag)
        sizes = spectra.band_sizes[:, None]
        truth = np.stack([power, cross, spectra.power(part)], axis=-1)
        truth *= sizes[..., None]
        truth /= np.mean(truth[..., 0]) + _FLOOR
        return Features(
            spectra.padded(self._evidence.view(power, templates)),
            spectra.padded(compressed(heard)),
            spectra.padded(truth),
        )
