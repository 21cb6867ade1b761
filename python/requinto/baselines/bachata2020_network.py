# SPDX-License-Identifier: GPL-3.0-or-later
"""The network of the 2020 thesis: a plain U-Net that draws the target's spectrogram.

Spectrograms of the mixture and of a reference in, spectrogram of the target out.
No audio, files, or optimisers appear here.
"""

from __future__ import annotations

import keras
from keras import layers, ops


@keras.saving.register_keras_serializable("requinto")
class Clamp(layers.Layer):
    """Limit values to [0, 1].

    In training the gradient passes as if nothing were limited: a value below 0
    whose truth is above could otherwise never come back.  The limited value is
    the same.

    Source: the straight-through estimator of Bengio, Léonard, Courville,
    "Estimating or Propagating Gradients Through Stochastic Neurons", 2013,
    arXiv:1308.3432.
    """

    def call(self, inputs, training=False):  # type: ignore[no-untyped-def]
        limited = ops.clip(inputs, 0.0, 1.0)
        if not training:
            return limited
        return inputs + ops.stop_gradient(limited - inputs)


def build_network(
    widths: tuple[int, ...],
    n_bins: int = 256,
    n_columns: int = 256,
    dtype: str = "float32",
    *,
    clamp: bool = True,
) -> keras.Model:
    """Return the untrained network.

    Parameters
    ----------
    widths : tuple of int
        Channels at each level, from the full picture down; (64, ..., 1024) of
        the thesis makes 31.05 million parameters.
    n_bins, n_columns : int
        Size of the pictures, multiples of `2 ** (len(widths) - 1)`.
    dtype : str
        Keras' policy: "float32", or "mixed_bfloat16" to train where the
        processor has it.
    clamp : bool
        Limit the drawing to [0, 1].

    Returns
    -------
    keras.Model
        From `(batch, n_bins, n_columns, 2)`, mixture and reference, to
        `(batch, n_bins, n_columns, 1)`.

    References
    ----------
    Ronneberger, Fischer, Brox, "U-Net: Convolutional Networks for Biomedical
    Image Segmentation", MICCAI 2015, arXiv:1505.04597.  Ours pads, so that the
    picture keeps its size, and normalises each batch.
    """
    pictures = keras.Input((n_bins, n_columns, 2), name="pictures")
    x = u_net(pictures, widths, dtype)

    # In float32 whatever the precision of the rest, so that nothing is coarse
    drawn = layers.Conv2D(1, 1, dtype="float32")(x)
    if clamp:
        drawn = Clamp(dtype="float32")(drawn)
    return keras.Model(pictures, drawn, name="bachata2020")


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
