# SPDX-License-Identifier: GPL-3.0-or-later
"""What runs behind the web server's routes, in this process and without a worker."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from requinto_files.audio_writer import write
from requinto_web.entities import Extraction, Song
from requinto_web.limits import Settings
from requinto_web.records import DONE, READY, ExtractionRecord, SongRecord
from requinto_web.services import Services
from requinto_web.store import new_id
from sounds import RATE
from web_server import song_of


@contextlib.contextmanager
def opened(folder: Path, **settings: Any) -> Iterator[Services]:
    """Give services of a folder, of which nothing runs."""
    services = Services(Settings(folder / "data", **settings))
    with services.store.open():
        yield services


def add_song(
    services: Services, duration_s: float = 0.5, rate: int = RATE, **values: Any
) -> Song:
    """Add a song that is ready, with its samples alone."""
    record = SongRecord(
        *(services.store.make_song_folder(), "song.wav"),
        expires_at=services.library.next_end(),
        **{"status": READY, "duration_s": duration_s, "sample_rate": rate, **values},
    )
    write(services.store.song_folder(record.id).wav, song_of(duration_s), rate)
    services.store.write(record)
    song = services.library.songs[record.id] = Song(record)
    return song


def add_extraction(services: Services, song: Song, **values: Any) -> Extraction:
    """Add an extraction that is done: half of the song."""
    record = ExtractionRecord(
        *(new_id(), song.record.id, "bass", "standard", 4, 0.5),
        **{"target": "bass", "status": DONE, "revision": 1, **values},
    )
    record.peaks = [0.25, 0.25]
    services.store.write(record)
    render(services, record, record.revision)
    extraction = Extraction(record, song)
    services.library.extractions[record.id] = extraction
    song.extractions[record.id] = extraction
    return extraction


def render(
    services: Services, record: ExtractionRecord, revision: int, gain: float = 0.5
) -> None:
    """Write the samples of a rendering: the song at a gain."""
    song = services.library.songs[record.song_id].record
    folder = services.store.rendering(record, revision)
    folder.path.mkdir()
    sound = gain * song_of(song.duration_s or 0.0)
    write(folder.wav, sound, song.sample_rate or RATE)
