# SPDX-License-Identifier: GPL-3.0-or-later
"""The network of DeepConvSep in stereo: a mixture's magnitudes in, its sources' out.

Two convolutions, one over frequency and one over time, a bottleneck, and a decoder
for each source.  No audio, files, or optimisers appear here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import keras
from keras import layers, ops

if TYPE_CHECKING:
    from requinto_lab.systems.deepconvsep import DeepConvSepConfig


@keras.saving.register_keras_serializable("requinto")
class Shares(layers.Layer):
    """Share a mixture out among sources, in proportion to what was drawn of each.

    Parameters
    ----------
    epsilon : float
        Added to each drawing, so that where nothing is drawn all get the same, and
        gradients stay finite.
    """

    def __init__(self, epsilon: float, **others) -> None:  # type: ignore[no-untyped-def]
        super().__init__(**others)
        self.epsilon = epsilon

    def call(self, inputs):  # type: ignore[no-untyped-def]
        mixture, *drawn = inputs
        drawn = ops.relu(ops.stack(drawn, axis=1)) + self.epsilon
        whole = ops.sum(drawn, axis=1, keepdims=True)
        return drawn * (ops.expand_dims(mixture, 1) / whole)

    def get_config(self):  # type: ignore[no-untyped-def]
        """Return what makes the layer again."""
        return {**super().get_config(), "epsilon": self.epsilon}


def build_network(config: DeepConvSepConfig, dtype: str = "float32") -> keras.Model:
    """Return the untrained network.

    Returns
    -------
    keras.Model
        From `(batch, n_columns, n_bins, 2)`, the magnitudes of a stereo mixture, to
        `(batch, n_sources, n_columns, n_bins, 2)`, those of its sources: their sum
        is the mixture.

    References
    ----------
    Chandna, Miron, Janer, Gómez, LVA/ICA 2017, doi:10.1007/978-3-319-53547-0_25: its
    convolutions are linear, its decoders turn the same convolutions round.  Grau
    Noel's 2018 thesis: two channels, 30 filters over time for 50, and decoders with
    weights of their own.  Here the last convolution has a bias for each bin.
    """
    mixture = keras.Input((config.n_columns, config.n_bins, 2), name="mixture")
    flow = layers.Conv2D(config.n_vertical, (1, config.n_bins), dtype=dtype)(mixture)
    flow = layers.Conv2D(config.n_horizontal, (config.n_across, 1), dtype=dtype)(flow)
    shape = flow.shape[1:]
    flow = layers.Flatten(dtype=dtype)(flow)
    flow = layers.Dense(config.n_dense, activation="relu", dtype=dtype)(flow)
    drawn = [_decoded(flow, shape, config, dtype) for _ in config.sources]
    # In float32 whatever the precision of the rest, so that the sum is exact
    shared = Shares(config.epsilon, dtype="float32")([mixture, *drawn])
    return keras.Model(mixture, shared, name="deepconvsep")


def _decoded(flow, shape, config, dtype):  # type: ignore[no-untyped-def]
    """Draw one source: dense back, then both convolutions back."""
    n_columns, _, n_filters = shape
    flow = layers.Dense(n_columns * n_filters, activation="relu", dtype=dtype)(flow)
    flow = layers.Reshape(shape, dtype=dtype)(flow)
    flow = layers.Conv2DTranspose(config.n_vertical, (config.n_across, 1), dtype=dtype)(
        flow
    )
    # A convolution from one place to all bins is a dense layer, and 13 times as fast
    flow = layers.Dense(config.n_bins * 2, dtype=dtype)(flow)
    return layers.Reshape((config.n_columns, config.n_bins, 2), dtype=dtype)(flow)
