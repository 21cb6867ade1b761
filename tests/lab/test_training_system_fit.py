# SPDX-License-Identifier: GPL-3.0-or-later
"""A run learns, keeps its best, does not depend on its clock, and goes on."""

import dataclasses
import json
import math
import time

import numpy as np
import pytest

from requinto.errors import ConfigError
from requinto_lab.networks.backend import prepare_keras
from requinto_lab.training import system_fit

TRUE = np.array([[1.0], [-2.0], [0.5]], np.float32)


@pytest.fixture
def run(tmp_path):
    return system_fit.Run(
        loops="anywhere",
        run=str(tmp_path / "deep" / "run"),
        minutes=1e-9,  # one epoch
        batch_size=8,
        learning_rate=0.1,
        steps_per_epoch=5,
        n_validation_batches=2,
        epochs_per_eval=2,
    )


@pytest.fixture
def clock(monkeypatch):
    """Let each epoch take one minute of the processor."""
    state = {"now": 0.0}

    def process_time():
        state["now"] += 30.0  # read before and after
        return state["now"] // 60 * 60.0

    monkeypatch.setattr(time, "process_time", process_time)
    return state


def network():
    prepare_keras()
    import keras

    keras.utils.set_random_seed(0)
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
    model.compile(keras.optimizers.Adam(0.1), loss="mse", metrics=["mae"])
    return model


class Spy:
    """What a system gives to `fit`, and how that was called."""

    def __init__(self, model):
        self.model = model
        self.inputs, self.rates, self.saved = [], [], []

    def draw(self, split, rng):
        inputs = rng.normal(size=(8, 3)).astype(np.float32)
        if split == "train":
            self.rates.append(float(self.model.optimizer.learning_rate))
            self.inputs.append(inputs)
        return inputs, inputs @ TRUE

    def save(self, record):
        self.saved.append((record, [w.copy() for w in self.model.get_weights()]))


def fitted(run, spy, **more):
    return system_fit.fit(run, spy.model, draw=spy.draw, save=spy.save, **more)


def test_a_run_learns_and_logs_each_epoch(run, clock):
    spy = Spy(network())
    folder = fitted(dataclasses.replace(run, minutes=12), spy)
    assert folder.name == "run"
    lines = system_fit.read_log(folder)
    assert [line["step"] for line in lines] == [5 * n for n in range(1, 13)]
    assert [line["minutes"] for line in lines] == list(range(1, 13))
    assert lines[-1]["loss"] < 0.2 * lines[0]["loss"]
    assert lines[-1]["validation_loss"] < 0.2 * lines[0]["validation_loss"]
    assert {"mae", "validation_mae"} <= set(lines[0])


def test_the_rate_falls_with_the_share_of_the_minutes(run, clock):
    spy = Spy(network())
    fitted(dataclasses.replace(run, minutes=4), spy)
    wanted = [0.05 * (1 + math.cos(math.pi * n / 4)) for n in range(4)]
    np.testing.assert_allclose(spy.rates[::5], wanted, rtol=1e-6)
    np.testing.assert_allclose(spy.rates[4::5], wanted, rtol=1e-6)
    still = Spy(network())
    folder = fitted(dataclasses.replace(run), still, rate=lambda share: 0.0)
    assert still.rates == pytest.approx([1e-6] * 5) and folder.exists()


def test_the_best_is_kept_with_its_record(run, clock):
    """By the fixed batches: a rate that overshoots gets worse again."""
    spy = Spy(network())
    rates = iter([0.1, 0.1, 10.0, 0.001])
    run = dataclasses.replace(run, minutes=4)
    folder = fitted(run, spy, rate=lambda share: next(rates))
    losses = [line["validation_loss"] for line in system_fit.read_log(folder)]
    assert losses[1] < losses[0] and min(losses[2:]) > losses[1]
    assert [kept["reached"]["validation_loss"] for kept, _ in spy.saved] == [
        pytest.approx(x, abs=1e-6) for x in losses[:2]
    ]
    record, weights = spy.saved[-1]
    mean = np.mean(
        [
            np.mean((seen @ weights[0] + weights[1] - true) ** 2)
            for seen, true in system_fit.fixed_batches(run, spy.draw)
        ]
    )
    assert record["reached"]["best"] == pytest.approx(mean, rel=1e-4)
    assert record["training"]["learning_rate"] == 0.1
    assert not {"loops", "run", "resume"} & set(record["training"])


def test_what_is_evaluated_is_logged_at_times(run, clock):
    spy = Spy(network())
    folder = fitted(
        dataclasses.replace(run, minutes=5), spy, evaluate=lambda: {"gain_db": 7.0}
    )
    gains = [line.get("gain_db") for line in system_fit.read_log(folder)]
    assert gains == [None, 7.0, None, 7.0, None]


def test_a_run_that_goes_on_is_the_run_that_was_not_stopped(run, clock):
    whole = Spy(network())
    steady = {"rate": lambda share: 0.05}
    fitted(dataclasses.replace(run, minutes=4, run=run.run + "-whole"), whole, **steady)

    first, second = Spy(network()), Spy(network())
    fitted(dataclasses.replace(run, minutes=2), first, **steady)
    folder = fitted(dataclasses.replace(run, minutes=4, resume=True), second, **steady)
    assert [line["step"] for line in system_fit.read_log(folder)] == [5, 10, 15, 20]
    for ours, theirs in zip(first.inputs + second.inputs, whole.inputs, strict=True):
        np.testing.assert_array_equal(ours, theirs)
    # The optimiser's memory went on too, or they would differ by more than rounding
    for ours, theirs in zip(
        second.model.get_weights(), whole.model.get_weights(), strict=True
    ):
        np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=1e-6)


def test_a_run_that_goes_on_keeps_the_best_it_had(run, clock):
    folder = fitted(run, Spy(network()))
    progress = json.loads((folder / "progress.json").read_text())
    (folder / "progress.json").write_text(json.dumps({**progress, "best": 0.0}))
    spy = Spy(network())
    fitted(dataclasses.replace(run, minutes=2, resume=True), spy)
    assert not spy.saved and len(system_fit.read_log(folder)) == 2


def test_there_is_nothing_to_resume_at_first(run, clock):
    folder = fitted(dataclasses.replace(run, resume=True), Spy(network()))
    assert [line["step"] for line in system_fit.read_log(folder)] == [5]


def test_a_run_whose_minutes_are_over_does_nothing_more(run, clock):
    folder = fitted(run, Spy(network()))
    spy = Spy(network())
    fitted(dataclasses.replace(run, resume=True), spy)
    assert not spy.inputs and not spy.saved and len(system_fit.read_log(folder)) == 1


def test_batches_depend_on_the_seed_and_the_split(run, clock):
    def first(spy):
        return spy.inputs[0]

    here, there, other = (Spy(network()) for _ in range(3))
    for n, (spy, seed) in enumerate([(here, 0), (there, 0), (other, 1)]):
        fitted(dataclasses.replace(run, seed=seed, run=f"{run.run}-{n}"), spy)
    np.testing.assert_array_equal(first(here), first(there))
    assert not np.array_equal(first(here), first(other))
    for seen, _ in system_fit.fixed_batches(run, Spy(network()).draw):
        assert not any(np.array_equal(seen, inputs) for inputs in here.inputs)


def test_nothing_unfinished_is_left(run, clock):
    folder = fitted(run, Spy(network()))
    assert {path.name for path in folder.iterdir()} == {
        *("log.jsonl", "progress.json", "last.weights.h5")
    }


@pytest.mark.parametrize("name", ["batch_size", "steps_per_epoch", "epochs_per_eval"])
def test_numbers_that_cannot_be_are_said(run, name):
    with pytest.raises(ConfigError, match=f"{name} must be 1 or more, got 0"):
        dataclasses.replace(run, **{name: 0})
