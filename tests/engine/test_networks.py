# SPDX-License-Identifier: GPL-3.0-or-later
"""The networks have the shapes they promise, save, learn, and heed the reference."""

import dataclasses
import json

import keras
import numpy as np
import pytest

from models import SMALL as CONFIG
from models import random_inputs, shake
from requinto.config import ModelConfig, TrackerConfig, from_values
from requinto.errors import ConfigError
from requinto_lab.networks.reference_encoder import FrequencyPosition
from requinto_lab.networks.unet import AcrossFrequency, FiLM, Recurrence, SelfAttention
from requinto_lab.networks.weights import build_networks
from requinto_lab.training.losses import (
    SeparationLoss,
    missing_level_db,
    separation_loss,
)


@pytest.fixture(scope="module")
def networks():
    keras.utils.set_random_seed(0)
    unet, encoder = build_networks(CONFIG)
    return shake(unet), shake(encoder)


@pytest.mark.parametrize("n_columns", [4, 16, 48])
def test_mask_has_shape_and_range(networks, n_columns):
    mask = networks[0].predict_on_batch(random_inputs(n_columns=n_columns))
    assert mask.shape == (3, n_columns, 32, 2)
    assert mask.min() >= 0
    assert mask.max() <= CONFIG.unet.mask_ceiling
    assert mask.std() > 1e-4


def test_the_template_shares_have_their_part_of_the_mask():
    unet = dataclasses.replace(CONFIG.unet, template_weight=0.3)
    config = dataclasses.replace(CONFIG, unet=unet)
    keras.utils.set_random_seed(0)
    with_it, _ = build_networks(config)
    without, _ = build_networks(CONFIG)
    without.set_weights(with_it.get_weights())
    inputs = random_inputs()
    shares = inputs["mixture"][..., 2:].mean(axis=-1, keepdims=True)
    wanted = 0.7 * without.predict_on_batch(inputs) + 0.3 * shares
    np.testing.assert_allclose(with_it.predict_on_batch(inputs), wanted, atol=1e-5)


def test_only_the_first_shares_are_blended_into_the_mask():
    unet = dataclasses.replace(CONFIG.unet, template_weight=0.3, n_blended_shares=1)
    templates = dataclasses.replace(CONFIG.templates, placement=True)
    config = dataclasses.replace(CONFIG, templates=templates, unet=unet)
    assert (config.n_views, config.n_shares) == (5, 2)
    with_it, _ = build_networks(config)
    plain = dataclasses.replace(unet, template_weight=0.0)
    without, _ = build_networks(dataclasses.replace(config, unet=plain))
    without.set_weights(with_it.get_weights())
    inputs = random_inputs()
    rng = np.random.default_rng(5)
    inputs["mixture"] = rng.random((3, 16, 32, 5), np.float32)
    difference = with_it.predict_on_batch(inputs) - 0.7 * without.predict_on_batch(
        inputs
    )
    share = 0.3 * np.broadcast_to(inputs["mixture"][..., 2:3], difference.shape)
    np.testing.assert_allclose(difference, share, atol=1e-5)


def test_a_weight_beyond_one_is_refused():
    with pytest.raises(ConfigError, match=r"must be in \[0, 1\), got 1\.5"):
        dataclasses.replace(CONFIG.unet, template_weight=1.5)


def test_another_reference_gives_another_mask(networks):
    inputs = random_inputs()
    masks = [
        networks[0].predict_on_batch({**inputs, "embedding": embedding})
        for embedding in (inputs["embedding"], -inputs["embedding"])
    ]
    assert np.abs(masks[0] - masks[1]).max() > 1e-3


@pytest.mark.parametrize("n_columns", [8, 16, 40])
def test_embedding_has_unit_variance_and_depends_on_timbre(networks, n_columns):
    encoder = networks[1]
    rng = np.random.default_rng(0)
    low, high = rng.random((2, 1, n_columns, 32, 2), np.float32)
    low[:, :, 16:], high[:, :, :16] = 0, 0

    embeddings = [encoder.predict_on_batch(sound)[0] for sound in (low, high)]

    np.testing.assert_allclose(np.mean(embeddings, axis=1), 0, atol=1e-5)
    np.testing.assert_allclose(np.std(embeddings, axis=1), 1, atol=0.05)
    assert np.abs(embeddings[0] - embeddings[1]).max() > 1e-3


FEATURES = np.random.default_rng(0).random((2, 4, 8, 6), np.float32)


def test_film_begins_as_the_identity():
    np.testing.assert_array_equal(FiLM()([FEATURES, np.ones((2, 5))]), FEATURES)


@pytest.mark.parametrize("layer", [AcrossFrequency(6), Recurrence(3), SelfAttention(2)])
def test_layers_with_context_begin_as_the_identity(layer):
    np.testing.assert_array_equal(layer(FEATURES), FEATURES)


@pytest.mark.parametrize(
    ("layer", "across_columns", "across_bands"),
    [
        (AcrossFrequency(6), False, True),
        (Recurrence(3), True, True),
        (SelfAttention(2), True, True),
    ],
)
def test_how_far_a_layer_reaches(layer, across_columns, across_bands):
    layer(FEATURES)
    rng = np.random.default_rng(0)
    layer.set_weights([0.5 * rng.standard_normal(w.shape) for w in layer.get_weights()])
    for index, is_reached in (((0, 2, 5), across_columns), ((0, 3, 1), across_bands)):
        other = FEATURES.copy()
        other[index] *= -1  # another column of the same band, another band
        change = np.asarray(layer(other) - layer(FEATURES))[0, 3, 5]
        assert (np.abs(change).max() > 1e-6) == is_reached


def test_frequency_position_runs_from_bottom_to_top():
    added = np.asarray(FrequencyPosition()(np.zeros((1, 3, 9, 2))))[0, :, :, 2]
    np.testing.assert_allclose(added, np.tile(np.linspace(-1, 1, 9), (3, 1)), atol=1e-6)


def test_a_saved_network_gives_the_same_mask(tmp_path, networks):
    path = tmp_path / "unet.keras"
    networks[0].save(path)
    inputs = random_inputs()
    np.testing.assert_allclose(
        keras.models.load_model(path).predict_on_batch(inputs),
        networks[0].predict_on_batch(inputs),
        atol=1e-3,
    )


def test_training_steps_lower_the_loss():
    keras.utils.set_random_seed(0)
    unet, _ = build_networks(CONFIG)
    unet.compile(keras.optimizers.Adam(3e-3), loss=separation_loss)
    inputs = random_inputs()
    mixture = inputs["mixture"][..., :2] ** 4
    # The truth is the mixture's lower half
    share = np.where(np.arange(32) < 16, 1.0, 0.0)[:, None]
    truth = np.stack([mixture, mixture * share, mixture * share**2], axis=-1)
    losses = [float(unet.train_on_batch(inputs, truth)) for _ in range(30)]
    assert losses[-1] < losses[0] - 0.05


def test_loss_is_least_at_the_true_mask():
    rng = np.random.default_rng(0)
    mixture = rng.random((2, 8, 4, 2), np.float32) + 0.1
    true_mask = rng.random((2, 8, 4, 2), np.float32)
    truth = np.stack([mixture, true_mask * mixture, true_mask**2 * mixture], axis=-1)

    best = np.asarray(separation_loss(truth, true_mask))
    for other in (0.9 * true_mask, true_mask + 0.05, 0 * true_mask):
        assert (np.asarray(separation_loss(truth, other)) > best).all()
    assert best.shape == (2,)


def test_loss_of_an_absent_target_is_least_at_silence():
    mixture = np.ones((1, 8, 4, 2), np.float32)
    truth = np.stack([mixture, 0 * mixture, 0 * mixture], axis=-1)
    losses = [
        float(separation_loss(truth, level * mixture)[0]) for level in (0, 0.1, 0.5)
    ]
    assert losses == sorted(losses)
    assert np.isfinite(losses).all()


def test_silence_teaches_nothing_but_does_no_harm():
    """A mixture in which nothing sounds must not end a training."""
    keras.utils.set_random_seed(0)
    unet, _ = build_networks(CONFIG)
    unet.compile(keras.optimizers.Adam(3e-3), loss=separation_loss)
    inputs = random_inputs()
    silence = np.zeros((*inputs["mixture"].shape[:-1], 2, 3), np.float32)
    assert np.isfinite(float(unet.train_on_batch(inputs, silence)))
    assert all(np.isfinite(w).all() for w in unet.get_weights())


def test_config_round_trip_and_refusals():
    saved = json.dumps(dataclasses.asdict(CONFIG))
    assert from_values(ModelConfig, json.loads(saved), "ours") == CONFIG
    with pytest.raises(ConfigError, match="unknown names"):
        from_values(ModelConfig, {"unet": {"depth": 3}}, "ours")
    with pytest.raises(ConfigError, match=r"ours: unknown names \['vnet'\]"):
        from_values(ModelConfig, {"vnet": {}}, "ours")
    with pytest.raises(ConfigError, match="unet must be a table of values, got 3"):
        from_values(ModelConfig, {"unet": 3}, "ours")


def test_values_saved_by_earlier_names_are_read():
    """Released weights and recipes of earlier runs are not rewritten."""
    earlier = {"evidence": {"n_templates": 3}, "unet": {"evidence_weight": 0.4}}
    config = from_values(ModelConfig, earlier, "ours")
    assert (config.templates.n_templates, config.unet.template_weight) == (3, 0.4)
    decoding = {"least_beat": 0.3, "least_downbeat": 0.1, "least_confidence": 0.6}
    tracker = from_values(TrackerConfig, {"decoding": decoding}, "beats").decoding
    assert (tracker.min_beat, tracker.min_downbeat) == (0.3, 0.1)
    assert tracker.min_confidence == 0.6
    for kind in (ModelConfig, TrackerConfig):
        for values in (earlier | {"templates": {}}, {"template_weight": 0.4}):
            with pytest.raises(ConfigError, match="unknown names"):
                from_values(kind, values, "ours")


def test_a_quiet_estimate_costs_what_it_misses():
    rng = np.random.default_rng(0)
    mixture = rng.random((1, 16, 32, 2)).astype(np.float32)
    truth = np.stack([mixture, 0.25 * mixture, 0.25 * mixture], axis=-1)
    for gain, missing_db in ((0.5, 0.0), (1.0, 0.0), (0.25, 6.02), (0.05, 20.0)):
        missing = missing_level_db(truth, np.full_like(mixture, gain))
        np.testing.assert_allclose(missing, [missing_db], atol=0.05)
    silent = np.asarray(missing_level_db(truth, 0 * mixture))
    assert 35 < silent[0] < 45
    absent = np.stack([mixture, 0 * mixture, 0 * mixture], axis=-1)
    assert np.asarray(missing_level_db(absent, 0 * mixture)) == 0

    plain, heavy = SeparationLoss(), SeparationLoss(0.01)
    mask = np.full_like(mixture, 0.05)
    both = float(heavy(truth, mask)) - float(plain(truth, mask))
    assert both == pytest.approx(0.01 * 20.0, abs=1e-3)
    assert SeparationLoss.from_config(heavy.get_config()).level_weight == 0.01
