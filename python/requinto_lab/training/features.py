# SPDX-License-Identifier: GPL-3.0-or-later
"""From mixed sound to the inputs of the networks, and to what the mask is judged by."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from requinto.config import ModelConfig
from requinto.spectra import Spectra, compress
from requinto.templates import TemplateMatcher
from requinto_lab.training.examples import Example

# Statistics of a band in one column, which are all that the loss needs: see `losses.py`
MIXTURE_POWER, CROSS_POWER, TARGET_POWER = range(3)
_FLOOR = 1e-9  # power added to silence, so that scaling stays finite


def remove_mean(audio: np.ndarray) -> np.ndarray:
    """Return sound `(n_channels, n_frames)` without its mean, which is inaudible.

    Where a clip begins and ends it would be a step, which all bands show.
    """
    return audio - audio.mean(axis=-1, keepdims=True)


class Features(NamedTuple):
    """One example as inputs of the networks and of the loss, float32."""

    mixture: np.ndarray  # (n_columns, n_bands, n_views), input of the U-Net
    reference: np.ndarray  # (n_columns, n_bands, 2), input of the encoder
    truth: np.ndarray  # (n_columns, n_bands, 2, 3), statistics


class FeatureExtractor:
    """The features of one configuration, as the separator makes them too."""

    def __init__(self, config: ModelConfig) -> None:
        self._spectra = Spectra(config.spectra)
        self._matcher = TemplateMatcher(config.templates, self._spectra)

    def __call__(self, examples: list[Example]) -> list[Features]:
        """Return the features of examples that share a mixture.

        Statistics are in units of the mixture's mean energy.
        """
        config, spectra = self._spectra.config, self._spectra
        if config.limit_inaudible:
            examples = [
                e._replace(
                    mixture=remove_mean(e.mixture),
                    target=remove_mean(e.target),
                    reference=remove_mean(e.reference),
                )
                for e in examples
            ]
        whole = spectra.analyse(examples[0].mixture)
        power = spectra.power(whole)
        return [self._one(whole, power, e.target, e.reference) for e in examples]

    def _one(
        self,
        whole: np.ndarray,
        power: np.ndarray,
        target: np.ndarray,
        reference: np.ndarray,
    ) -> Features:
        spectra, matcher = self._spectra, self._matcher
        shown = spectra.audible_power(spectra.analyse(reference))
        view = matcher.view(
            spectra.limit_inaudible(power),
            matcher.templates(shown),
            matcher.balance(shown),
        )
        truth = self._statistics(whole, power, spectra.analyse(target))
        return Features(
            spectra.pad(view),
            spectra.pad(compress(shown)),
            spectra.pad(truth),
        )

    def _statistics(
        self, whole: np.ndarray, power: np.ndarray, part: np.ndarray
    ) -> np.ndarray:
        spectra = self._spectra
        cross = spectra.in_bands(whole.real * part.real + whole.imag * part.imag)
        truth = np.stack([power, cross, spectra.power(part)], axis=-1)
        truth *= spectra.band_sizes[:, None, None]
        truth /= np.mean(truth[..., MIXTURE_POWER]) + _FLOOR
        return truth
