# SPDX-License-Identifier: GPL-3.0-or-later
"""What the plain U-Nets among the earlier systems are made of.

No audio, files, or optimisers appear here.
"""

from __future__ import annotations

import keras
from keras import layers, ops


@keras.saving.register_keras_serializable("requinto")
class Limited(layers.Layer):
    """Limit values to a range.

    In training the gradient passes as if nothing were limited: a value below the
    lowest whose truth is above could otherwise never come back, and a picture that
    is mostly zeros would stay zeros for ever.  The limited value is the same.

    Parameters
    ----------
    lowest : float
    highest : float, optional
        Without it, there is none: a rectifier.

    Source: the straight-through estimator of Bengio, Léonard, Courville,
    "Estimating or Propagating Gradients Through Stochastic Neurons", 2013,
    arXiv:1308.3432.
    """

    def __init__(  # type: ignore[no-untyped-def]
        self, lowest: float = 0.0, highest: float | None = None, **others
    ) -> None:
        super().__init__(**others)
        self.lowest, self.highest = lowest, highest

    def call(self, inputs, training=False):  # type: ignore[no-untyped-def]
        limited = ops.maximum(inputs, self.lowest)
        if self.highest is not None:
            limited = ops.minimum(limited, self.highest)
        if not training:
            return limited
        return inputs + ops.stop_gradient(limited - inputs)

    def get_config(self):  # type: ignore[no-untyped-def]
        """Return what makes the layer again."""
        config = super().get_config()
        return {**config, "lowest": self.lowest, "highest": self.highest}


def u_net(x, widths, dtype):  # type: ignore[no-untyped-def]
    """Return the features, `widths[0]` of them, of pictures that keep their size."""
    skips = []
    for width in widths[:-1]:
        x = _block(x, width, dtype)
        skips.append(x)
        x = layers.MaxPooling2D(2, dtype=dtype)(x)

    x = _block(x, widths[-1], dtype)

    for width, skip in zip(reversed(widths[:-1]), reversed(skips), strict=True):
        x = layers.Conv2DTranspose(width, 2, strides=2, dtype=dtype)(x)
        x = layers.Concatenate(dtype=dtype)([skip, x])
        x = _block(x, width, dtype)
    return x


def _block(x, width, dtype):  # type: ignore[no-untyped-def]
    """Two square convolutions."""
    for _ in range(2):
        x = layers.Conv2D(width, 3, padding="same", dtype=dtype)(x)
        # Short runs: the usual 0.99 would still remember the first steps
        x = layers.BatchNormalization(momentum=0.9, dtype=dtype)(x)
        x = layers.ReLU(dtype=dtype)(x)
    return x
