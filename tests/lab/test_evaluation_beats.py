# SPDX-License-Identifier: GPL-3.0-or-later
"""Beat trackers are scored by what is true, and errors are counted as they are."""

import json

import numpy as np
import pytest
import soundfile
import typer

from requinto.beats import Beats
from requinto.errors import AudioFileError, ConfigError
from requinto_lab.evaluation import beat_scores, beat_sets, librosa_beats
from requinto_lab.evaluation.beat_scores import n_jumps, read_estimates, score, table
from requinto_lab.material.style import STYLES
from sounds import RATE, clicks

BEATS = np.arange(0, 120, 0.5)
BARS = BEATS[1::4]


@pytest.fixture
def folder(tmp_path):
    """Return a set of two songs, clicks on their beats."""
    for name, bpm in (("slow", 80), ("fast", 150)):
        song_folder = tmp_path / "clicks" / name
        song_folder.mkdir(parents=True)
        soundfile.write(song_folder / "mix.flac", clicks(bpm, 20.0).T, RATE)
        beats = np.arange(0, 20, 60 / bpm)
        truth = {"beats_s": beats.tolist(), "downbeats_s": beats[::4].tolist()}
        (song_folder / "meta.json").write_text(
            json.dumps({**truth, "beats_per_bar": 4})
        )
    return tmp_path


def perfect(bpm_by_length):
    def track(audio, rate):
        del audio, rate
        return bpm_by_length.pop(0)

    return track


def test_a_perfect_tracker_scores_one(folder):
    truth = [Beats.grid(150, 20.0), Beats.grid(80, 20.0)]  # in order of names
    rows = list(score(folder, {"perfect": perfect(truth)}))
    assert [row.song for row in rows] == ["fast", "slow"]
    for row in rows:
        # A grid counts the beat on the very end too
        assert row.beat_f > 0.98 and row.downbeat_f > 0.9 and row.right_metre
        assert row.n_jumps == 0
    assert table(rows)["clicks"] == table(rows)["all rendered songs"]
    means = table(rows)["clicks"]["perfect"]
    assert means["n"] == 2 and means["beat_f"] > 0.98


def test_a_wrong_phase_scores_nothing(folder):
    late = [Beats.grid(bpm, 20.0, 30 / bpm, 4) for bpm in (150, 80)]
    rows = list(score(folder, {"late": perfect(late)}))
    assert all(row.beat_f == row.downbeat_f == 0 for row in rows)


@pytest.mark.parametrize("lag_ms", [-40, 0, 25])
def test_the_lag_is_reported(lag_ms, folder):
    late = [Beats.grid(bpm, 20.0, 0.1 + lag_ms / 1000) for bpm in (150, 80)]
    for meta in folder.glob("clicks/*/meta.json"):
        truth = json.loads(meta.read_text())
        truth["beats_s"] = [time_s + 0.1 for time_s in truth["beats_s"]]
        meta.write_text(json.dumps(truth))
    rows = list(score(folder, {"late": perfect(late)}))
    assert [row.lag_ms for row in rows] == pytest.approx([lag_ms] * 2, abs=1e-6)
    assert table(rows)["clicks"]["late"]["lag_ms"] == pytest.approx(lag_ms, abs=1e-6)


def test_another_metrical_level_is_not_wrong_beats(folder):
    other = [Beats.grid(bpm, 20.0) for bpm in (300, 40)]
    for row in score(folder, {"twice, half": perfect(other)}):
        assert row.beat_f < 0.7 and row.beat_amlt > 0.95


def test_librosa_finds_clicks_and_its_lag_can_be_taken_off():
    audio = clicks(120, 20.0)
    estimate = librosa_beats.track(audio, RATE)
    earlier = librosa_beats.track(audio, RATE, lag_s=0.03)
    apart = np.abs(estimate.times_s[:, None] - np.arange(0, 20, 0.5)).min(axis=1)
    assert np.mean(apart < 0.07) > 0.9
    np.testing.assert_allclose(estimate.times_s[1:] - earlier.times_s[1:], 0.03)
    assert librosa_beats.track(np.zeros((1, RATE)), RATE).tempo_bpm == 120


@pytest.mark.parametrize(
    ("moves", "expected"), [((), 0), ((60.0,), 1), ((40.0, 80.0), 2)]
)
def test_jumps_of_the_bars_are_counted(moves, expected):
    estimate = BARS.copy()
    for moment in moves:
        estimate = np.where(estimate > moment, estimate + 0.5, estimate)
    minutes = (BEATS[-1] - 15) / 60
    assert n_jumps(BEATS, BARS, estimate) == pytest.approx(expected / minutes)


def test_a_bar_that_is_short_in_the_song_is_no_jump():
    beats = BEATS
    bars = np.concatenate([BEATS[1:100:4], BEATS[99::4]])  # half a bar on the way
    assert n_jumps(beats, bars, bars) == 0


def test_a_constant_shift_or_another_level_is_no_jump():
    assert n_jumps(BEATS, BARS, BARS + 0.5) == 0
    assert n_jumps(BEATS, BARS, BEATS[1::2]) == 0
    assert n_jumps(BEATS, BARS, BARS[::2]) == 0
    assert n_jumps(BEATS, BARS, np.zeros(0)) == 0


def test_estimates_of_other_programs_are_read(folder, capsys):
    path = folder / "other.json"
    rows = {
        f"/elsewhere/clicks/{name}/mix.flac": {
            "times_s": np.arange(0, 20, 60 / bpm).tolist(),
            "downbeats_s": np.arange(0, 20, 240 / bpm).tolist(),
        }
        for name, bpm in (("slow", 80), ("fast", 150))
    }
    path.write_text(json.dumps(rows))
    name, songs = read_estimates(f"other={path}")
    assert name == "other" and set(songs) == {"clicks/slow", "clicks/fast"}
    assert songs["clicks/slow"].beats_per_bar == 4
    beat_scores.main(folder, folder / "out.json", [f"other={path}"], ["librosa"], None)
    means = json.loads((folder / "out.json").read_text())["means"]["clicks"]
    assert means["other"]["beat_f"] == 1 and means["librosa"]["beat_f"] > 0.4
    assert "clicks" in capsys.readouterr().out


@pytest.mark.parametrize("option", ["nothing", "x=/no/such/file", "=", "x="])
def test_estimates_that_cannot_be_read_are_refused(option):
    with pytest.raises(ConfigError, match=r"NAME=FILE\.json"):
        read_estimates(option)


def test_missing_material_is_an_error(tmp_path):
    with pytest.raises(AudioFileError, match="no songs with known beats"):
        list(score(tmp_path, {}))
    with pytest.raises(typer.BadParameter, match="known are"):
        beat_scores.main(tmp_path, None, None, ["ears"], None)
    with pytest.raises(ConfigError, match="validation or test"):
        beat_sets.build(tmp_path, "train")


def test_the_sets_ask_what_was_promised():
    plans = beat_sets.plans()
    names = [(plan.set_name, plan.name) for plan in plans]
    assert len(set(names)) == len(names) > 100
    assert {plan.style for plan in plans} == set(STYLES)
    assert {p.pickup_beats for p in plans if p.set_name == "intros"} == set(range(8))
    tempi = {p.tempo_bpm for p in plans if p.set_name == "tempi"}
    assert min(tempi) == 60 and max(tempi) == 200


def test_a_song_of_the_sets_is_what_its_truth_says(tmp_path):
    index = next(i for i, p in enumerate(beat_sets.plans()) if p.name == "3-beats-0")
    beat_sets.build_song(tmp_path, "validation", index)
    song_folder = tmp_path / "intros" / "3-beats-0"
    meta = json.loads((song_folder / "meta.json").read_text())
    assert meta["downbeats_s"][0] == meta["beats_s"][3]
    audio, rate = soundfile.read(song_folder / "mix.flac")
    assert abs(len(audio) / rate - meta["beats_s"][-1]) < 1.5
