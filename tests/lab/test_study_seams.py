# SPDX-License-Identifier: GPL-3.0-or-later
"""What is measured at the seams of the thesis' clips is what was put there."""

import dataclasses

import numpy as np
import pytest

from requinto.beats import Beats
from requinto.errors import BeatsError
from requinto_lab import studies
from requinto_lab.evaluation.items import read_items, write_item
from requinto_lab.studies import first_beat, intro
from requinto_lab.studies.first_beat import (
    excesses,
    interval,
    read_known,
    start_late,
)
from requinto_lab.studies.intro import (
    PICKUPS,
    pickup_gains,
    regular_bars,
    with_pickup,
)
from requinto_lab.systems.bachata2020 import clip_bounds
from sounds import noise
from thesis import TINY

RATE = 22050  # Hz
BEAT_S = 0.3
N_BEATS = 28


@pytest.fixture
def songs(tmp_path):
    """Return two items of two songs: steady noise among louder noise."""
    times_s = 0.05 + BEAT_S * np.arange(N_BEATS)
    # The fourth bar is half a bar
    bars = [0, 4, 8, 10, *range(14, N_BEATS, 4)]
    for seed in (1, 2):
        size = round((times_s[-1] + BEAT_S) * RATE)
        target, rest = 0.1 * noise(size, 2, seed), 0.2 * noise(size, 2, seed + 10)
        write_item(
            tmp_path / "songs" / f"song-{seed}",
            mixture=target + rest,
            target=target,
            reference=0.1 * noise(3 * RATE, 2, seed + 20),
            sample_rate=RATE,
            meta={
                "instrument": "guitar",
                "seed": seed,
                "tempo_bpm": 60 / BEAT_S,
                "beats_s": times_s.tolist(),
                "downbeats_s": times_s[bars].tolist(),
                "beats_given": False,
            },
        )
    return tmp_path / "songs"


class Biased:
    """A system that estimates the truth, and changes the level in its clips."""

    n_parameters = 0
    uses_reference = True

    def __init__(self, name="biased", first_beat=1.0, attack=1.0, end=1.0):
        self.name = name
        self.first_beat, self.attack, self.end = first_beat, attack, end

    def applies(self, instrument):
        return True

    def estimate(self, task):
        gain = np.ones(task.truth.shape[1], np.float32)
        for first_s in task.beats.times_s[::4]:
            first = round(first_s * RATE)
            near, beat = round(0.05 * RATE), round(BEAT_S * RATE)
            gain[first : first + beat] *= self.first_beat
            gain[first : first + near] *= self.attack
            gain[max(first - near, 0) : first] *= self.end
        return task.truth * gain


def test_a_louder_first_beat_is_measured_at_its_size(songs):
    systems = [
        *(Biased("even"), Biased("beat", first_beat=2.0)),
        *(Biased("attack", attack=2.0), Biased("end", end=0.5)),
    ]
    item = read_items(songs)[1]
    even, beat, attack, end = excesses(item, systems)
    assert (even.song, even.instrument) == (2, "guitar")
    # 0.02 dB: a part's edges are rounded to frames, and its sound resampled
    for values in (even.parts_db, even.around_db):
        np.testing.assert_allclose(values, 0, atol=0.02)
    double_db = 20 * np.log10(2)
    assert beat.first_beat_db == pytest.approx(double_db, abs=0.05)
    np.testing.assert_allclose(beat.parts_db[:4], 0.75 * double_db, atol=0.1)
    np.testing.assert_allclose(beat.parts_db[4:], -0.25 * double_db, atol=0.1)
    assert attack.after_db == pytest.approx(double_db, abs=0.1)
    assert attack.before_db == pytest.approx(0, abs=0.1)
    assert 0.2 < attack.first_beat_db < 0.5 * double_db
    assert end.before_db == pytest.approx(-double_db, abs=0.1)
    assert end.after_db == pytest.approx(0, abs=0.1)


def test_levels_are_compared_only_where_the_target_sounds(songs):
    item = read_items(songs)[0]
    task = read_known(item)
    silent = task.truth.copy()
    for first_s in task.beats.times_s[:-1]:
        middle = round((first_s + BEAT_S / 2) * RATE)
        silent[:, middle - 500 : middle + round(BEAT_S / 4 * RATE) + 500] = 0

    class Item:
        meta, instrument, beats = item.meta, item.instrument, item.beats

        def read(self, stem):
            return (silent, RATE) if stem == "target" else item.read(stem)

    (excess,) = excesses(Item(), [Biased(first_beat=2.0)])
    assert np.isnan(excess.parts_db[2::4]).all()
    assert np.isfinite(np.delete(excess.parts_db, np.s_[2::4])).all()
    assert excess.first_beat_db == pytest.approx(20 * np.log10(2), abs=0.05)


@pytest.mark.parametrize("n_beats", range(4))
def test_late_clips_begin_later_and_bars_with_them(songs, n_beats):
    task = read_known(read_items(songs)[0])
    beats = start_late(task, n_beats).beats
    assert beats.times_s[0] == beats.downbeats_s[0] == task.beats.times_s[n_beats]
    np.testing.assert_allclose(np.diff(beats.downbeats_s), 4 * BEAT_S)
    with pytest.raises(BeatsError, match="known"):
        start_late(dataclasses.replace(task, beats=None), n_beats)


def test_whole_bars_come_after_enough_beats():
    times_s = np.arange(40) * 0.5

    def run_of(*bars):
        return regular_bars(Beats(times_s, times_s[list(bars)], 120.0))

    assert run_of(*range(0, 40, 4)) == (8, 32)
    assert run_of(*range(2, 40, 4)) == (10, 34)
    # Between half bars the longest run is taken, the first of equals
    assert run_of(0, 4, 8, 12, 14, 18, 22, 26, 28, 32) == (14, 26)
    assert run_of(0, 8, 12, 14, 18) == (8, 12)
    with pytest.raises(BeatsError, match="no whole bar comes after 7 beats"):
        run_of(0, 4, 8, 10, 12)


def test_each_pickup_leaves_the_same_bars_at_the_end(songs):
    task = read_known(read_items(songs)[0])
    first, last = regular_bars(task.beats)
    assert (first, last) == (10, 26)
    bare = with_pickup(task, first, last, 0)
    for n in PICKUPS:
        earlier = with_pickup(task, first, last, n)
        assert len(earlier.beats.times_s) == n + last - first
        assert earlier.beats.times_s[0] == pytest.approx(0.05, abs=1e-4)
        bar_s = earlier.beats.downbeats_s[0]
        assert bar_s == pytest.approx(0.05 + n % 4 * BEAT_S, abs=1e-4)
        for stem in ("mixture", "truth"):
            whole, same = getattr(earlier, stem), getattr(bare, stem)
            np.testing.assert_array_equal(whole[:, -same.shape[1] :], same)


class Misled(Biased):
    """A system that adds the rest where clips from the first beat miss bars."""

    def estimate(self, task):
        starts = [a for a, _ in clip_bounds(task.beats, task.truth.shape[1], TINY)]
        bars = np.round(task.beats.downbeats_s * TINY.sample_rate)
        missed = np.abs(bars[0] - np.array(starts)).min() > 100
        return task.truth + (0.1 if missed else 0.01) * (task.mixture - task.truth)


def test_a_pickup_costs_what_it_costs(songs):
    (gain,) = pickup_gains(read_items(songs)[0], [Misled("misled")])
    np.testing.assert_allclose(gain.gains_db[[0, 4]], 40, atol=0.1)
    np.testing.assert_allclose(np.delete(gain.gains_db, [0, 4]), 20, atol=0.1)
    above = gain.picture_db[[0, 4]].min() - np.delete(gain.picture_db, [0, 4])
    assert above.min() > 10


def test_intervals_are_over_songs():
    # Four values of one song are one song's
    mean, margin = interval([1, 1, 1, 1, 3, 5, np.nan], [1, 1, 1, 1, 2, 3, 4])
    assert mean == 3
    assert margin == pytest.approx(4.303 * 2 / np.sqrt(3), rel=1e-3)  # of a t table
    mean, margin = interval([2.0, 4.0], [7, 7])
    assert mean == 3 and np.isnan(margin)
    assert np.isnan(interval([], [])[0])


def with_variants(study, **systems):
    return dataclasses.replace(
        study, variants={name: lambda s=system: s for name, system in systems.items()}
    )


def test_the_first_beat_is_reported_with_its_numbers(songs, tmp_path):
    systems = {"loud": Biased("loud", first_beat=2.0), "ours": Biased("ours")}
    study = with_variants(first_beat.STUDY, **systems)
    report = studies.run(study, songs, tmp_path / "out", {})
    assert report.name == "bachata2020-first-beat" and report.figures == {"songs": 2}
    assert {row[:2] for row in report.rows} == {
        (system, which) for system in ("loud", "ours") for which in ("all", "guitar")
    }
    by_name = {row[0]: row for row in report.rows if row[1] == "all"}
    assert by_name["loud"][2] == pytest.approx(6.02, abs=0.05)
    assert by_name["loud"][3] == pytest.approx(0, abs=0.05)  # two songs alike
    assert by_name["ours"][2] == pytest.approx(0, abs=0.05)
    ((file, _),) = report.pictures
    assert (tmp_path / "out" / file).stat().st_size > 10_000


def test_the_intro_is_reported_with_its_numbers(songs, tmp_path):
    systems = {"loud": Biased("loud", first_beat=2.0), "ours": Misled("ours")}
    study = with_variants(intro.STUDY, **systems)
    report = studies.run(study, songs, tmp_path / "out", {})
    assert report.name == "bachata2020-intro" and report.figures == {"songs": 2}
    rows = [row for row in report.rows if row[0] == "ours"]
    assert rows[0][2] == pytest.approx(40, abs=0.1)  # after whole bars
    losses = {row[1]: row[4] for row in rows}
    assert losses.pop("0") is None
    assert list(losses.values()) == pytest.approx([-20, -20, -20], abs=0.2)
    ((file, _),) = report.pictures
    assert (tmp_path / "out" / file).stat().st_size > 10_000


def test_both_issues_are_measured_in_the_thesis_system_and_in_ours():
    assert list(first_beat.STUDY.variants) == list(intro.STUDY.variants)
    made = [make() for make in first_beat.STUDY.variants.values()]
    assert [system.name for system in made] == list(first_beat.STUDY.variants)


@pytest.mark.parametrize(("study", "is_given"), [(first_beat, True), (intro, False)])
def test_only_where_beats_are_no_question_are_they_given(
    songs, monkeypatch, study, is_given
):
    """Our system is to find its beats where the issue is to find them."""
    given = []

    def extract(mixture, sample_rate, *, beats, **_):
        given.append(beats)
        return mixture

    monkeypatch.setattr("requinto_lab.evaluation.systems.extract", extract)
    ours = study.STUDY.variants["requinto"]()
    task = first_beat.read_known(read_items(songs)[0])
    ours.estimate(task)
    assert given == [task.beats if is_given else None]
