# SPDX-License-Identifier: GPL-3.0-or-later
"""A progress bar on a terminal's stderr, and nothing elsewhere."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

import rich.progress
from rich.console import Console

T = TypeVar("T")


def tracked(rows: Iterable[T], text: str, total: int | None = None) -> Iterable[T]:
    """Yield rows, and show how many of `total` are done."""
    console = Console(stderr=True)
    return rich.progress.track(
        rows, text, total=total, console=console, disable=not console.is_terminal
    )
