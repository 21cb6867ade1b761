# SPDX-License-Identifier: GPL-3.0-or-later
"""Server-sent events: the state of something, whenever it changes, until the end.

https://html.spec.whatwg.org/multipage/server-sent-events.html
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable

from fastapi.responses import StreamingResponse

from requinto_web.entities import Extraction, Song

MEDIA_TYPE = "text/event-stream"
_HEARTBEAT_S = 15.0  # proxies close connections on which nothing comes for a minute
_COMMENT = ": \n\n"


def event_response(
    owner: Song | Extraction, is_stopping: Callable[[], bool]
) -> StreamingResponse:
    """Return a response that sends a state until it is final."""
    # Proxies must pass each event on at once
    headers = {"X-Accel-Buffering": "no"}
    events = _events(owner, is_stopping)
    return StreamingResponse(events, media_type=MEDIA_TYPE, headers=headers)


async def _events(
    owner: Song | Extraction, is_stopping: Callable[[], bool]
) -> AsyncIterator[str]:
    last = ""
    while not (owner.is_removed or is_stopping()):
        change, is_final = owner.changes.next, owner.is_final
        text = json.dumps(owner.describe())
        if text != last:
            last = text
            yield f"data: {text}\n\n"
        if is_final:
            return
        try:
            await asyncio.wait_for(change.wait(), _HEARTBEAT_S)
        except asyncio.TimeoutError:
            yield _COMMENT
