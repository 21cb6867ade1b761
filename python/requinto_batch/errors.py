# SPDX-License-Identifier: GPL-3.0-or-later
"""What can go wrong with many jobs."""

from __future__ import annotations

from requinto.errors import RequintoError


class BatchError(RequintoError):
    """A batch cannot begin or go on, or a song of it failed."""


class WorkerError(BatchError):
    """The process that did a job ended before the job did."""
