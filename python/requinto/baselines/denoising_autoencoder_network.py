# SPDX-License-Identifier: GPL-3.0-or-later
"""The network of a denoising autoencoder: magnitudes of an estimate in, cleaner out.

A convolution over frequency, a recurrent layer over time in both directions, and the
convolution turned round.  No audio, files, or optimisers appear here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import keras
from keras import layers

if TYPE_CHECKING:
    from requinto.baselines.denoising_autoencoder import DenoisingAutoencoderConfig


def build_network(
    config: DenoisingAutoencoderConfig, dtype: str = "float32"
) -> keras.Model:
    """Return the untrained network.

    Returns
    -------
    keras.Model
        From `(batch, n_columns, n_bins, 2)`, magnitudes of a stereo estimate, to as
        many, none below zero.

    References
    ----------
    Grau Noel's 2018 thesis, section 5.4; the rectifier at the end is ours.
    """
    estimate = keras.Input((config.n_columns, config.n_bins, 2), name="estimate")
    kernel = (1, config.n_kernel)
    flow = layers.Conv2D(config.n_filters, kernel, dtype=dtype)(estimate)
    shape = flow.shape[1:]
    n_heard = config.n_places * config.n_filters
    flow = layers.Reshape((config.n_columns, n_heard), dtype=dtype)(flow)
    # Both directions together as wide as what they hear
    one_way = layers.LSTM(n_heard // 2, return_sequences=True, dtype=dtype)
    flow = layers.Bidirectional(one_way, dtype=dtype)(flow)
    flow = layers.Reshape(shape, dtype=dtype)(flow)
    flow = layers.Conv2DTranspose(2, kernel, dtype=dtype)(flow)
    return keras.Model(estimate, layers.ReLU(dtype="float32")(flow), name="denoising")
