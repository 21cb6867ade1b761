# SPDX-License-Identifier: GPL-3.0-or-later
"""A widened network begins as good as the small one, and learns with the rest."""

import dataclasses

import keras
import numpy as np
import pytest

from models import SMALL
from requinto.errors import ConfigError
from requinto_lab.networks.weights import build_networks
from requinto_lab.training.losses import separation_loss
from requinto_lab.training.widen import widen


def built(seed=0, **shape):
    """Return a U-Net and an encoder as initialised, each of short reach by default."""
    plain = {"attention": (0, 0, 0), "recurrence": 0}
    unet = dataclasses.replace(SMALL.unet, **plain | shape)
    keras.utils.set_random_seed(seed)
    return build_networks(dataclasses.replace(SMALL, unet=unet))


def shaken(networks):
    """Return networks with weights that leave nothing at zero."""
    rng = np.random.default_rng(1)
    for network in networks:
        network.set_weights(
            [w + 0.05 * rng.random(w.shape, np.float32) for w in network.get_weights()]
        )
    return networks


def inputs():
    """Return what a U-Net is given, and what an encoder is."""
    rng = np.random.default_rng(0)
    bands = SMALL.spectra.n_bands
    mixture = rng.random((3, 16, bands, SMALL.n_views), np.float32)
    embedding = rng.standard_normal((3, 5), np.float32)
    reference = rng.random((3, 16, bands, 2), np.float32)
    return {"mixture": mixture, "embedding": embedding}, reference


@pytest.mark.parametrize(
    "shape",
    [
        {},
        {"widths": (5, 6, 12)},
        {"widths": (8, 12, 16), "across_frequency": (0, 7, 4)},
        {"reference_widths": (5, 9)},
        {"attention": (0, 3, 0), "recurrence": 4},
    ],
)
def test_it_computes_what_the_small_one_does(shape):
    small, large = shaken(built()), built(seed=5, **shape)
    for one, other, given in zip(small, large, inputs(), strict=True):
        widen(one, other)
        np.testing.assert_allclose(
            other.predict_on_batch(given), one.predict_on_batch(given), atol=2e-5
        )


def test_what_is_new_learns():
    (small, _), (large, _) = shaken(built()), built(seed=5, widths=(8, 6, 12))
    widen(small, large)
    before = [np.array(w) for w in large.trainable_weights]
    silent = [w == 0 for w in before]  # from new channels to old ones
    assert sum(map(np.count_nonzero, silent)) > 1000

    large.compile(keras.optimizers.SGD(0.1), loss=separation_loss)
    given, _ = inputs()
    power = given["mixture"][..., :2] ** 4
    large.train_on_batch(given, np.stack([power, 0.5 * power, 0.3 * power], axis=-1))
    after = [np.array(w) for w in large.trainable_weights]
    still = [np.count_nonzero(w[at] == 0) for w, at in zip(after, silent, strict=True)]
    assert sum(still) < 0.2 * sum(map(np.count_nonzero, silent))


@pytest.mark.parametrize(
    ("small", "large"),
    [
        ({}, {"widths": (3, 6, 8)}),
        ({}, {"across_frequency": (0, 4, 3)}),
        ({"recurrence": 3}, {}),
        ({"recurrence": 3}, {"recurrence": 4}),
        ({"attention": (0, 2, 0)}, {"attention": (0, 2, 0), "widths": (4, 8, 8)}),
        ({"attention": (0, 2, 0)}, {"attention": (0, 2, 2)}),
    ],
)
def test_another_plan_is_refused(small, large):
    with pytest.raises(ConfigError, match="cannot widen"):
        widen(built(**small)[0], built(**large)[0])
