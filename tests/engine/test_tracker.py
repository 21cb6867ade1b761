# SPDX-License-Identifier: GPL-3.0-or-later
"""The released tracker: right on new songs, humble where there are no beats."""

import functools
import json
import shutil

import mir_eval
import numpy as np
import pytest

import requinto
from requinto.errors import ModelError
from requinto.loader import load_tracker
from requinto.model_folder import models_folder
from requinto.rhythm import features
from requinto.tracker import Tracker
from requinto_lab.material.loops import timing
from requinto_lab.material.songs import generator
from requinto_lab.material.soundfonts import SAMPLE_RATE
from requinto_lab.material.style import STYLES
from requinto_lab.material.whole_songs import (
    WholeSongConfig,
    mix_song,
    plan_whole_song,
    render_stems,
)
from sounds import RATE, clicks, noise

_STEADY = WholeSongConfig.steady(seconds=45.0)


@functools.cache
def song(style, seed, pickup_beats, tempo_bpm=None):
    """Return a song of validation timbres, and where its beats are."""
    plan = plan_whole_song(
        110_400 + seed, _STEADY, STYLES[style], tempo_bpm, pickup_beats
    )
    mixture, _ = mix_song(
        render_stems(plan, "validation"), plan, _STEADY, generator(seed, "mixes")
    )
    return mixture, timing(plan)


@pytest.mark.parametrize("pickup_beats", [0, 1, 2, 3, 5])
def test_an_intro_of_any_length_does_not_shift_the_bars(pickup_beats):
    mixture, truth = song("bachata", pickup_beats, pickup_beats)
    beats = requinto.beats(mixture, SAMPLE_RATE)
    beat_f = mir_eval.beat.f_measure(np.array(truth["beats_s"]), beats.times_s)
    bar_f = mir_eval.beat.f_measure(np.array(truth["downbeats_s"]), beats.downbeats_s)
    assert beat_f > 0.9 and bar_f > 0.85
    assert beats.beats_per_bar == 4
    assert beats.tempo_bpm == pytest.approx(truth["tempo_bpm"], rel=0.02)
    assert 0.4 < beats.confidence <= 1


def test_three_beats_a_bar():
    mixture, truth = song("waltz", 0, 2, 120.0)
    beats = requinto.beats(mixture, SAMPLE_RATE)
    assert beats.beats_per_bar == 3
    bar_f = mir_eval.beat.f_measure(np.array(truth["downbeats_s"]), beats.downbeats_s)
    assert bar_f > 0.85


@pytest.mark.parametrize("rate", [22050, 48000])
@pytest.mark.parametrize("tempo_bpm", [60, 90, 120, 150, 200])
def test_clicks_are_tracked(rate, tempo_bpm):
    beats = requinto.beats(clicks(tempo_bpm, 20.0, rate), rate)
    true = np.arange(0, 20, 60 / tempo_bpm)
    # Which level clicks are on nobody can say
    apart = np.abs(beats.times_s[:, None] - true).min(axis=1)
    assert len(beats.times_s) > 10 and np.median(apart) < 0.03


@functools.cache
def hostile(name):
    time_s = np.arange(90 * RATE) / RATE
    kick = np.sin(2 * np.pi * 60 * time_s[:8820]) * np.exp(-20 * time_s[:8820])
    kicks = np.zeros(90 * RATE)
    for start in (5 * RATE, 65 * RATE):
        kicks[start : start + len(kick)] = 0.8 * kick
    rows = {
        "silence": np.zeros(8 * RATE),
        "sine": 0.5 * np.sin(2 * np.pi * 440 * time_s[: 20 * RATE]),
        "noise": 0.3 * noise(20 * RATE, 1)[0],
        "quiet noise": 1e-4 * noise(20 * RATE, 1)[0],
        "one click": np.eye(1, 8 * RATE, 4 * RATE)[0],
        "one kick a minute": kicks,
        "one second": 0.3 * noise(RATE, 1)[0],
        "half a second": 0.3 * noise(RATE // 2, 1)[0],
    }
    return rows[name].astype(np.float32)


HOSTILE = (
    *("silence", "sine", "noise", "quiet noise", "one click", "one kick a minute"),
    *("one second", "half a second"),
)


@pytest.mark.parametrize("name", HOSTILE)
def test_without_beats_there_is_a_plain_grid_and_little_confidence(name):
    audio = hostile(name)
    beats = requinto.beats(audio, RATE)
    assert beats.confidence < 0.2
    plain = requinto.Beats.grid(120.0, len(audio) / RATE)
    np.testing.assert_array_equal(beats.times_s, plain.times_s)
    np.testing.assert_array_equal(beats.downbeats_s, plain.downbeats_s)


@pytest.mark.parametrize("name", HOSTILE)
def test_what_has_no_beats_is_extracted_on_that_grid(name, unchanged_model):
    audio = hostile(name)
    for live in (False, True):
        out = requinto.extract(audio, RATE, "guitar", live=live)
        assert np.abs(out - audio).max() < 1e-5


def test_blocks_make_no_difference(monkeypatch):
    mixture, _ = song("bachata", 3, 3)
    tracker = load_tracker()
    columns = features(mixture, SAMPLE_RATE, tracker.config.rhythm)
    whole = tracker.predict_from_features(columns)
    monkeypatch.setattr("requinto.tracker.BLOCKS", (1024, 1536))
    parts = tracker.predict_from_features(columns)
    assert whole.shape == parts.shape
    assert np.abs(whole - parts).mean() < 0.01 and np.abs(whole - parts).max() < 0.2


def test_a_missing_or_damaged_tracker_is_refused(monkeypatch, tmp_path):
    source = models_folder()
    folder = tmp_path / "models"
    folder.mkdir()
    (folder / "targets.txt").write_text("guitar\n")
    monkeypatch.setenv("REQUINTO_MODELS", str(folder))
    with pytest.raises(ModelError, match="'beats' cannot be read"):
        load_tracker()
    for ending in ("json", "npz"):
        shutil.copy(source / f"beats.{ending}", folder)
    record = json.loads((folder / "beats.json").read_text())
    record["config"]["rhythm"]["colour"] = 3
    (folder / "beats.json").write_text(json.dumps(record))
    with pytest.raises(ModelError, match="colour"):
        load_tracker()
    (folder / "beats.npz").write_bytes(b"nothing")
    with pytest.raises(ModelError, match="checksum"):
        load_tracker()


def test_decoding_follows_a_prior():
    tracker = Tracker(load_tracker().config, None)
    activations = np.full((1000, 2), 0.03)
    activations[10::25, 0] = 0.7
    activations[10::50, 1] = activations[35::50, 1] = (
        0.35  # either could be the first of two
    )
    for first in (10, 35):
        prior = np.zeros_like(activations)
        prior[first:500:50, 1], prior[45 - first : 500 : 50, 1] = 2.0, -2.0
        early = tracker.decode(activations, prior).downbeats_s
        early = early[early < 9.5]
        phase = early - first / 50
        assert len(early) > 3 and np.abs(phase - np.round(phase)).max() < 0.03
