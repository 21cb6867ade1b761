# SPDX-License-Identifier: GPL-3.0-or-later
"""Extract instruments of songs, and render them again at other sensitivities."""

from __future__ import annotations

import asyncio

from requinto_web.entities import Extraction, Song
from requinto_web.job_queue import LONG, SHORT, Job, JobQueue
from requinto_web.library import Library
from requinto_web.records import (
    DONE,
    RENDERING,
    RUNNING,
    WAITING,
    ExtractionRecord,
)
from requinto_web.refusals import Refusal, no_extraction
from requinto_web.song_jobs import MAX_ATTEMPTS
from requinto_web.store import SoundFolder
from requinto_web.tasks import ExtractionTask
from requinto_web.worker import TaskError, Worker

_N_SOUNDS = 2  # of the song's size: samples, and masks and what is played


class ExtractionJobs:
    """What is extracted, one after another.

    Parameters
    ----------
    library : Library
    worker : Worker
    queue : JobQueue
    """

    def __init__(self, library: Library, worker: Worker, queue: JobQueue) -> None:
        self._library, self._worker, self._queue = library, worker, queue

    async def add(self, record: ExtractionRecord, song: Song) -> Extraction:
        """Add an extraction and let it wait for its turn, or raise `Refusal`."""
        self._library.check_waiting()
        async with self._library.disk.reserve(self._size(song)):
            pass  # better refused now than after the wait
        extraction = await self._library.add_extraction(record, song)
        self.start(extraction)
        return extraction

    def start(self, extraction: Extraction) -> None:
        """Let an extraction wait for its turn, unless it has ended."""
        if not extraction.is_final:
            is_short = extraction.record.status == RENDERING
            extraction.job = Job(
                lambda: self._run(extraction), SHORT if is_short else LONG
            )
            self._queue.put(extraction.job)

    async def render(self, extraction: Extraction, sensitivity: float) -> None:
        """Render an extraction again; one that runs does so at its end."""
        record, library = extraction.record, self._library
        async with extraction.change:
            if extraction.is_removed:
                raise no_extraction()
            if extraction.is_final:
                library.check_waiting()
            record.sensitivity = sensitivity
            if record.status == RENDERING and extraction.job is not None:
                await extraction.job.cancel()  # of what is not wanted any more
                self._restart(extraction)
            elif extraction.is_final:
                self._restart(extraction)
            library.touch(extraction.song)
            await library.save(extraction.song.record)
            await library.save(record)

    def _restart(self, extraction: Extraction) -> None:
        record = extraction.record
        record.status = RENDERING if record.revision else WAITING
        record.message, record.n_attempts = None, 0
        extraction.progress.restart()
        self.start(extraction)
        extraction.changes.notify()

    def _size(self, song: Song) -> int:
        wav = self._library.store.song_folder(song.record.id).wav
        try:
            return _N_SOUNDS * wav.stat().st_size
        except OSError:  # removed meanwhile
            return 0

    async def _run(self, extraction: Extraction) -> None:
        """Render at the sensitivity that is wanted, until that is what was rendered."""
        record, library = extraction.record, self._library
        record.n_attempts += 1
        extraction.progress.restart()
        try:
            if record.n_attempts > MAX_ATTEMPTS:
                raise TaskError(f"{record.title} could not be extracted")
            await library.save(record)
            rendered = None
            while rendered != record.sensitivity:
                if rendered is not None:
                    record.status = RENDERING
                    extraction.progress.restart()
                rendered = record.sensitivity
                await self._render(extraction, rendered)
            # From here on another rendering may be wanted
            record.status, record.n_attempts = DONE, 0
            extraction.progress.stop(1.0)
            library.touch(extraction.song)
            await library.save(extraction.song.record)
            await library.save(record)
        except (TaskError, Refusal, OSError) as error:
            await library.fail(extraction, self._explain(extraction, error))
        extraction.changes.notify()

    def _explain(self, extraction: Extraction, error: Exception) -> str:
        """Return an error with names that the user knows."""
        record, song = extraction.record, extraction.song.record
        text = str(error).replace(
            str(self._library.store.song_folder(song.id).wav), song.name
        )
        return text.replace(str(self._library.store.masks(record)), record.title)

    async def _render(self, extraction: Extraction, sensitivity: float) -> None:
        """Make the next revision, and remove the one before it."""
        record, library = extraction.record, self._library
        previous, revision = record.revision, record.revision + 1
        files = library.store.rendering(record, revision)

        def notify(share: float) -> None:
            extraction.progress.advance(share)
            extraction.changes.notify()

        task = self._task(extraction, files, sensitivity)
        async with library.disk.reserve(self._size(extraction.song)):
            if record.status == WAITING:
                record.status = RUNNING
            extraction.changes.notify()
            result = await self._worker.run("extract", task._asdict(), notify)
        async with extraction.conversion:  # of a download, from what is removed here
            record.revision, record.gain = revision, result["gain"]
            record.peaks = result["peaks"]
            await library.save(record)
            if previous:
                await asyncio.to_thread(
                    library.store.remove_rendering, record, previous
                )

    def _task(
        self, extraction: Extraction, files: SoundFolder, sensitivity: float
    ) -> ExtractionTask:
        record, song = extraction.record, extraction.song.record
        store, reference, stretch_s = self._library.store, None, None
        if record.reference_id is not None:
            reference = str(store.reference(song.id, record.reference_id))
        if record.start_s is not None and record.end_s is not None:
            stretch_s = (record.start_s, record.end_s)
        return ExtractionTask(
            str(store.song_folder(song.id).path),
            str(files.path),
            str(store.masks(record)),
            record.title,
            record.target,
            *(reference, stretch_s, song.gain),
            *(record.model, record.beats_per_clip, sensitivity),
        )
