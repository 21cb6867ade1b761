# SPDX-License-Identifier: GPL-3.0-or-later
"""Do many independent jobs at once, in processes that let others go first."""

from __future__ import annotations

import concurrent.futures
import os
from collections.abc import Callable, Sequence
from typing import Any

from requinto_lab.material.progress import tracked
from requinto_lab.material.workers import worker_pool


def each(
    work: Callable[..., Any], jobs: Sequence[tuple[Any, ...]], text: str, n_workers: int
) -> list[Any]:
    """Return what `work(*job)` gives for each job, in no particular order.

    Parameters
    ----------
    work : callable
        A function of a module, since processes must find it.
    jobs : sequence of tuple
        Its arguments.
    text : str
        What to call it beside the progress bar.
    n_workers : int
        Processes; 1 works in this one.
    """
    if n_workers == 1:
        return [work(*job) for job in tracked(jobs, text)]
    with worker_pool(n_workers, os.nice, (10,)) as pool:
        futures = [pool.submit(work, *job) for job in jobs]
        done = concurrent.futures.as_completed(futures)
        return [future.result() for future in tracked(done, text, len(futures))]
