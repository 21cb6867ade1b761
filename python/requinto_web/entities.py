# SPDX-License-Identifier: GPL-3.0-or-later
"""Songs and extractions while the server runs: records, progress, jobs, who waits."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

from requinto_web.job_queue import Job
from requinto_web.progress import Changes, Progress
from requinto_web.records import DONE, FAILED, READY, ExtractionRecord, SongRecord


class Song:
    """A song, its extractions, and what is done with it."""

    def __init__(self, record: SongRecord) -> None:
        self.record = record
        self.progress = Progress()
        self.changes = Changes()
        self.extractions: dict[str, Extraction] = {}
        self.job: Job | None = None  # while it is prepared
        self.decoding: asyncio.Task[None] | None = None  # before that
        self.is_removed = False
        self.n_users = 0  # requests that must not lose its files

    @property
    def is_final(self) -> bool:
        """Whether nothing changes any more by itself."""
        return self.is_removed or self.record.status in (READY, FAILED)

    @property
    def is_busy(self) -> bool:
        """Whether anything is done with it, or waits to be."""
        finals = (self.is_final, *(x.is_final for x in self.extractions.values()))
        return self.n_users > 0 or not all(finals)

    def describe(self) -> dict[str, Any]:
        """Return what clients see of it."""
        record = self.record
        return {
            "id": record.id,
            "name": record.name,
            "status": record.status,
            "progress": round(self.progress.share, 4),
            "seconds_left": _rounded(self.progress.seconds_left),
            "message": record.message,
            "duration_s": record.duration_s,
            "sample_rate": record.sample_rate,
            "n_channels": record.n_channels,
            "gain": record.gain,
            "problems": record.problems,
            "expires_at": record.expires_at,
        }


class Extraction:
    """An extraction of a song."""

    def __init__(self, record: ExtractionRecord, song: Song) -> None:
        self.record, self.song = record, song
        self.progress = Progress()
        self.changes = Changes()
        self.job: Job | None = None
        # Of what is downloaded: each file once, and none while its rendering goes
        self.conversion = asyncio.Lock()
        self.change = asyncio.Lock()  # of what is wanted: one request at a time
        self.is_removed = False

    @property
    def is_final(self) -> bool:
        """Whether nothing changes any more by itself."""
        return self.is_removed or self.record.status in (DONE, FAILED)

    def describe(self) -> dict[str, Any]:
        """Return what clients see of it."""
        record = self.record
        return {
            "id": record.id,
            "song_id": record.song_id,
            "title": record.title,
            "status": record.status,
            "progress": round(self.progress.share, 4),
            "seconds_left": _rounded(self.progress.seconds_left),
            "message": record.message,
            "sensitivity": record.sensitivity,
            "beats_per_clip": record.beats_per_clip,
            "model": record.model,
            "revision": record.revision,
            "gain": record.gain,
            "expires_at": self.song.record.expires_at,
        }


def jobs_of(song: Song) -> Iterator[Job]:
    """Yield all jobs of a song."""
    owners: list[Song | Extraction] = [song, *song.extractions.values()]
    yield from (owner.job for owner in owners if owner.job is not None)


def _rounded(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds, 1)
