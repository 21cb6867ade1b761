# SPDX-License-Identifier: GPL-3.0-or-later
"""What studies measure of the thesis' system is what was put there."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from requinto.beats import Beats
from requinto.errors import BeatsError
from requinto_lab import studies
from requinto_lab.evaluation.items import read_items, write_item
from requinto_lab.studies import bachata2020 as ablation
from requinto_lab.studies import first_beat, intro
from requinto_lab.studies.bachata2020 import Errors, Floors, Variant
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
from requinto_lab.systems.bachata2020_training import (
    INSTRUMENTS,
    Bachata2020Training,
    pictures,
    read_bank,
)
from sounds import noise
from thesis import TINY, Loops, Stand

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


@pytest.fixture
def tiny_run(monkeypatch, tmp_path):
    def tiny(run):
        return dataclasses.replace(
            TINY,
            width_divisor=run.width_divisor,
            clamp=run.clamp,
            normalise=run.normalise,
        )

    monkeypatch.setattr(ablation, "LoopLibrary", Loops)
    monkeypatch.setattr(Bachata2020Training, "model_config", tiny)
    return Bachata2020Training(
        loops="anywhere",
        run=str(tmp_path / "run"),
        minutes=1e-6,
        batch_size=2,
        width_divisor=32,
        steps_per_epoch=2,
        n_validation_batches=1,
        epochs_per_eval=1,
    )


@pytest.fixture
def examples(tiny_run, tmp_path):
    clips = read_bank(Loops(None, "validation"), tmp_path / "c", TINY)
    return ablation.validation_examples(clips, tiny_run)


def test_errors_are_on_one_scale_with_and_without_normalisation(examples):
    assert set(examples) == set(INSTRUMENTS)
    plain = dataclasses.replace(TINY, normalise=False)
    scores, others = (
        ablation.errors(Stand(), model, examples) for model in (TINY, plain)
    )
    # Thousandths: what remains is single precision
    assert scores == pytest.approx(others, rel=1e-4, abs=1e-5)
    assert scores["error all"] == pytest.approx(
        np.mean([scores[f"error {name}"] for name in INSTRUMENTS])
    )
    # The margin of a mean of independent means
    margins = [scores[f"margin {name}"] for name in INSTRUMENTS]
    assert scores["margin all"] == pytest.approx(np.linalg.norm(margins) / 4)


class Answering(Stand):
    """A network that returns what it was given to answer, in turn."""

    def __init__(self, answers):
        self.answers = iter(answers)

    def predict_on_batch(self, pictures):
        return next(self.answers)[..., None]


def test_drawing_the_truth_has_no_error_and_drawing_nothing_the_floors(examples):
    plain = dataclasses.replace(TINY, normalise=False)
    waves = [each for batches in examples.values() for each in batches]
    truths = [ablation.truths(each, TINY) for each in waves]
    scores = ablation.errors(Answering(truths), plain, examples)
    assert not any(scores.values())

    nothing = Answering(np.zeros_like(truths))
    scores = ablation.errors(nothing, plain, examples)
    floors = ablation.floors(examples, TINY)
    for name in (*INSTRUMENTS, "all"):
        assert floors.silence[name] == pytest.approx(scores[f"error {name}"], rel=1e-5)
        below = floors.below_db(name, floors.silence[name] / 10)
        assert below[0] == pytest.approx(10)
        louder = floors.mixture[name] / floors.silence[name]
        assert below[1] == pytest.approx(10 + 10 * np.log10(louder))
    mixtures = [pictures(*each, plain).inputs[..., 0] for each in waves]
    scores = ablation.errors(Answering(mixtures), plain, examples)
    for name in (*INSTRUMENTS, "all"):
        assert floors.mixture[name] == pytest.approx(scores[f"error {name}"], rel=1e-5)
    scores = ablation.errors(Answering(np.zeros_like(truths)), plain, examples)
    # Over its own peak each target's error is its power over its peak's
    own = np.concatenate(
        [np.mean((x / x.max(axis=(1, 2), keepdims=True)) ** 2, (1, 2)) for x in truths]
    )
    assert scores["error all own"] == pytest.approx(1e3 * own.mean(), rel=1e-4)
    above = np.mean(np.stack(truths) > 1)
    assert 0 < floors.above == pytest.approx(100 * above)
    clamped = np.clip(np.stack(truths), 0, 1)
    error = 1e3 * np.mean((np.stack(truths) - clamped) ** 2)
    assert floors.clamped == pytest.approx(error, rel=1e-4)


def test_a_curve_is_learnt_once_and_read_again(tiny_run, examples, tmp_path):
    clips = read_bank(Loops(None, "validation"), tmp_path / "c", TINY)
    banks = {"train": clips, "validation": clips}
    run = dataclasses.replace(tiny_run, run=str(tmp_path / "one"))
    variant = Variant(clamp=False, normalise=False, instrument="bass")
    curve = ablation.learn(run, variant, banks, examples)
    assert list(curve.steps) == [2]
    # Only its target, alone and as all there is
    assert set(curve.errors) == set(curve.margins)
    assert set(curve.errors) == {"bass", "bass own", "all", "all own"}
    assert curve.at_end("bass")[0] == curve.errors["all"][0] > 0
    log = (tmp_path / "one" / "log.jsonl").read_text()
    again = ablation.learn(run, variant, banks, examples)
    assert (tmp_path / "one" / "log.jsonl").read_text() == log
    np.testing.assert_array_equal(again.errors["bass own"], curve.errors["bass own"])


def falling(n, **ends):
    """Return a curve of `n` epochs that ends at these errors."""
    fall = np.linspace(3, 1, n)[:, None].repeat(3, axis=1).ravel()
    names = [*INSTRUMENTS, "all"]
    errors = {name: ends.get(name, 1.0) * fall for name in names}
    errors |= {f"{name} own": ends.get(f"{name}_own", 0.5) * fall for name in names}
    return Errors(
        20 * np.arange(1, 3 * n + 1), errors, {k: 0.1 * v for k, v in errors.items()}
    )


def test_curves_are_compared_where_all_of_them_are():
    curves = ablation.to_common_steps({"long": falling(4), "short": falling(2)})
    assert [curve.steps[-1] for curve in curves.values()] == [120, 120]
    for curve in curves.values():
        assert {len(v) for rows in curve[1:] for v in rows.values()} == {6}
    assert curves["short"].at_end("all") == pytest.approx((1.0, 0.1))


ALIKE = dict.fromkeys((*INSTRUMENTS, "all"), 10.0)
FLOORS = Floors(ALIKE, {k: 10 * v for k, v in ALIKE.items()}, 0.3, 1.25)


def test_the_ablation_reports_what_its_curves_say(tmp_path):
    ends = {"neither": 9.0, "clamp": 4.0, "normalisation": 1.05, "both": 1.0}
    whole = {name: falling(3, all=end) for name, end in ends.items()}
    alone = {f"{name} alone": falling(2, guitar_own=0.7) for name in INSTRUMENTS}
    result = ablation.report(whole, alone, FLOORS)
    assert list(result.figures.values()) == [180, 120, 10, 100, 1.25, 0.3]
    by_name = {row[:2]: row for row in result.rows}
    assert len(by_name) == 12
    assert by_name["both", "all"][2:4] == pytest.approx((1.0, 0.1))
    assert by_name["both", "all"][-2:] == pytest.approx((10, 20))
    assert by_name["neither", "all"][2] == pytest.approx(9)
    assert by_name["guitar alone", "guitar"][4] == pytest.approx(0.7)
    assert by_name["bass alone", "bass"][4] == pytest.approx(0.5)
    for picture in result.pictures:
        studies.plots.draw(picture.plot, tmp_path / "picture.png")
        assert (tmp_path / "picture.png").stat().st_size > 10_000


def test_the_ablation_trains_each_variant_and_each_instrument(
    tiny_run, tmp_path, monkeypatch
):
    learnt = {}

    def learn(run, variant, banks, examples):
        learnt[Path(run.run).name] = (variant, run.minutes, set(banks))
        return falling(2)

    monkeypatch.setattr(ablation, "learn", learn)
    options = {"runs": tmp_path / "runs", "minutes": 3.0}
    library, folder = tmp_path / "library", tmp_path / "out"
    report = studies.run(ablation.STUDY, library, folder, options)
    splits = {"train", "validation"}
    variants = ablation.STUDY.variants
    whole = {n: v for n, v in variants.items() if not v.instrument}
    assert learnt == {
        **{name: (variant, 3.0, splits) for name, variant in whole.items()},
        **{
            f"{name}-alone": (Variant(instrument=name), 1.5, splits)
            for name in INSTRUMENTS
        },
    }
    assert {(v.clamp, v.normalise) for v in whole.values()} == {
        (a, b) for a in (True, False) for b in (True, False)
    }
    assert studies.read(folder) == [report]
    assert report.command.endswith("library -o docs/systems --minutes 3")
