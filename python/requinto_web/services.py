# SPDX-License-Identifier: GPL-3.0-or-later
"""All that runs behind the routes, started and stopped as one."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable

from fastapi import Request

from requinto_web.disk import Disk
from requinto_web.extraction_jobs import ExtractionJobs
from requinto_web.job_queue import JobQueue
from requinto_web.library import Library
from requinto_web.limits import Settings
from requinto_web.song_jobs import SongJobs
from requinto_web.store import Store
from requinto_web.worker import Worker

_N_CONVERSIONS = 2  # of sounds for downloads, at one time


class Services:
    """Library, jobs and worker.

    Parameters
    ----------
    settings : Settings
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.store = Store(settings.folder)
        self.disk = Disk(self.store, settings.max_disk_bytes)
        self.library = Library(settings, self.store, self.disk)
        self._worker, self._queue = Worker(self.store.tmp), JobQueue()
        self.songs = SongJobs(self.library, self._worker, self._queue)
        self.extractions = ExtractionJobs(self.library, self._worker, self._queue)
        self.conversions = asyncio.Semaphore(_N_CONVERSIONS)

    @contextlib.asynccontextmanager
    async def run(self) -> AsyncIterator[None]:
        """Go on with what lies in the folder, which nobody else may use meanwhile."""
        with self.store.open():
            await self.disk.measure()
            await self.library.read()
            for song in self.library.songs.values():
                self.songs.start(song)
            for extraction in self.library.extractions.values():
                self.extractions.start(extraction)
            loops = (self._queue.run, self.library.run_janitor, self._start_worker)
            try:
                async with _background(*loops):
                    yield
            finally:
                self.library.stop()
                await self._worker.stop()
                await self._forget_attempts()

    async def _start_worker(self) -> None:
        await self._worker.start()  # so that the models are loaded when they are needed

    async def _forget_attempts(self) -> None:
        """Count no attempts that ended because the server was stopped."""
        for owner in self.library.owners():
            if not owner.is_final:
                owner.record.n_attempts = 0
                with contextlib.suppress(Exception):  # of a disk that is full
                    await self.library.save(owner.record)


@contextlib.asynccontextmanager
async def _background(*functions: Callable[[], Awaitable[None]]) -> AsyncIterator[None]:
    """Run functions beside what is done here, and cancel them at its end."""
    tasks = [asyncio.ensure_future(function()) for function in functions]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def services_of(request: Request) -> Services:
    """Return what runs behind an application."""
    services: Services = request.app.state.services
    return services
