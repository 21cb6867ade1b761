# SPDX-License-Identifier: GPL-3.0-or-later
"""The beat network reaches over seconds, learns, and comes back as it was saved."""

import keras
import numpy as np
import pytest

from requinto.config import BeatNetworkConfig, RhythmConfig, TrackerConfig, from_values
from requinto_lab.networks.beat_network import BEAT, DOWNBEAT, build_beat_network
from requinto_lab.networks.weights import read_weights, save_networks, set_weights
from requinto_lab.training.beat_fit import loss

RHYTHM = RhythmConfig()
SMALL = BeatNetworkConfig(front_widths=(2, 3, 4), n_channels=4, n_dilations=6)


@pytest.fixture(autouse=True)
def seed():
    """Give networks the same weights whatever ran before: a few learn nothing."""
    keras.utils.set_random_seed(0)


def sound(n_columns, n=1, seed=0):
    rng = np.random.default_rng(seed)
    return 4 * rng.random((n, n_columns, RHYTHM.n_features), np.float32)


def test_probabilities_have_the_length_of_the_sound():
    network = build_beat_network(RHYTHM, SMALL)
    for n_columns in (1, 37, 500):
        activations = np.asarray(network.predict_on_batch(sound(n_columns, 2)))
        assert activations.shape == (2, n_columns, 2)
        assert np.all((activations >= 0) & (activations <= 1))


def test_it_reaches_as_far_as_its_layers():
    network = build_beat_network(RHYTHM, SMALL)
    base = sound(400)
    changed = base.copy()
    changed[:, 200] += 1
    apart = np.asarray(
        network.predict_on_batch(base) - network.predict_on_batch(changed)
    )
    touched = np.flatnonzero(np.abs(apart[0]).max(axis=1) > 1e-9)
    # Each dilation reaches two columns times itself; the front adds three
    reach = 2 * (2**SMALL.n_dilations - 1) + len(SMALL.front_widths)
    assert 200 - reach <= touched.min() <= 200 - 0.95 * reach
    assert 200 + 0.95 * reach <= touched.max() <= 200 + reach


def test_training_makes_it_say_what_is_true():
    network = build_beat_network(RHYTHM, SMALL)
    network.compile(keras.optimizers.Adam(1e-2), loss=loss)
    features = np.zeros((4, 120, RHYTHM.n_features), np.float32)
    truth = np.zeros((4, 120, 2), np.float32)
    features[:, ::20, :20], truth[:, ::20, BEAT] = 4, 1
    features[:, ::60, 40:60], truth[:, ::60, DOWNBEAT] = 4, 1
    network.fit(features, truth, epochs=120, verbose=0)
    activations = np.asarray(network.predict_on_batch(features[:1]))[0]
    assert activations[20, BEAT] > 0.5 > activations[30, BEAT]
    assert activations[60, DOWNBEAT] > 0.5 > activations[20, DOWNBEAT]


def test_it_comes_back_as_it_was_saved(tmp_path):
    network = build_beat_network(RHYTHM, SMALL)
    config = TrackerConfig(network=SMALL)
    save_networks(tmp_path, "beats", config, (network,), {"seed": 1})
    record, arrays = read_weights(tmp_path, "beats")
    assert from_values(TrackerConfig, record["config"], "beats") == config
    again = build_beat_network(RHYTHM, SMALL)
    apart = again.predict_on_batch(sound(100)) - network.predict_on_batch(sound(100))
    assert np.abs(apart).max() > 0.05
    set_weights(again, arrays)
    # Matrices are kept in half precision
    np.testing.assert_allclose(
        again.predict_on_batch(sound(100)),
        network.predict_on_batch(sound(100)),
        atol=1e-2,
    )
