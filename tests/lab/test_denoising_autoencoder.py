# SPDX-License-Identifier: GPL-3.0-or-later
"""Autoencoders clean the separator's estimates, each its own source."""

import dataclasses
import json

import numpy as np
import pytest

from quartet import SOURCES, TINY, Loops, Stand
from requinto.errors import ConfigError, ModelError
from requinto_lab.networks.weights import load_network, save_networks
from requinto_lab.systems import (
    deepconvsep,
    deepconvsep_training,
    denoising_autoencoder,
)
from requinto_lab.systems.denoising_autoencoder import (
    Denoised,
    DenoisingAutoencoderConfig,
    DenoisingAutoencoderTraining,
)
from sounds import noise

QUARTERS = np.full((4, TINY.n_bins), 0.25)
OWN = DenoisingAutoencoderConfig("bass", TINY.n_columns, TINY.n_bins, n_positions=10)


class Times:
    """An autoencoder that multiplies."""

    def __init__(self, factor):
        self.factor = factor

    def predict_on_batch(self, pieces):
        assert pieces.shape[1:] == (TINY.n_columns, TINY.n_bins, 2)
        return self.factor * pieces

    def count_params(self):
        return 5


def test_the_network_is_as_wide_as_the_thesis_has_it():
    own = DenoisingAutoencoderConfig("guitar")
    assert own.n_kernel == 386
    network = denoising_autoencoder.build(own)
    convolution = 386 * 2 * 2 + 2
    one_way = 4 * 128 * (2 * 128 + 128 + 1)
    assert network.count_params() == 2 * convolution + 2 * one_way
    assert network.output_shape == network.input_shape == (None, 30, 513, 2)


@pytest.mark.parametrize("back", [False, True])
@pytest.mark.parametrize("n_filters", [1, 4])
def test_long_filters_are_keras_own_convolutions(back, n_filters):
    from keras import layers

    from requinto_lab.systems.layers import AcrossBins

    ours = AcrossBins(n_filters, 24, back=back)
    kind = layers.Conv2DTranspose if back else layers.Conv2D
    theirs = kind(n_filters, (1, 24))
    pieces = noise(3 * 8 * 33 * 2, 1).reshape(3, 8, 33, 2)
    theirs(pieces), ours(pieces)
    kernel, bias = ours.get_weights()
    ours.set_weights([kernel, bias + 0.5])
    kernel = kernel.swapaxes(1, 2) if back else kernel
    theirs.set_weights([kernel[None], bias + 0.5])
    assert ours(pieces).shape[2] == (33 + 23 if back else 33 - 23)
    np.testing.assert_allclose(ours(pieces), theirs(pieces), atol=1e-5)


def test_the_network_sees_both_directions_and_returns_nothing_negative():
    import keras

    keras.utils.set_random_seed(0)
    network = denoising_autoencoder.build(OWN)
    pieces = np.abs(noise(2 * 8 * 33 * 2, 1)).reshape(2, 8, 33, 2)
    output = network.predict_on_batch(pieces)
    assert output.shape == pieces.shape and output.min() == 0 and output.max() > 0
    for changed, looked_at in ((0, -1), (-1, 0)):
        other = pieces.copy()
        other[:, changed] *= 3
        again = network.predict_on_batch(other)
        assert np.abs(again - output)[:, looked_at].max() > 1e-4


@pytest.mark.parametrize("n_channels", [1, 2])
def test_magnitudes_are_those_of_the_autoencoders(n_channels):
    sound = noise(5000, n_channels)
    cleaners = {"guitar": Times(1.0), "bass": Times(2.0), "guira": Times(0.0)}
    system = Denoised(TINY, Stand(QUARTERS), cleaners)
    assert system.name == "deepconvsep (autoencoders)"
    assert system.n_parameters == 7 + 3 * 5
    answers = system.separate(sound)
    # Of the bongo there is no autoencoder: the separator's answer stays
    for answer, share in zip(answers, (0.25, 0.5, 0.25, 0.0), strict=True):
        np.testing.assert_allclose(answer, share * sound, atol=1e-5)


@pytest.mark.parametrize("n_frames", [400, 5000])
def test_masks_share_the_mixture_out(n_frames):
    sound = noise(n_frames, 2)
    cleaners = {"guitar": Times(3.0), "bass": Times(1.0), "guira": Times(0.0)}
    system = Denoised(TINY, Stand(QUARTERS), cleaners, way="masks")
    assert system.name == "deepconvsep (autoencoder masks)"
    answers = system.separate(sound)
    np.testing.assert_allclose(answers.sum(axis=0), sound, atol=1e-5)
    for answer, share in zip(answers, (0.6, 0.2, 0.2, 0.0), strict=True):
        np.testing.assert_allclose(answer, share * sound, atol=2e-3)


@pytest.mark.parametrize("way", denoising_autoencoder.WAYS)
def test_silence_stays_silence(way):
    class Loud(Times):
        def predict_on_batch(self, pieces):
            return pieces + 1

    system = Denoised(TINY, Stand(QUARTERS), {"bass": Loud(1)}, way=way)
    assert not system.separate(np.zeros((2, 3000), np.float32)).any()
    sound = noise(16 * 400, 2)
    sound[:, 16 * 200 :] = 0
    answers = system.separate(sound)
    assert np.abs(answers[1][:, : 16 * 180]).max() > 0.1
    assert not answers[:, :, 16 * 220 :].any()


@pytest.fixture
def run_config(monkeypatch, tmp_path):
    monkeypatch.setattr(deepconvsep_training, "LoopLibrary", Loops)
    separator = tmp_path / "separator"
    separator.mkdir()
    save_networks(separator, "deepconvsep", TINY, (deepconvsep.build(TINY),), {})
    return DenoisingAutoencoderTraining(
        loops="anywhere",
        run=str(tmp_path / "run"),
        separator=str(separator),
        sources=("bass", "guira"),
        n_positions=10,
        minutes=1e-6,
        excerpt_s=0.5,
        pieces_per_excerpt=4,
        steps_per_epoch=2,
        n_validation_batches=1,
        n_eval=1,
        epochs_per_eval=2,
    )


def test_training_steps_lower_the_loss_on_a_fixed_batch(run_config):
    excerpts = deepconvsep_training.make_excerpts(run_config, TINY, "train")
    rng = np.random.default_rng(3)
    mixtures, truths = deepconvsep_training.batch(excerpts, TINY, run_config, rng)
    config = dataclasses.replace(run_config, learning_rate=0.01)
    network = denoising_autoencoder.compile_network(OWN, config)
    batch = mixtures / 4, truths[:, 1]
    losses = [float(network.train_on_batch(*batch)) for _ in range(30)]
    assert losses[-1] < 0.8 * losses[0]


def log(folder):
    return [json.loads(x) for x in (folder / "log.jsonl").read_text().splitlines()]


def test_each_source_has_a_run_that_goes_on(run_config, monkeypatch):
    run = denoising_autoencoder.train(run_config)
    assert sorted(p.name for p in run.iterdir()) == ["bass", "guira"]
    (line,) = log(run / "bass")
    assert line["step"] == 2
    longer = dataclasses.replace(
        run_config, sources=("bass",), minutes=line["minutes"] + 1e-6, resume=True
    )
    denoising_autoencoder.train(longer)
    lines = log(run / "bass")
    assert lines[0] == line and lines[1]["step"] == 4 and len(log(run / "guira")) == 1
    for way in ("before", *denoising_autoencoder.WAYS):
        assert np.isfinite(lines[1][f"{way}_gain_db"])

    own, best = denoising_autoencoder.load(run / "bass", "bass")
    assert own == OWN
    record = json.loads((run / "bass" / "denoising-autoencoder-bass.json").read_text())
    assert record["n_parameters"] == best.count_params()
    separator = (run.parent / "separator" / "deepconvsep.json").read_text()
    provenance = record["provenance"]
    assert provenance["separator_sha256"] == json.loads(separator)["sha256"]
    assert "separator" not in provenance["training"]

    # What was saved is the model of the best epoch, in half precision
    excerpts = deepconvsep_training.make_excerpts(run_config, TINY, "validation")
    rng = np.random.default_rng([0, 1, 0])
    mixtures, truths = deepconvsep_training.batch(excerpts, TINY, run_config, rng)
    _, separating = load_network(
        run.parent / "separator", "deepconvsep", type(TINY), deepconvsep.build
    )
    seen = separating.predict_on_batch(mixtures)[:, 1]
    error = np.mean((best.predict_on_batch(seen) - truths[:, 1]) ** 2)
    assert error == pytest.approx(min(x["validation_loss"] for x in lines), rel=5e-3)


def test_released_autoencoders_are_loaded_with_the_separator(monkeypatch, tmp_path):
    (tmp_path / "targets.txt").write_text("guitar\n")
    monkeypatch.setenv("REQUINTO_MODELS", str(tmp_path))
    save_networks(tmp_path, "deepconvsep", TINY, (deepconvsep.build(TINY),), {})
    with pytest.raises(ModelError, match="denoising-autoencoder-guitar"):
        Denoised()
    sizes = []
    for source in SOURCES:
        own = dataclasses.replace(OWN, source=source)
        network = denoising_autoencoder.build(own)
        name = denoising_autoencoder.file_name(source)
        save_networks(tmp_path, name, own, (network,), {})
        sizes.append(network.count_params())
    system = Denoised()
    assert system.n_parameters == deepconvsep.build(TINY).count_params() + sum(sizes)
    answers = system.separate(noise(3000, 2))
    assert answers.shape == (4, 2, 3000) and np.isfinite(answers).all()


def test_what_is_wrong_is_said(run_config):
    for values in ({"n_positions": 0}, {"n_positions": 34}, {"n_filters": 3}):
        with pytest.raises(ConfigError):
            dataclasses.replace(OWN, **values)
    with pytest.raises(ConfigError, match="tape"):
        Denoised(TINY, Stand(QUARTERS), {}, way="tape")
    with pytest.raises(ConfigError, match="voice"):
        denoising_autoencoder.train(dataclasses.replace(run_config, sources=("voice",)))
