# SPDX-License-Identifier: GPL-3.0-or-later
"""The thesis' system is the thesis' system, and does what its network says."""

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest

from requinto.beats import Beats
from requinto.config import current_names, from_values, tomllib
from requinto.errors import ConfigError
from requinto.metrics import si_sdr
from requinto_lab.evaluation.systems import Task
from requinto_lab.networks.backend import prepare_keras
from requinto_lab.networks.weights import load_network, save_networks
from requinto_lab.systems import bachata2020
from requinto_lab.systems.bachata2020 import NAME, Bachata2020, Bachata2020Config, build
from requinto_lab.systems.registry import read_run
from requinto_lab.training.system_fit import Run
from sounds import RATE, clicks, noise
from thesis import TINY, Stand

CONFIG = Bachata2020Config()


def chord(duration_s, sample_rate=RATE, n_channels=1):
    """Return decaying tones on each half second, below 2 kHz."""
    time_s = np.arange(round(duration_s * sample_rate)) / sample_rate
    tones = sum(np.sin(2 * np.pi * hz * time_s) for hz in (110, 277, 660, 1500))
    wave = 0.1 * tones * np.exp(-4 * (time_s % 0.5))
    return np.tile(wave, (n_channels, 1)).astype(np.float32)


def task(mixture, beats, reference=None, sample_rate=RATE):
    if reference is None:
        reference = chord(3.0, sample_rate)
    return Task(mixture, reference, sample_rate, "guitar", beats, mixture)


def grid(tempo_bpm, duration_s, first_s):
    """Return beats of which none comes before `first_s`."""
    times = np.arange(first_s, duration_s, 60 / tempo_bpm)
    return Beats(times, times[::4], tempo_bpm)


@pytest.mark.parametrize(
    ("divisor", "lowest", "highest"), [(1, 31.0e6, 31.1e6), (4, 1.93e6, 1.97e6)]
)
def test_networks_have_the_size_they_should(divisor, lowest, highest):
    config = Bachata2020Config(width_divisor=divisor)
    assert config.widths[-1] == 1024 // divisor
    assert lowest < bachata2020.build(config).count_params() < highest


@pytest.mark.parametrize("sound", ["noise", "chord", "impulse at the end"])
def test_a_clip_is_a_square_picture_and_comes_back(sound):
    clip = {
        "noise": noise(CONFIG.clip_frames, 1)[0],
        "chord": chord(3.0, 11025)[0, : CONFIG.clip_frames],
        "impulse at the end": np.eye(1, CONFIG.clip_frames, CONFIG.clip_frames - 1)[0],
    }[sound].astype(np.float32)
    spectra = bachata2020.spectrum(clip, CONFIG)
    assert spectra.shape == (256, 256)
    error = bachata2020.waveform(spectra, CONFIG) - clip
    # To its edges; what remains is single precision
    assert 20 * np.log10(np.abs(error).max() / np.abs(clip).max()) < -100
    logs = bachata2020.compress(spectra)
    np.testing.assert_allclose(
        bachata2020.expand(logs), np.abs(spectra), rtol=1e-4, atol=1e-5
    )


@pytest.mark.parametrize("n_frames", [15000, 18000, 27000])
def test_stretching_keeps_pitch_and_changes_length(n_frames):
    tone = np.sin(2 * np.pi * 1000 * np.arange(n_frames) / 11025).astype(np.float32)
    longer = bachata2020.stretch(tone, CONFIG.clip_frames)
    assert len(longer) == CONFIG.clip_frames
    peak_hz = np.abs(np.fft.rfft(longer)).argmax() * 11025 / CONFIG.clip_frames
    assert peak_hz == pytest.approx(1000, abs=3)
    if n_frames == CONFIG.clip_frames:
        np.testing.assert_array_equal(longer, tone)


@pytest.mark.parametrize("first_s", [0.0, 0.4, 1.7])
@pytest.mark.parametrize("tempo_bpm", [60, 120, 147, 190])
def test_clips_are_four_beats_each_from_the_first_beat(first_s, tempo_bpm):
    n_frames = 10 * 11025 + 7
    bounds = bachata2020.clip_bounds(grid(tempo_bpm, 10.0, first_s), n_frames, CONFIG)
    starts = [start for start, _ in bounds]
    assert starts[0] == round(first_s * 11025)
    assert starts[1:] == [end for _, end in bounds[:-1]]
    assert bounds[-1][0] < n_frames <= bounds[-1][1]
    lengths = [end - start for start, end in bounds]
    np.testing.assert_allclose(lengths, 4 * 60 / tempo_bpm * 11025, atol=1)


def test_a_pickup_shifts_the_clips_and_no_beat_at_all_is_no_error():
    # Not even downbeats move the cuts: the thesis' open issue of the intro
    beats = Beats(np.arange(0.25, 9, 0.5), np.arange(1.25, 9, 2.0), 120.0)
    assert bachata2020.clip_bounds(beats, 99225, CONFIG)[0][0] == round(0.25 * 11025)
    late = Beats(np.array([9.5, 10.0]), np.array([9.5]), 120.0)
    assert bachata2020.clip_bounds(late, 99225, CONFIG)[0][0] == 99225
    nothing = Bachata2020(CONFIG, Stand()).estimate(task(chord(9.0), late))
    assert nothing.shape == (1, 9 * RATE) and not nothing.any()


@pytest.mark.parametrize("normalise", [True, False])
@pytest.mark.parametrize("unstretch", bachata2020.UNSTRETCHES)
def test_an_unchanged_picture_is_the_mixture_at_147_bpm(unstretch, normalise):
    first_s = 0.4
    mixture = chord(7.0, n_channels=2)
    config = dataclasses.replace(CONFIG, normalise=normalise)
    system = Bachata2020(config, Stand(), unstretch=unstretch)
    estimate = system.estimate(task(mixture, grid(147, 7.0, first_s)))
    begin = round(first_s * RATE)
    assert not estimate[:, : begin - 100].any() or (
        np.abs(estimate[:, : begin - 100]).max() < 1e-3  # the resampler's ringing
    )
    # Bound by single precision and by resampling
    assert si_sdr(mixture[:, begin + 100 :], estimate[:, begin + 100 :]) > 30


@pytest.mark.parametrize("tempo_bpm", [90, 120, 180])
def test_elsewhere_the_mask_way_keeps_the_waveform_and_the_vocoder_the_sound(tempo_bpm):
    mixture = chord(8.0)
    beats = grid(tempo_bpm, 8.0, 0.0)
    estimates = {
        way: Bachata2020(CONFIG, Stand(), unstretch=way).estimate(task(mixture, beats))
        for way in bachata2020.UNSTRETCHES
    }
    assert si_sdr(mixture, estimates["mask"]) > 30
    # The vocoder's phases are its own: what it keeps is where energy lies
    truth, extracted = (
        np.abs(bachata2020.librosa.stft(x[0], n_fft=4096))
        for x in (mixture, estimates["vocoder"])
    )
    assert si_sdr(truth, extracted) > 7


@pytest.mark.parametrize("n_channels", [1, 2])
@pytest.mark.parametrize("sample_rate", [44100, 48000])
@pytest.mark.parametrize("unstretch", bachata2020.UNSTRETCHES)
def test_an_estimate_has_the_mixtures_shape(n_channels, sample_rate, unstretch):
    mixture = noise(5 * sample_rate + 13, n_channels) * 0.1
    system = Bachata2020(CONFIG, Stand(), unstretch=unstretch)
    noisy = task(mixture, grid(100, 5.0, 0.3), sample_rate=sample_rate)
    estimate = system.estimate(noisy)
    assert estimate.shape == mixture.shape and estimate.dtype == np.float32
    assert np.isfinite(estimate).all() and estimate.any()
    np.testing.assert_array_equal(estimate[0], estimate[-1])
    silent = dataclasses.replace(noisy, mixture=np.zeros_like(mixture))
    assert not system.estimate(silent).any()


def test_beats_are_tracked_where_they_are_not_given():
    mixture = 0.5 * clicks(120, 12.0)
    mixture = np.pad(mixture, ((0, 0), (RATE, 0)))
    stand = Stand()
    estimate = Bachata2020(CONFIG, stand).estimate(task(mixture, None))
    assert estimate.shape == mixture.shape and estimate.any()
    # Six clips of two seconds, and perhaps one that begins or ends outside
    assert 6 <= sum(map(len, stand.seen)) <= 8


def test_the_network_sees_the_clip_and_the_reference_each_at_full_scale():
    reference = np.pad(chord(4.0), ((0, 0), (RATE, 0)))
    stand = Stand()
    mixture = 0.2 * noise(8 * RATE, 1)
    whole = task(mixture, grid(147, 8.0, 0.0), reference)
    Bachata2020(CONFIG, stand).estimate(whole)
    seen = np.concatenate(stand.seen)
    assert seen.shape[1:] == (256, 256, 2)
    np.testing.assert_allclose(seen.max(axis=(1, 2)), 1)
    # Its second of silence is left out, and it is the same for all clips
    assert seen[0, :, :4, 1].max() > 0.3
    np.testing.assert_array_equal(seen[0, ..., 1], seen[-1, ..., 1])
    quiet = Stand()
    lower = dataclasses.replace(whole, reference=0.5 * chord(4.0))
    Bachata2020(CONFIG, quiet).estimate(lower)
    np.testing.assert_array_equal(seen[..., 0], np.concatenate(quiet.seen)[..., 0])


@pytest.mark.parametrize("unstretch", bachata2020.UNSTRETCHES)
def test_a_drawing_below_silence_is_silence(unstretch):
    below = Stand()
    below.predict_on_batch = lambda pictures: -pictures[..., :1]
    config = dataclasses.replace(CONFIG, clamp=False, normalise=False)
    system = Bachata2020(config, below, unstretch=unstretch)
    assert not system.estimate(task(chord(4.0), grid(100, 4.0, 0.0))).any()


def test_the_networks_output_is_clamped_and_clamped_values_still_learn():
    prepare_keras()
    import keras

    keras.utils.set_random_seed(0)
    network = bachata2020.build(TINY)
    head = network.layers[-2]
    kernel, bias = head.get_weights()
    inputs = np.abs(noise(64 * 64 * 2, 1)).reshape(1, 64, 64, 2)
    signs = np.resize([1000.0, -1000.0], kernel.shape)
    head.set_weights([signs, bias])
    output = np.asarray(network(inputs))
    assert output.shape == (1, 64, 64, 1)
    assert output.min() == 0 and output.max() == 1
    free = bachata2020.build(dataclasses.replace(TINY, clamp=False))
    free.set_weights(network.get_weights())
    unlimited = np.asarray(free(inputs))
    assert unlimited.min() < -1 and unlimited.max() > 2
    np.testing.assert_allclose(np.clip(unlimited, 0, 1), output, atol=1e-6)

    head.set_weights([kernel * 0, bias - 3])  # below all truths
    network.compile(keras.optimizers.SGD(1.0), loss="mse", jit_compile=False)
    network.train_on_batch(inputs, np.ones((1, 64, 64, 1), np.float32))
    assert head.get_weights()[1][0] > -3


def test_the_released_model_is_as_its_toml_says_and_draws_as_it_did():
    models = Path(__file__).parents[2] / "models"
    values = tomllib.loads((models / "bachata2020.toml").read_text())
    recipe = dataclasses.asdict(read_run(values.pop("system"), values))
    record = json.loads((models / "bachata2020.json").read_text())
    made = record["provenance"]["training"]
    # The record is older than the names of today
    assert made.pop("n_validation_songs") == recipe["n_eval"]
    made = current_names(Run, made)
    assert {name: recipe[name] for name in made} == made

    config, network = load_network(models, NAME, Bachata2020Config, build)
    assert network.count_params() == record["n_parameters"]
    waves = np.stack([chord(3.0, 11025)[0], noise(33075, 1)[0]])[
        :, : config.clip_frames
    ]
    logs = bachata2020.compress(bachata2020.spectrum(waves, config))
    reference, other = (log / log.max() for log in logs)
    inputs = np.stack([(reference + other) / 2, reference], axis=-1)
    output = network.predict_on_batch(inputs[None])
    # As measured when it was released; processors differ in the last digits
    assert float(output.mean()) == pytest.approx(0.08545, rel=1e-3)
    assert float(output.std()) == pytest.approx(0.07216, rel=1e-3)


@pytest.mark.parametrize(
    "values", [{"width_divisor": 3}, {"hop": 70}, {"n_fft": 512}, {"speed": 1}]
)
def test_what_cannot_be_a_configuration_is_said(values):
    with pytest.raises(ConfigError):
        from_values(Bachata2020Config, values, NAME)


def test_a_system_without_a_network_loads_the_released_one(tmp_path, monkeypatch):
    network = bachata2020.build(TINY)
    save_networks(tmp_path, NAME, TINY, (network,), {})
    (tmp_path / "targets.txt").write_text("guitar\n")
    monkeypatch.setenv("REQUINTO_MODELS", str(tmp_path))
    system = Bachata2020()
    assert system.config == TINY
    assert system.n_parameters == network.count_params()
    with pytest.raises(ConfigError, match="vocoder"):
        Bachata2020(CONFIG, Stand(), unstretch="tape")
