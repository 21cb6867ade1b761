# SPDX-License-Identifier: GPL-3.0-or-later
"""Two sources sum to the mixture, and a run has the mixtures that it should."""

import dataclasses
import json

import numpy as np
import pytest

from requinto.errors import ConfigError, ModelError, TargetError
from requinto_lab.evaluation.systems import Task
from requinto_lab.networks.weights import load_network, save_networks
from requinto_lab.systems import lstm_separator, masking, registry
from requinto_lab.systems.lstm_separator import (
    LstmSeparator,
    LstmSeparatorConfig,
    LstmSeparatorTraining,
)
from requinto_lab.training import system_fit
from sounds import noise

PAIR = ("guitar", "bass")  # that the tests' library has
TINY = LstmSeparatorConfig(
    sources=PAIR, n_fft=64, hop=32, n_bins=33, n_columns=8, n_units=8, n_hidden=12
)


def network(config=TINY, seed=0):
    import keras

    keras.utils.set_random_seed(seed)
    return lstm_separator.build(config)


def test_the_network_has_lstm_cells_a_hidden_layer_and_masks():
    built = network(LstmSeparatorConfig())
    kinds = [type(layer).__name__ for layer in built.layers[-4:]]
    assert kinds == ["LSTM", "Dense", "Dense", "RatioMasks"]
    assert built.input_shape == (None, 64, 513)
    assert built.output_shape == (None, 64, 513, 2)
    assert built.count_params() * 2 < 3e6  # bytes, in half precision


@pytest.mark.parametrize("n_frames", [1, 500, 16000, 70001])
@pytest.mark.parametrize("n_channels", [1, 2])
@pytest.mark.parametrize("level", [1e-4, 0.1, 1.0])
def test_the_two_outputs_sum_to_the_mixture(n_frames, n_channels, level):
    sound = level * noise(n_frames, n_channels)
    system = LstmSeparator(TINY, network())
    estimates = system.separate(sound)
    assert (
        estimates.shape == (2, n_channels, n_frames) and estimates.dtype == np.float32
    )
    # Single precision
    np.testing.assert_allclose(estimates.sum(axis=0), sound, atol=3e-6 * level)
    assert not system.separate(0 * sound).any()
    if n_frames > 500:
        assert min(np.abs(estimates).max(axis=(1, 2))) > 0.01 * level  # none has it all


def test_masks_are_complementary_and_see_the_sound():
    built = network()
    seen = np.abs(noise(4 * 8 * 33, 1)).reshape(4, 8, 33)
    masks = np.asarray(built(seen))
    assert masks.min() >= 0 and masks.max() <= 1
    np.testing.assert_allclose(masks.sum(axis=-1), 1, atol=1e-6)
    assert np.abs(masks - np.asarray(built(0.1 * seen))).max() > 1e-3
    # Cells look back only: what comes later changes nothing
    later = seen.copy()
    later[:, 5:] = 0
    changed = np.abs(np.asarray(built(later)) - masks).max(axis=(0, 2, 3))
    assert changed[:5].max() < 1e-6 < 1e-3 < changed[5:].min()


def test_it_estimates_its_own_sources():
    system = LstmSeparator(TINY, network())
    mixture = 0.1 * noise(44100, 2)
    task = Task(mixture, mixture, 44100, "bass", None, mixture)
    estimate = system.estimate(task)
    assert estimate.shape == mixture.shape and estimate.any()
    assert np.isfinite(estimate).all()
    assert system.applies("guitar") and not system.applies("voice")
    assert system.name == "lstm-separator-guitar-bass"
    with pytest.raises(TargetError, match="drums"):
        system.estimate(dataclasses.replace(task, instrument="drums"))


@pytest.fixture
def run(library, monkeypatch, tmp_path):
    def tiny(run):
        return dataclasses.replace(TINY, sources=run.sources)

    monkeypatch.setattr(LstmSeparatorTraining, "model_config", tiny)
    return LstmSeparatorTraining(
        loops=str(library),
        run=str(tmp_path / "run"),
        sources=PAIR,
        minutes=1e-6,
        batch_size=2,
        n_pieces=3,
        steps_per_epoch=2,
        n_validation_batches=1,
        n_eval=1,
        epochs_per_eval=1,
    )


@pytest.mark.parametrize(("low_db", "high_db"), [(-40, -10), (-20, -20), (0, 3)])
def test_noise_has_the_level_it_should_and_belongs_to_no_source(run, low_db, high_db):
    noisy = dataclasses.replace(
        run, noisy=1.0, quietest_noise_db=low_db, loudest_noise_db=high_db
    )
    mixture = 0.2 * noise(20000, 1)[0]
    power = np.mean(np.square(mixture))
    levels_db = []
    for seed in range(20):
        hiss = masking.noise(mixture, noisy, np.random.default_rng(seed))
        levels_db.append(10 * np.log10(np.mean(np.square(hiss)) / power))
    assert low_db - 0.3 < min(levels_db) and max(levels_db) < high_db + 0.3
    assert max(levels_db) - min(levels_db) >= 0.6 * (high_db - low_db)
    silent = dataclasses.replace(run, noisy=0.0)
    assert not masking.noise(mixture, silent, np.random.default_rng(0)).any()


def test_half_of_the_excerpts_are_noisy(run):
    half = dataclasses.replace(run, noisy=0.5)
    rng = np.random.default_rng(0)
    mixture = noise(100, 1)[0]
    noisy = [masking.noise(mixture, half, rng).any() for _ in range(200)]
    assert 70 < sum(noisy) < 130


def test_a_batch_is_of_the_library(run):
    excerpts = masking.make_excerpts(run, TINY, "train", run.remixed)
    seen, truth = masking.make_batch(excerpts, run, TINY, np.random.default_rng(0))
    assert seen.shape == (6, 8, 33) and truth.shape == (6, 8, 33, 3)
    assert np.isfinite(truth).all() and truth[..., :2].any(axis=(0, 1, 2)).all()


def test_steps_lower_the_loss(run):
    quick = dataclasses.replace(run, learning_rate=1e-2)
    built = masking.compile_network(quick, lambda: lstm_separator.build(TINY))
    rng = np.random.default_rng(0)
    stems = rng.uniform(0, 0.5, (8, 8, 33, 2)).astype(np.float32)
    stems[..., :16, 0] *= 0.1
    stems[..., 16:, 1] *= 0.1
    truth = np.concatenate([stems, stems.sum(axis=-1, keepdims=True)], axis=-1)
    losses = [float(built.train_on_batch(truth[..., 2], truth)) for _ in range(40)]
    assert losses[-1] < 0.5 * losses[0]


def test_a_run_leaves_its_record_and_goes_on(run):
    folder = registry.train("lstm-separator", dataclasses.asdict(run))
    (line,) = system_fit.read_log(folder)
    assert np.isfinite([line["guitar_gain_db"], line["bass_gain_db"]]).all()
    longer = dataclasses.replace(run, minutes=line["minutes"] + 1e-6, resume=True)
    lstm_separator.train(longer)
    assert [row["step"] for row in system_fit.read_log(folder)] == [2, 4]
    record = json.loads((folder / "lstm-separator.json").read_text())
    assert record["config"]["sources"] == list(PAIR)
    config, best = load_network(
        folder, "lstm-separator", LstmSeparatorConfig, lstm_separator.build
    )
    assert config == TINY and record["n_parameters"] == best.count_params()


def test_saved_models_give_the_same_answer(monkeypatch, tmp_path):
    (tmp_path / "targets.txt").write_text("guitar\n")
    monkeypatch.setenv("REQUINTO_MODELS", str(tmp_path))
    sound = 0.3 * noise(4000, 2)
    for seed, (sources, name) in enumerate(lstm_separator.NAMES.items()):
        config = dataclasses.replace(TINY, sources=sources)
        built = network(config, seed)
        save_networks(tmp_path, name, config, (built,), {})
        loaded = LstmSeparator(sources=sources)
        assert loaded.sources == sources
        # Weights are saved in half precision
        expected = LstmSeparator(config, built).separate(sound)
        np.testing.assert_allclose(loaded.separate(sound), expected, atol=1e-2)
    (tmp_path / "lstm-separator.npz").unlink()
    with pytest.raises(ModelError, match="lstm-separator"):
        LstmSeparator()
    with pytest.raises(ConfigError, match="voice, drums; guitar, bass"):
        LstmSeparator(sources=("piano", "flute"))


def test_what_is_wrong_is_said():
    for values in ({"n_units": 0}, {"n_hidden": 0}, {"hop": 600}, {"n_bins": 514}):
        with pytest.raises(ConfigError):
            LstmSeparatorConfig(**values)
