# SPDX-License-Identifier: GPL-3.0-or-later
"""What clients send and read, as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Discriminator, Field, Tag

from requinto.config import DEFAULT_BEATS_PER_CLIP, DEFAULT_SENSITIVITY
from requinto.model_folder import STANDARD, models, targets
from requinto_web.limits import MAX_REFERENCE_S, MIN_REFERENCE_S

Share = Annotated[float, Field(ge=0, le=1)]
Seconds = Annotated[float, Field(ge=0, le=1e6)]
Pair = Annotated[list[float], Field(min_length=2, max_length=2)]
Format = Literal["wav", "flac", "mp3"]
Part = Literal["extracted", "rest"]


class Problem(BaseModel):
    """Why something was not done."""

    detail: str = Field(description="What was given, and what is accepted.")


class LimitValues(BaseModel):
    """What one server accepts."""

    max_bytes: int = Field(description="Of an upload.")
    max_duration_s: float = Field(description="Of a song.")
    kept_s: float = Field(description="From when a song was sent or extracted from.")
    min_reference_s: float
    max_reference_s: float


class OptionValues(BaseModel):
    """What can be chosen, and what is chosen unless the client does."""

    targets: list[str]
    default_target: str
    models: list[str]
    default_model: str
    beats_per_clip: list[int]
    default_beats_per_clip: int
    default_sensitivity: Share
    formats: list[Format]
    limits: LimitValues
    version: str


class SongState(BaseModel):
    """A song."""

    id: str
    name: str = Field(description="Of the file that was sent.")
    status: Literal["preparing", "ready", "failed"]
    progress: Share
    seconds_left: float | None
    message: str | None = Field(description="Why it failed.")
    duration_s: float | None = Field(description="None until it is decoded.")
    sample_rate: int | None
    n_channels: int | None
    gain: float = Field(
        description="Of `sound`, 1 unless a peak of the song exceeds full scale."
    )
    problems: list[str] = Field(
        description="What is missing or damaged, or was mixed down."
    )
    expires_at: float = Field(description="Seconds since 1970.")


class ReferenceState(BaseModel):
    """A reference that was sent for a song."""

    id: str
    name: str
    duration_s: float


class ExtractionState(BaseModel):
    """An extraction."""

    id: str
    song_id: str
    title: str = Field(description="The target, or what the reference is called.")
    status: Literal["waiting", "running", "rendering", "done", "failed"]
    progress: Share
    seconds_left: float | None
    message: str | None = Field(description="Why it failed.")
    sensitivity: Share
    beats_per_clip: int
    model: str
    revision: int = Field(description="Grows with each rendering; 0 before the first.")
    gain: float = Field(
        description="Of `sound`; the song's, or less where what was extracted would "
        "exceed full scale at that."
    )
    expires_at: float = Field(description="Seconds since 1970.")


class Overview(BaseModel):
    """What is shown of a sound."""

    peaks: list[Pair] = Field(
        description="The lowest and the highest sample of each stretch, of the mean "
        "of the channels."
    )
    n_peaks_per_s: int
    beats_s: list[float]
    downbeats_s: list[float]
    tempo_bpm: float
    beats_per_bar: int
    confidence: Share = Field(description="From beats that are guessed to known ones.")


def _name(schema: dict[str, Any], names: Sequence[str]) -> None:
    """List names that are known once the server runs, and that others resemble."""
    schema["enum"] = list(names)


class _Request(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", allow_inf_nan=False)


class _Choices(_Request):
    sensitivity: Share = Field(
        DEFAULT_SENSITIVITY, description="More lets more through, wanted or not."
    )
    beats_per_clip: Literal[4, 2, 1] = DEFAULT_BEATS_PER_CLIP  # type: ignore[assignment]
    model: str = Field(STANDARD, json_schema_extra=lambda s: _name(s, models()))


class ByTarget(_Choices):
    """Extract a built-in target."""

    target: str = Field(json_schema_extra=lambda s: _name(s, targets()))


class ByStretch(_Choices):
    """Extract what plays alone in a stretch of the song."""

    start_s: Seconds
    end_s: Seconds = Field(
        description=f"{MIN_REFERENCE_S:g} to {MAX_REFERENCE_S:g} s after the start; "
        "within the song."
    )


class ByReference(_Choices):
    """Extract what plays in a reference that was sent."""

    reference_id: str


def _kind_of(request: Any) -> str:
    """Return by what an instrument is extracted, so that errors speak of that alone."""
    keys = set(request) if isinstance(request, dict) else set()
    if "reference_id" in keys:
        return "reference"
    return "stretch" if {"start_s", "end_s"} & keys else "target"


ExtractionRequest = Annotated[
    Annotated[ByTarget, Tag("target")]
    | Annotated[ByStretch, Tag("stretch")]
    | Annotated[ByReference, Tag("reference")],
    Discriminator(_kind_of),
]


class RenderingRequest(_Request):
    """Render again."""

    sensitivity: Share
