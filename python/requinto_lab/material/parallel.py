# SPDX-License-Identifier: GPL-3.0-or-later
"""Work in many processes, which end with this one, and show how far it is."""

from __future__ import annotations

import concurrent.futures
import contextlib
import multiprocessing
import multiprocessing.connection
import os
import signal
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, TypeVar

import rich.progress
from rich.console import Console

from requinto.process import has_run_tensorflow
from requinto_batch.cluster import start_workers

T = TypeVar("T")


def show_progress(
    rows: Iterable[T], text: str, total: int | None = None
) -> Iterable[T]:
    """Yield rows; a terminal's stderr shows how many of `total` are done."""
    console = Console(stderr=True)
    return rich.progress.track(
        rows, text, total=total, console=console, disable=not console.is_terminal
    )


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
        Processes, which let others go first; 1 works in this one.

    Raises
    ------
    BatchError
        If a process dies.
    """
    if n_workers == 1:
        return [work(*job) for job in show_progress(jobs, text)]
    if not jobs:
        return []
    values = []
    with start_workers(min(n_workers, len(jobs))) as runner:
        for result in show_progress(runner.run(work, jobs), text, len(jobs)):
            if result.error:
                raise result.error
            values.append(result.value)
    return values


@contextlib.contextmanager
def worker_pool(
    n_workers: int,
    initializer: Callable[..., object] | None = None,
    initargs: tuple[Any, ...] = (),
    *,
    start_method: str | None = None,
) -> Iterator[concurrent.futures.ProcessPoolExecutor]:
    """Give a pool of processes; on an error or a signal they are ended at once.

    They also end, with what they have started, when this process is killed. Unlike
    `each` it prepares processes, and hands each its next job before it has ended one:
    batches to train on are large, and come in order.

    Parameters
    ----------
    n_workers : int
    initializer, initargs
        A function of a module that each process calls first, and its arguments.
    start_method : str, optional
        Of `multiprocessing`; its own choice, or "spawn" where a network has run.
    """
    if start_method is None and has_run_tensorflow():
        start_method = "spawn"  # a fork would inherit TensorFlow's locks
    before = set(multiprocessing.active_children())
    with concurrent.futures.ProcessPoolExecutor(
        n_workers,
        mp_context=multiprocessing.get_context(start_method),
        initializer=_start,
        initargs=(initializer, initargs),
    ) as pool:
        try:
            yield pool
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            for process in set(multiprocessing.active_children()) - before:
                _end(process)
            raise


def _end(process: multiprocessing.process.BaseProcess) -> None:
    """End a worker, and what it has started."""
    try:
        assert process.pid is not None
        os.killpg(process.pid, signal.SIGTERM)
    except (AttributeError, OSError):  # it has no group, or not yet
        process.terminate()


def _start(
    initializer: Callable[..., object] | None, initargs: tuple[Any, ...]
) -> None:
    # A group of its own: the terminal's Ctrl-C is for the parent, which ends us
    if hasattr(os, "setpgrp"):
        os.setpgrp()
    for name in ("SIGINT", "SIGTERM", "SIGHUP"):
        number = getattr(signal, name, None)
        if number and callable(signal.getsignal(number)):
            signal.signal(number, signal.SIG_DFL)  # the parent's handler is not ours
    threading.Thread(target=_end_with_parent, daemon=True).start()
    if initializer:
        initializer(*initargs)


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    assert parent is not None
    multiprocessing.connection.wait([parent.sentinel])
    if hasattr(os, "killpg"):
        os.killpg(os.getpgrp(), signal.SIGKILL)
    os._exit(1)
