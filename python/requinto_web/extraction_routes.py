# SPDX-License-Identifier: GPL-3.0-or-later
"""Extractions over HTTP: begun, followed, rendered again, downloaded, removed."""

from __future__ import annotations

import asyncio
import functools
import os
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Body, Depends, Response
from fastapi.responses import FileResponse, StreamingResponse

from requinto.arguments import check_target
from requinto.checks import show
from requinto.errors import AudioFileError
from requinto.model_folder import models
from requinto_web import downloads, events
from requinto_web.answers import StoredFile, problems
from requinto_web.entities import Extraction
from requinto_web.limits import MAX_EXTRACTIONS, MAX_REFERENCE_S, MIN_REFERENCE_S
from requinto_web.names import clean_name, stem_of
from requinto_web.records import READY, ExtractionRecord, SongRecord
from requinto_web.refusals import (
    BUSY,
    NOT_ACCEPTED,
    TOO_EARLY,
    Refusal,
    no_extraction,
    not_written,
)
from requinto_web.schemas import (
    ByReference,
    ByStretch,
    ByTarget,
    ExtractionRequest,
    ExtractionState,
    Format,
    Overview,
    Part,
    RenderingRequest,
)
from requinto_web.services import Services
from requinto_web.song_routes import BINARY, EVENTS, FLAC, JSON, PNG, Behind, Known
from requinto_web.store import SoundFolder, new_id

ZIP = "application/zip"
_ROUNDING_S = 0.01  # by which times may exceed what they are of
router = APIRouter(prefix="/api", tags=["extractions"])


async def extraction_of(extraction_id: str, services: Behind) -> Extraction:
    """Return the extraction that a path names."""
    return services.library.extraction(extraction_id)


Extracted = Annotated[Extraction, Depends(extraction_of)]


@router.post(
    "/songs/{song_id}/extractions",
    status_code=202,
    response_model=ExtractionState,
    responses=problems(403, 404, 409, 413, 503, 507),
)
async def start_extraction(
    song: Known, wanted: Annotated[ExtractionRequest, Body()], services: Behind
) -> object:
    """Extract a target, or what plays in a stretch of the song or in a reference."""
    if song.record.status != READY:
        raise Refusal(TOO_EARLY, f"{song.record.name} is {song.record.status}")
    if len(song.extractions) >= MAX_EXTRACTIONS:
        raise Refusal(TOO_EARLY, f"a song has {MAX_EXTRACTIONS} extractions at most")
    record = await asyncio.to_thread(_record_of, wanted, song.record)
    return (await services.extractions.add(record, song)).describe()


def _record_of(
    wanted: ByTarget | ByStretch | ByReference, song: SongRecord
) -> ExtractionRecord:
    """Return the record of an extraction, or raise `RequintoError`."""
    if wanted.model not in models():
        raise Refusal(
            NOT_ACCEPTED,
            f"unknown model {show(wanted.model)}; known are {', '.join(models())}",
        )
    record = ExtractionRecord(
        *(new_id(), song.id, "", wanted.model),
        *(wanted.beats_per_clip, wanted.sensitivity),
    )
    if isinstance(wanted, ByTarget):
        record.title = record.target = check_target(wanted.target)
    elif isinstance(wanted, ByStretch):
        record.start_s, record.end_s = _check_stretch(wanted, song)
        record.title = f"reference {wanted.start_s:.1f}-{wanted.end_s:.1f} s"
    else:
        reference = song.references.get(wanted.reference_id)
        if reference is None:
            raise Refusal(
                NOT_ACCEPTED,
                "reference_id is of no reference of this song: send one to "
                "/api/songs/{song_id}/references first",
            )
        record.reference_id = reference.id
        record.title = stem_of(reference.name)
    return record


def _check_stretch(wanted: ByStretch, song: SongRecord) -> tuple[float, float]:
    """Return the start and end of a stretch, in seconds, or raise `Refusal`."""
    start_s, end_s, duration_s = wanted.start_s, wanted.end_s, song.duration_s or 0.0
    if end_s > duration_s + _ROUNDING_S:
        raise Refusal(
            NOT_ACCEPTED,
            f"end_s must be within the song, which lasts {duration_s:.2f} s, "
            f"got {end_s:g}",
        )
    bound = None
    if end_s - start_s < MIN_REFERENCE_S:
        bound = f"{MIN_REFERENCE_S:g} s or more"
    elif end_s - start_s > MAX_REFERENCE_S + _ROUNDING_S:
        bound = f"{MAX_REFERENCE_S:g} s or less"
    if bound:
        raise Refusal(
            NOT_ACCEPTED,
            f"a stretch must last {bound}, got start_s {start_s:g} and end_s {end_s:g}",
        )
    return start_s, min(end_s, duration_s)


@router.get(
    "/extractions/{extraction_id}",
    response_model=ExtractionState,
    responses=problems(404),
)
async def read_extraction(extraction: Extracted) -> object:
    """Return an extraction's state."""
    return extraction.describe()


@router.patch(
    "/extractions/{extraction_id}",
    status_code=202,
    response_model=ExtractionState,
    responses=problems(403, 404, 413, 503, 507),
)
async def render_extraction(
    extraction: Extracted, wanted: RenderingRequest, services: Behind
) -> object:
    """Render an extraction at another sensitivity, which takes little time."""
    await services.extractions.render(extraction, wanted.sensitivity)
    return extraction.describe()


@router.delete(
    "/extractions/{extraction_id}", status_code=204, responses=problems(403, 404)
)
async def remove_extraction(extraction: Extracted, services: Behind) -> Response:
    """Remove an extraction; stop it if it runs."""
    await services.library.remove_extraction(extraction)
    return Response(status_code=204)


@router.get(
    "/extractions/{extraction_id}/events",
    response_class=StreamingResponse,
    responses=problems(404) | {200: EVENTS},
)
async def watch_extraction(extraction: Extracted, services: Behind) -> Response:
    """Follow an extraction until it is done or has failed."""
    return events.event_response(extraction, lambda: services.library.is_stopping)


def files_of(extraction: Extraction, services: Services) -> SoundFolder:
    """Return the files of the last rendering, or raise `Refusal`."""
    record = extraction.record
    if not record.revision:
        raise Refusal(TOO_EARLY, f"{record.title} is {record.status}")
    return services.store.rendering(record, record.revision)


@router.get(
    "/extractions/{extraction_id}/overview",
    response_class=FileResponse,
    responses=problems(404, 409) | {200: {"model": Overview}},
)
async def read_overview(extraction: Extracted, services: Behind) -> Response:
    """Return the peaks of what was extracted, and the song's beats."""
    return StoredFile(files_of(extraction, services).overview, JSON)


@router.get(
    "/extractions/{extraction_id}/spectrogram",
    response_class=FileResponse,
    responses=problems(404, 409) | {200: {"content": {PNG: BINARY}}},
)
async def read_spectrogram(extraction: Extracted, services: Behind) -> Response:
    """Return the spectrogram of what was extracted, as a picture."""
    return StoredFile(files_of(extraction, services).picture, PNG)


@router.get(
    "/extractions/{extraction_id}/sound",
    response_class=FileResponse,
    responses=problems(404, 409) | {200: {"content": {FLAC: BINARY}}},
)
async def read_sound(extraction: Extracted, services: Behind) -> Response:
    """Return what was extracted as FLAC of 24 bits, at its `gain`."""
    return StoredFile(files_of(extraction, services).flac, FLAC)


async def sound_file(
    extraction: Extracted, services: Behind, part: Part, format: Format
) -> StoredFile:
    """Return the file of a download, which is made unless it is there."""
    make = functools.partial(downloads.make_sound, part=part, ending=format)
    name = downloads.sound_name(part, format)
    path = await _convert(extraction, services, make, name, n_sounds=1)
    title = extraction.record.title if part == downloads.EXTRACTED else part
    shown = clean_name(f"{_stem(extraction)}-{title}.{format}")
    return StoredFile(path, downloads.MEDIA_TYPES[format], shown)


async def archive_file(
    extraction: Extracted, services: Behind, format: Format
) -> StoredFile:
    """Return the archive of a download, which is made unless it is there."""
    stem, title = _stem(extraction), clean_name(extraction.record.title)
    make = functools.partial(
        downloads.make_archive, stem=stem, title=title, ending=format
    )
    name = downloads.archive_name(format)
    path = await _convert(extraction, services, make, name, n_sounds=6)
    return StoredFile(path, ZIP, clean_name(f"{stem}-{title}.zip"))


SoundFile = Annotated[StoredFile, Depends(sound_file)]
ArchiveFile = Annotated[StoredFile, Depends(archive_file)]


@router.get(
    "/extractions/{extraction_id}/download",
    response_class=FileResponse,
    responses=problems(404, 409, 503, 507)
    | {200: {"content": dict.fromkeys(downloads.MEDIA_TYPES.values(), BINARY)}},
)
async def download(file: SoundFile) -> Response:
    """Download what was extracted, or the rest."""
    return file


@router.get(
    "/extractions/{extraction_id}/archive",
    response_class=FileResponse,
    responses=problems(404, 409, 503, 507) | {200: {"content": {ZIP: BINARY}}},
)
async def download_archive(file: ArchiveFile) -> Response:
    """Download the original, what was extracted and the rest, as a zip."""
    return file


@router.post(
    "/extractions/{extraction_id}/download",
    status_code=204,
    responses=problems(403, 404, 409, 503, 507),
)
async def make_download(file: SoundFile) -> Response:
    """Make a download, so that a browser saves no refusal in its stead."""
    return Response(status_code=204)


@router.post(
    "/extractions/{extraction_id}/archive",
    status_code=204,
    responses=problems(403, 404, 409, 503, 507),
)
async def make_archive(file: ArchiveFile) -> Response:
    """Make an archive, as `make_download` does."""
    return Response(status_code=204)


def _stem(extraction: Extraction) -> str:
    return stem_of(extraction.song.record.name)


async def _convert(
    extraction: Extraction,
    services: Services,
    make: Callable[[downloads.Sources], Path],
    name: str,
    n_sounds: int,
) -> Path:
    """Return a file for a download, made away from the event loop, once.

    Parameters
    ----------
    extraction : Extraction
    services : Services
    make : callable
        Makes the file.
    name : str
        Of the file, in the folder of a rendering.
    n_sounds : int
        How many sounds it takes room for.
    """
    path = files_of(extraction, services).path / name
    if path.exists():
        return path
    async with services.library.use(extraction.song), extraction.conversion:
        if extraction.is_removed:
            raise no_extraction()
        files = files_of(extraction, services)  # another rendering may have ended
        path = files.path / name
        if path.exists():
            return path
        try:
            n_bytes = n_sounds * files.wav.stat().st_size
            async with services.conversions, services.disk.reserve(n_bytes):
                sources = _sources_of(extraction, services, files)
                return await asyncio.to_thread(make, sources)
        except (downloads.Stopped, AudioFileError, OSError) as error:
            if extraction.is_removed:
                raise no_extraction() from error
            raise _refusal_of(error, files) from error


def _sources_of(
    extraction: Extraction, services: Services, files: SoundFolder
) -> downloads.Sources:
    song, record = extraction.song.record, extraction.record
    return downloads.Sources(
        services.store.song_folder(song.id).wav,
        *(files.wav, files.path),
        (song.peak, *record.peaks),
        lambda: services.library.is_stopping or extraction.is_removed,
    )


def _refusal_of(error: Exception, files: SoundFolder) -> Refusal:
    """Return why a file was not made, without the server's paths."""
    if isinstance(error, downloads.Stopped):
        return Refusal(BUSY, "the server is stopped")
    if isinstance(error, AudioFileError) and error.__cause__ is None:
        # The system refused nothing: it is a rate that a kind does not hold
        return Refusal(NOT_ACCEPTED, str(error).replace(f"{files.path}{os.sep}", ""))
    return not_written(error)
