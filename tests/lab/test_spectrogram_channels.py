# SPDX-License-Identifier: GPL-3.0-or-later
"""The Spectrogram-channels U-Net is the report's, and does what its network says."""

import dataclasses
import json
from types import SimpleNamespace

import h5py
import numpy as np
import pytest

from requinto.errors import ConfigError, ModelError
from requinto.metrics import si_sdr
from requinto_lab.evaluation.systems import Task
from requinto_lab.networks.weights import save_networks
from requinto_lab.systems import spectrogram_channels as channels
from requinto_lab.systems.excerpts import Excerpts, ExcerptsConfig
from requinto_lab.systems.fixed_outputs import apply_gate, gains_db
from requinto_lab.systems.registry import TRAINERS
from requinto_lab.systems.spectrogram_channels import (
    SpectrogramChannels,
    SpectrogramChannelsConfig,
    SpectrogramChannelsTraining,
)
from requinto_lab.training import system_fit
from sounds import RATE, noise

CONFIG = SpectrogramChannelsConfig()
TINY = SpectrogramChannelsConfig(
    n_fft=128, hop=32, segment_frames=1408, n_poolings=1, first_width=8
)
HZ = {"guitar": 500, "bass": 1500, "bongo": 4500, "guira": 13500}  # of `Loops`


class Stand:
    """A network that gives each source a share of what it sees, by bins."""

    def __init__(self, shares):
        self.shares = np.asarray(shares, np.float32)  # (n_bins or 1, n_sources)
        self.seen = []

    def predict_on_batch(self, pictures):
        self.seen.append(pictures)
        n_bins = pictures.shape[1]
        shares = np.pad(self.shares, ((0, n_bins - len(self.shares)), (0, 0)), "edge")
        return pictures * shares[:, None, :]

    def count_params(self):
        return 0


EVENLY = [[0.4, 0.3, 0.2, 0.1]]


def test_the_reports_numbers():
    assert CONFIG.n_bins == 1025 and CONFIG.n_columns == 173
    assert CONFIG.picture == (1040, 176)
    assert CONFIG.widths == (32, 64, 128, 256, 512)
    assert channels.spectrum(noise(88200, 1), CONFIG).shape == (1, 1025, 173)


@pytest.mark.parametrize(
    ("divisor", "n_sources", "lowest", "highest"),
    [(1, 4, 7.7e6, 7.8e6), (2, 2, 1.93e6, 1.96e6)],
)
def test_networks_have_the_size_they_should(divisor, n_sources, lowest, highest):
    sources = CONFIG.sources[:n_sources]
    network = channels.build(SpectrogramChannelsConfig(sources, width_divisor=divisor))
    assert lowest < network.count_params() < highest
    assert network.input_shape == (None, 1040, 176, 1)
    assert network.output_shape == (None, 1040, 176, n_sources)


@pytest.mark.parametrize("n_channels", [1, 2])
@pytest.mark.parametrize("n_frames", [1, 100, 1408, 5003, 20000])
def test_shares_of_the_mixture_come_back_as_such(n_channels, n_frames):
    sound = noise(n_frames, n_channels)
    answers = SpectrogramChannels(TINY, Stand(EVENLY)).separate(sound)
    assert answers.shape == (4, n_channels, n_frames) and answers.dtype == np.float32
    # Single precision, through the transform and back, over the joins of segments
    for answer, share in zip(answers, EVENLY[0], strict=True):
        np.testing.assert_allclose(answer, share * sound, atol=2e-6)


def test_segments_of_two_seconds_overlap_and_joins_are_smooth():
    stand = Stand(EVENLY)
    sound = noise(5 * RATE, 1)
    answers = SpectrogramChannels(CONFIG, stand).separate(sound)
    seen = np.concatenate(stand.seen)
    assert seen.shape == (3, 1040, 176, 1)  # 431 columns, a segment each 130
    assert not seen[:, 1025:].any() and not seen[:, :, 173:].any()
    np.testing.assert_allclose(answers.sum(axis=0), sound, atol=1e-5)


def test_sources_that_lie_apart_are_separated():
    time_s = np.arange(20000) / RATE
    tones = np.stack([0.1 * np.sin(2 * np.pi * hz * time_s) for hz in HZ.values()])
    # Bins of 345 Hz: up to 1 kHz, 3 kHz, 9 kHz, and above
    edges = np.digitize(np.arange(TINY.n_bins) * RATE / TINY.n_fft, [1e3, 3e3, 9e3])
    system = SpectrogramChannels(TINY, Stand(np.eye(4)[edges]))
    answers = system.separate(tones.sum(axis=0, keepdims=True).astype(np.float32))
    for tone, answer in zip(tones, answers, strict=True):
        assert si_sdr(tone[None], answer) > 25  # side lobes of a short window


@pytest.mark.parametrize("gain", [1e-4, 3.0])
def test_the_network_sees_segments_at_one_loudness(gain):
    plain, other = Stand(EVENLY), Stand(EVENLY)
    sound = noise(5000, 1)
    answers = SpectrogramChannels(TINY, plain).separate(sound)
    scaled = SpectrogramChannels(TINY, other).separate(np.float32(gain) * sound)
    np.testing.assert_allclose(scaled, gain * answers, rtol=1e-3, atol=1e-6 * gain)
    np.testing.assert_allclose(
        np.concatenate(plain.seen), np.concatenate(other.seen), rtol=1e-3, atol=1e-3
    )
    # Noise at -20 dBFS: the window's energy over two, since bins are half of all
    power = np.mean(np.square(plain.seen[0][0, : TINY.n_bins, : TINY.n_columns]))
    assert power == pytest.approx(0.01 * 128 * 3 / 8, rel=1e-3)


def test_a_channel_is_separated_by_itself():
    network = channels.build(dataclasses.replace(TINY, width_divisor=4))
    system = SpectrogramChannels(TINY, network)
    sound = noise(6000, 2)
    both = system.separate(sound)
    np.testing.assert_allclose(both[:, :1], system.separate(sound[:1]), atol=1e-5)
    assert np.isfinite(both).all()
    assert not system.separate(np.zeros_like(sound)).any()


@pytest.mark.parametrize("n_channels", [1, 2])
@pytest.mark.parametrize("rate", [22050, 44100, 48000])
def test_an_estimate_has_the_mixtures_shape(n_channels, rate):
    mixture = 0.1 * noise(rate // 2 + 7, n_channels)
    system = SpectrogramChannels(TINY, Stand(EVENLY))
    estimate = system.estimate(Task(mixture, mixture, rate, "bass", None, mixture))
    assert estimate.shape == mixture.shape and estimate.dtype == np.float32
    if rate == 44100:
        np.testing.assert_allclose(estimate, 0.3 * mixture, atol=1e-6)
    assert system.applies("guira") and not system.applies("voice")


def test_the_gate_is_a_variant_of_the_system():
    sound = noise(3 * RATE, 1)
    sound[:, RATE : 2 * RATE] *= 0.001
    plain = SpectrogramChannels(TINY, Stand(EVENLY))
    gate = SpectrogramChannels(TINY, Stand(EVENLY), gate=True)
    assert (plain.name, gate.name) == (
        "spectrogram-channels",
        "spectrogram-channels (gate)",
    )
    answers = gate.separate(sound)
    for answer, open_answer in zip(answers, plain.separate(sound), strict=True):
        # The transform's last digit depends on where in memory it works
        np.testing.assert_allclose(answer, apply_gate(open_answer, RATE), atol=1e-8)
    assert not answers[..., 3 * RATE // 2].any()


@pytest.mark.parametrize("weights", [(0.5, 0.5), (0.707, 0.293), (0.0, 1.0)])
def test_the_loss_is_the_weighted_sum_of_absolute_errors(weights):
    from requinto_lab.systems.layers import SourceError, WeightedError

    rng = np.random.default_rng(0)
    truth, guess = rng.random((2, 3, 8, 6, 2), np.float32)
    errors = np.abs(truth - guess).mean(axis=(0, 1, 2))
    loss = float(WeightedError(weights)(truth, guess))
    assert loss == pytest.approx(float(errors @ weights), rel=1e-5)
    for i, error in enumerate(errors):
        metric = SourceError(i, "name")
        metric.update_state(truth, guess)
        assert float(metric.result()) == pytest.approx(float(error), rel=1e-5)


def test_answers_below_zero_are_silent_and_still_learn():
    import keras

    keras.utils.set_random_seed(0)
    network = channels.build(TINY)
    head = network.layers[-2]
    kernel, bias = head.get_weights()
    inputs = np.abs(noise(66 * 46, 1)).reshape(1, 66, 46, 1)
    head.set_weights([kernel * 0, bias - 3])  # below all truths
    assert not np.asarray(network(inputs)).any()
    network.compile(keras.optimizers.SGD(1.0), loss="mae", jit_compile=False)
    network.train_on_batch(inputs, np.ones((1, 66, 46, 4), np.float32))
    assert np.all(head.get_weights()[1] > -3)


class Loops:
    """Stands in for the library: two songs of tones, each instrument its own."""

    def __init__(self, folder, split):
        self.stems = [
            SimpleNamespace(
                song=f"{split}-{k}", instrument=name, part=name, n_frames=RATE
            )
            for k in range(2)
            for name in (*HZ, "piano")
        ]
        names = (*HZ, "piano")
        self.by_instrument = {
            n: [s for s in self.stems if s.instrument == n] for n in names
        }
        self.songs = {
            song: {s.instrument: [s] for s in self.stems if s.song == song}
            for song in {s.song for s in self.stems}
        }

    def read(self, stem, start, n_frames):
        hz = HZ.get(stem.instrument, 250)
        time_s = np.arange(start, start + n_frames) / RATE
        return 0.14 * np.sin(2 * np.pi * hz * time_s)[None].astype(np.float32)


@pytest.fixture
def run_config(monkeypatch, tmp_path):
    def tiny(run):
        return dataclasses.replace(
            TINY, sources=run.sources, width_divisor=run.width_divisor
        )

    monkeypatch.setattr(channels, "LoopLibrary", Loops)
    monkeypatch.setattr(SpectrogramChannelsTraining, "model_config", tiny)
    return SpectrogramChannelsTraining(
        loops="anywhere",
        run=str(tmp_path / "run"),
        minutes=1e-6,
        batch_size=2,
        learning_rate=1e-2,
        steps_per_epoch=2,
        n_validation_batches=1,
        n_eval=1,
        epochs_per_eval=2,
    )


def batch(sources, size=2):
    excerpts = Excerpts(
        Loops(None, "train"), ExcerptsConfig(sources, RATE, TINY.segment_frames)
    )
    model = dataclasses.replace(TINY, sources=sources)
    return channels.make_batch(excerpts, model, size, np.random.default_rng(1))


@pytest.mark.parametrize("sources", [tuple(HZ), ("guitar", "accompaniment")])
def test_pictures_are_of_the_sources_and_of_their_sum(sources):
    seen, wanted = batch(sources, size=3)
    assert seen.shape == (3, 66, 46, 1) and wanted.shape == (3, 66, 46, len(sources))
    # Magnitudes of a sum are at most the sum of the magnitudes
    assert np.all(seen[..., 0] <= wanted.sum(axis=-1) + 1e-3)
    power = np.mean(np.square(seen[:, : TINY.n_bins, : TINY.n_columns]), axis=(1, 2, 3))
    np.testing.assert_allclose(power, 0.01 * 128 * 3 / 8, rtol=1e-3)
    if sources == tuple(HZ):
        strongest = wanted.mean(axis=(0, 2)).argmax(axis=0) * RATE / TINY.n_fft
        np.testing.assert_allclose(strongest, list(HZ.values()), atol=345)


def test_training_steps_lower_the_loss_on_a_fixed_batch(run_config):
    network = channels.compile_network(TINY, run_config)
    given = batch(TINY.sources)
    rows = [network.train_on_batch(*given, return_dict=True) for _ in range(15)]
    assert rows[-1]["loss"] < 0.6 * rows[0]["loss"]
    assert rows[-1]["guira_l1"] < 0.6 * rows[0]["guira_l1"]


def test_the_learning_rate_falls_once():
    config = SpectrogramChannelsTraining(loops="", run="")
    shares = (0.0, 0.3, 0.66, 0.67, 0.9, 1.0)
    rates = [channels.rate(config, s) for s in shares]
    assert rates == [1e-3] * 3 + [1e-4] * 3


def test_a_run_leaves_its_record_and_goes_on(run_config):
    sources = ("guitar", "accompaniment")
    config = dataclasses.replace(run_config, sources=sources, model="some-model")
    run = channels.train(config)
    (line,) = system_fit.read_log(run)
    assert line["step"] == 2

    # So that what comes is no better, and the first model stays
    progress = json.loads((run / "progress.json").read_text())
    (run / "progress.json").write_text(json.dumps({**progress, "best": 0.0}))
    longer = dataclasses.replace(config, minutes=line["minutes"] + 1e-6, resume=True)
    channels.train(longer)
    lines = system_fit.read_log(run)
    assert lines[0] == line and lines[1]["step"] == 4
    for name in sources:
        assert np.isfinite(lines[1][f"{name}_gain_db"])
        assert lines[1][f"validation_{name}_l1"] > 0
    with h5py.File(run / "last.weights.h5") as checkpoint:
        # The optimiser went on too: its first variable counts its steps
        assert checkpoint["optimizer/vars/0"][()] == 4

    model, best = channels.load(run, "some-model")
    assert model == dataclasses.replace(TINY, sources=sources, width_divisor=2)
    record = json.loads((run / "some-model.json").read_text())
    assert record["n_parameters"] == best.count_params()
    assert record["provenance"]["training"]["sources"] == list(sources)


def test_a_saved_model_gives_the_same_answer(tmp_path, monkeypatch):
    network = channels.build(TINY)
    save_networks(tmp_path, channels.VOICE, TINY, (network,), {})
    (tmp_path / "targets.txt").write_text("guitar\n")
    monkeypatch.setenv("REQUINTO_MODELS", str(tmp_path))
    system = SpectrogramChannels(model=channels.VOICE)
    assert system.name == channels.VOICE and system.config == TINY
    assert system.n_parameters == network.count_params()
    sound = noise(4000, 1)
    expected = SpectrogramChannels(TINY, network).separate(sound)
    error = system.separate(sound) - expected
    assert np.abs(error).max() < 0.01 * np.abs(expected).max()  # half precision
    with pytest.raises(ModelError, match="spectrogram-channels"):
        SpectrogramChannels()


def test_gains_are_those_of_all_sources(run_config):
    excerpts = channels.evaluation_excerpts(run_config, TINY)
    system = SpectrogramChannels(TINY, Stand(np.full((1, 4), 0.25)))
    gains = gains_db(system, excerpts, 2)
    # A share of the mixture is as far from a source as the mixture is
    assert gains == {k: pytest.approx(0, abs=1e-3) for k in gains} and len(gains) == 5


@pytest.mark.parametrize(
    "values",
    [
        {"sources": ("bass", "bass")},
        {"sources": ()},
        {"width_divisor": 3},
        {"n_poolings": -1},
        {"hop": 2000},
        {"segment_frames": 100},
    ],
)
def test_what_cannot_be_a_system_is_said(values):
    with pytest.raises(ConfigError, match=next(iter(values)).removesuffix("_frames")):
        SpectrogramChannelsConfig(**values)


@pytest.mark.parametrize("weights", [(0.5, 0.5), (1.0, 1.0, 1.0, -1.0)])
def test_what_cannot_be_a_run_is_said(weights):
    with pytest.raises(ConfigError, match="weights"):
        SpectrogramChannelsTraining(loops="", run="", weights=weights)


def test_it_can_be_trained_by_name():
    assert TRAINERS[channels.NAME].endswith(SpectrogramChannelsTraining.__name__)
