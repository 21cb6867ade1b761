# SPDX-License-Identifier: GPL-3.0-or-later
"""Masks are masks with two outputs, none with one, and sources sum to the mixture."""

import dataclasses
import itertools
import json

import numpy as np
import pytest

from requinto.errors import ConfigError, ModelError, TargetError
from requinto.metrics import si_sdr
from requinto_lab.evaluation.systems import Task
from requinto_lab.networks.weights import save_networks
from requinto_lab.systems import masking, recurrent_masker, registry
from requinto_lab.systems.masking import Masker, MaskingConfig
from requinto_lab.systems.recurrent_masker import (
    RecurrentMasker,
    RecurrentMaskerConfig,
    RecurrentMaskerTraining,
)
from requinto_lab.training import system_fit
from sounds import RATE, noise

CONFIG = RecurrentMaskerConfig()
PAIR = ("guitar", "accompaniment")  # that the tests' library has
TINY = RecurrentMaskerConfig(n_fft=64, hop=32, n_bins=32, n_columns=8, n_units=8)
TINY_PAIR = dataclasses.replace(TINY, sources=PAIR)


class Stand:
    """A network whose masks are what a function says, and that keeps what it saw."""

    def __init__(self, draw):
        self.draw = draw
        self.seen = []

    def predict_on_batch(self, magnitudes):
        self.seen.append(magnitudes)
        return self.draw(magnitudes)

    def count_params(self):
        return 7


def constant(*shares):
    """Return a network that gives each source a share of everything."""
    return Stand(lambda x: np.stack([np.full_like(x, share) for share in shares], -1))


def task(mixture, instrument, sample_rate=RATE):
    return Task(mixture, mixture, sample_rate, instrument, None, mixture)


@pytest.mark.parametrize("n_frames", [258, 129 * 40, 16000, 16001])
@pytest.mark.parametrize("n_channels", [1, 2])
def test_a_spectrum_comes_back(n_frames, n_channels):
    sound = noise(n_frames, n_channels)
    spectra = masking.spectrum(sound, CONFIG)
    assert spectra.shape == (n_channels, 130, 1 + n_frames // 129)
    back = masking.waveform(spectra, CONFIG, n_frames)
    # Single precision
    np.testing.assert_allclose(back, sound, atol=2e-6)


def test_a_full_sine_has_magnitude_one():
    wave = np.sin(2 * np.pi * 1000 * np.arange(16000) / 16000).astype(np.float32)
    peak = np.abs(masking.spectrum(wave, CONFIG))[:, 10:-10].max()
    assert peak == pytest.approx(1, abs=0.15)  # between two bins it is less


@pytest.mark.parametrize("n_frames", [1, 1000, 16000, 40001])
@pytest.mark.parametrize("n_channels", [1, 2])
def test_shares_of_everything_are_shares_and_sum_to_the_mixture(n_frames, n_channels):
    sound = noise(n_frames, n_channels)
    system = RecurrentMasker(CONFIG, constant(0.3, 0.7))
    voice, rest = system.separate(sound)
    np.testing.assert_allclose(voice, 0.3 * sound, atol=2e-6)
    np.testing.assert_allclose(voice + rest, sound, atol=2e-6)
    assert system.n_parameters == 7


@pytest.mark.parametrize("n_pieces", [1, 2, 7, 33])
def test_pieces_overlap_by_half_and_joins_are_smooth(n_pieces):
    stand = Stand(lambda x: np.stack([x, 1 - x], axis=-1))
    masker = Masker("stand", TINY, stand)
    magnitudes = np.abs(noise(33 * 4 * (n_pieces + 1), 1)).reshape(1, 33, -1)
    masks = masker.masks(magnitudes)
    # Where pieces agree their mean is what they say; the 33rd bin repeats the 32nd
    np.testing.assert_allclose(masks[0, 0, :32], magnitudes[0, :32], rtol=1e-5)
    np.testing.assert_array_equal(masks[:, :, 32], masks[:, :, 31])
    assert {len(x) for x in stand.seen} == {32}
    n_seen = sum(int(x.any(axis=(1, 2)).sum()) for x in stand.seen)
    assert n_seen == n_pieces


def test_each_channel_is_separated_by_itself():
    def loud_to_voice(x):
        share = np.broadcast_to(x.max(axis=(1, 2), keepdims=True) > 0.2, x.shape)
        return np.stack([share, ~share], axis=-1).astype(np.float32)

    time_s = np.arange(16000) / 16000
    wave = np.sin(2 * np.pi * 1000 * time_s).astype(np.float32)
    sound = np.stack([wave, 0.1 * wave])
    voice, rest = RecurrentMasker(CONFIG, Stand(loud_to_voice)).separate(sound)
    np.testing.assert_allclose(voice, [wave, 0 * wave], atol=1e-5)
    np.testing.assert_allclose(rest, [0 * wave, 0.1 * wave], atol=1e-5)


def test_the_true_ratio_separates():
    time_s = np.arange(3 * 16000) / 16000
    low = np.sin(2 * np.pi * 500 * time_s) * (1 + np.sin(2 * np.pi * time_s))
    high = np.sin(2 * np.pi * 3000 * time_s)
    stems = 0.2 * np.stack([low, high])[:, None].astype(np.float32)

    class Oracle(Masker):
        def masks(self, magnitudes):
            each = np.abs(masking.spectrum(stems, self.config))
            return each / (each.sum(axis=0) + 1e-12)

    answers = Oracle("oracle", CONFIG, constant(1)).separate(stems.sum(axis=0))
    for stem, answer in zip(stems, answers, strict=True):
        assert si_sdr(stem, answer) > 30


@pytest.mark.parametrize("sample_rate", [16000, 44100, 48000])
@pytest.mark.parametrize("n_channels", [1, 2])
def test_an_estimate_has_the_mixtures_shape(sample_rate, n_channels):
    mixture = 0.1 * noise(sample_rate + 13, n_channels)
    system = RecurrentMasker(CONFIG, constant(1.0, 0.0))
    estimate = system.estimate(task(mixture, "voice", sample_rate))
    assert estimate.shape == mixture.shape and estimate.dtype == np.float32
    if sample_rate == 16000:
        np.testing.assert_allclose(estimate, mixture, atol=1e-5)
    assert not system.estimate(task(0 * mixture, "voice", sample_rate)).any()
    with pytest.raises(TargetError, match="guitar"):
        system.estimate(task(mixture, "guitar", sample_rate))


def test_the_network_has_the_guides_layers():
    network = recurrent_masker.build(CONFIG)
    kinds = [type(layer).__name__ for layer in network.layers]
    assert [kinds.count(kind) for kind in ("LSTM", "LeakyReLU", "Dropout")] == [2, 2, 2]
    assert network.layers[-2].activation.__name__ == "sigmoid"
    assert network.input_shape == (None, 100, 129)
    assert network.output_shape == (None, 100, 129, 2)
    assert network.count_params() * 2 < 3e6  # bytes, in half precision


@pytest.mark.parametrize("loudness", [1e-6, 1e-2, 100.0])
def test_two_outputs_make_masks_and_one_output_does_not(loudness):
    import keras

    keras.utils.set_random_seed(0)
    x = loudness * (0.75 + 0.25 * noise(3 * 8 * 32, 1)).reshape(3, 8, 32)
    two = np.asarray(recurrent_masker.build(TINY)(x))
    assert two.shape == (3, 8, 32, 2)
    assert two.min() >= 0 and two.max() <= 1
    np.testing.assert_allclose(two.sum(axis=-1), 1, atol=1e-6)
    one = recurrent_masker.build(dataclasses.replace(TINY, n_outputs=1))
    masks = np.asarray(one(x))
    assert masks.shape == (3, 8, 32, 1)
    # Its estimate is a sigmoid, whatever the mixture is
    estimate = masks[..., 0] * x
    assert estimate.min() > 0.05 and estimate.max() < 1
    assert (masks.max() > 1) == (loudness < 1)
    assert np.isfinite(np.asarray(one(0 * x))).all()


def test_masks_of_silence_sum_to_one():
    from requinto_lab.systems.layers import RatioMasks

    masks = np.asarray(RatioMasks(2)(np.zeros((1, 2, 6), np.float32)))
    np.testing.assert_allclose(masks, 0.5)
    signs = np.array([[[3.0, -1.0, -1.0, 3.0]]], np.float32)
    ratios = np.asarray(RatioMasks(2)(signs))[0, 0]
    np.testing.assert_allclose(ratios, [[0.75, 0.25], [0.25, 0.75]])


def test_the_loss_is_the_error_of_masked_magnitudes():
    from requinto_lab.systems.layers import masked_loss

    rng = np.random.default_rng(0)
    stems = rng.uniform(0, 1, (2, 3, 4, 2)).astype(np.float32)
    mixture = stems.sum(axis=-1, keepdims=True)
    truth = np.concatenate([stems, mixture], axis=-1)
    half = np.full_like(stems, 0.5)

    def relative(difference):
        squares = np.mean(np.square(difference), axis=(1, 2, 3))
        return np.mean(squares / np.mean(np.square(mixture), axis=(1, 2, 3)))

    def loss(masks, discrimination=0.0):
        return float(masked_loss(discrimination)(truth, masks))

    assert loss(stems / mixture) == pytest.approx(0, abs=1e-9)
    error = relative(mixture / 2 - stems)
    assert loss(half) == pytest.approx(error, rel=1e-5)
    # Half of all is as far from the one as from the other
    assert loss(half, 0.05) == pytest.approx(0.95 * error, rel=1e-5)
    apart = relative(stems - stems[..., ::-1])
    assert loss(stems / mixture, 0.05) == pytest.approx(-0.05 * apart, rel=1e-5)
    voice = relative(mixture / 2 - stems[..., :1])
    assert loss(half[..., :1]) == pytest.approx(voice, rel=1e-5)


@pytest.mark.parametrize("n_pieces", [1, 3])
def test_examples_are_whole_pieces_of_the_mixture_and_its_sources(n_pieces):
    size = masking.excerpt_frames(TINY, n_pieces)
    stems = noise(size, 2)
    hiss = 0.1 * noise(size, 1, seed=1)[0]
    seen, truth = masking.examples(stems, hiss, TINY)
    assert seen.shape == (n_pieces, 8, 32) and truth.shape == (n_pieces, 8, 32, 3)
    sounds = np.stack([*stems, stems.sum(axis=0) + hiss])
    whole = np.abs(masking.spectrum(sounds, TINY))
    for i, k in itertools.product(range(n_pieces), range(3)):
        expected = whole[k, :32, 8 * i : 8 * i + 8].T
        np.testing.assert_allclose(truth[i, ..., k], expected, rtol=1e-5, atol=1e-7)
    np.testing.assert_array_equal(seen, truth[..., 2])


@pytest.fixture
def run(library, monkeypatch, tmp_path):
    def tiny(run):
        return dataclasses.replace(TINY_PAIR, n_outputs=run.n_outputs)

    monkeypatch.setattr(RecurrentMaskerTraining, "model_config", tiny)
    return RecurrentMaskerTraining(
        loops=str(library),
        run=str(tmp_path / "run"),
        minutes=1e-6,
        batch_size=2,
        n_pieces=3,
        learning_rate=1e-2,
        steps_per_epoch=2,
        n_validation_batches=1,
        n_eval=1,
        epochs_per_eval=1,
    )


@pytest.mark.parametrize("n_outputs", [1, 2])
def test_steps_lower_the_loss(run, n_outputs):
    config = dataclasses.replace(TINY, n_outputs=n_outputs)
    network = masking.compile_network(run, lambda: recurrent_masker.build(config))
    rng = np.random.default_rng(0)
    stems = rng.uniform(0, 0.5, (8, 8, 32, 2)).astype(np.float32)
    stems[..., :16, 0] *= 0.1
    stems[..., 16:, 1] *= 0.1
    truth = np.concatenate([stems, stems.sum(axis=-1, keepdims=True)], axis=-1)
    losses = [float(network.train_on_batch(truth[..., 2], truth)) for _ in range(40)]
    assert losses[-1] < 0.6 * losses[0]


def test_a_run_leaves_its_record_and_goes_on(run):
    folder = recurrent_masker.train(run)
    (line,) = system_fit.read_log(folder)
    assert line["step"] == 2
    assert np.isfinite(line["guitar_gain_db"])
    longer = dataclasses.replace(run, minutes=line["minutes"] + 1e-6, resume=True)
    recurrent_masker.train(longer)
    lines = system_fit.read_log(folder)
    assert [row["step"] for row in lines] == [2, 4] and lines[0] == line
    record = json.loads((folder / "recurrent-masker.json").read_text())
    assert record["config"] == json.loads(json.dumps(dataclasses.asdict(TINY_PAIR)))
    assert record["provenance"]["training"]["n_pieces"] == 3


def test_a_saved_model_gives_the_same_answer(monkeypatch, tmp_path):
    (tmp_path / "targets.txt").write_text("guitar\n")
    monkeypatch.setenv("REQUINTO_MODELS", str(tmp_path))
    sound = 0.3 * noise(4000, 2)
    for n_outputs, name in recurrent_masker.NAMES.items():
        config = dataclasses.replace(TINY, n_outputs=n_outputs)
        network = recurrent_masker.build(config)
        save_networks(tmp_path, name, config, (network,), {})
        loaded = RecurrentMasker(n_outputs=n_outputs)
        assert loaded.config == config
        mine = RecurrentMasker(config, network)
        assert loaded.name == mine.name
        # Weights are saved in half precision
        expected = mine.separate(sound)
        np.testing.assert_allclose(loaded.separate(sound), expected, atol=1e-2)
    assert "(one output)" in RecurrentMasker(n_outputs=1).name
    (tmp_path / "recurrent-masker.npz").write_bytes(b"damaged")
    with pytest.raises(ModelError, match="damaged"):
        RecurrentMasker()
    with pytest.raises(ConfigError, match="3"):
        RecurrentMasker(n_outputs=3)


def test_what_is_wrong_is_said(run):
    wrong = [
        {"hop": 130},
        {"hop": 0},
        {"n_bins": 131},
        {"n_columns": 1},
        {"n_outputs": 3},
        {"n_units": 0},
        {"dropout": 1.0},
        {"sources": ("voice",)},
        {"sources": ("voice", "bass", "drums")},
    ]
    for values in wrong:
        with pytest.raises(ConfigError):
            RecurrentMaskerConfig(**values)
    with pytest.raises(ConfigError):
        MaskingConfig(("voice",))
    for values in ({"name": ""}, {"n_pieces": 0}, {"quietest_noise_db": 0.0}):
        with pytest.raises(ConfigError):
            dataclasses.replace(run, **values)
    with pytest.raises(ConfigError, match="unknown"):
        registry.train("recurrent-masker", {"loops": "", "run": "", "speed": 1})
