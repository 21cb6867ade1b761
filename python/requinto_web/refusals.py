# SPDX-License-Identifier: GPL-3.0-or-later
"""What the server answers where it does not do what a client wants."""

from __future__ import annotations

import errno

from requinto.errors import RequintoError

NOT_ALLOWED, MISSING, TIMEOUT, TOO_EARLY, TOO_LARGE = 403, 404, 408, 409, 413
NOT_ACCEPTED, BUSY, DISK_FULL = 422, 503, 507
RETRY_S = 10  # after which a server that was busy may not be


class Refusal(RequintoError):
    """An answer with a status of HTTP and one sentence.

    Parameters
    ----------
    status : int
    detail : str
    """

    def __init__(self, status: int, detail: str) -> None:
        super().__init__(detail)
        self.status = status


def no_song() -> Refusal:
    """Return the answer for an id that is of no song."""
    return Refusal(
        MISSING, "there is no such song: it was removed, or kept long enough"
    )


def no_extraction() -> Refusal:
    """Return the answer for an id that is of no extraction."""
    return Refusal(
        MISSING, "there is no such extraction: it was removed, or kept long enough"
    )


def disk_full() -> Refusal:
    """Return the answer where the room for songs is used up."""
    return Refusal(
        DISK_FULL, "there is no room for it on the server now; older songs make room"
    )


def not_written(error: Exception) -> Refusal:
    """Return the answer where the server could not write, whose paths are its own."""
    cause = error if isinstance(error, OSError) else error.__cause__
    number = getattr(cause, "errno", None)
    if number is None or number in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return disk_full()
    reason = getattr(cause, "strerror", None) or type(cause).__name__
    return Refusal(DISK_FULL, f"the server cannot write into its folder: {reason}")
