# SPDX-License-Identifier: GPL-3.0-or-later
"""Run systems on test items, and score their estimates.

Items are shared among processes that keep to one core each, so that the
real-time factors of all systems are of one core, in one run.
"""

from __future__ import annotations

import concurrent.futures
import concurrent.futures.process
import math
import multiprocessing
import os
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from requinto import metrics
from requinto.errors import RequintoError
from requinto_lab.evaluation.bss_eval import bss_eval
from requinto_lab.evaluation.items import Item, check_references
from requinto_lab.evaluation.level_scores import level_db, snr
from requinto_lab.evaluation.systems import System, Task
from requinto_lab.material.instruments import INSTRUMENTS
from requinto_lab.material.parallel import show_progress, worker_pool

_WARM_UP_FRAMES, _WARM_UP_RATE = 2 * 44100, 44100
_QUIET = 1e-6  # RMS below which a target is silent, and so absent

MakeSystems = Callable[[], list[System]]


@dataclass(frozen=True)
class Score:
    """How one system did on one item; dB unless said otherwise.

    What cannot be said is None: an absent target has only a level, and swaps
    are of items with a wrong reference.
    """

    system: str
    set_name: str
    item: str
    instrument: str
    absent: bool
    si_sdr: float | None = None
    si_sdr_mix: float | None = None
    snr: float | None = None
    snr_mix: float | None = None
    sdr: float | None = None
    sir: float | None = None
    sar: float | None = None
    isr: float | None = None
    swap_margin: float | None = None  # with the right reference minus the wrong
    level: float | None = None  # of the output, relative to the mix
    duration_s: float = 0.0
    seconds: float = 0.0  # of one core that it took
    n_parameters: int = 0

    @property
    def improvement(self) -> float | None:
        """SI-SDR above the mix's."""
        if self.si_sdr is None or self.si_sdr_mix is None:
            return None
        return self.si_sdr - self.si_sdr_mix


@dataclass
class _Worker:
    systems: list[System] = field(default_factory=list)
    bss_eval: bool = False


_worker = _Worker()


def score(
    items: list[Item],
    make_systems: MakeSystems,
    *,
    bss_eval: bool = False,
    n_workers: int = 2,
) -> list[Score]:
    """Return the scores of all systems on all items they apply to.

    Parameters
    ----------
    items : list of Item
    make_systems : callable
        Returns the systems; called once in each process.
    bss_eval : bool
        Score by BSSEval too, which takes longer than most systems.
    n_workers : int
        Processes, each on a core of its own; 1 works in this one, and leaves
        its cores as they are.

    Raises
    ------
    RequintoError
        If a reference is silent, or a system fails or returns what is no answer.
    """
    check_references(items)  # before an hour of work
    if n_workers == 1:
        _prepare(make_systems, bss_eval, None)
        rows = [_score_item(i) for i in show_progress(items, "Scoring")]
        return [row for scores in rows for row in scores]
    context = multiprocessing.get_context("spawn")  # TensorFlow survives no fork
    cores = context.Queue()
    for core in sorted(os.sched_getaffinity(0)):
        cores.put(core)
    with worker_pool(
        min(n_workers, len(os.sched_getaffinity(0))),
        _prepare,
        (make_systems, bss_eval, cores),
        start_method="spawn",
    ) as pool:
        # Long ones first, so that no process is left with one at the end
        order = sorted(items, key=_n_bytes, reverse=True)
        futures = {item.path: pool.submit(_score_item, item) for item in order}
        done = concurrent.futures.as_completed(futures.values())
        try:
            for future in show_progress(done, "Scoring", len(futures)):
                future.result()  # fail at once, not after an hour
        except concurrent.futures.process.BrokenProcessPool as error:
            raise RequintoError(
                "a scoring process died, perhaps of too little memory"
            ) from error
        return [row for item in items for row in futures[item.path].result()]


def _prepare(make_systems: MakeSystems, bss_eval: bool, cores: Any) -> None:
    if cores is not None:
        os.sched_setaffinity(0, {cores.get()})
    _worker.systems = make_systems()
    _worker.bss_eval = bss_eval
    rng = np.random.default_rng(0)
    sound = rng.uniform(-0.1, 0.1, (2, _WARM_UP_FRAMES)).astype(np.float32)
    for system in _worker.systems:  # what is done once is not timed
        for instrument in (i for i in INSTRUMENTS if system.applies(i)):
            system.estimate(Task(sound, sound, _WARM_UP_RATE, instrument, None, sound))
            break


def _n_bytes(item: Item) -> int:
    return (item.path / "mix.flac").stat().st_size


def _score_item(item: Item) -> list[Score]:
    task = read_task(item)
    wrong = None
    if item.has_wrong_reference:
        wrong = replace(task, reference=item.read("wrong_reference")[0])
    return [
        _score_system(system, item, task, wrong)
        for system in _worker.systems
        if system.applies(item.instrument)
    ]


def read_task(item: Item) -> Task:
    """Return an item's task, with its truth."""
    mixture, rate = item.read("mix")
    truth, truth_rate = item.read("target")
    reference, reference_rate = item.read("reference")
    if (truth.shape, truth_rate, reference_rate) != (mixture.shape, rate, rate):
        raise RequintoError(
            f"{item.path}: mix {mixture.shape} at {rate} Hz, target {truth.shape} at "
            f"{truth_rate} Hz, reference at {reference_rate} Hz; all rates, and the "
            "shapes of mix and target, must be one"
        )
    return Task(mixture, reference, rate, item.instrument, item.beats(), truth)


def run_system(system: System, task: Task) -> tuple[np.ndarray, float]:
    """Return a system's estimate and the seconds it took, checked.

    Seconds of processor time of all threads: on one core what a clock would say,
    were nothing else running.
    """
    start_s = time.process_time()
    estimate = system.estimate(task)
    seconds = time.process_time() - start_s
    if estimate.shape != task.mixture.shape or not np.isfinite(estimate).all():
        raise RequintoError(
            f"{system.name} answered {estimate.shape} to {task.mixture.shape}, or "
            "samples that are not finite"
        )
    return estimate, seconds


def _score_system(system: System, item: Item, task: Task, wrong: Task | None) -> Score:
    estimate, seconds = run_system(system, task)
    is_absent = item.absent or _rms(task.truth) < _QUIET
    row = Score(
        system=system.name,
        set_name=item.set_name,
        item=item.name,
        instrument=item.instrument,
        absent=is_absent,
        duration_s=task.mixture.shape[1] / task.sample_rate,
        seconds=seconds,
        n_parameters=system.n_parameters,
    )
    if _rms(task.mixture) < _QUIET:
        return row
    row = replace(row, level=level_db(task.mixture, estimate))
    if is_absent:
        return row
    row = replace(
        row,
        si_sdr=_finite(metrics.si_sdr(task.truth, estimate)),
        si_sdr_mix=_finite(metrics.si_sdr(task.truth, task.mixture)),
        snr=_finite(snr(task.truth, estimate)),
        snr_mix=_finite(snr(task.truth, task.mixture)),
    )
    if wrong is not None and row.si_sdr is not None:
        swapped = metrics.si_sdr(task.truth, run_system(system, wrong)[0])
        row = replace(row, swap_margin=row.si_sdr - _finite(swapped))
    if _worker.bss_eval:
        ratios = bss_eval(task.truth, task.mixture, estimate)
        known = {k: v for k, v in ratios._asdict().items() if math.isfinite(v)}
        row = replace(row, **known)
    return row


def _rms(sound: np.ndarray) -> float:
    return float(np.sqrt(np.mean(np.square(sound, dtype=np.float64))))


def _finite(value: float) -> float:
    """Return a ratio within ±100 dB, so that means stay means.

    A silent answer to a target that sounds has none; it counts as -100.
    """
    return min(max(value, -100.0), 100.0)
