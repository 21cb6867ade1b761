# SPDX-License-Identifier: GPL-3.0-or-later
"""The application: the page, its interface, and what guards both."""

from __future__ import annotations

import contextlib
import importlib.metadata
from collections.abc import AsyncIterator
from typing import get_args

from fastapi import APIRouter, FastAPI, Request, Response

from requinto.config import DEFAULT_BEATS_PER_CLIP, DEFAULT_SENSITIVITY, LONGEST_CLIP_S
from requinto.model_folder import DEFAULT_TARGET, STANDARD, models, targets
from requinto_web import extraction_routes, song_routes
from requinto_web.answers import answer_errors, problems
from requinto_web.bodies import Bodies
from requinto_web.limits import (
    MAX_REFERENCE_S,
    MIN_REFERENCE_S,
    Settings,
    check_settings,
)
from requinto_web.page_files import PageFile, read_page
from requinto_web.refusals import BUSY, MISSING, Refusal
from requinto_web.schemas import Format, LimitValues, OptionValues
from requinto_web.security import Guard
from requinto_web.services import Services, services_of

_NOT_MODIFIED = 304
router = APIRouter()


def create_app(settings: Settings) -> FastAPI:
    """Return the application, which works while its lifespan lasts.

    Raises
    ------
    ConfigError
        If a setting is out of range.
    """
    services = Services(check_settings(settings))

    @contextlib.asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with services.run():
            yield

    app = FastAPI(
        title="Requinto",
        summary="Point at an instrument, get it out of the mix.",
        version=importlib.metadata.version("requinto"),
        docs_url=None,  # they load programs from another server
        redoc_url=None,
        lifespan=lifespan,
    )
    app.state.services, app.state.page = services, read_page()
    app.include_router(song_routes.router)
    app.include_router(extraction_routes.router)
    app.include_router(router)
    answer_errors(app)
    app.add_middleware(Guard, hosts=settings.hosts)
    app.add_middleware(Bodies)  # the last is the first that a request meets
    return app


@router.get("/api/options", tags=["options"], responses=problems())
def read_options(request: Request) -> OptionValues:
    """Return what can be chosen."""
    settings = services_of(request).settings
    return OptionValues(
        targets=list(targets()),
        default_target=DEFAULT_TARGET,
        models=list(models()),
        default_model=STANDARD,
        beats_per_clip=sorted(LONGEST_CLIP_S, reverse=True),
        default_beats_per_clip=DEFAULT_BEATS_PER_CLIP,
        default_sensitivity=DEFAULT_SENSITIVITY,
        formats=list(get_args(Format)),
        limits=LimitValues(
            max_bytes=settings.max_bytes,
            max_duration_s=settings.max_duration_s,
            kept_s=settings.kept_s,
            min_reference_s=MIN_REFERENCE_S,
            max_reference_s=min(MAX_REFERENCE_S, settings.max_duration_s),
        ),
        version=importlib.metadata.version("requinto"),
    )


@router.get("/", include_in_schema=False)
async def read_page_itself(request: Request) -> Response:
    """Return the page."""
    page = request.app.state.page
    if page.main_file is None:
        raise Refusal(BUSY, page.problem)
    return _answer(request, page.main_file)


@router.get("/assets/{name:path}", include_in_schema=False)
async def read_asset(request: Request, name: str) -> Response:
    """Return a file of the page."""
    file = request.app.state.page.files.get(name)
    if file is None:
        raise Refusal(MISSING, "the page has no such file")
    return _answer(request, file)


def _answer(request: Request, file: PageFile) -> Response:
    """Return a file, or that the client has it."""
    headers = {"cache-control": "no-cache", "etag": file.etag}
    if request.headers.get("if-none-match") == file.etag:
        return Response(status_code=_NOT_MODIFIED, headers=headers)
    return Response(file.content, media_type=file.media_type, headers=headers)
