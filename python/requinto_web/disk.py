# SPDX-License-Identifier: GPL-3.0-or-later
"""How much of the disk everything takes, and may take."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
from collections.abc import AsyncIterator

from requinto_web.refusals import disk_full
from requinto_web.store import Store

_SPARE_BYTES = 50_000_000  # of the disk, left free


class Disk:
    """The room for songs, and for what is made of them.

    Parameters
    ----------
    store : Store
    max_bytes : int
        That everything may take.
    """

    def __init__(self, store: Store, max_bytes: int) -> None:
        self._store, self._max_bytes = store, max_bytes
        self._used_bytes = self._free_bytes = self._reserved_bytes = 0

    async def measure(self) -> None:
        """Count again what is used and free."""
        self._used_bytes = await asyncio.to_thread(self._store.count_bytes)
        usage = await asyncio.to_thread(shutil.disk_usage, self._store.folder)
        self._free_bytes = usage.free - _SPARE_BYTES

    @property
    def room_bytes(self) -> int:
        """How much there is room for."""
        room = min(self._max_bytes - self._used_bytes, self._free_bytes)
        return max(0, room - self._reserved_bytes)

    @contextlib.asynccontextmanager
    async def reserve(self, n_bytes: int) -> AsyncIterator[None]:
        """Hold room for what is written meanwhile, or raise `Refusal`."""
        if n_bytes > self.room_bytes:
            await self.measure()
        if n_bytes > self.room_bytes:
            raise disk_full()
        self._reserved_bytes += n_bytes
        try:
            yield
        finally:
            try:
                await self.measure()
            finally:
                self._reserved_bytes -= n_bytes
