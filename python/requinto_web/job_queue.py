# SPDX-License-Identifier: GPL-3.0-or-later
"""Jobs that wait for the worker, those that are short before those that are long."""

from __future__ import annotations

import asyncio
import heapq
import itertools
from collections.abc import Awaitable, Callable

SHORT, LONG = 0, 1


class Job:
    """Work that is done when its turn comes.

    Parameters
    ----------
    work : callable
        Called once; deals with all errors but its cancellation.
    priority : int
        `SHORT` or `LONG`.
    """

    def __init__(self, work: Callable[[], Awaitable[None]], priority: int) -> None:
        self.priority = priority
        self._work = work
        self._task: asyncio.Future[None] | None = None
        self._is_cancelled = False

    async def run(self) -> None:
        """Do the work, unless it was cancelled."""
        if not self._is_cancelled:
            self._task = asyncio.ensure_future(self._work())
            try:
                await asyncio.wait([self._task])
            finally:
                self._task.cancel()

    async def cancel(self) -> None:
        """Prevent the work, or stop it and wait until it has stopped."""
        self._is_cancelled = True
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])


class JobQueue:
    """Jobs that are done one after another."""

    def __init__(self) -> None:
        self._waiting: list[tuple[int, int, Job]] = []
        self._numbers = itertools.count()
        self._is_filled = asyncio.Event()

    def put(self, job: Job) -> None:
        """Let a job wait for its turn."""
        heapq.heappush(self._waiting, (job.priority, next(self._numbers), job))
        self._is_filled.set()

    async def run(self) -> None:
        """Do jobs until this is cancelled."""
        while True:
            await self._is_filled.wait()
            _, _, job = heapq.heappop(self._waiting)
            if not self._waiting:
                self._is_filled.clear()
            await job.run()
