# SPDX-License-Identifier: GPL-3.0-or-later
"""The Spectrogram-channels U-Net: each channel of its answer is a source's spectrogram.

Magnitudes of the mixture in, magnitudes of all sources out, and the loss that weighs
the sources.  No audio, files, or optimisers appear here.
"""

from __future__ import annotations

import keras
from keras import layers, ops

from requinto_lab.systems.plain_u_net import Limited, u_net


@keras.saving.register_keras_serializable("requinto")
class SourceError(keras.metrics.Mean):
    """The mean absolute error of one source's magnitudes, whatever its weight.

    Parameters
    ----------
    channel : int
        Of the answer.
    name : str
    """

    def __init__(self, channel: int, name: str, **others: object) -> None:
        super().__init__(name=name, **others)
        self.channel = channel

    def update_state(self, y_true, y_pred, sample_weight=None):  # type: ignore[no-untyped-def]
        error = ops.abs(y_true[..., self.channel] - y_pred[..., self.channel])
        return super().update_state(ops.mean(error))

    def get_config(self) -> dict[str, object]:
        """Return what makes it again."""
        return {**super().get_config(), "channel": self.channel}


@keras.saving.register_keras_serializable("requinto")
class WeightedError(keras.losses.Loss):
    """The sum over sources of a weight times the mean absolute error.

    Parameters
    ----------
    weights : tuple of float
        One for each channel.

    References
    ----------
    Oh, Kim, Yun, arXiv:1810.11520: their weights are set by the sources' loudness.
    """

    def __init__(self, weights: tuple[float, ...], **others: object) -> None:
        super().__init__(**others)
        self.weights = tuple(weights)

    def call(self, y_true, y_pred):  # type: ignore[no-untyped-def]
        errors = ops.mean(ops.abs(y_true - y_pred), axis=(1, 2))
        return ops.sum(errors * ops.array(self.weights, dtype=errors.dtype), axis=-1)

    def get_config(self) -> dict[str, object]:
        """Return what makes it again."""
        return {**super().get_config(), "weights": self.weights}


def build_network(
    widths: tuple[int, ...],
    n_bins: int,
    n_columns: int,
    n_sources: int,
    dtype: str = "float32",
) -> keras.Model:
    """Return the untrained network.

    Parameters
    ----------
    widths : tuple of int
        Channels at each level, from the full picture down.
    n_bins, n_columns : int
        Size of the pictures, multiples of `2 ** (len(widths) - 1)`.
    n_sources : int
    dtype : str
        Keras' policy: "float32", or "mixed_bfloat16" to train where the
        processor has it.

    Returns
    -------
    keras.Model
        From `(batch, n_bins, n_columns, 1)`, magnitudes, to
        `(batch, n_bins, n_columns, n_sources)`, magnitudes, none below zero.
    """
    pictures = keras.Input((n_bins, n_columns, 1), name="pictures")
    x = u_net(pictures, widths, dtype)
    # In float32 whatever the precision of the rest, so that nothing is coarse
    drawn = layers.Conv2D(n_sources, 1, dtype="float32")(x)
    answer = Limited(0.0, dtype="float32")(drawn)
    return keras.Model(pictures, answer, name="spectrogram_channels")
