# SPDX-License-Identifier: GPL-3.0-or-later
"""What a measurement needs of a system."""

from __future__ import annotations

from typing import Any, NamedTuple, Protocol


class Workload(Protocol):
    """A system that is loaded, or loads itself when it first runs."""

    note: str  # what a reader of its figures must know

    def input_for(self, duration_s: float) -> Any:
        """Return music of that length, in the form in which it is separated."""

    def run(self, music: Any) -> None:
        """Separate music."""


class Options(NamedTuple):
    """What a system may need to load."""

    runtime: str | None  # litert or tensorflow, for our models; None: the usual one
    folder: str  # for files, which are deleted afterwards
