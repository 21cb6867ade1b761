# SPDX-License-Identifier: GPL-3.0-or-later
"""A training run: its length, and what happens at the end of each of its epochs.

A run is a folder.  It goes on from `last.weights.h5` and `progress.json`; `log.jsonl`
has a line for each epoch.  Whatever else the folder holds is saved by the caller.
"""

from __future__ import annotations

import contextlib
import json
import math
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from requinto_lab.training import malloc_tuning

if TYPE_CHECKING:
    import keras

CHECKPOINT, PROGRESS, LOG = "last.weights.h5", "progress.json", "log.jsonl"
_MIN_RATE = 1e-6
_MAX_EPOCHS = 10**6  # of Keras' own loop, which is stopped before

Scores = dict[str, float]


class Progress:
    """How far a run is; a file that a resumed run goes on from.

    Parameters
    ----------
    path : Path
    resume : bool
        Read the file, where there is one.
    worst : float
        The best score of a run that has none yet.
    """

    def __init__(self, path: Path, *, resume: bool, worst: float = -math.inf) -> None:
        self._path = path
        self.minutes, self.step, self.best = 0.0, 0, worst
        self.epochs_since_best = 0
        self.resumed = resume and path.exists()
        if self.resumed:
            vars(self).update(json.loads(path.read_text()))

    def values(self) -> Scores:
        """Return the numbers by name."""
        names = ("minutes", "step", "best", "epochs_since_best")
        return {name: getattr(self, name) for name in names}

    def save(self, path: Path | None = None) -> None:
        """Write the file, or another; a run that is stopped leaves the old one."""
        path = path or self._path
        unfinished = path.with_suffix(".new")
        unfinished.write_text(json.dumps(self.values()))
        unfinished.replace(path)


@dataclass(frozen=True)
class Plan:
    """How long a run lasts, how fast it learns, and by what it is judged.

    Parameters
    ----------
    steps_per_epoch : int
        Steps between validations and checkpoints.
    score : str
        The score that chooses the best model.
    lowest_is_best : bool
    minutes : float
        Length of the run, without its validation.
    steps : int
        Length of the run instead, where above 0.
    rate : callable, optional
        Returns the learning rate when a share of the run, 0 to 1, is over.  Without
        it the optimiser has a schedule of its own.
    patience : int
        Epochs without a better score that end the run; 0: any number.
    clock : callable
        Returns seconds.
    """

    steps_per_epoch: int
    score: str
    lowest_is_best: bool = False
    minutes: float = math.inf
    steps: int = 0
    rate: Callable[[float], float] | None = None
    patience: int = 0
    clock: Callable[[], float] = time.monotonic

    @property
    def worst(self) -> float:
        """The score that any other is better than."""
        return math.inf if self.lowest_is_best else -math.inf

    def share(self, progress: Progress) -> float:
        """Return the share of the run that is over, 1 or more at its end."""
        if self.steps:
            return progress.step / self.steps
        return progress.minutes / self.minutes

    def is_better(self, score: float, best: float) -> bool:
        """Return whether a score is better than the best so far."""
        return score < best if self.lowest_is_best else score > best

    def is_over(self, progress: Progress) -> bool:
        """Return whether the run has reached its end, or has run out of patience."""
        is_stale = 0 < self.patience <= progress.epochs_since_best
        return is_stale or self.share(progress) >= 1


class Epoch(NamedTuple):
    """What is known at the end of an epoch."""

    progress: Scores  # see `Progress.values`
    losses: Scores  # means over its batches
    scores: Scores  # of the averaged weights

    def line(self) -> Scores:
        """Return all numbers, as a line of the log."""
        return {**self.progress, **self.losses, **self.scores}


class Loop:
    """A run, from its start or its last checkpoint to its end.

    Parameters
    ----------
    folder : Path
        Made where it is missing.
    model : keras.Model
        Compiled.
    plan : Plan
    evaluate : callable
        Returns the scores of the model, which has its averaged weights meanwhile.
    save_best : callable
        Called with an `Epoch` whose score is the best so far.
    resume : bool
        Go on from the last checkpoint, where there is one.
    """

    def __init__(
        self,
        folder: Path,
        model: keras.Model,
        plan: Plan,
        *,
        evaluate: Callable[[], Scores],
        save_best: Callable[[Epoch], None],
        resume: bool = False,
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder, self._model, self._plan = folder, model, plan
        self._evaluate, self._save_best = evaluate, save_best
        self._start_s = 0.0
        self.progress = Progress(folder / PROGRESS, resume=resume, worst=plan.worst)
        if not model.optimizer.built:
            # Variables made in the first step would have it traced twice, and loaded
            # state would be dropped
            model.optimizer.build(model.trainable_variables)
        if self.progress.resumed:
            model.load_weights(folder / CHECKPOINT)

    def fit(
        self, batches: Iterator[Any], callbacks: Sequence[keras.callbacks.Callback] = ()
    ) -> None:
        """Train in Keras' loop, which waits for no batch and knows several devices."""
        import keras

        if self._plan.share(self.progress) >= 1:
            return

        def end_epoch(epoch: int, logs: Scores) -> None:
            ended = self._end_epoch({name: float(x) for name, x in logs.items()})
            logs.update({f"val_{name}": x for name, x in ended.scores.items()})
            if self._plan.is_over(self.progress):
                self._model.stop_training = True

        own = keras.callbacks.LambdaCallback(
            on_epoch_begin=lambda epoch, logs: self._start_epoch(),
            # What feeds the data set has changed the allocator
            on_train_batch_begin=lambda batch, logs: batch or malloc_tuning.keep(),
            on_epoch_end=end_epoch,
        )
        self._model.fit(
            batches,
            steps_per_epoch=self._plan.steps_per_epoch,
            epochs=_MAX_EPOCHS,
            shuffle=False,
            verbose=0,
            callbacks=[own, *callbacks],
        )

    def epochs(self, batch: Callable[[int], tuple[Any, Any]]) -> Iterator[Epoch]:
        """Train batch by batch, and yield what is known after each epoch.

        Keras' loop would keep the source of its batches in memory for good.

        Parameters
        ----------
        batch : callable
            Returns inputs and truth of a step of the run.
        """
        is_over = self._plan.share(self.progress) >= 1
        while not is_over:
            self._start_epoch()
            steps = range(self._plan.steps_per_epoch)
            yield self._end_epoch(
                means(
                    self._model.train_on_batch(
                        *batch(self.progress.step + step), return_dict=True
                    )
                    for step in steps
                )
            )
            is_over = self._plan.is_over(self.progress)

    def _start_epoch(self) -> None:
        self._start_s = self._plan.clock()
        if self._plan.rate:
            rate = self._plan.rate(self._plan.share(self.progress))
            self._model.optimizer.learning_rate.assign(max(rate, _MIN_RATE))

    def _end_epoch(self, losses: Scores) -> Epoch:
        plan, progress = self._plan, self.progress
        progress.minutes += (plan.clock() - self._start_s) / 60
        progress.step += plan.steps_per_epoch
        # Before it is scored, which takes minutes: a run may be killed meanwhile
        self._save_checkpoint()
        with averaged_weights(self._model):
            scores = self._evaluate()
            progress.epochs_since_best += 1
            is_best = plan.is_better(scores[plan.score], progress.best)
            if is_best:
                progress.best, progress.epochs_since_best = scores[plan.score], 0
            epoch = Epoch(progress.values(), losses, scores)
            if is_best:
                self._save_best(epoch)
        progress.save()
        with (self._folder / LOG).open("a") as log:
            line = {name: round(value, 6) for name, value in epoch.line().items()}
            log.write(json.dumps(line) + "\n")
        return epoch

    def _save_checkpoint(self) -> None:
        """Save; a run that is stopped meanwhile leaves the old checkpoint."""
        unfinished = self._folder / "new.weights.h5"
        self._model.save_weights(unfinished)
        unfinished.replace(self._folder / CHECKPOINT)
        self.progress.save()


@contextlib.contextmanager
def averaged_weights(model: keras.Model) -> Iterator[None]:
    """Give a model the running averages of its weights, if its optimiser has any."""
    if not model.optimizer.use_ema:
        yield
        return
    trained = model.get_weights()
    model.optimizer.finalize_variable_values(model.trainable_variables)
    try:
        yield
    finally:
        model.set_weights(trained)


def half_cosine(learning_rate: float, decay: float = 1.0) -> Callable[[float], float]:
    """Return the rate by the share of a run: held, then falling to 0 over `decay`."""

    def rate(share: float) -> float:
        left = min(1.0, (1 - share) / decay) if decay else 1.0
        return learning_rate * 0.5 * (1 - math.cos(math.pi * left))

    return rate


def means(rows: Iterable[dict[str, Any]]) -> Scores:
    """Return the mean over rows of each number that they name."""
    rows = list(rows)
    return {name: float(np.mean([row[name] for row in rows])) for name in rows[0]}
