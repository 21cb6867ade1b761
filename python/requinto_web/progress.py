# SPDX-License-Identifier: GPL-3.0-or-later
"""How far a job is, how long it will take, and who waits for it to change."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

_MIN_S = 1.0  # of work, before it is said how long the rest takes
_MIN_SHARE = 0.01
_SMOOTHING = 0.3  # weight of the newest estimate


class Progress:
    """How far a job is.

    Parameters
    ----------
    clock : callable
        Returns seconds.

    Attributes
    ----------
    share : float
        From 0 to 1.
    seconds_left : float or None
        None where nothing can be said.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self.restart()

    def restart(self, share: float = 0.0) -> None:
        """Begin with work that goes on at a pace of its own."""
        self.share = self._first_share = share
        self.seconds_left: float | None = None
        self._end_s: float | None = None
        self._start_s = self._clock()

    def advance(self, share: float) -> None:
        """Note how far it is, from 0 to 1."""
        self.share = min(1.0, max(self.share, share))
        now_s = self._clock()
        elapsed_s, done = now_s - self._start_s, self.share - self._first_share
        if elapsed_s < _MIN_S or done < _MIN_SHARE:
            return
        # The end is smoothed, not what is left until then, which would lag behind
        end_s = now_s + elapsed_s * (1.0 - self.share) / done
        if self._end_s is not None:
            end_s = self._end_s + _SMOOTHING * (end_s - self._end_s)
        self._end_s = end_s
        self.seconds_left = max(0.0, end_s - now_s)

    def stop(self, share: float) -> None:
        """Note that nothing goes on."""
        self.share, self.seconds_left = share, None


class Changes:
    """Changes of something, for those who wait for the next."""

    def __init__(self) -> None:
        self._next = asyncio.Event()

    def notify(self) -> None:
        """Wake all who wait."""
        self._next.set()
        self._next = asyncio.Event()

    @property
    def next(self) -> asyncio.Event:
        """Set at the next change."""
        return self._next
