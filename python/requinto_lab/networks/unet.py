# SPDX-License-Identifier: GPL-3.0-or-later
"""The network: a U-Net that masks a mixture, steered by a reference sound.

Spectrogram in, mask out.  No audio, files, or optimisers appear here.
"""

from __future__ import annotations

import keras
from keras import layers, ops

from requinto.config import SpectraConfig, UNetConfig
from requinto_lab.networks.reference_encoder import FrequencyPosition

TAUGHT = "taught"  # the layer whose mask is trained: before template shares


@keras.saving.register_keras_serializable("requinto")
class FiLM(layers.Layer):
    """Scale and shift each channel of a feature map by the reference.

    Inputs are features `(batch, columns, bands, channels)` and an embedding
    `(batch, size)`; the output has the shape of the features.
    At initialisation the layer passes its features through unchanged.

    Source: Perez et al., "FiLM: Visual Reasoning with a General Conditioning
    Layer", AAAI 2018, arXiv:1709.07871.  Scale is predicted as `1 + gamma`.
    """

    def build(self, input_shape):  # type: ignore[no-untyped-def]
        channels = input_shape[0][-1]
        self.project = layers.Dense(2 * channels, kernel_initializer="zeros")
        self.project.build(input_shape[1])

    def call(self, inputs):  # type: ignore[no-untyped-def]
        features, embedding = inputs
        gamma, beta = ops.split(self.project(embedding)[:, None, None, :], 2, axis=-1)
        return features * (1 + gamma) + beta


@keras.saving.register_keras_serializable("requinto")
class AcrossFrequency(layers.Layer):
    """Connect every band of a column with every other, channel by channel.

    Input and output are `(batch, columns, bands, channels)`.

    Source: the TDF block of Choi et al., "Investigating U-Nets with various
    intermediate blocks for spectrogram-based singing voice separation",
    ISMIR 2020, arXiv:1912.02591.  Ours is one residual bottleneck.
    """

    def __init__(self, n_hidden: int, **options):  # type: ignore[no-untyped-def]
        super().__init__(**options)
        self.n_hidden = n_hidden

    def build(self, input_shape):  # type: ignore[no-untyped-def]
        n_bands = input_shape[2]
        self.squeeze = layers.Dense(self.n_hidden, activation="relu")
        self.expand = layers.Dense(n_bands, kernel_initializer="zeros")
        self.squeeze.build((None, n_bands))
        self.expand.build((None, self.n_hidden))

    def call(self, inputs):  # type: ignore[no-untyped-def]
        rows_last = ops.transpose(inputs, (0, 1, 3, 2))
        change = self.expand(self.squeeze(rows_last))
        return inputs + ops.transpose(change, (0, 1, 3, 2))

    def get_config(self):  # type: ignore[no-untyped-def]
        return {**super().get_config(), "n_hidden": self.n_hidden}


@keras.saving.register_keras_serializable("requinto")
class Recurrence(layers.Layer):
    """Connect the columns of a clip in time, all bands and channels at once.

    Input and output are `(batch, columns, bands, channels)`.
    At initialisation the layer passes its features through unchanged.

    Source: the recurrent bottleneck of Défossez et al., "Music Source Separation
    in the Waveform Domain", 2019, arXiv:1911.13254; ours are gated units.
    """

    def __init__(self, n_units: int, **options):  # type: ignore[no-untyped-def]
        super().__init__(**options)
        self.n_units = n_units

    def build(self, input_shape):  # type: ignore[no-untyped-def]
        n_numbers = input_shape[2] * input_shape[3]
        self.flat = layers.Reshape((-1, n_numbers))
        self.squeeze = layers.Dense(self.n_units, activation="relu")
        self.recur = layers.Bidirectional(
            layers.GRU(self.n_units, return_sequences=True)
        )
        self.expand = layers.Dense(n_numbers, kernel_initializer="zeros")
        self.unflat = layers.Reshape((-1, *input_shape[2:]))
        self.squeeze.build((None, None, n_numbers))
        self.recur.build((None, None, self.n_units))
        self.expand.build((None, None, 2 * self.n_units))

    def call(self, inputs):  # type: ignore[no-untyped-def]
        change = self.expand(self.recur(self.squeeze(self.flat(inputs))))
        return inputs + self.unflat(change)

    def get_config(self):  # type: ignore[no-untyped-def]
        return {**super().get_config(), "n_units": self.n_units}


@keras.saving.register_keras_serializable("requinto")
class SelfAttention(layers.Layer):
    """Connect every point of a clip with those that resemble its query.

    Input and output are `(batch, columns, bands, channels)`; the channels are
    shared out among the heads.
    At initialisation the layer passes its features through unchanged.

    Source: Vaswani et al., "Attention Is All You Need", NeurIPS 2017,
    arXiv:1706.03762, with a learnt position for each band and none for columns.
    """

    def __init__(self, n_heads: int, **options):  # type: ignore[no-untyped-def]
        super().__init__(**options)
        self.n_heads = n_heads

    def build(self, input_shape):  # type: ignore[no-untyped-def]
        n_bands, n_channels = input_shape[2:]
        self.position = self.add_weight(
            shape=(1, 1, n_bands, n_channels), initializer="zeros", name="position"
        )
        self.flat = layers.Reshape((-1, n_channels))
        self.normalise = layers.LayerNormalization()
        # Names of attributes are paths in checkpoints: an older run needs this one
        self.ask = layers.MultiHeadAttention(self.n_heads, n_channels // self.n_heads)
        self.expand = layers.Dense(n_channels, kernel_initializer="zeros")
        self.unflat = layers.Reshape((-1, n_bands, n_channels))
        shape = (None, None, n_channels)
        self.normalise.build(shape)
        self.ask.build(shape, shape)
        self.expand.build(shape)

    def call(self, inputs):  # type: ignore[no-untyped-def]
        points = inputs + ops.cast(self.position, inputs.dtype)
        points = self.normalise(self.flat(points))
        return inputs + self.unflat(self.expand(self.ask(points, points)))

    def get_config(self):  # type: ignore[no-untyped-def]
        return {**super().get_config(), "n_heads": self.n_heads}


def build_unet(
    spectra: SpectraConfig, config: UNetConfig, n_views: int, n_shares: int
) -> keras.Model:
    """Return an untrained U-Net.

    Inputs, by name:
        mixture: `(batch, n_columns, n_bands, n_views)`, what `TemplateMatcher.view`
            returns: two channels of magnitudes, `n_shares` of templates, the rest;
            of any number of columns that is a multiple of `2 ** (depth - 1)`.
        embedding: `(batch, reference_size)`.

    Output: mask `(batch, n_columns, n_bands, 2)` in [0, mask_ceiling].
    """
    mixture = keras.Input((None, spectra.n_bands, n_views), name="mixture")
    embedding = keras.Input((config.reference_size,), name="embedding")

    x = FrequencyPosition()(mixture)
    skips: list[keras.KerasTensor] = []
    for width, n_hidden, n_heads in zip(
        config.widths, config.across_frequency, config.attention, strict=True
    ):
        if skips:
            x = layers.MaxPooling2D(2)(x)
        x = _block(x, embedding, width)
        if n_hidden:
            x = AcrossFrequency(n_hidden)(x)
        if n_heads:
            x = SelfAttention(n_heads)(x)
        skips.append(x)
    skips.pop()
    if config.recurrence:
        x = Recurrence(config.recurrence)(x)

    for width, skip in zip(reversed(config.widths[:-1]), reversed(skips), strict=True):
        x = layers.Conv2DTranspose(width, 2, strides=2)(x)
        x = _block(layers.Concatenate()([x, skip]), embedding, width)

    if n_views > 2:  # unblurred
        x = layers.Concatenate()([x, mixture])
    # In float32 whatever the precision of the rest, so that nothing saturates
    mask = layers.Conv2D(2, 1, activation="sigmoid", dtype="float32")(x)
    mask = layers.Rescaling(config.mask_ceiling, dtype="float32", name=TAUGHT)(mask)
    if n_shares and config.template_weight:
        weight = config.template_weight
        last = 2 + min(n_shares, config.n_blended_shares)
        share = ops.mean(mixture[..., 2:last], axis=-1, keepdims=True)
        mask = (1 - weight) * mask + weight * share
    return keras.Model({"mixture": mixture, "embedding": embedding}, mask, name="unet")


def _block(x, embedding, width):  # type: ignore[no-untyped-def]
    """Two convolutions, steered between them, with a shortcut around both."""
    shortcut = layers.Conv2D(width, 1, use_bias=False)(x)
    x = layers.Conv2D(width, 3, padding="same", use_bias=False)(x)
    x = layers.BatchNormalization()(x)
    x = layers.ReLU()(FiLM()([x, embedding]))
    x = layers.Conv2D(width, 3, padding="same", use_bias=False)(x)
    x = layers.BatchNormalization()(x)
    return layers.ReLU()(layers.Add()([x, shortcut]))
