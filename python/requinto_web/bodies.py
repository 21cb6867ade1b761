# SPDX-License-Identifier: GPL-3.0-or-later
"""Read bodies of requests: no more of them than is used, and all that is refused.

A server that answers and closes the connection while a body still comes has the
client's system drop the answer: the client learns that the connection broke, not why.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
import time
from typing import TYPE_CHECKING

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException

from requinto_web.refusals import TOO_LARGE

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

# Routes that read an upload as it comes; others hold what comes, whatever its type
_UPLOADS = re.compile(r"POST /api/songs(/[^/]+/references)?")
_MAX_BYTES = 1 << 16  # of what is no upload
_REFUSED = 400  # statuses from here on
_LIMIT_S = 10.0  # of reading on in all
_SILENT_S = 0.5  # in which nothing comes: the client waits for an answer


class Bodies:
    """What stands before an application that may answer before it has read a request.

    Parameters
    ----------
    app : ASGI application
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        is_upload = _UPLOADS.fullmatch(f"{scope['method']} {scope['path']}")
        max_bytes = None if is_upload else _MAX_BYTES
        body = _Body(receive, Headers(scope=scope), max_bytes)

        async def send_later(message: Message) -> None:
            is_start = message["type"] == "http.response.start"
            if is_start and message["status"] >= _REFUSED:
                await body.read_on()
            await send(message)

        await self._app(scope, body.receive, send_later)


class _Body:
    """The body of a request, and whether more of it is on its way."""

    def __init__(
        self, receive: Receive, headers: Headers, max_bytes: int | None
    ) -> None:
        self._receive, self._max_bytes = receive, max_bytes
        has_body = "transfer-encoding" in headers or "content-length" in headers
        # With the header the client waits until it may send
        self._is_coming = has_body and "expect" not in headers
        self._n_bytes = 0

    async def receive(self) -> Message:
        """Return the next message; raise `HTTPException` if it is too much."""
        message = await self._next()
        self._n_bytes += len(message.get("body", b""))
        if self._max_bytes is not None and self._n_bytes > self._max_bytes:
            raise HTTPException(
                TOO_LARGE,
                f"a request of this kind has {self._max_bytes} bytes at most",
            )
        return message

    async def _next(self) -> Message:
        message = await self._receive()
        self._is_coming = message.get("more_body", False)
        return message

    async def read_on(self) -> None:
        """Read what still comes, for a while."""
        end_s = time.monotonic() + _LIMIT_S
        with contextlib.suppress(asyncio.TimeoutError):
            while self._is_coming and time.monotonic() < end_s:
                await asyncio.wait_for(self._next(), _SILENT_S)
