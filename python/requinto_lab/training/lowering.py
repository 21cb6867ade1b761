# SPDX-License-Identifier: GPL-3.0-or-later
"""The same network, of operations that LiteRT runs fast."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import tensorflow as tf
from keras import layers

_SIZE = 2  # of the windows of a U-Net's transposed convolutions, and their strides


class DepthToSpace(layers.Layer):
    """Make points of one: a row of two, and another, of a quarter of its channels.

    Input `(batch, columns, bands, 4 * channels)`, output
    `(batch, 2 * columns, 2 * bands, channels)`.
    """

    def call(self, inputs):  # type: ignore[no-untyped-def]
        return tf.nn.depth_to_space(inputs, _SIZE)


def lowered(network: keras.Model) -> keras.Model:
    """Return a network that gives what another does, to rounding, with its weights.

    A transposed convolution whose windows lie side by side makes four points of each,
    and so does an ordinary one with four times the channels: for those with 8-bit
    weights LiteRT has no fast kernel, and they took a quarter of the time.
    """
    return keras.models.clone_model(
        network, clone_function=lambda layer: layer, call_function=_call
    )


def _call(layer: Any, *arguments: Any, **options: Any) -> Any:
    if not _lie_side_by_side(layer):
        return layer(*arguments, **options)
    kernel, bias = layer.get_weights()  # of (rows, bands, to, from) points
    n_to, n_from = kernel.shape[2:]
    convolution = layers.Conv2D(_SIZE**2 * n_to, 1, name=layer.name)
    points = convolution(*arguments)
    of_points = kernel.transpose(3, 0, 1, 2).reshape(1, 1, n_from, -1)
    convolution.set_weights([of_points, np.tile(bias, _SIZE**2)])
    return DepthToSpace(name=f"{layer.name}_points")(points)


def _lie_side_by_side(layer: Any) -> bool:
    size = (_SIZE, _SIZE)
    return isinstance(layer, layers.Conv2DTranspose) and (
        layer.kernel_size == layer.strides == size
    )
