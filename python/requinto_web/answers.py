# SPDX-License-Identifier: GPL-3.0-or-later
"""Errors as clients read them, and files that may be gone by then."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import FileResponse, JSONResponse
from starlette.exceptions import HTTPException

from requinto.errors import RequintoError
from requinto_web.refusals import BUSY, MISSING, NOT_ACCEPTED, RETRY_S, Refusal
from requinto_web.schemas import Problem

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

_REASONS = {
    400: "The header Host names another server, or the request is malformed.",
    403: "A page of another site sent it.",
    404: "There is no such thing, or not any more.",
    408: "The client sent nothing for too long.",
    409: "It is not there yet.",
    413: "It is too large.",
    422: "What was sent is not accepted.",
    500: "Something unexpected; the server goes on.",
    503: "The server is busy: try again later.",
    507: "There is no room for it on the server, or its folder cannot be written.",
}


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Return the errors of a route for its description, with those of all routes."""
    return {
        status: {"model": Problem, "description": _REASONS[status]}
        for status in sorted({400, 422, *statuses})
    }


def answer_errors(app: FastAPI) -> None:
    """Have an application answer each error with one sentence."""

    @app.exception_handler(RequintoError)
    async def _refuse(request: Request, error: RequintoError) -> JSONResponse:
        status = error.status if isinstance(error, Refusal) else NOT_ACCEPTED
        return _problem(status, str(error))

    @app.exception_handler(RequestValidationError)
    async def _reject(request: Request, error: RequestValidationError) -> JSONResponse:
        return _problem(NOT_ACCEPTED, _sentence(error.errors()))

    @app.exception_handler(HTTPException)
    async def _explain(request: Request, error: HTTPException) -> JSONResponse:
        response = _problem(error.status_code, str(error.detail))
        response.headers.update(error.headers or {})
        return response

    @app.exception_handler(Exception)
    async def _apologise(request: Request, error: Exception) -> JSONResponse:
        return _problem(500, f"{type(error).__name__}, which the server's log explains")


def _problem(status: int, detail: str) -> JSONResponse:
    headers = {"retry-after": str(RETRY_S)} if status == BUSY else {}
    return JSONResponse({"detail": detail}, status, headers)


def _sentence(errors: Sequence[Any]) -> str:
    """Return what is wrong with a request, in one sentence."""
    clauses = []
    for error in errors:
        where = ".".join(map(str, error["loc"][1:])) or str(error["loc"][0])
        clauses.append(f"{where}: {error['msg']}")
    return "; ".join(dict.fromkeys(clauses))


class StoredFile(FileResponse):
    """A file of the library, which another request may have removed meanwhile."""

    def __init__(self, path: Path, media_type: str, name: str | None = None) -> None:
        super().__init__(path, media_type=media_type, filename=name)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if os.path.isfile(self.path):
            await super().__call__(scope, receive, send)
        else:
            answer = _problem(MISSING, "it was removed, or rendered again meanwhile")
            await answer(scope, receive, send)
