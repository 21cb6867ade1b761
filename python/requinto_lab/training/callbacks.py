# SPDX-License-Identifier: GPL-3.0-or-later
"""What happens at the end of each epoch: the clock, checkpoints, scores, the log."""

from __future__ import annotations

import json
import math
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras

from requinto_lab.training import malloc_tuning

Scores = dict[str, float]


class Progress:
    """How far a run is; a file that a resumed run goes on from.

    Parameters
    ----------
    path : Path
    resume : bool
        Read the file, where there is one.
    """

    def __init__(self, path: Path, *, resume: bool) -> None:
        self._path = path
        self.minutes, self.step, self.best = 0.0, 0, -math.inf
        self.epochs_since_best = 0
        self.found = resume and path.exists()
        if self.found:
            vars(self).update(json.loads(path.read_text()))

    def values(self) -> dict[str, float]:
        """Return the numbers by name."""
        names = ("minutes", "step", "best", "epochs_since_best")
        return {name: getattr(self, name) for name in names}

    def save(self, path: Path | None = None) -> None:
        """Write the file, or another; a run that is stopped leaves the old one."""
        path = path or self._path
        unfinished = path.with_suffix(".new")
        unfinished.write_text(json.dumps(self.values()))
        unfinished.replace(path)


class Clock(keras.callbacks.Callback):
    """Sets the learning rate by how much of a run is done, and ends the run.

    The rate stays at `learning_rate`, and falls along a half cosine to zero over
    the last `decay` of the run, which lasts `minutes`, or `steps` where given.
    """

    def __init__(
        self,
        progress: Progress,
        *,
        minutes: float,
        steps: int,
        learning_rate: float,
        decay: float,
        steps_per_epoch: int,
    ) -> None:
        super().__init__()
        self._progress = progress
        self._minutes, self._steps = minutes, steps
        self._learning_rate = learning_rate
        self._decay = decay
        self._steps_per_epoch = steps_per_epoch

    @property
    def done(self) -> float:
        """Share of the run that is over, 1 or more at its end."""
        if self._steps:
            return self._progress.step / self._steps
        return self._progress.minutes / self._minutes

    def rate(self) -> float:
        """Return the learning rate of the next epoch."""
        share = min(1.0, (1 - self.done) / self._decay) if self._decay else 1.0
        return max(self._learning_rate * 0.5 * (1 - math.cos(math.pi * share)), 1e-6)

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        """Set the rate."""
        self._begun = time.monotonic()
        self.model.optimizer.learning_rate.assign(self.rate())

    def on_train_batch_begin(self, batch: int, logs: Any = None) -> None:
        """Undo what the data set did to the allocator."""
        if batch == 0:
            malloc_tuning.keep()

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """Add the epoch's minutes, without those of its validation."""
        self._progress.step += self._steps_per_epoch
        self._progress.minutes += (time.monotonic() - self._begun) / 60
        if self.done >= 1:
            self.model.stop_training = True


class Checkpoint(keras.callbacks.Callback):
    """Saves weights as they are trained, the optimiser's state, and how far it is."""

    def __init__(self, path: Path, progress: Progress) -> None:
        super().__init__()
        self._path = path
        self._progress = progress

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """Save; a run that is stopped meanwhile leaves the old checkpoint."""
        unfinished = self._path.with_name("new.weights.h5")
        self.model.save_weights(unfinished)
        os.replace(unfinished, self._path)
        # Before it is scored, which takes minutes: a run may be killed meanwhile
        self._progress.save()


class Validation(keras.callbacks.Callback):
    """Scores the averaged weights, logs, keeps the best, and stops a stale run.

    Parameters
    ----------
    progress : Progress
    log : Path
        A line of JSON is added to it for each epoch.
    scored : callable
        Returns the scores of the model as it stands.
    score : str
        Which of them is to be high.
    save_best : callable
        Called with the scores whenever they are the best so far.
    patience : int
        Epochs without a better score after which the run stops; 0: never.
    """

    def __init__(
        self,
        progress: Progress,
        log: Path,
        *,
        scored: Callable[[], Scores],
        score: str,
        save_best: Callable[[Scores], None],
        patience: int,
    ) -> None:
        super().__init__()
        self._progress = progress
        self._log = log
        self._scored, self._score, self._save_best = scored, score, save_best
        self._patience = patience

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """Score, and add the scores to Keras' logs, for TensorBoard too."""
        progress, scores = self._progress, self._scored()
        progress.epochs_since_best += 1
        if scores[self._score] > progress.best:
            progress.best, progress.epochs_since_best = scores[self._score], 0
            self._save_best(scores)
        if 0 < self._patience <= progress.epochs_since_best:
            self.model.stop_training = True
        progress.save()
        line = {**progress.values(), "loss": float(logs["loss"]), **scores}
        line = {k: round(v, 4) for k, v in line.items()}
        with self._log.open("a") as log:
            log.write(json.dumps(line) + "\n")
        logs.update({f"val_{name}": value for name, value in scores.items()})
