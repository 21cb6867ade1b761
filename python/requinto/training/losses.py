# SPDX-License-Identifier: GPL-3.0-or-later
"""How far a masked mixture is from the truth.

In one band of one column let X be the mixture's bins, S the target's and m the
mask.  The error of m X is then

    sum |m X - S|^2 = m^2 sum |X|^2 - 2 m sum Re(X conj S) + sum |S|^2

so three real numbers a band, its *moments*, are all that training needs: the
phase of the mixture is accounted for exactly, without complex tensors.
"""

from __future__ import annotations

import keras
from keras import ops

_EPSILON = 1e-6  # in units of the mixture's mean power


@keras.saving.register_keras_serializable("requinto")
def separation_loss(moments, mask):  # type: ignore[no-untyped-def]
    """Return the loss of each example, `(batch,)`.

    The sum of two terms: L1 between square-root magnitudes, which hears quiet
    parts, and the error's power in dB, which is what separation is scored by.

    Parameters
    ----------
    moments : tensor, shape=(batch, n_columns, n_bands, n_channels, 3)
        Mixture power, real cross power, target power, in units of the
        mixture's mean power over the clip.
    mask : tensor, shape=(batch, n_columns, n_bands, n_channels)
        Factor of the mixture's magnitude, 0 or more.
    """
    mixture, cross, target = (moments[..., i] for i in range(3))
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
