# SPDX-License-Identifier: GPL-3.0-or-later
"""The network of a denoising autoencoder: magnitudes of an estimate in, cleaner out.

A convolution over frequency, a recurrent layer over time in both directions, and the
convolution turned round.  No audio, files, or optimisers appear here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import keras
from keras import layers, ops

if TYPE_CHECKING:
    from requinto_lab.systems.denoising_autoencoder import DenoisingAutoencoderConfig


@keras.saving.register_keras_serializable("requinto")
class AcrossBins(layers.Layer):
    """A convolution over bins, or one turned round, by filters almost as long.

    The same as Keras' own with a kernel of `(1, n_kernel)`, but one product of
    matrices, which for such filters is five times as fast.

    Parameters
    ----------
    n_filters : int
    n_kernel : int
        Bins of a filter.
    back : bool
        From places to bins, of which there are `n_kernel - 1` more.
    """

    def __init__(  # type: ignore[no-untyped-def]
        self, n_filters: int, n_kernel: int, back: bool = False, **others
    ) -> None:
        super().__init__(**others)
        self.n_filters, self.n_kernel, self.back = n_filters, n_kernel, back

    def build(self, shape):  # type: ignore[no-untyped-def]
        *_, n_heard, n_channels = shape
        self.n_bins = n_heard + self.n_kernel - 1 if self.back else n_heard
        size = (self.n_kernel, n_channels, self.n_filters)
        self.kernel = self.add_weight(size, "glorot_uniform", name="kernel")
        self.bias = self.add_weight((self.n_filters,), "zeros", name="bias")

    def call(self, inputs):  # type: ignore[no-untyped-def]
        n_columns, n_heard, n_channels = inputs.shape[1:]
        matrix = self._everywhere()
        if not self.back:
            matrix = ops.swapaxes(matrix, 0, 1)
        matrix = ops.transpose(matrix, (0, 2, 1, 3))
        n_drawn = matrix.shape[2]
        matrix = ops.reshape(matrix, (n_heard * n_channels, n_drawn * self.n_filters))
        rows = ops.reshape(inputs, (-1, n_heard * n_channels))
        shape = (-1, n_columns, n_drawn, self.n_filters)
        return ops.reshape(ops.matmul(rows, matrix), shape) + self.bias

    def _everywhere(self):  # type: ignore[no-untyped-def]
        """Return the filters at each place, `(n_places, n_bins, n_in, n_filters)`."""
        n_places = self.n_bins - self.n_kernel + 1
        # In rows that are one shorter than what they repeat, each begins one later
        padded = ops.pad(self.kernel, ((0, n_places), (0, 0), (0, 0)))
        row = ops.tile(padded, (n_places, 1, 1))[: n_places * self.n_bins]
        return ops.reshape(row, (n_places, self.n_bins, *self.kernel.shape[1:]))

    def get_config(self):  # type: ignore[no-untyped-def]
        """Return what makes the layer again."""
        own = {"n_filters": self.n_filters, "n_kernel": self.n_kernel}
        return {**super().get_config(), **own, "back": self.back}


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
    flow = AcrossBins(config.n_filters, config.n_kernel, dtype=dtype)(estimate)
    shape = flow.shape[1:]
    n_heard = config.n_places * config.n_filters
    flow = layers.Reshape((config.n_columns, n_heard), dtype=dtype)(flow)
    # Both directions together as wide as what they hear
    one_way = layers.LSTM(n_heard // 2, return_sequences=True, dtype=dtype)
    flow = layers.Bidirectional(one_way, dtype=dtype)(flow)
    flow = layers.Reshape(shape, dtype=dtype)(flow)
    flow = AcrossBins(2, config.n_kernel, back=True, dtype=dtype)(flow)
    return keras.Model(estimate, layers.ReLU(dtype="float32")(flow), name="denoising")
