# SPDX-License-Identifier: GPL-3.0-or-later
"""Layers that make masks of what a network draws, and the loss of masked magnitudes.

Source: Huang, Kim, Hasegawa-Johnson, Smaragdis, "Singing-Voice Separation from
Monaural Recordings using Deep Recurrent Neural Networks", ISMIR 2014, and "Joint
Optimization of Masks and Deep Recurrent Neural Networks for Monaural Source
Separation", IEEE/ACM TASLP 23(12), 2015, arXiv:1502.04149.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
from keras import layers, ops

_SMALLEST = 1e-10  # that is divided by, as in the code that its authors published
_LOUDNESS = 1000.0  # magnitudes of -60 dB and less are heard as they are
_SILENT = 1e-7  # mean square of a piece of which no part is asked to be right


@keras.saving.register_keras_serializable("requinto")
class RatioMasks(layers.Layer):
    """The share that each estimate has in their sum: |y_i| / (|y_1| + |y_2| + ...).

    From estimates `(batch, n_columns, n_sources * n_bins)`, source by source, to
    masks `(batch, n_columns, n_bins, n_sources)` in [0, 1], which sum to one.
    """

    def __init__(self, n_sources: int, **options: Any) -> None:
        super().__init__(**options)
        self.n_sources = n_sources

    def call(self, estimates):  # type: ignore[no-untyped-def]
        each = ops.split(ops.abs(estimates), self.n_sources, axis=-1)
        # Where all are silent the shares are equal, so that they still sum to one
        powers = ops.stack(each, axis=-1) + _SMALLEST
        return powers / ops.sum(powers, axis=-1, keepdims=True)

    def get_config(self) -> dict[str, Any]:
        """Return what the layer is made again from."""
        return {**super().get_config(), "n_sources": self.n_sources}


@keras.saving.register_keras_serializable("requinto")
class OneOutputMask(layers.Layer):
    """What the ratio becomes where only one source is estimated: y / x, unbounded.

    What is left of the mixture stands in for the other estimate, and y / (y + (x - y))
    is y / x: above one wherever the network draws more than there is.

    From an estimate and the mixture's magnitudes, both `(batch, n_columns, n_bins)`,
    to masks `(batch, n_columns, n_bins, 1)`.
    """

    def call(self, inputs):  # type: ignore[no-untyped-def]
        estimate, mixture = inputs
        return ops.expand_dims(ops.abs(estimate) / (mixture + _SMALLEST), axis=-1)


def loudness(magnitudes):  # type: ignore[no-untyped-def]
    """Return magnitudes, a sine of amplitude 1 having 1, as networks like to hear them.

    On a logarithmic scale, most of it between -1 and 1.
    """
    return ops.log1p(_LOUDNESS * magnitudes) / 2 - 1


def masked_loss(discrimination: float = 0.0) -> Callable[[Any, Any], Any]:
    """Return the loss of masks: how far masked magnitudes are from the true ones.

    The square error over the mixture's squares, piece by piece; it takes the truth
    as `(batch, n_columns, n_bins, n_sources + 1)`, the mixture last.  With
    `discrimination`, for two sources, the error against the *other* source is
    subtracted at that weight, so that the estimates are driven apart.
    """

    def loss(truth, masks):  # type: ignore[no-untyped-def]
        mixture = truth[..., -1:]
        masked = masks * mixture
        wanted = truth[..., : masks.shape[-1]]
        error = _mean_square(masked - wanted)
        if discrimination:
            other = ops.flip(wanted, axis=-1)
            error -= discrimination * _mean_square(masked - other)
        return ops.mean(error / (_mean_square(mixture) + _SILENT))

    return loss


def _mean_square(pieces):  # type: ignore[no-untyped-def]
    return ops.mean(ops.square(pieces), axis=(1, 2, 3))
