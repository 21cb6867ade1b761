# SPDX-License-Identifier: GPL-3.0-or-later
"""The network of the 2020 thesis: a plain U-Net that draws the target's spectrogram.

Spectrograms of the mixture and of a reference in, spectrogram of the target out.
No audio, files, or optimisers appear here.
"""

from __future__ import annotations

import keras
from keras import layers

from requinto_lab.systems.plain_u_net import Limited, u_net


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
        drawn = Limited(0.0, 1.0, dtype="float32")(drawn)
    return keras.Model(pictures, drawn, name="bachata2020")
