# SPDX-License-Identifier: GPL-3.0-or-later
"""Fit the network of an earlier system; whatever it saves is in the run's folder too.

See `requinto_lab.training.loop` for what else is there.
"""

from __future__ import annotations

import dataclasses
import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from requinto_lab.ranges import check_at_least
from requinto_lab.training.loop import LOG, Loop, Plan, half_cosine, means
from requinto_lab.training.loop import Scores as Scores  # systems name it too
from requinto_lab.training.provenance import commit

if TYPE_CHECKING:
    import keras

Batch = tuple[Any, Any]  # inputs and targets
Draw = Callable[[str, np.random.Generator], Batch]  # of a split

# Of one machine, in some of the runs: no part of the record
_PATHS = ("loops", "run", "resume", "clips", "separator")


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

    EARLIER_NAMES: ClassVar = {
        "n_heard": "n_eval",
        "epochs_per_hearing": "epochs_per_eval",
        "moment_s": "excerpt_s",
        "n_places": "n_positions",
        "pieces_per_moment": "pieces_per_excerpt",
    }

    def __post_init__(self) -> None:
        check_at_least(self, 1, "batch_size", "steps_per_epoch", "epochs_per_eval")


def fit(
    run: Run,
    network: keras.Model,
    *,
    draw: Draw,
    save: Callable[[dict[str, Any]], None],
    evaluate: Callable[[], Scores] | None = None,
    rate: Callable[[float], float] | None = None,
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
        Returns a batch of a split, "train" or "validation"; the mean loss of
        `fixed_batches` says which model is the best.
    save : callable
        Writes the best model, and the record that it is given.
    evaluate : callable, optional
        Returns what is measured of the model as it stands; logged every
        `epochs_per_eval` epochs.
    rate : callable, optional
        Returns the learning rate when a share of the run, 0 to 1, is over; half a
        cosine without it.
    """
    fixed = fixed_batches(run, draw)
    plan = Plan(
        steps_per_epoch=run.steps_per_epoch,
        score="validation_loss",
        lowest_is_best=True,
        minutes=run.minutes,
        rate=rate or half_cosine(run.learning_rate),
        clock=time.process_time,
    )

    def scores() -> Scores:
        losses = means(
            network.test_on_batch(*batch, return_dict=True) for batch in fixed
        )
        values = {f"validation_{name}": loss for name, loss in losses.items()}
        n_epochs = loop.progress.step // run.steps_per_epoch
        if evaluate and n_epochs % run.epochs_per_eval == 0:
            values |= evaluate()
        return values

    folder = Path(run.run)
    loop = Loop(
        folder,
        network,
        plan,
        evaluate=scores,
        save_best=lambda epoch: save(record(run, epoch.line())),
        resume=run.resume,
    )

    def batch(step: int) -> Batch:
        return draw("train", np.random.default_rng([run.seed, 0, step]))

    for _ in loop.epochs(batch):
        pass
    return folder


def fixed_batches(run: Run, draw: Draw) -> list[Batch]:
    """Return the batches that a run is validated on: the same at each epoch."""
    return [
        draw("validation", np.random.default_rng([run.seed, 1, i]))
        for i in range(run.n_validation_batches)
    ]


def record(run: Run, line: dict[str, Any]) -> dict[str, Any]:
    """Return how a model was made, to be saved beside its weights."""
    training = dataclasses.asdict(run)
    for name in _PATHS:
        training.pop(name, None)
    return {"commit": commit(), "training": training, "reached": line}


def read_log(folder: Path) -> list[Scores]:
    """Return the lines of a run's log, one for each epoch."""
    lines = (folder / LOG).read_text().splitlines()
    return [json.loads(line) for line in lines]
