# SPDX-License-Identifier: GPL-3.0-or-later
"""What the server has its processes do, as messages hold it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

Message = dict[str, Any]  # as JSON holds it
Notify = Callable[[float], None]  # called with the share of the work that is done


class DecodingTask(NamedTuple):
    """What is decoded, and within what limits."""

    source: str
    output: str
    name: str  # of the file, for messages
    max_duration_s: float
    max_bytes: int  # of any file that is written
    memory_bytes: int
    cpu_s: int
    is_reference: bool


class Decoded(NamedTuple):
    """What was decoded."""

    sample_rate: int  # Hz
    n_channels: int
    n_frames: int
    peak: float
    problems: list[str]


class ExtractionTask(NamedTuple):
    """One rendering of one extraction."""

    song: str  # folders
    output: str
    masks: str
    title: str
    target: str | None
    reference: str | None  # a file
    stretch_s: tuple[float, float] | None  # of the song
    gain: float  # of the song as it is played
    model: str
    beats_per_clip: int
    sensitivity: float
