# SPDX-License-Identifier: GPL-3.0-or-later
"""DeepConvSep shares a stereo mixture out, and learns to as its authors wrote."""

import dataclasses
import itertools
import json

import numpy as np
import pytest

from quartet import SOURCES, TINY, Loops, Stand
from requinto.errors import ConfigError, ModelError, TargetError
from requinto.metrics import si_sdr
from requinto_lab.evaluation.systems import Task
from requinto_lab.networks.weights import load_network
from requinto_lab.systems import deepconvsep, deepconvsep_training
from requinto_lab.systems.deepconvsep import DeepConvSep, DeepConvSepConfig
from requinto_lab.systems.deepconvsep_training import (
    DeepConvSepTraining,
    unlikeness,
)
from requinto_lab.systems.layers import UNLIKE, contrastive_loss
from sounds import noise

QUARTERS = np.full((4, TINY.n_bins), 0.25)
ROLES = {"lead": "guitar", "rest": "guira"}
PRINTED = {"alpha": 0.001, "beta": 0.01, "beta_lead": 0.03}


def run_with(factors):
    return DeepConvSepTraining("", "", sources=SOURCES, **ROLES, **factors)


@pytest.mark.parametrize("n_frames", [16, 1000, 4321])
@pytest.mark.parametrize("config", [TINY, DeepConvSepConfig()])
def test_the_transform_is_undone_and_keeps_energy(config, n_frames):
    sound = noise(max(n_frames, config.n_fft), 2)
    spectra = deepconvsep.spectrum(sound, config)
    assert spectra.shape[:2] == (2, config.n_bins)
    back = deepconvsep.waveform(spectra, sound.shape[1], config)
    np.testing.assert_allclose(back, sound, atol=1e-5)
    # A Hann window's mean square, times the third that uniform noise has
    whole = deepconvsep.spectrum(noise(100_000, 1), config)
    assert np.mean(np.abs(whole) ** 2) == pytest.approx(3 / 8 / 3, rel=0.05)


@pytest.mark.parametrize("n_channels", [1, 2])
@pytest.mark.parametrize("n_frames", [100, 5000, 20_001])
def test_shares_come_back_as_sound(n_channels, n_frames):
    sound = noise(n_frames, n_channels)
    shares = np.array([0.5, 0.3, 0.2, 0.0])[:, None] * np.ones(TINY.n_bins)
    answers = DeepConvSep(TINY, Stand(shares)).separate(sound)
    assert answers.shape == (4, n_channels, n_frames)
    for answer, share in zip(answers, shares[:, 0], strict=True):
        np.testing.assert_allclose(answer, share * sound, atol=1e-5)


def test_sources_in_bands_of_their_own_are_separated():
    time_s = np.arange(11025) / 11025
    bins = (3, 9, 15, 24)
    stems = np.stack(
        [np.sin(2 * np.pi * k / TINY.n_fft * 11025 * time_s) for k in bins]
    ).astype(np.float32)
    stems = np.stack([stems, 0.5 * stems], axis=1)
    edges = [0, 6, 12, 20, TINY.n_bins]
    shares = np.zeros((4, TINY.n_bins))
    for row, (low, high) in zip(shares, itertools.pairwise(edges), strict=True):
        row[low:high] = 1
    answers = DeepConvSep(TINY, Stand(shares)).separate(stems.sum(axis=0))
    for answer, stem in zip(answers, stems, strict=True):
        assert si_sdr(stem, answer) > 30


@pytest.mark.parametrize("gain", [1e-3, 1.0, 8.0])
def test_the_network_sees_one_loudness_and_answers_keep_theirs(gain):
    sound = noise(6000, 2)
    stand = Stand(QUARTERS)
    answer = DeepConvSep(TINY, stand).separate(np.float32(gain) * sound)
    seen = np.concatenate(stand.seen)
    assert seen.shape[1:] == (TINY.n_columns, TINY.n_bins, 2)
    assert np.sqrt(np.mean(seen**2)) == pytest.approx(1, rel=0.1)
    np.testing.assert_allclose(answer[1], gain * sound / 4, atol=1e-5 * gain)


def test_mono_becomes_two_equal_channels():
    stand = Stand(QUARTERS)
    DeepConvSep(TINY, stand).separate(noise(3000, 1))
    for seen in stand.seen:
        np.testing.assert_array_equal(seen[..., 0], seen[..., 1])


def test_silence_does_not_reach_the_network():
    stand = Stand(QUARTERS)
    system = DeepConvSep(TINY, stand)
    assert not system.separate(np.zeros((2, 4000), np.float32)).any()
    assert not stand.seen
    sound = noise(16 * 400, 2)
    sound[:, 16 * 100 : 16 * 300] = 0
    answers = system.separate(sound)
    np.testing.assert_allclose(answers[0], sound / 4, atol=1e-5)
    # About 101 pieces begin within 401 columns, half of them in silence
    assert 48 <= sum(map(len, stand.seen)) <= 56


@pytest.mark.parametrize("rate", [8000, 11025, 44100])
def test_tasks_are_answered_at_their_own_rate(rate):
    mixture = noise(rate, 2)
    task = Task(mixture, mixture, rate, "bass", None, mixture)
    system = DeepConvSep(TINY, Stand(QUARTERS))
    answer = system.estimate(task)
    assert answer.shape == mixture.shape and np.isfinite(answer).all()
    assert system.n_parameters == 7 and not system.applies("voice")
    with pytest.raises(TargetError, match="bongo"):
        system.estimate(dataclasses.replace(task, instrument="voice"))


def test_the_network_has_the_layers_that_are_written_of_it():
    network = deepconvsep.build(DeepConvSepConfig())
    # Kernels and biases: two convolutions, dense; and for each source dense and back
    encoder = (513 * 2 + 1) * 50 + (15 * 50 + 1) * 30 + (16 * 30 + 1) * 128
    decoder = (128 + 1) * 16 * 30 + (15 * 30 + 1) * 50 + (50 + 1) * 513 * 2
    assert network.count_params() == encoder + 4 * decoder


def test_the_networks_shares_add_up_to_the_mixture():
    import keras

    keras.utils.set_random_seed(1)
    network = deepconvsep.build(TINY)
    pieces = np.abs(noise(3 * 8 * 33 * 2, 1)).reshape(3, 8, 33, 2)
    shares = network.predict_on_batch(pieces)
    assert shares.shape == (3, 4, 8, 33, 2) and shares.min() >= 0
    np.testing.assert_allclose(shares.sum(axis=1), pieces, rtol=1e-5)
    assert shares.std(axis=1).max() > 0.01
    network.set_weights([0 * w for w in network.get_weights()])
    even = network.predict_on_batch(pieces)
    np.testing.assert_allclose(even, np.stack([pieces / 4] * 4, axis=1), rtol=1e-5)


def written(truths, estimates, others, alpha, beta, beta_lead):
    """Return the loss as its equations say, a term after the other."""
    lead, rest = SOURCES.index("guitar"), SOURCES.index("guira")
    named = [n for n in range(4) if n != rest]

    def apart(first, second):
        return np.sum((first - second) ** 2, axis=(1, 2, 3))

    e_sq = sum(apart(estimates[:, n], truths[:, n]) for n in range(4))
    e_diff = sum(
        apart(estimates[:, n], others[:, m]) for n in named for m in named if m != n
    )
    e_other = sum(apart(estimates[:, n], others[:, rest]) for n in named if n != lead)
    e_lead = apart(estimates[:, lead], others[:, rest])
    return e_sq - alpha * e_diff - beta * e_other - beta_lead * e_lead


@pytest.mark.parametrize("unlike", UNLIKE)
@pytest.mark.parametrize(
    "factors",
    [
        {"alpha": 0.0, "beta": 0.0, "beta_lead": 0.0},
        {"alpha": 0.3, "beta": 0.0, "beta_lead": 0.0},
        {"alpha": 0.0, "beta": 0.3, "beta_lead": 0.0},
        {"alpha": 0.0, "beta": 0.0, "beta_lead": 0.3},
        PRINTED,
    ],
)
def test_each_term_of_the_loss_is_as_written(factors, unlike):
    rng = np.random.default_rng(0)
    truths, estimates = rng.random((2, 3, 4, 5, 6, 2)).astype(np.float32)
    weights = unlikeness(run_with(factors))
    loss = contrastive_loss(weights, unlike)(truths, estimates)
    others = estimates if unlike == "estimates" else truths
    expected = written(truths, estimates, others, **factors)
    np.testing.assert_allclose(np.asarray(loss), expected, rtol=1e-4)


@pytest.mark.parametrize("unlike", UNLIKE)
def test_the_loss_is_least_a_little_beyond_the_truth(unlike):
    """Where its gradient vanishes, as linear algebra says, it is least."""
    rng = np.random.default_rng(1)
    truths = rng.random((1, 4, 3, 2, 2)).astype(np.float32)
    weights = unlikeness(run_with(PRINTED))
    loss = contrastive_loss(weights, unlike)
    rows = truths.reshape(4, -1).astype(np.float64)
    if unlike == "estimates":
        both = weights + weights.T
        best = np.linalg.solve(np.eye(4) - np.diag(both.sum(axis=1)) + both, rows)
    else:
        best = (rows - weights @ rows) / (1 - weights.sum(axis=1, keepdims=True))
    best = best.reshape(truths.shape).astype(np.float32)
    minimum = float(np.asarray(loss(truths, best))[0])
    assert 1e-4 < np.abs(best - truths).max() < 0.1
    for seed in range(20):
        step = np.random.default_rng(seed).normal(0, 0.1, truths.shape)
        assert np.asarray(loss(truths, best + step.astype(np.float32)))[0] > minimum
    assert np.asarray(loss(truths, truths))[0] > minimum


@pytest.fixture
def run_config(monkeypatch, tmp_path):
    monkeypatch.setattr(deepconvsep_training, "LoopLibrary", Loops)
    monkeypatch.setattr(DeepConvSepTraining, "model_config", lambda run: TINY)
    return DeepConvSepTraining(
        loops="anywhere",
        run=str(tmp_path / "run"),
        minutes=1e-6,
        excerpt_s=0.5,
        pieces_per_excerpt=4,
        steps_per_epoch=2,
        n_validation_batches=1,
        n_eval=1,
        epochs_per_eval=2,
    )


def test_pieces_are_cut_where_there_is_sound(run_config):
    stems = np.zeros((4, 2, 16 * 200), np.float32)
    stems[:, :, 16 * 100 : 16 * 120] = noise(16 * 20 * 8, 1).reshape(4, 2, -1)
    config = dataclasses.replace(run_config, pieces_per_excerpt=50)
    rng = np.random.default_rng(0)
    mixtures, truths = deepconvsep_training.pieces(stems, TINY, config, rng)
    assert mixtures.shape == (50, 8, 33, 2) and truths.shape == (50, 4, 8, 33, 2)
    assert mixtures.mean(axis=(1, 2, 3)).min() > config.quiet
    # Magnitudes of a sum are no more than the sum of magnitudes
    assert np.all(mixtures <= truths.sum(axis=1) + 1e-4)
    louder = deepconvsep_training.pieces(
        8 * stems, TINY, config, np.random.default_rng(0)
    )
    np.testing.assert_allclose(louder[1], truths, rtol=1e-4, atol=1e-5)


def test_both_augmentations_do_what_they_say(run_config):
    """Sources are dropped, and come from songs and positions of their own."""
    every = dataclasses.replace(run_config, dropped=0.5, remixed=1.0)
    excerpts = deepconvsep_training.make_excerpts(every, TINY, "train")
    silent = [
        not stem.any()
        for seed in range(40)
        for stem in excerpts.draw(np.random.default_rng(seed))
    ]
    assert 0.3 < np.mean(silent) < 0.6
    assert (excerpts.config.remixed, excerpts.config.n_channels) == (1.0, 2)


def test_training_steps_lower_the_loss_on_a_fixed_batch(run_config):
    excerpts = deepconvsep_training.make_excerpts(run_config, TINY, "train")
    rng = np.random.default_rng(3)
    batch = deepconvsep_training.batch(excerpts, TINY, run_config, rng)
    network = deepconvsep_training.compile_network(TINY, run_config)
    assert float(network.optimizer.learning_rate.numpy()) == 1.0
    losses = [float(network.train_on_batch(*batch)) for _ in range(30)]
    assert losses[-1] < 0.8 * losses[0]


def log(folder):
    return [json.loads(x) for x in (folder / "log.jsonl").read_text().splitlines()]


def test_a_run_leaves_its_record_and_goes_on(run_config, monkeypatch):
    run = deepconvsep_training.train(run_config)
    (line,) = log(run)
    assert line["step"] == 2
    longer = dataclasses.replace(
        run_config, minutes=line["minutes"] + 1e-6, resume=True
    )
    deepconvsep_training.train(longer)
    lines = log(run)
    assert lines[0] == line and lines[1]["step"] == 4
    for name in (*SOURCES, "mean"):
        assert np.isfinite(lines[1][f"{name}_gain_db"])
    record = json.loads((run / "deepconvsep.json").read_text())
    assert record["provenance"]["training"]["beta_lead"] == 0.03
    assert "loops" not in record["provenance"]["training"]

    # What was saved is the model of the run's best epoch, in half precision
    (run / "targets.txt").write_text("guitar\n")
    monkeypatch.setenv("REQUINTO_MODELS", str(run))
    system = DeepConvSep()
    assert system.config == TINY
    excerpts = deepconvsep_training.make_excerpts(run_config, TINY, "validation")
    batch = deepconvsep_training.batch(
        excerpts, TINY, run_config, np.random.default_rng([0, 1, 0])
    )
    estimates = system.estimate_pieces(batch[0])
    weights = unlikeness(run_with(PRINTED))
    loss = contrastive_loss(weights, "estimates")(batch[1], estimates)
    best = min(x["validation_loss"] for x in lines)
    assert float(np.mean(np.asarray(loss))) == pytest.approx(best, rel=5e-3)


def test_what_is_missing_or_wrong_is_said(run_config, tmp_path):
    with pytest.raises(ModelError, match="deepconvsep"):
        load_network(tmp_path, "deepconvsep", DeepConvSepConfig, deepconvsep.build)
    for values in (
        {"sources": ("guitar",)},
        {"sources": ("guitar", "guitar")},
        {"n_across": 9},
        {"columns_apart": 0},
        {"columns_apart": 9},
    ):
        with pytest.raises(ConfigError):
            dataclasses.replace(TINY, **values)
    for values in ({"pieces_per_excerpt": 0}, {"excerpt_s": 0.0}, {"batch_size": 0}):
        with pytest.raises(ConfigError):
            dataclasses.replace(run_config, **values)
    for values in ({"lead": "guira"}, {"rest": "voice"}, {"unlike": "songs"}):
        wrong = dataclasses.replace(run_config, **values)
        with pytest.raises(ConfigError):
            deepconvsep_training.compile_network(TINY, wrong)
