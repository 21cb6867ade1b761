# SPDX-License-Identifier: GPL-3.0-or-later
"""Multiply-adds are those that one counts by hand."""

import keras
import numpy as np
import pytest
from keras import layers

from models import SMALL
from requinto import config, nmf
from requinto_lab.benchmark import flops
from requinto_lab.networks import weights
from requinto_lab.networks.beat_network import build_beat_network

# Layer, shape of a batch, and products counted by hand
LAYERS = {
    "dense": (layers.Dense(5), (2, 7, 3), 2 * 7 * 3 * 5),
    "convolution": (
        layers.Conv2D(6, 3, padding="same"),
        (1, 8, 10, 4),
        8 * 10 * 6 * 3 * 3 * 4,
    ),
    "strided": (
        layers.Conv2D(6, 3, strides=2, padding="same"),
        (1, 8, 10, 4),
        4 * 5 * 6 * 3 * 3 * 4,
    ),
    "valid": (layers.Conv1D(2, 5), (3, 12, 4), 3 * 8 * 2 * 5 * 4),
    "dilated": (
        layers.Conv1D(2, 5, dilation_rate=4, padding="same"),
        (1, 40, 3),
        40 * 2 * 5 * 3,
    ),
    "grouped": (layers.Conv2D(6, 1, groups=2), (1, 2, 2, 4), 2 * 2 * 6 * 2),
    "transposed": (
        layers.Conv2DTranspose(3, 2, strides=2),
        (1, 4, 5, 7),
        4 * 5 * 7 * 2 * 2 * 3,
    ),
    "recurrence": (
        layers.GRU(4, return_sequences=True),
        (2, 9, 5),
        2 * 9 * 3 * (5 * 4 + 4 * 4),
    ),
    "both ways": (
        layers.Bidirectional(layers.LSTM(4)),
        (1, 9, 5),
        2 * 9 * 4 * (5 * 4 + 4 * 4),
    ),
    "no products": (layers.MaxPooling2D(2), (1, 4, 4, 3), 0),
}


@pytest.mark.parametrize("kind", LAYERS)
def test_a_layer_is_counted_as_by_hand(kind):
    layer, shape, expected = LAYERS[kind]
    sound = keras.Input(shape[1:])
    network = keras.Model(sound, layer(sound))
    count = flops.multiply_adds(network, np.zeros(shape, np.float32))
    assert count.total == expected
    assert not count.uncounted


def test_attention_is_counted_with_its_projections():
    points = keras.Input((6, 8))
    attention = layers.MultiHeadAttention(2, 3)
    network = keras.Model(points, attention(points, points))
    count = flops.multiply_adds(network, np.zeros((1, 6, 8), np.float32))
    projections = 4 * 6 * 8 * 2 * 3
    compared = 2 * 2 * 6 * 6 * 3
    assert count.by_layer == {
        "EinsumDense": projections,
        "MultiHeadAttention": compared,
    }
    assert not count.uncounted


@pytest.mark.parametrize("layer", [layers.SeparableConv1D(2, 3), layers.SimpleRNN(4)])
def test_matrices_without_a_rule_are_named(layer):
    sound = keras.Input((9, 5))
    network = keras.Model(sound, layer(sound))
    count = flops.multiply_adds(network, np.zeros((1, 9, 5), np.float32))
    assert count.total == 0
    assert len(count.uncounted) == 2


def test_counting_leaves_layers_as_they_were():
    before = {kind: vars(kind).get("call") for kind in flops._rules()}
    sound = keras.Input((3,))
    network = keras.Model(sound, layers.Dense(2)(sound))
    for _ in range(2):
        assert flops.multiply_adds(network, np.zeros((1, 3), np.float32)).total == 6
    assert {kind: vars(kind).get("call") for kind in flops._rules()} == before


def test_all_of_our_networks_is_counted():
    unet, encoder = weights.build_networks(SMALL)
    spectra = SMALL.spectra
    inputs = {
        "mixture": np.zeros((1, 16, spectra.n_bands, SMALL.n_views), np.float32),
        "embedding": np.zeros((1, SMALL.unet.reference_size), np.float32),
    }
    count = flops.multiply_adds(unet, inputs)
    assert not count.uncounted
    # Layers inside FiLM, recurrence and attention are counted too
    assert {"Conv2D", "Conv2DTranspose", "Dense", "GRU", "EinsumDense"} < set(
        count.by_layer
    )
    twice = flops.multiply_adds(
        unet, {n: np.repeat(x, 2, 0) for n, x in inputs.items()}
    )
    assert twice.total == 2 * count.total
    view = np.zeros((1, 16, spectra.n_bands, 2), np.float32)
    assert not flops.multiply_adds(encoder, view).uncounted


def test_the_beat_network_costs_as_much_for_each_column():
    rhythm = config.RhythmConfig()
    network = build_beat_network(rhythm, config.BeatNetworkConfig())
    counts = [
        flops.multiply_adds(network, np.zeros((1, n, rhythm.n_features), np.float32))
        for n in (128, 256)
    ]
    assert counts[1].total == 2 * counts[0].total
    assert not counts[0].uncounted


class Counting(np.ndarray):
    """An array that counts the multiply-adds of the products it takes part in."""

    total = 0

    def __array_ufunc__(self, function, method, *inputs, **options):
        plain = [np.asarray(value) for value in inputs]
        if function is np.matmul:
            Counting.total += plain[0].shape[0] * plain[0].shape[1] * plain[1].shape[1]
        if out := options.pop("out", None):
            options["out"] = tuple(np.asarray(array) for array in out)
        result = getattr(function, method)(*plain, **options)
        return np.asarray(result).view(Counting)


class SubclassNumpy:
    """NumPy, whose copies stay arrays of the same kind."""

    def __getattr__(self, name):
        return getattr(np, name)

    def array(self, *arguments, **options):
        return np.array(*arguments, subok=True, **options)


@pytest.mark.parametrize("n_fixed", [0, 4, 9])
def test_nmf_multiplies_as_counted(n_fixed, monkeypatch):
    monkeypatch.setattr(nmf, "np", SubclassNumpy())
    rng = np.random.default_rng(0)
    magnitudes, spectra, gains = (
        rng.random(shape, np.float32).view(Counting)
        for shape in ((20, 13), (20, 9), (9, 13))
    )
    Counting.total = 0
    nmf.factorise(magnitudes, spectra, gains, 3, n_fixed=n_fixed)
    expected = flops.nmf_multiply_adds(20, 13, 9, 3, n_fixed)
    assert Counting.total == expected > 0


def test_the_peak_of_a_core_is_a_core_s():
    assert 1e8 < flops.core_peak(duration_s=0.05) < 1e13
