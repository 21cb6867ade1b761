# SPDX-License-Identifier: GPL-3.0-or-later
"""What is kept of songs and extractions on disk, as JSON."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from requinto_files.output_files import whole_file

PREPARING, READY, FAILED = "preparing", "ready", "failed"  # of a song
# Of an extraction, which can fail as well
WAITING, RUNNING, RENDERING, DONE = "waiting", "running", "rendering", "done"


@dataclass
class ReferenceRecord:
    """A reference that was uploaded for a song."""

    id: str
    name: str
    duration_s: float


@dataclass
class SongRecord:
    """A song that was uploaded."""

    id: str
    name: str
    expires_at: float  # seconds since 1970
    status: str = PREPARING
    message: str | None = None  # why it failed
    duration_s: float | None = None
    sample_rate: int | None = None  # Hz
    n_channels: int | None = None
    peak: float = 0.0
    gain: float = 1.0  # of the sound that is played
    problems: list[str] = field(default_factory=list)
    n_attempts: int = 0  # begun; an end is not reached where the server is killed
    references: dict[str, ReferenceRecord] = field(default_factory=dict)


@dataclass
class ExtractionRecord:
    """One instrument of a song, by name, by a stretch of the song, or by a file."""

    id: str
    song_id: str
    title: str
    model: str
    beats_per_clip: int
    sensitivity: float  # wanted; what is written may be of another for a while
    target: str | None = None
    start_s: float | None = None
    end_s: float | None = None
    reference_id: str | None = None
    status: str = WAITING
    message: str | None = None
    revision: int = 0  # the number of the last complete rendering; 0 is none
    gain: float = 1.0  # of the sound that is played
    peaks: list[float] = field(default_factory=list)  # of what is extracted, and rest
    n_attempts: int = 0


Record = TypeVar("Record", SongRecord, ExtractionRecord)


def write_record(path: Path, record: SongRecord | ExtractionRecord) -> None:
    """Write a record, whole or not at all."""
    with whole_file(path, overwrite=True) as unfinished:
        text = json.dumps(dataclasses.asdict(record), indent=1)
        Path(unfinished).write_text(text + "\n", encoding="utf-8")


def read_record(path: Path, kind: type[Record]) -> Record | None:
    """Return a record, or None where none of this kind can be read."""
    try:
        values: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        record = kind(**values)
        if isinstance(record, SongRecord):
            record.references = {
                key: ReferenceRecord(**value)
                for key, value in values["references"].items()
            }
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return None
    return record
