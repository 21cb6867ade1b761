# SPDX-License-Identifier: GPL-3.0-or-later
"""What is kept of songs and extractions on disk, as JSON."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Final, Literal, TypeVar

from pydantic import ConfigDict, Field, TypeAdapter

from requinto_files.output_files import whole_file

PREPARING: Final = "preparing"
READY: Final = "ready"
FAILED: Final = "failed"
WAITING: Final = "waiting"
RUNNING: Final = "running"
RENDERING: Final = "rendering"
DONE: Final = "done"
Number = Annotated[int, Field(ge=0)]


class _Record:
    __pydantic_config__ = ConfigDict(strict=True, extra="forbid", allow_inf_nan=False)


@dataclass
class ReferenceRecord(_Record):
    """A reference that was uploaded for a song."""

    id: str
    name: str
    duration_s: float


@dataclass
class SongRecord(_Record):
    """A song that was uploaded."""

    id: str
    name: str
    expires_at: float  # seconds since 1970
    status: Literal["preparing", "ready", "failed"] = PREPARING
    message: str | None = None  # why it failed
    duration_s: float | None = None
    sample_rate: int | None = None  # Hz
    n_channels: int | None = None
    peak: float = 0.0
    gain: float = 1.0  # of the sound that is played
    problems: list[str] = field(default_factory=list)
    n_attempts: Number = 0  # begun; an end is not reached where the server is killed
    references: dict[str, ReferenceRecord] = field(default_factory=dict)


@dataclass
class ExtractionRecord(_Record):
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
    status: Literal["waiting", "running", "rendering", "done", "failed"] = WAITING
    message: str | None = None
    revision: Number = 0  # the number of the last complete rendering; 0 is none
    gain: float = 1.0  # of the sound that is played
    peaks: list[float] = field(default_factory=list)  # of what is extracted, and rest
    n_attempts: Number = 0


Record = TypeVar("Record", SongRecord, ExtractionRecord)


def write_record(path: Path, record: SongRecord | ExtractionRecord) -> None:
    """Write a record, whole or not at all."""
    with whole_file(path, overwrite=True) as unfinished:
        text = json.dumps(dataclasses.asdict(record), indent=1)
        Path(unfinished).write_text(text + "\n", encoding="utf-8")


def read_record(path: Path, kind: type[Record]) -> Record | None:
    """Return a record, or None where none of this kind can be read."""
    try:
        return TypeAdapter(kind).validate_json(path.read_bytes())
    except (OSError, ValueError):  # such as `pydantic.ValidationError`
        return None
