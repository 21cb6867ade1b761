# SPDX-License-Identifier: GPL-3.0-or-later
"""The beat network's material is true, and a run goes on where it was stopped."""

import dataclasses
import json
import shutil

import numpy as np
import pytest

from requinto.config import BeatNetworkConfig, TrackerConfig, from_values
from requinto.errors import AudioFileError, ConfigError
from requinto_command import training
from requinto_lab.training import beat_fit, beat_material
from requinto_lab.training.beat_fit import BeatBatches, BeatTraining, targets
from requinto_lab.training.beat_material import BeatExample

CONFIG = TrackerConfig()
SMALL = TrackerConfig(
    network=BeatNetworkConfig(front_widths=(2, 2, 2), n_channels=4, n_dilations=2)
)


@pytest.fixture(scope="module")
def material(tmp_path_factory):
    """Return a folder of one song of each split, and of a sound without beats."""
    folder = tmp_path_factory.mktemp("material")
    for split in ("train", "validation"):
        beat_material.build(folder, split, 1, n_workers=1)
    return folder


def made_up(n_columns=2000, seed=0):
    rng = np.random.default_rng(seed)
    features = rng.random((n_columns, CONFIG.rhythm.n_features)).astype(np.float16)
    beats = np.arange(0.31, n_columns / 50, 0.5)
    return BeatExample(features, beats, beats[2::4])


def test_songs_are_rendered_and_their_beats_known(material):
    rows = beat_material.read(material, "train")
    assert len(rows) == 3  # nothing, and two mixes
    nothing, one, other = rows
    assert not len(nothing.beats_s) and nothing.features.shape[0] > 1000
    for row in (one, other):
        assert row.features.shape[1] == CONFIG.rhythm.n_features
        assert len(row.beats_s) > 20 and set(row.downbeats_s) <= set(row.beats_s)
        seconds = len(row.features) / 50
        assert row.beats_s[-1] < seconds < row.beats_s[-1] + 5
    assert not np.array_equal(one.features[:500], other.features[:500])


def test_a_build_goes_on_where_it_was(material):
    assert beat_material.build(material, "train", 1, n_workers=1) == 0
    with pytest.raises(AudioFileError, match="no test songs"):
        beat_material.read(material, "test")


@pytest.mark.parametrize("seed", range(6))
def test_clicks_have_bars_where_they_are_accented(seed):
    row = beat_material._metronome(np.random.default_rng(seed))
    n = CONFIG.rhythm.n_bands
    rise = np.diff(row.features[:, :n].astype(float), axis=0).sum(axis=1)
    columns = np.round(row.beats_s * 50).astype(int)
    near = np.max([rise[columns + i] for i in (-3, -2, -1, 0)], axis=0)
    assert np.median(near) > 10 * np.median(np.abs(rise))
    assert set(row.downbeats_s) <= set(row.beats_s)


def test_targets_lie_on_the_beats():
    row = made_up()
    truth = targets(row, CONFIG)
    for kind, times_s in enumerate((row.beats_s, row.downbeats_s)):
        columns = np.round(times_s * 50).astype(int)
        assert np.all(truth[columns, kind] == 1)
        assert np.sum(truth[:, kind] == 1) == len(columns)
        assert np.all(truth[columns[1:-1] + 1, kind] == 0.5)
    assert truth.max() == 1 and truth.min() == 0


@pytest.mark.parametrize("n_columns", [300, 1500, 4000])
def test_excerpts_are_of_one_length_and_come_again(n_columns):
    batches = BeatBatches([made_up(n_columns)], CONFIG, batch_size=3, seed=4)
    features, truth = batches(7)
    assert features.shape == (3, 1500, CONFIG.rhythm.n_features)
    assert truth.shape == (3, 1500, 2) and features.min() >= 0
    again, _ = batches(7)
    np.testing.assert_array_equal(features, again)
    assert not np.array_equal(features, batches(8)[0])


@pytest.fixture
def values(tmp_path, monkeypatch):
    """Return what a short run of a small network is given, of made-up material."""
    material = tmp_path / "material"
    material.mkdir()
    for split, seed in (("train", 0), ("validation", 1)):
        row = made_up(1600, seed)
        arrays = {f"{n}_0": v for n, v in row._asdict().items()}
        np.savez(material / f"{split}-00000.npz", **arrays)
    monkeypatch.setattr(beat_fit, "TrackerConfig", lambda: SMALL)
    return {"material": str(material), "steps_per_epoch": 2, "batch_size": 2}


def test_a_run_goes_on_and_leaves_a_record(tmp_path, values):
    whole, parts = (str(tmp_path / n) for n in ("whole", "parts"))
    beat_fit.train(BeatTraining(output=whole, epochs=3, **values))
    path = beat_fit.train(BeatTraining(output=parts, epochs=2, **values))
    before = json.loads(path.read_text())["provenance"]["epoch"]
    beat_fit.train(BeatTraining(output=parts, epochs=3, resume=True, **values))
    assert before <= 2
    for folder in (whole, parts):
        record = json.loads((tmp_path / folder / "beats.json").read_text())
        assert record["provenance"]["n_sounds"] == 1
        assert from_values(TrackerConfig, record["config"], "beats") == SMALL
        progress = json.loads((tmp_path / folder / "progress.json").read_text())
        assert progress["step"] == 3 * 2 and np.isfinite(progress["best"])
    shutil.rmtree(values["material"])
    with pytest.raises(AudioFileError, match="no validation songs"):
        beat_fit.train(BeatTraining(output=whole, **values))


def test_a_run_of_an_older_version_goes_on(tmp_path, values):
    """It had its weights and its optimiser in `last.keras`, and its epoch beside."""
    config = BeatTraining(output=str(tmp_path / "run"), epochs=3, **values)
    (tmp_path / "run").mkdir()
    network = beat_fit._start(config, SMALL)
    network.train_on_batch(*beat_fit._RereadBatches(config, SMALL)(0))
    network.save(tmp_path / "run" / "last.keras")
    (tmp_path / "run" / "state.json").write_text('{"epoch": 2, "best": 0.0}')
    again = dataclasses.replace(config, resume=True)
    loop = beat_fit._build_loop(again, SMALL, beat_fit._RereadBatches(again, SMALL))
    assert (loop.progress.step, loop.progress.best) == (4, 0.0)
    resumed = loop._model
    assert resumed.optimizer.iterations == 1
    for ours, theirs in (
        (resumed.variables, network.variables),
        (resumed.optimizer.variables, network.optimizer.variables),
    ):
        for one, other in zip(ours, theirs, strict=True):
            if "seed" not in one.name:
                np.testing.assert_array_equal(one, other)
    assert len(list(loop.epochs(beat_fit._RereadBatches(again, SMALL)))) == 1
    assert not (tmp_path / "run" / "beats.json").exists()  # it had a better one


@pytest.mark.parametrize("name", ["epochs", "steps_per_epoch", "batch_size"])
def test_impossible_numbers_are_refused(name):
    with pytest.raises(ConfigError, match=f"{name} must be 1 or more, got 0"):
        BeatTraining(material="a", output="b", **{name: 0})


@pytest.mark.parametrize("resume_in", ["file", "option", "nowhere"])
def test_a_run_goes_on_where_either_says_so(resume_in, tmp_path, monkeypatch):
    path = tmp_path / "run.toml"
    text = 'system = "beats"\nmaterial = "m"\noutput = "o"\n'
    path.write_text(text + ("resume = true\n" if resume_in == "file" else ""))
    seen = []
    monkeypatch.setattr(beat_fit, "train", seen.append)
    training.train(path, resume=resume_in == "option")
    assert seen[0].resume == (resume_in != "nowhere")
