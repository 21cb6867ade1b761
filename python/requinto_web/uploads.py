# SPDX-License-Identifier: GPL-3.0-or-later
"""Receive a file that a client sends, no more of it than is accepted."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from fastapi import Request, UploadFile
from starlette.datastructures import UploadFile as SomeUpload
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from requinto_web.disk import Disk
from requinto_web.names import clean_name
from requinto_web.refusals import (
    NOT_ACCEPTED,
    TIMEOUT,
    TOO_LARGE,
    Refusal,
    disk_full,
    not_written,
)

if TYPE_CHECKING:
    from starlette.types import Message, Receive

_FRAMING = 1 << 16  # bytes of a form beside its file
_SILENT_S = 30.0  # after which a client that sends nothing is given up
FORM = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["file"],
                    "properties": {"file": {"type": "string", "format": "binary"}},
                    "additionalProperties": False,
                }
            }
        },
    }
}


class _Limited:
    """The body of a request, read no further than a limit."""

    def __init__(self, receive: Receive, max_bytes: int) -> None:
        self._receive, self._left = receive, max_bytes

    async def __call__(self) -> Message:
        try:
            message = await asyncio.wait_for(self._receive(), _SILENT_S)
        except asyncio.TimeoutError:
            raise Refusal(TIMEOUT, f"nothing came for {_SILENT_S:g} s") from None
        self._left -= len(message.get("body", b""))
        if self._left < 0:
            raise Refusal(TOO_LARGE, "")
        return message


@contextlib.asynccontextmanager
async def receive_file(
    request: Request, max_bytes: int, disk: Disk
) -> AsyncIterator[tuple[BinaryIO, str]]:
    """Give the file in the field `file` of a form, and its clean name.

    Raises
    ------
    Refusal
        If it is too large, while it arrives, or there is no such field.
    """
    limited = _Limited(request.receive, min(max_bytes, disk.room_bytes) + _FRAMING)
    bounded = Request(request.scope, limited)
    try:
        declared = int(request.headers.get("content-length", "0"))
        if declared > max_bytes + _FRAMING:
            raise Refusal(TOO_LARGE, "")
        async with bounded.form(max_files=1, max_fields=0) as form:
            upload = form.get("file")
            if not isinstance(upload, (UploadFile, SomeUpload)):
                raise _no_file()
            if (upload.size or 0) > max_bytes:
                raise Refusal(TOO_LARGE, "")
            yield upload.file, clean_name(upload.filename)
    except Refusal as error:
        if error.status == TOO_LARGE:
            raise _too_large(max_bytes, disk) from None
        raise
    except ClientDisconnect as error:
        raise Refusal(TIMEOUT, "the client has gone") from error
    except (HTTPException, ValueError) as error:
        detail = getattr(error, "detail", "")
        raise _no_file(str(detail)) from error
    except OSError as error:
        raise not_written(error) from error


def _no_file(detail: str = "") -> Refusal:
    reason = f": {detail}" if detail else ""
    return Refusal(
        NOT_ACCEPTED,
        f"send one file, as multipart/form-data, in the field file{reason}",
    )


def _too_large(max_bytes: int, disk: Disk) -> Refusal:
    if disk.room_bytes < max_bytes:
        return disk_full()
    return Refusal(
        TOO_LARGE, f"the file is too large: {max_bytes / 1e6:g} MB are accepted here"
    )


async def save(file: BinaryIO, path: Path) -> None:
    """Write what was sent to a file."""

    def copy() -> None:
        with open(path, "xb") as output:
            shutil.copyfileobj(file, output, 1 << 20)

    await asyncio.to_thread(copy)
