# SPDX-License-Identifier: GPL-3.0-or-later
"""Make a song of what was uploaded: decode it, track its beats, show it."""

from __future__ import annotations

import asyncio
import contextlib
from pathlib import Path

from requinto_files.sound_kinds import kind_of
from requinto_web.decoder import DecodingError, decode
from requinto_web.entities import Song
from requinto_web.job_queue import SHORT, Job, JobQueue
from requinto_web.library import Library
from requinto_web.limits import MAX_REFERENCE_S
from requinto_web.records import PREPARING, READY, ReferenceRecord
from requinto_web.refusals import NOT_ACCEPTED, TOO_EARLY, Refusal
from requinto_web.store import new_id
from requinto_web.tasks import Decoded, DecodingTask
from requinto_web.worker import TaskError, Worker

MAX_ATTEMPTS = 3  # after as many crashes of the server a job is given up
_DECODING_SHARE = 0.15  # of a song's preparation


class SongJobs:
    """What is done with songs before anything is extracted.

    Parameters
    ----------
    library : Library
    worker : Worker
    queue : JobQueue
    """

    def __init__(self, library: Library, worker: Worker, queue: JobQueue) -> None:
        self._library, self._worker, self._queue = library, worker, queue
        self._decoders = asyncio.Semaphore(library.settings.n_decoders)

    def start(self, song: Song) -> None:
        """Begin to prepare a song, or go on where a server was stopped."""
        if song.record.status == PREPARING:
            song.decoding = asyncio.create_task(self._prepare(song))

    async def _prepare(self, song: Song) -> None:
        """Decode a song, unless that was done, and let it wait for the worker."""
        record, store = song.record, self._library.store
        record.n_attempts += 1
        if record.n_attempts > MAX_ATTEMPTS:
            await self._library.fail(song, f"{record.name} could not be prepared")
            return
        try:
            await self._library.save(record)
            if record.sample_rate is None:
                await self._decode(song)
        except (DecodingError, Refusal, OSError) as error:
            await asyncio.to_thread(store.upload(record.id).unlink, missing_ok=True)
            await self._library.fail(song, str(error))
            return
        song.job = Job(lambda: self._finish(song), SHORT)
        self._queue.put(song.job)

    async def _decode(self, song: Song) -> None:
        record, store = song.record, self._library.store
        decoded = await self._run_decoder(
            song, store.upload(record.id), store.song_folder(record.id).wav
        )
        record.duration_s = decoded.n_frames / decoded.sample_rate
        record.sample_rate, record.n_channels = decoded.sample_rate, decoded.n_channels
        record.problems, record.peak = decoded.problems, decoded.peak
        record.gain = kind_of(store.song_folder(record.id).flac).gain_for(decoded.peak)
        await self._library.save(record)
        await asyncio.to_thread(store.upload(record.id).unlink, missing_ok=True)
        song.changes.notify()

    async def _run_decoder(
        self,
        song: Song,
        source: Path,
        output: Path,
        name: str | None = None,
    ) -> Decoded:
        """Decode a song, or a reference of this name, when it is its turn."""
        library, settings = self._library, self._library.settings
        duration_s, is_reference = settings.max_duration_s, name is not None

        def notify(share: float) -> None:
            if not is_reference:
                song.progress.advance(_DECODING_SHARE * share)
                song.changes.notify()

        async with self._decoders:
            max_bytes = min(settings.max_wav_bytes(), library.disk.room_bytes)
            async with library.disk.reserve(min(max_bytes, 1 << 28)):
                task = DecodingTask(
                    *(str(source), str(output), name or song.record.name),
                    min(duration_s, MAX_REFERENCE_S) if is_reference else duration_s,
                    *(max_bytes, settings.decoding_memory_bytes),
                    int(settings.decoding_s) + 1,
                    is_reference,
                )
                folder, tmp = source.parent, library.store.tmp
                limit_s = settings.decoding_s
                return await decode(task, folder, tmp, limit_s, notify)

    async def _finish(self, song: Song) -> None:
        """Let the worker do its part."""
        record, library = song.record, self._library
        song.progress.restart(_DECODING_SHARE)

        def notify(share: float) -> None:
            song.progress.advance(_DECODING_SHARE + (1 - _DECODING_SHARE) * share)
            song.changes.notify()

        folder = library.store.song_folder(record.id)
        arguments = {"folder": str(folder.path), "gain": record.gain}
        try:
            async with library.disk.reserve(folder.wav.stat().st_size):
                await self._worker.run("prepare", arguments, notify)
            record.status = READY
            library.touch(song)
            song.progress.stop(1.0)
            await library.save(record)
        except (TaskError, Refusal, OSError) as error:
            await library.fail(song, str(error).replace(str(folder.wav), record.name))
        song.changes.notify()

    async def add_reference(
        self, song: Song, upload: Path, name: str
    ) -> ReferenceRecord:
        """Decode a reference and add it to a song, or raise `Refusal`."""
        library, record = self._library, song.record
        if record.sample_rate is None:
            raise Refusal(TOO_EARLY, f"{record.name} is not decoded yet")
        reference_id = new_id()
        path = library.store.reference(record.id, reference_id)
        path.parent.mkdir(exist_ok=True, mode=0o700)
        try:
            decoded = await self._run_decoder(song, upload, path, name)
        except DecodingError as error:
            raise Refusal(NOT_ACCEPTED, str(error)) from error
        duration_s = decoded.n_frames / decoded.sample_rate
        reference = ReferenceRecord(reference_id, name, duration_s)
        record.references[reference_id] = reference
        library.touch(song)
        with contextlib.suppress(FileNotFoundError):  # the song was removed meanwhile
            await library.save(record)
        return reference
