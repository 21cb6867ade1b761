# SPDX-License-Identifier: GPL-3.0-or-later
"""The network that hears beats and downbeats.

Features of a sound in, two probabilities for each column out.  No audio, files, or
optimisers appear here.
"""

from __future__ import annotations

from typing import Any

import keras

from requinto.config import BeatNetworkConfig, RhythmConfig

BEAT, DOWNBEAT = range(2)  # of the output
_POOL = 4  # bands become one, in each layer of the front
_MIDDLE = 2.0  # of log magnitudes, and their spread
# Probability that the network starts from: most columns are no beat
_RARE = {BEAT: 0.05, DOWNBEAT: 0.015}


def build_beat_network(
    rhythm: RhythmConfig, config: BeatNetworkConfig
) -> keras.Model:
    """Return an untrained network.

    A front of convolutions sees bands and a few columns; layers in time, each
    reaching twice as far as the one before, then follow the metre over seconds.

    Input, `(batch, n_columns, n_features)`: see `rhythm.features`.

    Output, `(batch, n_columns, 2)`: probabilities that a beat, and a downbeat,
    falls on a column.

    References
    ----------
    Böck, Davies, "Deconstruct, Analyse, Reconstruct: How to Improve Tempo, Beat,
    and Downbeat Estimation", ISMIR 2020; smaller, with changes of harmony beside
    the spectrum, and without its head for tempo.
    """
    sound = keras.Input((None, rhythm.n_features), name="features")
    bands = _Bands(rhythm.n_bands)(sound)
    for width in config.front_widths:
        bands = keras.layers.Conv2D(width, 3, padding="same", activation="elu")(bands)
        bands = keras.layers.MaxPooling2D((1, _POOL))(bands)
        bands = keras.layers.SpatialDropout2D(config.dropout)(bands)
    x = keras.layers.Concatenate()([_Joined()(bands), _Changes(rhythm.n_bands)(sound)])
    x = keras.layers.Dense(config.n_channels)(x)
    heard = x
    for depth in range(config.n_dilations):
        y = keras.layers.Conv1D(
            config.n_channels,
            config.kernel,
            padding="same",
            dilation_rate=2**depth,
            activation="elu",
        )(x)
        y = keras.layers.SpatialDropout1D(config.dropout)(y)
        y = keras.layers.Dense(config.n_channels)(y)
        x = keras.layers.Add()([x, y])
        heard = keras.layers.Add()([heard, y])
    outputs = [
        keras.layers.Dense(
            1, "sigmoid", bias_initializer=keras.initializers.Constant(_logit(rare))
        )(keras.layers.Activation("elu")(heard))
        for rare in (_RARE[BEAT], _RARE[DOWNBEAT])
    ]
    return keras.Model(sound, keras.layers.Concatenate()(outputs), name="beats")


def _logit(probability: float) -> float:
    return float(keras.ops.log(probability / (1 - probability)))


@keras.saving.register_keras_serializable("requinto")
class _Bands(keras.layers.Layer):
    """Take the bands of features, as an image about zero."""

    def __init__(self, n_bands: int, **options: Any) -> None:
        super().__init__(**options)
        self.n_bands = n_bands

    def call(self, inputs: Any) -> Any:
        return (inputs[..., : self.n_bands, None] - _MIDDLE) / _MIDDLE

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "n_bands": self.n_bands}


@keras.saving.register_keras_serializable("requinto")
class _Changes(keras.layers.Layer):
    """Take the changes of harmony of features."""

    def __init__(self, n_bands: int, **options: Any) -> None:
        super().__init__(**options)
        self.n_bands = n_bands

    def call(self, inputs: Any) -> Any:
        return 2 * inputs[..., self.n_bands :]

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "n_bands": self.n_bands}


@keras.saving.register_keras_serializable("requinto")
class _Joined(keras.layers.Layer):
    """Join what is left of the bands with the channels."""

    def call(self, inputs: Any) -> Any:
        shape = keras.ops.shape(inputs)
        return keras.ops.reshape(
            inputs, (shape[0], shape[1], inputs.shape[2] * inputs.shape[3])
        )
