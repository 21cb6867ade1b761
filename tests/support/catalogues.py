# SPDX-License-Identifier: GPL-3.0-or-later
"""Small catalogues, and workers whose model takes no time; Dask loads this in them."""

import contextlib
import importlib
import os
import signal
import time
from pathlib import Path

import numpy as np
import soundfile

from requinto.arguments import Options
from requinto_batch import batch, cluster
from requinto_batch.catalogue import check_roots
from requinto_batch.errors import BatchError
from requinto_batch.runner import Result
from requinto_batch.song_work import Plan, PlannedInstrument, model_digest
from requinto_batch.summary import Row
from sounds import RATE, noise
from unchanged import PlainTracker, Unchanged

# For commands in processes of their own
ENVIRONMENT = {
    "DASK_DISTRIBUTED__WORKER__PRELOAD": '["catalogues"]',
    "PYTHONPATH": str(Path(__file__).parent),
}


class Scaled(Unchanged):
    """A separator that takes the sensitivity for a gain."""

    def separate_all(self, clips, sample_rate, query, sensitivity=0.5):
        """Return the clips, softer."""
        return [np.float32(sensitivity) * clip for clip in clips]


def dask_setup(worker):
    """Use the quick model in a worker."""
    del worker
    use_scaled_model()


def use_scaled_model(set_attribute=setattr):
    """Use the quick model in this process."""
    extract = importlib.import_module("requinto.extract")
    set_attribute(extract, "load_separator", lambda *_: Scaled())
    set_attribute(extract, "load_tracker", lambda *_: PlainTracker())


@contextlib.contextmanager
def start_quick_workers(n_workers, **options):
    """Start workers with the quick model."""
    import dask
    import distributed  # noqa: F401 - brings its settings

    with (
        dask.config.set({"distributed.worker.preload": ["catalogues"]}),
        cluster.start_workers(n_workers, **options) as runner,
    ):
        yield runner


class RunnerHere:
    """Does the jobs of a batch in this process."""

    def run(self, function, jobs, **_):
        """Yield what became of each job."""
        for job in jobs:
            try:
                yield Result(job, function(*job))
            except BatchError as error:
                yield Result(job, error=error)


def write_song(path, duration_s=0.6, seed=0):
    """Write a short song, in whatever kind its name says."""
    path.parent.mkdir(parents=True, exist_ok=True)
    sound = 0.3 * noise(round(duration_s * RATE), seed=seed)
    soundfile.write(path, sound.T, RATE)
    return path


def write_songs(folder, *names):
    """Write short songs that differ."""
    for i, name in enumerate(names):
        write_song(folder / name, 0.6 + 0.05 * i, seed=i)
    return folder


def plan_for(output, *targets, **changes):
    """Return what is done with each song: targets and the rest as FLAC."""
    plan = Plan(
        output=str(output),
        instruments=tuple(
            PlannedInstrument(name, name) for name in targets or ("guitar",)
        ),
        has_rest=True,
        ending=".flac",
        bit_depth=None,
        options=Options(),
        model=model_digest(Options().model),
    )
    return plan._replace(**changes)


def run_batch(runner, folder, plan, **options):
    """Return the totals and the rows, by name, of a run over a folder."""
    output, rows = Path(plan.output), []
    with batch.prepared(output):
        roots = check_roots([folder], output)
        totals = batch.run(roots, plan, runner, add_row=rows.append, **options)
    assert all(isinstance(row, Row) for row in rows)
    by_name = {row.path: row for row in rows}
    assert len(by_name) == len(rows) == totals.n_songs
    return totals, by_name


def outputs_of(folder):
    """Return what each file holds that was written for the user, by its path."""
    paths = (path for path in folder.rglob("*") if path.is_file())
    names = {path: path.relative_to(folder) for path in paths}
    return {
        str(name): path.read_bytes()
        for path, name in names.items()
        if name.parts[0] != ".requinto"
    }


def unfinished(folder):
    """Return the hidden files that are left of a run, and its notes of them."""
    hidden = [p for p in folder.rglob(".requinto-*") if p.is_file()]
    return [*hidden, *(folder / ".requinto" / "running").iterdir()]


def name_process(*_):
    """Return the process that does a job."""
    return os.getpid()


def kill_own_process(index):
    """Return a number, or end the process if it is 0."""
    if index == 0:
        os.kill(os.getpid(), signal.SIGKILL)
    return index


def kill_once(path):
    """End the process of the first attempt; return the number of the process."""
    if not Path(path).exists():
        Path(path).write_text(str(os.getpid()))
        os.kill(os.getpid(), signal.SIGKILL)
    return os.getpid()


def take_memory(n_bytes):
    """Hold memory until the nanny sees it, at most some seconds."""
    content = np.ones(n_bytes, np.uint8)
    time.sleep(20)
    return int(content[0])


def wait_for_songs(process, out):
    """Wait until a command has done two songs."""
    deadline = time.monotonic() + 60
    while len(list(out.glob("*-guitar.flac"))) < 2:
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.01)
