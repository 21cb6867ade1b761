# SPDX-License-Identifier: GPL-3.0-or-later
"""A run keeps its best, ends in time, and goes on, however its batches are fed."""

import dataclasses
import itertools
import json
import math

import keras
import numpy as np
import pytest

from requinto_lab.training.loop import (
    LOG,
    Loop,
    Plan,
    Progress,
    averaged_weights,
    half_cosine,
    means,
)

PLAN = Plan(steps_per_epoch=3, score="score", steps=12)


def batch(index):
    rng = np.random.default_rng(index)
    inputs = rng.standard_normal((4, 3)).astype(np.float32)
    return inputs, inputs @ np.array([[1.0], [-2.0], [0.5]], np.float32)


def network(*, use_ema=True):
    keras.utils.set_random_seed(0)
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
    optimizer = keras.optimizers.Adam(0.1, use_ema=use_ema, ema_momentum=0.9)
    model.compile(optimizer, loss="mse")
    return model


class Run:
    """A loop over a small network, whose scores are given."""

    def __init__(self, folder, plan=PLAN, scores=None, **options):
        self.model, self.best, self.evaluated = network(), [], []
        self._scores = iter(scores or itertools.count(1.0))
        self.loop = Loop(
            folder,
            self.model,
            plan,
            evaluate=self.evaluate,
            save_best=self.best.append,
            **options,
        )

    def evaluate(self):
        self.evaluated.append(self.model.get_weights())
        return {"score": next(self._scores)}

    def train(self, way):
        if way == "fit":
            indices = itertools.count(self.loop.progress.step)
            self.loop.fit(batch(index) for index in indices)
        else:
            list(self.loop.epochs(batch))
        return self


WAYS = pytest.mark.parametrize("way", ["fit", "epochs"])


def lines(folder):
    return [json.loads(line) for line in (folder / LOG).read_text().splitlines()]


@WAYS
def test_a_step_is_traced_once(tmp_path, way):
    """Tracing takes most of a short run: twice where variables are made in a step."""
    run, traces = Run(tmp_path), []
    step = run.model.train_step

    def train_step(data):
        traces.append(data)
        return step(data)

    run.model.train_step = train_step
    run.train(way)
    assert len(traces) == 1


def test_both_ways_to_feed_it_train_alike(tmp_path):
    fit, epochs = (Run(tmp_path / way).train(way) for way in ("fit", "epochs"))
    assert len(fit.evaluated) == 4
    for ours, theirs in zip(fit.evaluated, epochs.evaluated, strict=True):
        for one, other in zip(ours, theirs, strict=True):
            np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-6)
    logs = [lines(tmp_path / way) for way in ("fit", "epochs")]
    for one, other in zip(*logs, strict=True):
        assert one["loss"] == pytest.approx(other["loss"], rel=1e-4)
        assert one.keys() == other.keys()


@WAYS
@pytest.mark.parametrize("lowest", [False, True])
def test_the_best_is_saved(tmp_path, way, lowest):
    plan = dataclasses.replace(PLAN, lowest_is_best=lowest)
    scores = [2.0, 3.0, 1.0, 3.0]
    run = Run(tmp_path, plan, scores).train(way)
    wanted = [2.0, 1.0] if lowest else [2.0, 3.0]
    assert [epoch.scores["score"] for epoch in run.best] == wanted
    assert [line["score"] for line in lines(tmp_path)] == scores
    assert lines(tmp_path)[-1]["best"] == wanted[-1]
    assert [line["step"] for line in lines(tmp_path)] == [3, 6, 9, 12]
    assert run.best[-1].line()["best"] == wanted[-1]


@WAYS
def test_a_stale_run_ends_early(tmp_path, way):
    plan = dataclasses.replace(PLAN, patience=2)
    Run(tmp_path, plan, [1.0, 0.5, 1.0, 9.0]).train(way)
    assert [line["epochs_since_best"] for line in lines(tmp_path)] == [0, 1, 2]


@WAYS
def test_a_run_that_was_stopped_is_the_run_that_was_not(tmp_path, way):
    whole = Run(tmp_path / "whole").train(way)
    first = dataclasses.replace(PLAN, steps=6)
    Run(tmp_path / "parts", first).train(way)
    rest = Run(tmp_path / "parts", resume=True)
    assert (rest.loop.progress.step, rest.loop.progress.best) == (6, 2.0)
    rest.train(way)
    for ours, theirs in zip(rest.evaluated, whole.evaluated[2:], strict=True):
        for one, other in zip(ours, theirs, strict=True):
            np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-6)
    names = {path.name for path in (tmp_path / "parts").iterdir()}
    assert names == {"log.jsonl", "progress.json", "last.weights.h5"}
    over = Run(tmp_path / "parts", resume=True).train(way)
    assert not over.evaluated and len(lines(tmp_path / "parts")) == 4


def test_what_is_evaluated_is_not_what_is_trained():
    model = network()
    for index in range(30):
        model.train_on_batch(*batch(index))
    trained = model.get_weights()
    with averaged_weights(model):
        averaged = model.get_weights()
    assert np.abs(trained[0] - averaged[0]).max() > 0.1
    for one, other in zip(model.get_weights(), trained, strict=True):
        np.testing.assert_array_equal(one, other)
    plain = network(use_ema=False)
    with averaged_weights(plain):
        np.testing.assert_array_equal(
            plain.get_weights()[0], network().get_weights()[0]
        )


@pytest.mark.parametrize("kind", ["minutes", "steps"])
def test_the_rate_holds_and_then_falls_to_nothing(tmp_path, kind):
    limit = {"minutes": 10.0, "steps": 0} | {kind: 200}
    plan = dataclasses.replace(PLAN, **limit, rate=half_cosine(0.1, 0.5))
    progress = Progress(tmp_path / "progress.json", resume=False)
    rates = []
    for done in (0, 50, 100, 150, 200):
        setattr(progress, {"minutes": "minutes", "steps": "step"}[kind], done)
        rates.append(plan.rate(plan.share(progress)))
    np.testing.assert_allclose(rates, [0.1, 0.1, 0.1, 0.05, 0], atol=1e-9)
    assert plan.share(progress) == 1
    held = half_cosine(0.1, 0.0)
    assert {held(share) for share in (0.0, 0.5, 1.0)} == {0.1}


@WAYS
def test_the_optimiser_is_given_the_rate_of_each_epoch(tmp_path, way):
    rates = []
    run = Run(tmp_path, dataclasses.replace(PLAN, rate=half_cosine(0.1)))
    run.loop._evaluate = lambda: {
        "score": rates.append(float(run.model.optimizer.learning_rate)) or 0.0
    }
    run.train(way)
    wanted = [0.05 * (1 + math.cos(math.pi * n / 4)) for n in range(4)]
    np.testing.assert_allclose(rates, wanted, rtol=1e-5)
    last = Run(tmp_path / "last", dataclasses.replace(PLAN, rate=lambda share: 0.0))
    last.train(way)
    assert float(last.model.optimizer.learning_rate) == pytest.approx(1e-6)


def test_minutes_are_those_of_the_clock_without_validation(tmp_path):
    seconds = iter([0.0, 60.0, 500.0, 560.0])
    plan = dataclasses.replace(PLAN, steps=0, minutes=2.0, clock=lambda: next(seconds))
    Run(tmp_path, plan).train("epochs")
    assert [line["minutes"] for line in lines(tmp_path)] == [1.0, 2.0]


def test_means_are_of_each_number():
    rows = [{"loss": 1.0, "mae": 4.0}, {"loss": 2.0, "mae": 0.0}]
    assert means(rows) == {"loss": 1.5, "mae": 2.0}
