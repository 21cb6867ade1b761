# SPDX-License-Identifier: GPL-3.0-or-later
"""How far a masked mixture is from the truth.

In one band of one column let X be the mixture's bins, S the target's and m the
mask.  The error of m X is then

    sum |m X - S|^2 = m^2 sum |X|^2 - 2 m sum Re(X conj S) + sum |S|^2

so three real numbers a band, its *statistics*, are all that training needs: the
phase of the mixture is accounted for exactly, without complex tensors.
"""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from requinto_lab.training.features import CROSS_POWER, MIXTURE_POWER, TARGET_POWER

_EPSILON = 1e-6  # in units of the mixture's mean power
_QUIETEST = 1e-3  # of a mixture's power: a fainter target need not reach its level
_SILENCE = 1e-4  # of a target's power: a fainter estimate counts as this one


@keras.saving.register_keras_serializable("requinto")
def separation_loss(statistics, mask):  # type: ignore[no-untyped-def]
    """Return the loss of each example, `(batch,)`.

    The sum of two terms: L1 between square-root magnitudes, in which quiet parts
    count, and the error's power in dB, which is what separation is scored by.

    Parameters
    ----------
    statistics : tensor, shape=(batch, n_columns, n_bands, n_channels, 3)
        Mixture power, real cross power, target power, in the order of `features`
        and in units of the mixture's mean power over the clip.
    mask : tensor, shape=(batch, n_columns, n_bands, n_channels)
        Factor of the mixture's magnitude, 0 or more.
    """
    mixture = statistics[..., MIXTURE_POWER]
    cross, target = statistics[..., CROSS_POWER], statistics[..., TARGET_POWER]
    error = ops.maximum(ops.square(mask) * mixture - 2 * mask * cross + target, 0.0)

    estimate_root = ops.sqrt(ops.sqrt(ops.square(mask) * mixture + _EPSILON))
    target_root = ops.sqrt(ops.sqrt(target + _EPSILON))
    compressed = ops.mean(ops.abs(estimate_root - target_root), axis=(1, 2, 3))

    # An absent target has no power: what counts then is what the mixture leaks
    floor = 0.01 * ops.mean(mixture, axis=(1, 2, 3)) + _EPSILON
    wanted = ops.mean(target, axis=(1, 2, 3))
    decibels = 10 * ops.log10(
        (ops.mean(error, axis=(1, 2, 3)) + 0.01 * wanted + 0.1 * floor)
        / (wanted + floor)
    )
    return compressed + 0.02 * decibels


@keras.saving.register_keras_serializable("requinto")
class SeparationLoss(keras.losses.Loss):
    """`separation_loss` and, where a target sounds, what its estimate is too quiet by.

    A network that is unsure gains by silence; this makes silence cost as much as a
    guess does.

    Parameters
    ----------
    level_weight : float
        Of each dB by which the estimate is quieter than the target.
    """

    def __init__(self, level_weight: float = 0.0, **options: Any) -> None:
        super().__init__(**options)
        self.level_weight = level_weight

    def call(self, statistics, mask):  # type: ignore[no-untyped-def]
        loss = separation_loss(statistics, mask)
        if self.level_weight:
            loss = loss + self.level_weight * missing_level_db(statistics, mask)
        return loss

    def get_config(self) -> dict[str, Any]:
        """Return what it is made of."""
        return {**super().get_config(), "level_weight": self.level_weight}


def missing_level_db(statistics, mask):  # type: ignore[no-untyped-def]
    """Return by how many dB each estimate is quieter than its target, `(batch,)`.

    Zero where it is louder, and where the target is all but absent.
    """
    axes = (1, 2, 3)
    mixture = statistics[..., MIXTURE_POWER]
    target = ops.mean(statistics[..., TARGET_POWER], axis=axes)
    estimate = ops.mean(ops.square(mask) * mixture, axis=axes)
    sounds = target > _QUIETEST * ops.mean(mixture, axis=axes)
    ratio = (target + _EPSILON) / (estimate + _SILENCE * target + _EPSILON)
    return ops.where(sounds, ops.maximum(10 * ops.log10(ratio), 0.0), 0.0)
