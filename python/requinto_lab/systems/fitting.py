# SPDX-License-Identifier: GPL-3.0-or-later
"""Fit the network of an earlier system: steps, the clock, checkpoints, the log.

A run is a folder: `log.jsonl` with a line for each epoch, the last checkpoint, and
whatever its system saves when the validation loss is the lowest so far.
"""

from __future__ import annotations

import dataclasses
import json
import math
import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from requinto.errors import ConfigError
from requinto_lab.training.provenance import commit

if TYPE_CHECKING:
    import keras

Batch = tuple[Any, Any]  # inputs and targets
Scores = dict[str, float]

# What recipes and records of released models call the same numbers
EARLIER_NAMES = {
    "n_heard": "n_eval",
    "epochs_per_hearing": "epochs_per_eval",
    "moment_s": "excerpt_s",
    "pieces_per_moment": "pieces_per_excerpt",
}

_SMALLEST_RATE = 1e-6
_PATHS = ("loops", "run", "resume")  # of one machine: no part of the record


@dataclass(frozen=True)
class Run:
    """The numbers that the training of every earlier system has."""

    loops: str  # folder of the loop library
    run: str  # folder for checkpoints, log and the resulting model
    minutes: float = 20.0  # of one core
    batch_size: int = 8
    learning_rate: float = 1e-3  # at the start
    steps_per_epoch: int = 100  # between validations and checkpoints
    n_validation_batches: int = 4
    n_eval: int = 6  # validation mixtures whose SI-SDR is measured
    epochs_per_eval: int = 4  # between such measurements
    seed: int = 0
    resume: bool = False  # go on from the last checkpoint, where there is one

    def __post_init__(self) -> None:
        for name in ("batch_size", "steps_per_epoch", "epochs_per_eval"):
            if getattr(self, name) < 1:
                raise ConfigError(
                    f"{name} must be 1 or more, got {getattr(self, name)}"
                )


def half_cosine(run: Run, share: float) -> float:
    """Return the learning rate when a share of the run is over: it falls to zero."""
    return run.learning_rate * 0.5 * (1 + math.cos(math.pi * share))


def fit(
    run: Run,
    network: keras.Model,
    *,
    draw: Callable[[np.random.Generator], Batch],
    fixed: Sequence[Batch],
    save: Callable[[dict[str, Any]], None],
    evaluate: Callable[[], Scores] | None = None,
    rate: Callable[[Run, float], float] = half_cosine,
) -> Path:
    """Train until the minutes are used up; return the folder of the run.

    Minutes are the processor's, so that a run does not learn less on a busy machine.
    Batches depend on the seed and the step alone.

    Parameters
    ----------
    run : Run
    network : keras.Model
        Compiled; a metric that it has is logged under its name.
    draw : callable
        Returns a training batch.
    fixed : sequence of batches
        Of the validation split; their mean loss says which model is the best.
    save : callable
        Writes the best model, and the record that it is given.
    evaluate : callable, optional
        Returns what is measured of the model as it stands; logged every
        `epochs_per_eval` epochs.
    rate : callable
        Returns the learning rate when a share of the run, 0 to 1, is over.
    """
    folder = Path(run.run)
    folder.mkdir(parents=True, exist_ok=True)
    network.optimizer.build(network.trainable_variables)
    progress = _resume(network, folder) if run.resume else None
    progress = progress or {"minutes": 0.0, "step": 0, "best": math.inf}
    while progress["minutes"] < run.minutes:
        share = progress["minutes"] / run.minutes
        network.optimizer.learning_rate.assign(max(rate(run, share), _SMALLEST_RATE))
        trained = _epoch(network, draw, run, progress)
        validated = means([network.test_on_batch(*b, return_dict=True) for b in fixed])
        line = {**progress, **trained}
        line |= {f"validation_{name}": value for name, value in validated.items()}
        n_epochs = progress["step"] // run.steps_per_epoch
        if evaluate and n_epochs % run.epochs_per_eval == 0:
            line |= evaluate()
        if validated["loss"] < progress["best"]:
            progress["best"] = line["best"] = validated["loss"]
            save(record(run, line))
        with (folder / "log.jsonl").open("a") as log:
            log.write(json.dumps({k: round(v, 6) for k, v in line.items()}) + "\n")
        _checkpoint(network, folder, progress)
    return folder


def _epoch(
    network: keras.Model,
    draw: Callable[[np.random.Generator], Batch],
    run: Run,
    progress: dict[str, Any],
) -> Scores:
    """Train for one epoch, note it in `progress`, return the mean losses."""
    start = time.process_time()
    losses = []
    for step in range(progress["step"], progress["step"] + run.steps_per_epoch):
        batch = draw(np.random.default_rng([run.seed, 0, step]))
        # Batch by batch: Keras' own loop keeps its sources, and memory, for good
        losses.append(network.train_on_batch(*batch, return_dict=True))
    progress["step"] += run.steps_per_epoch
    progress["minutes"] += (time.process_time() - start) / 60
    return means(losses)


def fixed_batches(
    run: Run, draw: Callable[[np.random.Generator], Batch]
) -> list[Batch]:
    """Return the batches that a run is validated on: the same at each epoch."""
    return [
        draw(np.random.default_rng([run.seed, 1, i]))
        for i in range(run.n_validation_batches)
    ]


def means(rows: Sequence[dict[str, Any]]) -> Scores:
    """Return the mean over rows of each number that they name."""
    return {name: float(np.mean([row[name] for row in rows])) for name in rows[0]}


def record(run: Run, line: dict[str, Any]) -> dict[str, Any]:
    """Return how a model was made, to be saved beside its weights."""
    training = dataclasses.asdict(run)
    for name in _PATHS:
        training.pop(name)
    return {"commit": commit(), "training": training, "reached": line}


def read_log(folder: Path) -> list[Scores]:
    """Return the lines of a run's log, one for each epoch."""
    lines = (folder / "log.jsonl").read_text().splitlines()
    return [json.loads(line) for line in lines]


def _checkpoint(network: keras.Model, folder: Path, progress: dict[str, Any]) -> None:
    unfinished = folder / "next.weights.h5"
    network.save_weights(unfinished)
    unfinished.replace(folder / "last.weights.h5")
    write_whole(folder / "progress.json", json.dumps(progress))


def _resume(network: keras.Model, folder: Path) -> dict[str, Any] | None:
    """Load the last checkpoint, with its optimiser, and return how far it was."""
    path = folder / "progress.json"
    if not path.exists():
        return None
    network.load_weights(folder / "last.weights.h5")
    return dict(json.loads(path.read_text()))


def write_whole(path: Path, text: str) -> None:
    """Write a file that no reader ever finds half written."""
    unfinished = path.with_name(f"{path.name}-{os.getpid()}")
    unfinished.write_text(text)
    unfinished.replace(path)
