# SPDX-License-Identifier: GPL-3.0-or-later
"""The network that detects beats and downbeats.

Features of a sound in, two probabilities for each column out.  No audio, files, or
optimisers appear here.
"""

from __future__ import annotations

import keras

from requinto.config import BeatNetworkConfig, RhythmConfig

BEAT, DOWNBEAT = range(2)  # of the output
_POOL = 4  # bands become one, in each layer of the front
_MIDDLE = 2.0  # of log magnitudes, and their spread
# Probability that the network starts from: most columns are no beat
_RARE = {BEAT: 0.05, DOWNBEAT: 0.015}


def build_beat_network(rhythm: RhythmConfig, config: BeatNetworkConfig) -> keras.Model:
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
    bands = (sound[..., : rhythm.n_bands, None] - _MIDDLE) / _MIDDLE
    for width in config.front_widths:
        bands = keras.layers.Conv2D(width, 3, padding="same", activation="elu")(bands)
        bands = keras.layers.MaxPooling2D((1, _POOL))(bands)
        bands = keras.layers.SpatialDropout2D(config.dropout)(bands)
    bands = keras.layers.Reshape((-1, bands.shape[2] * bands.shape[3]))(bands)
    x = keras.layers.Concatenate()([bands, 2 * sound[..., rhythm.n_bands :]])
    x = keras.layers.Dense(config.n_channels)(x)
    total = x
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
        total = keras.layers.Add()([total, y])
    outputs = [
        keras.layers.Dense(1, "sigmoid", bias_initializer=_bias(rare))(
            keras.layers.Activation("elu")(total)
        )
        for rare in (_RARE[BEAT], _RARE[DOWNBEAT])
    ]
    return keras.Model(sound, keras.layers.Concatenate()(outputs), name="beats")


def _bias(rare: float) -> keras.initializers.Initializer:
    return keras.initializers.Constant(float(keras.ops.log(rare / (1 - rare))))
