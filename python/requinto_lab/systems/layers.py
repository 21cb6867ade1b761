# SPDX-License-Identifier: GPL-3.0-or-later
"""Layers, losses and metrics of the earlier systems' networks, in Keras.

No audio, files, or optimisers appear here.  Systems import this file when they build
a network, so that they can be imported without Keras.
"""

from __future__ import annotations

from collections.abc import Callable
from math import prod
from typing import Any

import keras
from keras import layers, ops

from requinto.errors import ConfigError

UNLIKE = ("estimates", "truths")  # of other sources, in `contrastive_loss`

_SMALLEST = 1e-10  # that is divided by, as in the code that Huang et al. published
_LOUDNESS = 1000.0  # magnitudes of -60 dB and less stay as they are
_SILENT = 1e-7  # mean square of a piece of which no part is asked to be right

# Plain U-Nets


@keras.saving.register_keras_serializable("requinto")
class Limited(layers.Layer):
    """Limit values to a range.

    In training the gradient passes as if nothing were limited: a value below the
    lowest whose truth is above could otherwise never come back, and a picture that
    is mostly zeros would stay zeros for ever.  The limited value is the same.

    Parameters
    ----------
    lowest : float
    highest : float, optional
        Without it, there is none: a rectifier.

    Source: the straight-through estimator of Bengio, Léonard, Courville,
    "Estimating or Propagating Gradients Through Stochastic Neurons", 2013,
    arXiv:1308.3432.
    """

    def __init__(  # type: ignore[no-untyped-def]
        self, lowest: float = 0.0, highest: float | None = None, **others
    ) -> None:
        super().__init__(**others)
        self.lowest, self.highest = lowest, highest

    def call(self, inputs, training=False):  # type: ignore[no-untyped-def]
        limited = ops.maximum(inputs, self.lowest)
        if self.highest is not None:
            limited = ops.minimum(limited, self.highest)
        if not training:
            return limited
        return inputs + ops.stop_gradient(limited - inputs)

    def get_config(self) -> dict[str, Any]:
        """Return what makes the layer again."""
        config = super().get_config()
        return {**config, "lowest": self.lowest, "highest": self.highest}


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


# Spectrogram-channels: Oh, Kim, Yun, arXiv:1810.11520


@keras.saving.register_keras_serializable("requinto")
class SourceError(keras.metrics.Mean):
    """The mean absolute error of one source's magnitudes, whatever its weight.

    Parameters
    ----------
    channel : int
        Of the output.
    name : str
    """

    def __init__(self, channel: int, name: str, **others: object) -> None:
        super().__init__(name=name, **others)
        self.channel = channel

    def update_state(self, y_true, y_pred, sample_weight=None):  # type: ignore[no-untyped-def]
        error = ops.abs(y_true[..., self.channel] - y_pred[..., self.channel])
        return super().update_state(ops.mean(error))

    def get_config(self) -> dict[str, Any]:
        """Return what makes it again."""
        return {**super().get_config(), "channel": self.channel}


@keras.saving.register_keras_serializable("requinto")
class WeightedError(keras.losses.Loss):
    """The sum over sources of a weight times the mean absolute error.

    Parameters
    ----------
    weights : tuple of float
        One for each channel.  Oh et al. set them by the sources' loudness.
    """

    def __init__(self, weights: tuple[float, ...], **others: object) -> None:
        super().__init__(**others)
        self.weights = tuple(weights)

    def call(self, y_true, y_pred):  # type: ignore[no-untyped-def]
        errors = ops.mean(ops.abs(y_true - y_pred), axis=(1, 2))
        return ops.sum(errors * ops.array(self.weights, dtype=errors.dtype), axis=-1)

    def get_config(self) -> dict[str, Any]:
        """Return what makes it again."""
        return {**super().get_config(), "weights": self.weights}


# Masks: Huang, Kim, Hasegawa-Johnson, Smaragdis, "Singing-Voice Separation from
# Monaural Recordings using Deep Recurrent Neural Networks", ISMIR 2014, and "Joint
# Optimization of Masks and Deep Recurrent Neural Networks for Monaural Source
# Separation", IEEE/ACM TASLP 23(12), 2015, arXiv:1502.04149


@keras.saving.register_keras_serializable("requinto")
class RatioMasks(layers.Layer):
    """The share that each estimate has in their sum: |y_i| / (|y_1| + |y_2| + ...).

    From estimates `(batch, n_columns, n_sources * n_bins)`, source by source, to
    masks `(batch, n_columns, n_bins, n_sources)` in [0, 1], which sum to one.
    """

    def __init__(self, n_sources: int, **options: Any) -> None:
        super().__init__(**options)
        self.n_sources = n_sources

    def call(self, estimates):  # type: ignore[no-untyped-def]
        each = ops.split(ops.abs(estimates), self.n_sources, axis=-1)
        # Where all are silent the shares are equal, so that they still sum to one
        powers = ops.stack(each, axis=-1) + _SMALLEST
        return powers / ops.sum(powers, axis=-1, keepdims=True)

    def get_config(self) -> dict[str, Any]:
        """Return what makes the layer again."""
        return {**super().get_config(), "n_sources": self.n_sources}


@keras.saving.register_keras_serializable("requinto")
class OneOutputMask(layers.Layer):
    """What the ratio becomes where only one source is estimated: y / x, unbounded.

    What is left of the mixture stands in for the other estimate, and y / (y + (x - y))
    is y / x: above one wherever the estimate is more than there is.

    From an estimate and the mixture's magnitudes, both `(batch, n_columns, n_bins)`,
    to masks `(batch, n_columns, n_bins, 1)`.
    """

    def call(self, inputs):  # type: ignore[no-untyped-def]
        estimate, mixture = inputs
        return ops.expand_dims(ops.abs(estimate) / (mixture + _SMALLEST), axis=-1)


def log_loudness(magnitudes):  # type: ignore[no-untyped-def]
    """Return magnitudes, 1 for a sine of amplitude 1, on a logarithmic scale.

    Most of it lies between -1 and 1, which suits a network.
    """
    return ops.log1p(_LOUDNESS * magnitudes) / 2 - 1


def masked_loss(discrimination: float = 0.0) -> Callable[[Any, Any], Any]:
    """Return the loss of masks: how far masked magnitudes are from the true ones.

    The square error over the mixture's squares, piece by piece; it takes the truth
    as `(batch, n_columns, n_bins, n_sources + 1)`, the mixture last.  With
    `discrimination`, for two sources, the error against the *other* source is
    subtracted at that weight, so that the estimates are driven apart.
    """

    def loss(truth, masks):  # type: ignore[no-untyped-def]
        mixture = truth[..., -1:]
        masked = masks * mixture
        targets = truth[..., : masks.shape[-1]]
        error = _mean_square(masked - targets)
        if discrimination:
            other = ops.flip(targets, axis=-1)
            error -= discrimination * _mean_square(masked - other)
        return ops.mean(error / (_mean_square(mixture) + _SILENT))

    return loss


def _mean_square(pieces):  # type: ignore[no-untyped-def]
    return ops.mean(ops.square(pieces), axis=(1, 2, 3))


# DeepConvSep and its autoencoders


@keras.saving.register_keras_serializable("requinto")
class Shares(layers.Layer):
    """Share a mixture out among sources, in proportion to their estimates.

    Parameters
    ----------
    epsilon : float
        Added to each estimate, so that where all are zero all get the same, and
        gradients stay finite.
    """

    def __init__(self, epsilon: float, **others) -> None:  # type: ignore[no-untyped-def]
        super().__init__(**others)
        self.epsilon = epsilon

    def call(self, inputs):  # type: ignore[no-untyped-def]
        mixture, *estimates = inputs
        estimates = ops.relu(ops.stack(estimates, axis=1)) + self.epsilon
        whole = ops.sum(estimates, axis=1, keepdims=True)
        return estimates * (ops.expand_dims(mixture, 1) / whole)

    def get_config(self) -> dict[str, Any]:
        """Return what makes the layer again."""
        return {**super().get_config(), "epsilon": self.epsilon}


@keras.saving.register_keras_serializable("requinto")
class AcrossBins(layers.Layer):
    """A convolution over bins, or one transposed, by filters almost as long.

    The same as Keras' own with a kernel of `(1, n_kernel)`, but one product of
    matrices, which for such filters is five times as fast.

    Parameters
    ----------
    n_filters : int
    n_kernel : int
        Bins of a filter.
    back : bool
        From positions to bins, of which there are `n_kernel - 1` more.
    """

    def __init__(  # type: ignore[no-untyped-def]
        self, n_filters: int, n_kernel: int, back: bool = False, **others
    ) -> None:
        super().__init__(**others)
        self.n_filters, self.n_kernel, self.back = n_filters, n_kernel, back

    def build(self, shape):  # type: ignore[no-untyped-def]
        *_, n_inputs, n_channels = shape
        self.n_bins = n_inputs + self.n_kernel - 1 if self.back else n_inputs
        size = (self.n_kernel, n_channels, self.n_filters)
        self.kernel = self.add_weight(size, "glorot_uniform", name="kernel")
        self.bias = self.add_weight((self.n_filters,), "zeros", name="bias")

    def call(self, inputs):  # type: ignore[no-untyped-def]
        n_columns, n_inputs, n_channels = inputs.shape[1:]
        matrix = self._everywhere()
        if not self.back:
            matrix = ops.swapaxes(matrix, 0, 1)
        matrix = ops.transpose(matrix, (0, 2, 1, 3))
        n_outputs = matrix.shape[2]
        matrix = ops.reshape(
            matrix, (n_inputs * n_channels, n_outputs * self.n_filters)
        )
        rows = ops.reshape(inputs, (-1, n_inputs * n_channels))
        shape = (-1, n_columns, n_outputs, self.n_filters)
        return ops.reshape(ops.matmul(rows, matrix), shape) + self.bias

    def _everywhere(self):  # type: ignore[no-untyped-def]
        """Return the filters at each position, `(n_positions, n_bins, n_in, n_out)`."""
        n_positions = self.n_bins - self.n_kernel + 1
        # In rows that are one shorter than what they repeat, each begins one later
        padded = ops.pad(self.kernel, ((0, n_positions), (0, 0), (0, 0)))
        row = ops.tile(padded, (n_positions, 1, 1))[: n_positions * self.n_bins]
        return ops.reshape(row, (n_positions, self.n_bins, *self.kernel.shape[1:]))

    def get_config(self) -> dict[str, Any]:
        """Return what makes the layer again."""
        own = {"n_filters": self.n_filters, "n_kernel": self.n_kernel}
        return {**super().get_config(), **own, "back": self.back}


def contrastive_loss(unlikeness: Any, unlike: str) -> Callable[[Any, Any], Any]:
    """Return the loss of a batch `(batch, n_sources, ...)`, one number an example.

    Near to the truth, and far from the other sources: `deepconvsep_training` has the
    equations.

    Parameters
    ----------
    unlikeness : np.ndarray, shape=(n_sources, n_sources)
        How much each source (row) shall differ from each (column).
    unlike : str
        What estimates shall be unlike: other "estimates", or others' "truths".

    Raises
    ------
    ConfigError
        If it is neither.
    """
    if unlike not in UNLIKE:
        raise ConfigError(f"unlike must be one of {UNLIKE}, got {unlike!r}")

    def loss(truths: Any, estimates: Any) -> Any:
        truths, estimates = _rows(truths), _rows(estimates)
        error = ops.sum(ops.square(estimates - truths), axis=(1, 2))
        if not unlikeness.any():
            return error
        others = estimates if unlike == "estimates" else truths
        apart = ops.sum(unlikeness * _square_distances(estimates, others), axis=(1, 2))
        return error - apart

    return loss


def _square_distances(first: Any, second: Any) -> Any:
    """Return the square distances `(batch, n, m)` of rows `(batch, n or m, size)`."""
    own = ops.sum(ops.square(first), axis=2)[:, :, None]
    other = ops.sum(ops.square(second), axis=2)[:, None, :]
    return own + other - 2 * ops.matmul(first, ops.swapaxes(second, 1, 2))


def _rows(pictures: Any) -> Any:
    """Return a source's picture as one row; the size is known when the graph is."""
    _, n_sources, *axes = pictures.shape
    return ops.reshape(pictures, (-1, n_sources, prod(axes)))
