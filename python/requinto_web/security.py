# SPDX-License-Identifier: GPL-3.0-or-later
"""Answer only what is meant for this server and comes from its own page.

A page of another site can have a browser send requests here, and can give its own name
this server's address: https://developer.mozilla.org/docs/Web/Security/Attacks
"""

from __future__ import annotations

import ipaddress
import json
import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

from starlette.datastructures import Headers, MutableHeaders

from requinto_web.refusals import NOT_ALLOWED

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

_LOCAL = ("localhost", "127.0.0.1", "::1")
_READING = ("GET", "HEAD", "OPTIONS")
_OWN = ("same-origin", "none")  # Sec-Fetch-Site of the page, and of what a user types
_BAD_REQUEST = 400
_HOST = re.compile(r"(\[[0-9a-fA-F:.]+\]|[^:\[\]]+)(:\d*)?")
# Of the style that wavesurfer writes into its shadow at the height of one lane
WAVESURFER_STYLE = "sha256-Y/8t1dAKa3ay+RZEiEFEDr8dFiQhpaFvYXXUfT3p6ZU="
_HEADERS = {
    "content-security-policy": (
        "default-src 'self'; img-src 'self' blob: data:; media-src 'self' blob:; "
        f"style-src 'self' '{WAVESURFER_STYLE}'; object-src 'none'; base-uri 'none'; "
        "form-action 'self'; frame-ancestors 'none'"
    ),
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
}


class Guard:
    """What stands before an application.

    Parameters
    ----------
    app : ASGI application
    hosts : iterable of str
        Names that the server answers to; local ones and addresses always.
    """

    def __init__(self, app: ASGIApp, hosts: Iterable[str]) -> None:
        self._app = app
        self._hosts = {*_LOCAL, *(host.lower() for host in hosts)}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    headers[name] = value
                headers.setdefault("cache-control", "no-store")
            await send(message)

        headers = Headers(scope=scope)
        host = _host_of(headers.get("host", ""))
        if host is None or not self._is_known(host):
            detail = (
                "the header Host names another server; --allow-host NAME lets "
                "`requinto serve` answer to a name"
            )
            await _answer(send_guarded, _BAD_REQUEST, detail)
        elif scope["method"] not in _READING and not _is_own(headers):
            detail = "pages of other sites must not change anything here"
            await _answer(send_guarded, NOT_ALLOWED, detail)
        else:
            await self._app(scope, receive, send_guarded)

    def _is_known(self, host: str) -> bool:
        """Return whether a host is ours: an address cannot be given to another name."""
        return host in self._hosts or _is_address(host)


def _host_of(header: str) -> str | None:
    match = _HOST.fullmatch(header)
    return match[1].strip("[]").lower() if match else None


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _is_own(headers: Headers) -> bool:
    """Return whether a request comes from our page, or from no page at all."""
    site = headers.get("sec-fetch-site")
    if site is not None:
        return site in _OWN
    origin = headers.get("origin")
    return origin is None or origin.partition("://")[2] == headers.get("host")


async def _answer(send: Send, status: int, detail: str) -> None:
    body = json.dumps({"detail": detail}).encode()
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", str(len(body)).encode()),
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
