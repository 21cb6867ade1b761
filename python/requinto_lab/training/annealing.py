# SPDX-License-Identifier: GPL-3.0-or-later
"""Branch a run off whose learning rate falls to nothing; the run itself goes on.

Weights that are learnt at a constant rate are not yet as good as they get: what is
compared with a released model is such a branch.
"""

from __future__ import annotations

import dataclasses
import json
import math
import shutil
from pathlib import Path

from requinto.errors import ConfigError
from requinto_lab.training.fit import TrainingConfig
from requinto_lab.training.loop import CHECKPOINT, PROGRESS, Progress

_N_EPOCHS = 6  # of a branch: the rate falls from one to the next
_BRANCH = "branch.json"  # written last: the copy is whole


def branch(config: TrainingConfig, n_steps: int, folder: Path | str) -> TrainingConfig:
    """Copy a run's last checkpoint; return the run that goes on from the copy.

    Of a folder that is a branch already, return how it goes on, with the number of
    steps that it was started with.

    Parameters
    ----------
    config : TrainingConfig
        Of the run, which is not touched.
    n_steps : int
        Over which the rate falls along a half cosine, 1 or more.
    folder : Path or str
        Made; to be trained in with `resume=True`.

    Raises
    ------
    ConfigError
        If the run has no checkpoint, the folder holds something else, or `n_steps`
        is below 1.
    """
    run, folder = Path(config.run), Path(folder)
    if n_steps < 1:
        raise ConfigError(f"the rate falls over 1 step or more, got {n_steps}")
    if not (folder / _BRANCH).exists():
        if not ((run / CHECKPOINT).exists() and (run / PROGRESS).exists()):
            raise ConfigError(f"{run} has no checkpoint to branch off from")
        if (folder / PROGRESS).exists():
            raise ConfigError(f"{folder} is the folder of another run")
        _copy(run, folder, n_steps)
    start = json.loads((folder / _BRANCH).read_text())
    last = start["first"] + start["n_steps"]
    return dataclasses.replace(
        config,
        run=str(folder),
        steps=last,
        decay=start["n_steps"] / last,
        steps_per_epoch=math.ceil(start["n_steps"] / _N_EPOCHS),
    )


def _copy(run: Path, folder: Path, n_steps: int) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(run / CHECKPOINT, folder / CHECKPOINT)
    progress = Progress(run / PROGRESS, resume=True)
    # The best of a branch is chosen among its own
    progress.best, progress.epochs_since_best = -math.inf, 0
    progress.save(folder / PROGRESS)
    start = {"first": progress.step, "n_steps": n_steps}
    (folder / _BRANCH).write_text(json.dumps(start))
