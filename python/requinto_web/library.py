# SPDX-License-Identifier: GPL-3.0-or-later
"""All songs of a server: they come, are looked up, expire and are removed."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Iterator

from requinto.errors import AudioFileError
from requinto_web.disk import Disk
from requinto_web.entities import Extraction, Song, jobs_of
from requinto_web.limits import Settings
from requinto_web.records import FAILED, PREPARING, ExtractionRecord, SongRecord
from requinto_web.refusals import (
    BUSY,
    Refusal,
    no_extraction,
    no_song,
    not_written,
)
from requinto_web.store import Store


class Library:
    """The songs of a server, in memory and on disk.

    Parameters
    ----------
    settings : Settings
    store : Store
    disk : Disk
    """

    def __init__(self, settings: Settings, store: Store, disk: Disk) -> None:
        self.settings, self.store, self.disk = settings, store, disk
        self.songs: dict[str, Song] = {}
        self.extractions: dict[str, Extraction] = {}
        self.is_stopping = False
        self._n_arriving = 0
        self._writing = asyncio.Lock()

    async def read(self) -> None:
        """Read what lies on disk."""
        for record, extractions in (
            await asyncio.to_thread(self.store.read_all)
        ).values():
            song = self.songs[record.id] = Song(record)
            if song.is_final:
                song.progress.stop(1.0)
            for each in extractions:
                self._enter(each, song)

    def _enter(self, record: ExtractionRecord, song: Song) -> Extraction:
        extraction = Extraction(record, song)
        self.extractions[record.id] = song.extractions[record.id] = extraction
        if extraction.is_final:
            extraction.progress.stop(1.0)
        return extraction

    def song(self, song_id: str) -> Song:
        """Return a song, or raise `Refusal`."""
        song = self.songs.get(song_id)
        if song is None or (self._has_expired(song) and not song.is_busy):
            raise no_song()
        return song

    def extraction(self, extraction_id: str) -> Extraction:
        """Return an extraction, or raise `Refusal`."""
        extraction = self.extractions.get(extraction_id)
        if extraction is None or extraction.song.record.id not in self.songs:
            raise no_extraction()
        try:
            self.song(extraction.song.record.id)
        except Refusal as error:
            raise no_extraction() from error
        return extraction

    @contextlib.contextmanager
    def arrival(self) -> Iterator[None]:
        """Count an upload while it arrives; raise `Refusal` if there are too many."""
        preparing = (s.record.status == PREPARING for s in self.songs.values())
        n_waiting = self._n_arriving + sum(preparing)
        if n_waiting >= self.settings.max_waiting:
            raise Refusal(
                BUSY, f"the server is busy with {n_waiting} songs; try again later"
            )
        self._n_arriving += 1
        try:
            yield
        finally:
            self._n_arriving -= 1

    def check_waiting(self) -> None:
        """Raise `Refusal` if too many extractions wait already."""
        n_waiting = sum(not x.is_final for x in self.extractions.values())
        if n_waiting >= self.settings.max_waiting:
            raise Refusal(
                BUSY, f"the server has {n_waiting} extractions to do; try again later"
            )

    async def add_song(self, record: SongRecord) -> Song:
        """Add a song whose folder there is."""
        song = self.songs[record.id] = Song(record)
        try:
            await self.save(record)
        except Refusal:
            await self.remove_song(song)
            raise
        await self.disk.measure()
        return song

    async def add_extraction(self, record: ExtractionRecord, song: Song) -> Extraction:
        """Add an extraction."""
        extraction = self._enter(record, song)
        try:
            self.touch(song)
            await self.save(song.record)
            await self.save(record)
        except Refusal:
            await self.remove_extraction(extraction)
            raise
        return extraction

    def touch(self, song: Song) -> None:
        """Let a song that is used expire later."""
        song.record.expires_at = self.next_end()

    def next_end(self) -> float:
        """Return when what is used now expires, in seconds since 1970."""
        return time.time() + self.settings.kept_s

    async def save(self, record: SongRecord | ExtractionRecord) -> None:
        """Write a record of what is not removed, or raise `Refusal`."""
        async with self._writing:
            if record.id not in self.songs and record.id not in self.extractions:
                return
            try:
                await asyncio.to_thread(self.store.write, record)
            except (AudioFileError, OSError) as error:
                raise not_written(error) from error

    async def fail(self, owner: Song | Extraction, message: str) -> None:
        """Note that a song or an extraction failed, and why."""
        owner.record.status, owner.record.message = FAILED, message
        owner.progress.stop(owner.progress.share)
        owner.changes.notify()
        if not owner.is_removed:
            with contextlib.suppress(Refusal):  # it is known until the server ends
                await self.save(owner.record)

    async def remove_song(self, song: Song) -> None:
        """Remove a song, and stop what is done with it."""
        if song.is_removed:
            return
        song.is_removed = True
        self.songs.pop(song.record.id, None)
        for extraction in song.extractions.values():
            extraction.is_removed = True
            self.extractions.pop(extraction.record.id, None)
            extraction.changes.notify()
        song.changes.notify()
        if song.decoding is not None:
            song.decoding.cancel()
            await asyncio.wait([song.decoding])
        await asyncio.gather(*(job.cancel() for job in jobs_of(song)))
        async with self._writing:
            await asyncio.to_thread(self.store.remove_song, song.record.id)
        await self.disk.measure()

    async def remove_extraction(self, extraction: Extraction) -> None:
        """Remove an extraction, and stop it if it runs."""
        extraction.is_removed = True
        self.extractions.pop(extraction.record.id, None)
        extraction.song.extractions.pop(extraction.record.id, None)
        extraction.changes.notify()
        if extraction.job is not None:
            await extraction.job.cancel()
        async with self._writing:
            await asyncio.to_thread(self.store.remove_extraction, extraction.record)
        await self.disk.measure()

    def _has_expired(self, song: Song) -> bool:
        return song.record.expires_at < time.time()

    async def remove_expired(self) -> None:
        """Remove songs that were kept long enough, those of longest ago first."""
        songs = sorted(self.songs.values(), key=lambda song: song.record.expires_at)
        for song in songs:
            if self._has_expired(song) and not song.is_busy:
                await self.remove_song(song)

    async def run_janitor(self) -> None:
        """Remove expired songs and measure the disk, until this is cancelled."""
        interval_s = min(60.0, max(0.2, self.settings.kept_s / 10))
        while True:
            with contextlib.suppress(OSError):
                await self.remove_expired()
                await self.disk.measure()
            await asyncio.sleep(interval_s)

    def stop(self) -> None:
        """Let all who wait for a change go."""
        self.is_stopping = True
        for owner in self.owners():
            owner.changes.notify()

    def owners(self) -> list[Song | Extraction]:
        """Return all songs and extractions."""
        return [*self.songs.values(), *self.extractions.values()]

    @contextlib.asynccontextmanager
    async def use(self, song: Song) -> AsyncIterator[None]:
        """Let no janitor remove a song meanwhile."""
        song.n_users += 1
        try:
            yield
        finally:
            song.n_users -= 1
