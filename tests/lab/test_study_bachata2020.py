# SPDX-License-Identifier: GPL-3.0-or-later
"""The ablation of the thesis' network measures all variants on one scale."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from requinto_lab import studies
from requinto_lab.studies import bachata2020 as ablation
from requinto_lab.studies.bachata2020 import Errors, Floors, Variant
from requinto_lab.systems.bachata2020_training import (
    INSTRUMENTS,
    Bachata2020Training,
    pictures,
    read_bank,
)
from thesis import TINY, Loops, Stand


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
