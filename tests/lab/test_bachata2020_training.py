# SPDX-License-Identifier: GPL-3.0-or-later
"""The thesis' system is trained on its mixtures, and learns from them."""

import dataclasses
import json

import numpy as np
import pytest

from requinto_lab.material.loop_library import LoopLibrary
from requinto_lab.networks.weights import load_network
from requinto_lab.systems import bachata2020, bachata2020_training
from requinto_lab.systems.bachata2020 import NAME, Bachata2020Config, build
from requinto_lab.systems.bachata2020_training import (
    GAINS,
    INSTRUMENTS,
    Bachata2020Training,
    Bank,
    draw,
    pictures,
    read_bank,
)
from requinto_lab.training import system_fit
from sounds import noise
from thesis import TINY, Loops

CONFIG = Bachata2020Config()


def constant_bank(n_songs=3):
    """Return clips whose values say what they are: instrument 1...4, song tenths."""
    rows = [(name, f"song {k}") for name in INSTRUMENTS for k in range(n_songs)]
    values = [INSTRUMENTS.index(name) + 1 + int(song[-1]) / 8 for name, song in rows]
    waves = np.repeat(np.array(values, np.float16)[:, None], 8, axis=1)
    names, songs = np.array(rows).T
    return Bank(waves, names, songs)


def test_a_mixture_holds_one_of_each_with_the_thesis_gains():
    assert GAINS == {"guitar": 1 / 3, "bass": 1, "bongo": 1, "guira": 3}
    mixtures, targets, references = draw(constant_bank(), 200, np.random.default_rng(0))
    gains = np.array([GAINS[name] for name in INSTRUMENTS])
    instruments = set()
    for mixture, target, reference in zip(
        mixtures[:, 0], targets[:, 0], references[:, 0], strict=True
    ):
        which = int(reference) - 1
        instruments.add(which)
        value = target / gains[which]
        assert int(value + 1e-3) == which + 1  # its own instrument, at its gain
        assert abs(value - reference) > 0.1  # another song
        # The songs' shares alone remain, at most 2/8 of each gain
        rest = mixture - gains @ np.arange(1, 5)
        assert -1e-4 <= rest <= gains.sum() / 4 + 1e-4
        assert mixture - target > 0
    assert instruments == {0, 1, 2, 3}
    for name, gain in GAINS.items():
        _, targets, _ = draw(constant_bank(), 9, np.random.default_rng(0), name)
        kinds = (targets[:, 0] / gain + 1e-3).astype(int)
        assert set(kinds - 1) == {INSTRUMENTS.index(name)}


def test_pictures_are_scaled_by_the_batch():
    waves = 0.1 * noise(CONFIG.clip_frames, 4).astype(np.float32)
    mixtures = waves * np.array([[1], [0.5], [0.1], [0.02]], np.float32)
    inputs, targets, scale = pictures(mixtures, 0.5 * mixtures, mixtures[::-1], CONFIG)
    assert inputs.shape == (4, 256, 256, 2) and targets.shape == (4, 256, 256, 1)
    peaks = inputs.max(axis=(1, 2))
    assert peaks[0, 0] == pytest.approx(1) and np.all(np.diff(peaks[:, 0]) < 0)
    assert peaks[3, 1] == pytest.approx(1)
    assert np.all(targets <= inputs[..., :1] + 1e-6) and targets.min() >= 0
    # Times the scale they are what they are without normalisation
    plain = dataclasses.replace(CONFIG, normalise=False)
    bare = pictures(mixtures, 0.5 * mixtures, mixtures[::-1], plain)
    assert bare.scale == 1 and scale == pytest.approx(bare.inputs[..., 0].max())
    np.testing.assert_allclose(inputs[..., 0] * scale, bare.inputs[..., 0], atol=1e-6)
    np.testing.assert_allclose(targets * scale, bare.targets, atol=1e-6)
    np.testing.assert_array_equal(bare.inputs[..., 1], bare.inputs[::-1, ..., 0])


def tiny_model(run):
    return dataclasses.replace(TINY, width_divisor=run.width_divisor)


@pytest.fixture
def run_config(monkeypatch, tmp_path):
    monkeypatch.setattr(bachata2020_training, "LoopLibrary", Loops)
    monkeypatch.setattr(Bachata2020Training, "model_config", tiny_model)
    return Bachata2020Training(
        loops="anywhere",
        run=str(tmp_path / "run"),
        minutes=1e-6,
        batch_size=2,
        learning_rate=1e-2,
        width_divisor=32,
        steps_per_epoch=2,
        n_validation_batches=1,
        n_eval=1,
        epochs_per_eval=2,
    )


def test_the_bank_holds_each_sounding_clip_stretched(tmp_path):
    path = tmp_path / "clips-train"
    bank = read_bank(Loops(None, "train"), path, CONFIG)
    assert bank.waves.shape == (15, 18000)  # 4 instruments, 2 songs, 2 bars, less 1
    assert set(bank.instruments) == set(INSTRUMENTS)
    for wave, name in zip(bank.waves, bank.instruments, strict=True):
        hz = 150 * 2 ** INSTRUMENTS.index(name)
        spectrum = np.abs(np.fft.rfft(wave.astype(np.float32)))
        assert spectrum.argmax() * 11025 / 18000 == pytest.approx(hz, abs=2)
    again = read_bank(Loops(None, "train"), path, CONFIG)
    np.testing.assert_array_equal(bank.waves, again.waves)


def test_the_bank_reads_a_rendered_library(library, tmp_path):
    loops = LoopLibrary(library, "train")
    bank = read_bank(loops, tmp_path / "clips", CONFIG)
    assert set(bank.instruments) == set(INSTRUMENTS)
    assert set(bank.songs) == set(loops.songs)
    power = np.mean(np.square(bank.waves, dtype=np.float32), axis=1)
    assert (power > 1e-7).all()


def test_training_steps_lower_the_loss_on_a_fixed_batch(run_config, tmp_path):
    clips = read_bank(Loops(None, "train"), tmp_path / "c", TINY)
    batch = pictures(*draw(clips, 2, np.random.default_rng(1)), TINY)[:2]
    network = bachata2020_training.compile_network(TINY, run_config)
    losses = [float(network.train_on_batch(*batch)) for _ in range(12)]
    assert losses[-1] < 0.5 * losses[0]


def test_a_run_is_validated_evaluated_and_goes_on(run_config):
    run = bachata2020_training.train(run_config)
    (line,) = system_fit.read_log(run)
    longer = dataclasses.replace(
        run_config, minutes=line["minutes"] + 1e-6, resume=True
    )
    # So that what comes is no better, and the first model stays
    progress = json.loads((run / "progress.json").read_text())
    (run / "progress.json").write_text(json.dumps({**progress, "best": 0.0}))
    bachata2020_training.train(longer)
    lines = system_fit.read_log(run)
    assert lines[0] == line and [x["step"] for x in lines] == [2, 4]
    for name in INSTRUMENTS:
        for way in bachata2020.UNSTRETCHES:
            assert np.isfinite(lines[1][f"{way}_{name}_gain_db"])

    config, best = load_network(run, NAME, Bachata2020Config, build)
    assert config == dataclasses.replace(TINY, width_divisor=32)
    clips = read_bank(None, run / "clips-validation", config)
    waves = draw(clips, 2, np.random.default_rng([0, 1, 0]))
    inputs, targets, _ = pictures(*waves, config)
    mse = float(np.mean(np.square(np.asarray(best(inputs)) - targets)))
    assert mse == pytest.approx(line["validation_loss"], rel=5e-3)
    training = json.loads((run / "bachata2020.json").read_text())["provenance"]
    assert training["training"]["batch_size"] == 2
    assert not {"loops", "run", "clips"} & set(training["training"])
