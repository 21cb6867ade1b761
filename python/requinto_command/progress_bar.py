# SPDX-License-Identifier: GPL-3.0-or-later
"""Show how far a command is."""

from __future__ import annotations

from typing import Any

from rich.console import Console
from rich.progress import Progress


class ProgressBar:
    """A progress bar on a terminal, and nothing elsewhere."""

    def __init__(self, text: str) -> None:
        console = Console(stderr=True)
        self._bar = Progress(console=console, disable=not console.is_terminal)
        self._task = self._bar.add_task(text, total=1.0)

    def __enter__(self) -> Any:
        self._bar.start()
        return lambda share: self._bar.update(self._task, completed=share)

    def __exit__(self, *exception: object) -> None:
        self._bar.stop()
