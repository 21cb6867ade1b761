# SPDX-License-Identifier: GPL-3.0-or-later
"""The network that turns a reference sound into an embedding.

Spectrogram in, vector out.  No audio, files, or optimisers appear here.
"""

from __future__ import annotations

import keras
from keras import layers, ops

from requinto.config import SpectraConfig, UNetConfig


@keras.saving.register_keras_serializable("requinto")
class FrequencyPosition(layers.Layer):
    """Append a channel that holds each row's height, from -1 to 1.

    Convolutions cannot otherwise tell a bass from a treble register.
    """

    def call(self, inputs):  # type: ignore[no-untyped-def]
        n_bands = inputs.shape[2]
        height = ops.linspace(-1.0, 1.0, n_bands, dtype="float32")
        height = ops.reshape(ops.cast(height, inputs.dtype), (1, 1, n_bands, 1))
        return ops.concatenate(
            [inputs, ops.zeros_like(inputs[..., :1]) + height], axis=-1
        )


def build_reference_encoder(spectra: SpectraConfig, config: UNetConfig) -> keras.Model:
    """Return an untrained reference encoder.

    Input, `reference`: `(batch, n_columns, n_bands, 2)`, compressed magnitudes
    of any number of columns.

    Output: embedding `(batch, reference_size)`, of mean 0 and variance 1.
    """
    x = reference = keras.Input((None, spectra.n_bands, 2), name="reference")
    x = FrequencyPosition()(x)
    for width in config.reference_widths:
        x = layers.Conv2D(width, 3, strides=2, padding="same", use_bias=False)(x)
        x = layers.BatchNormalization()(x)
        x = layers.ReLU()(x)
    average = layers.GlobalAveragePooling2D()(x)
    peak = layers.GlobalMaxPooling2D()(x)
    x = layers.Concatenate()([average, peak])
    x = layers.Dense(2 * config.reference_size, activation="relu")(x)
    x = layers.Dense(config.reference_size)(x)
    x = layers.LayerNormalization(scale=False, center=False, name="embedding")(x)
    return keras.Model(reference, x, name="reference_encoder")
