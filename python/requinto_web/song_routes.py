# SPDX-License-Identifier: GPL-3.0-or-later
"""Songs over HTTP: sent, looked at, listened to, removed."""

from __future__ import annotations

import asyncio
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import FileResponse, StreamingResponse

from requinto_web import events, uploads
from requinto_web.answers import StoredFile, problems
from requinto_web.entities import Song
from requinto_web.limits import MAX_REFERENCES
from requinto_web.records import READY, ReferenceRecord, SongRecord
from requinto_web.refusals import TOO_EARLY, Refusal
from requinto_web.schemas import Overview, ReferenceState, SongState
from requinto_web.services import Services, services_of
from requinto_web.store import SoundFolder, new_id

FLAC, PNG, JSON = "audio/flac", "image/png", "application/json"
BINARY = {"schema": {"type": "string", "format": "binary"}}
EVENTS = {
    "description": "The state at each change.",
    "content": {events.MEDIA_TYPE: {}},
}
Behind = Annotated[Services, Depends(services_of)]
router = APIRouter(prefix="/api/songs", tags=["songs"])


async def song_of(song_id: str, services: Behind) -> Song:
    """Return the song that a path names."""
    return services.library.song(song_id)


Known = Annotated[Song, Depends(song_of)]


@router.post(
    "",
    status_code=201,
    response_model=SongState,
    responses=problems(403, 408, 413, 503, 507),
    openapi_extra=uploads.FORM,
)
async def send_song(request: Request, services: Behind) -> object:
    """Send a song, which is then prepared: decoded, and its beats tracked."""
    library, store = services.library, services.store
    with library.arrival():
        arriving = uploads.receive_file(
            request, services.settings.max_bytes, services.disk
        )
        async with arriving as (file, name):
            song_id = await asyncio.to_thread(store.make_song_folder)
            try:
                await uploads.save(file, store.upload(song_id))
            except BaseException:
                await asyncio.to_thread(store.remove_song, song_id)
                raise
        record = SongRecord(song_id, name, library.next_end())
        song = await library.add_song(record)
    services.songs.start(song)
    return song.describe()


@router.get("/{song_id}", response_model=SongState, responses=problems(404))
async def read_song(song: Known) -> object:
    """Return a song's state."""
    return song.describe()


@router.delete("/{song_id}", status_code=204, responses=problems(403, 404))
async def remove_song(song: Known, services: Behind) -> Response:
    """Remove a song with all that was made of it."""
    await services.library.remove_song(song)
    return Response(status_code=204)


@router.get(
    "/{song_id}/events",
    response_class=StreamingResponse,
    responses=problems(404) | {200: EVENTS},
)
async def watch_song(song: Known, services: Behind) -> Response:
    """Follow a song until it is ready or has failed."""
    return events.event_response(song, lambda: services.library.is_stopping)


def files_of(song: Song, services: Services) -> SoundFolder:
    """Return the files of a song that is ready, or raise `Refusal`."""
    if song.record.status != READY:
        raise Refusal(TOO_EARLY, f"{song.record.name} is {song.record.status}")
    return services.store.song_folder(song.record.id)


@router.get(
    "/{song_id}/overview",
    response_class=FileResponse,
    responses=problems(404, 409) | {200: {"model": Overview}},
)
async def read_overview(song: Known, services: Behind) -> Response:
    """Return a song's peaks and beats."""
    return StoredFile(files_of(song, services).overview, JSON)


@router.get(
    "/{song_id}/spectrogram",
    response_class=FileResponse,
    responses=problems(404, 409) | {200: {"content": {PNG: BINARY}}},
)
async def read_spectrogram(song: Known, services: Behind) -> Response:
    """Return a song's spectrogram as a picture, the lowest frequency at the bottom."""
    return StoredFile(files_of(song, services).picture, PNG)


@router.get(
    "/{song_id}/sound",
    response_class=FileResponse,
    responses=problems(404, 409) | {200: {"content": {FLAC: BINARY}}},
)
async def read_sound(song: Known, services: Behind) -> Response:
    """Return a song as FLAC of 24 bits, at its `gain`."""
    return StoredFile(files_of(song, services).flac, FLAC)


@router.post(
    "/{song_id}/references",
    status_code=201,
    response_model=ReferenceState,
    responses=problems(403, 404, 408, 409, 413, 503, 507),
    openapi_extra=uploads.FORM,
)
async def send_reference(
    song: Known, request: Request, services: Behind
) -> ReferenceRecord:
    """Send a sound of the instrument alone, to extract it from a song."""
    if len(song.record.references) >= MAX_REFERENCES:
        raise Refusal(TOO_EARLY, f"a song has {MAX_REFERENCES} references at most")
    library, settings = services.library, services.settings
    upload = services.store.song_folder(song.record.id).path / f"upload-{new_id()}"
    with library.arrival():
        async with (
            library.use(song),
            uploads.receive_file(request, settings.max_bytes, services.disk) as sent,
        ):
            try:
                await uploads.save(sent[0], upload)
                return await services.songs.add_reference(song, upload, sent[1])
            finally:
                await asyncio.to_thread(upload.unlink, missing_ok=True)
