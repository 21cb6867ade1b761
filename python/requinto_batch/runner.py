# SPDX-License-Identifier: GPL-3.0-or-later
"""Run jobs on the workers of a Dask cluster, one at a time on each.

Dask would hand a worker several jobs, and blame all of them when it dies. Here each
worker has one, so that the job that ends workers is known, and so few are handed to the
scheduler that a million jobs take no more memory than a hundred.
"""

from __future__ import annotations

import collections
import contextlib
import itertools
import queue
import secrets
import threading
import time
from collections.abc import Callable, Generator, Iterable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from requinto_batch.errors import BatchError, WorkerError

if TYPE_CHECKING:
    from distributed import Client, Future

_POLL_S = 0.5  # seconds after which workers are counted again
_FETCH_S = 10.0  # seconds to wait for a result that is there
# Seconds to wait for a worker where there is none: on a machine with much to do, those
# that let others go first take minutes to start
_PATIENCE_S = 300.0


@dataclass(frozen=True)
class Result:
    """What became of a job: a value, or an error."""

    job: tuple[Any, ...]
    value: Any = None
    error: BaseException | None = None
    n_attempts: int = 1


@dataclass(eq=False)
class _Task:
    """A job that is waiting or running."""

    job: tuple[Any, ...]
    n_attempts: int = 0
    workers: list[str] = field(default_factory=list)  # that had it
    future: Future[Any] | None = None


def is_wanted() -> bool:
    """Return whether anybody waits for the job that calls this.

    A thread cannot be stopped: long jobs ask now and then. True outside a worker.
    """
    from distributed import get_worker

    try:
        worker = get_worker()
        task = worker.state.tasks.get(worker.get_current_task())
    except (ValueError, AttributeError, KeyError):
        return True
    return task is not None and task.state == "executing"


class Runner:
    """Workers of a cluster, and the jobs that they do.

    Parameters
    ----------
    client : distributed.Client

    Attributes
    ----------
    dashboard_link : str
        Where Dask shows what the workers do; empty where it does not.
    """

    def __init__(self, client: Client) -> None:
        self._client = client
        self.dashboard_link = client.dashboard_link or ""

    def run(
        self,
        function: Callable[..., Any],
        jobs: Iterable[tuple[Any, ...]],
        *,
        retries: int = 0,
        restart_after: int | None = None,
    ) -> Iterator[Result]:
        """Yield what `function(*job)` gives for each job, as they end.

        Parameters
        ----------
        function : callable
            Of a module that workers can import.
        jobs : iterable of tuple
            Taken one by one, when a worker is free.
        retries : int
            How often a job that failed, or whose worker died, is tried again; at the
            end, and on another worker if one is free.
        restart_after : int, optional
            Jobs after which a worker starts anew, where a nanny watches it.

        Raises
        ------
        BatchError
            If there is no worker for five minutes, or the scheduler is gone.
        """
        run = _Run(self._client, function, iter(jobs), retries, restart_after)
        with contextlib.closing(run.results()) as results:
            try:
                yield from results
            except OSError as error:  # of jobs, errors are results
                raise BatchError(
                    f"the scheduler is gone ({error}); what is complete is kept"
                ) from error


class _Run:
    """One call of `Runner.run`."""

    def __init__(
        self,
        client: Client,
        function: Callable[..., Any],
        jobs: Iterator[tuple[Any, ...]],
        retries: int,
        restart_after: int | None,
    ) -> None:
        self._client, self._function, self._jobs = client, function, jobs
        self._retries, self._restart_after = retries, restart_after
        self._name, self._numbers = f"jobs-{secrets.token_hex(4)}", itertools.count()
        self._again: collections.deque[_Task] = collections.deque()
        self._running: dict[str, _Task] = {}  # by worker
        self._done: queue.SimpleQueue[tuple[str, _Task]] = queue.SimpleQueue()
        self._workers: set[str] = set()
        self._n_jobs: collections.Counter[str] = collections.Counter()  # by worker
        self._restarting: set[str] = set()
        self._next_poll = self._last_alive = time.monotonic()

    def results(self) -> Generator[Result, None, None]:
        # While one task of a group is held, Dask makes no new group for each job, all
        # of which it would keep
        anchor = self._client.submit(int, key=(self._name, -1), pure=False)
        try:
            while True:
                yield from self._poll()
                self._fill()
                if not self._running and self._is_exhausted():
                    return
                yield from self._collect()
        finally:
            del anchor
            futures = [task.future for task in self._running.values() if task.future]
            if futures:
                with contextlib.suppress(Exception):  # of a cluster that is gone
                    self._client.cancel(futures, force=True)

    def _is_exhausted(self) -> bool:
        """Return whether no job is left; one that is taken to see is not lost."""
        if self._again:
            return False
        task = self._next_job()
        if task:
            self._again.append(task)
        return task is None

    def _next_job(self) -> _Task | None:
        job = next(self._jobs, None)
        return None if job is None else _Task(job)

    def _poll(self) -> Iterator[Result]:
        """Count the workers now and then; yield jobs that were lost for good."""
        now = time.monotonic()
        if now < self._next_poll:
            return
        self._next_poll = now + _POLL_S
        restarting = set(self._restarting)  # whatever ends while the scheduler answers
        workers = set(self._client.nthreads())
        self._workers = workers - restarting
        if workers or restarting:
            self._last_alive = now
        elif now > self._last_alive + _PATIENCE_S:
            raise BatchError(
                f"no worker is left, and none came in {_PATIENCE_S:.0f} s; what is "
                "complete is kept"
            )
        for worker, task in list(self._running.items()):
            if worker not in self._workers and task.future and not task.future.done():
                self._client.cancel([task.future], force=True)
                yield from self._end(worker, task, _death())

    def _fill(self) -> None:
        """Give each free worker a job: a new one, or one that failed elsewhere."""
        idle = self._workers - self._running.keys()
        for worker in sorted(idle):
            task = self._next_job() or self._untried(worker)
            if task:
                self._submit(worker, task)
        for worker in sorted(idle - self._running.keys()):
            if self._again:
                self._submit(worker, self._again.popleft())

    def _untried(self, worker: str) -> _Task | None:
        for task in self._again:
            if worker not in task.workers:
                self._again.remove(task)
                return task
        return None

    def _submit(self, worker: str, task: _Task) -> None:
        task.n_attempts += 1
        task.workers.append(worker)
        task.future = self._client.submit(
            self._function,
            *task.job,
            key=(self._name, next(self._numbers)),
            workers=[worker],
            pure=False,
        )
        self._running[worker] = task
        task.future.add_done_callback(lambda _: self._done.put((worker, task)))

    def _collect(self) -> Iterator[Result]:
        """Wait half a second or less for jobs to end, and yield what they gave."""
        with contextlib.suppress(queue.Empty):
            waiting = _POLL_S
            while True:
                worker, task = self._done.get(timeout=waiting)
                waiting = 0.0
                if self._running.get(worker) is task:
                    yield from self._end(worker, task, *self._fetch(worker, task))

    def _fetch(self, worker: str, task: _Task) -> tuple[BaseException | None, Any]:
        """Return the error of a job that has ended, or its value."""
        from distributed import KilledWorker
        from distributed import TimeoutError as LateError  # before Python 3.11 another

        assert task.future is not None
        while True:
            try:
                return None, task.future.result(timeout=_FETCH_S)
            except KilledWorker:
                return _death(), None
            except LateError as error:
                if task.future.status == "error":
                    return error, None  # raised by the job
                if worker not in self._client.nthreads():
                    return _death(), None  # with its result
            except BaseException as error:
                if isinstance(error, (KeyboardInterrupt, SystemExit)):
                    raise
                return _death() if task.future.cancelled() else error, None

    def _end(
        self, worker: str, task: _Task, error: BaseException | None, value: Any = None
    ) -> Iterator[Result]:
        """Note that a worker is free; yield what became of its job, unless it waits."""
        self._running.pop(worker, None)
        task.future = None
        self._n_jobs[worker] += 1
        if isinstance(error, WorkerError):
            self._workers.discard(worker)
            self._next_poll = 0.0
        elif self._n_jobs[worker] == self._restart_after:
            self._restart(worker)
        if error is not None and task.n_attempts <= self._retries:
            self._again.append(task)
        else:
            yield Result(task.job, value, error, task.n_attempts)

    def _restart(self, worker: str) -> None:
        """Have a worker start anew, meanwhile the others go on."""
        self._workers.discard(worker)  # until it is back, at a new address
        self._restarting.add(worker)
        del self._n_jobs[worker]

        def restart() -> None:
            # A worker without a nanny goes on as it is
            with contextlib.suppress(Exception):
                self._client.restart_workers([worker])
            self._restarting.discard(worker)

        threading.Thread(target=restart, daemon=True).start()


def _death() -> WorkerError:
    return WorkerError(
        "the process that worked on it ended: it was killed, crashed, or took more "
        "memory than its limit"
    )
