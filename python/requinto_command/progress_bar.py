# SPDX-License-Identifier: GPL-3.0-or-later
"""Show how far a command is, and what time is left."""

from __future__ import annotations

import sys

from rich.console import Console
from rich.markup import escape
from rich.progress import (
    BarColumn,
    Progress,
    TaskProgressColumn,
    TextColumn,
    TimeRemainingColumn,
)

from requinto_command.messages import printable


class ProgressBar:
    """A progress bar on a terminal, and nothing elsewhere; a context.

    Parameters
    ----------
    text : str
        What is done.
    n_parts : int
        Such as songs, one after the other; said where there are several.
    """

    def __init__(self, text: str, n_parts: int = 1) -> None:
        console = Console(stderr=True)
        self._text, self._n_parts, self._n_done = escape(printable(text)), n_parts, 0
        self._bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            TaskProgressColumn(),
            TimeRemainingColumn(),
            TextColumn("left"),
            console=console,
            disable=not console.is_terminal,
            # What is printed for a program must not go to the terminal
            redirect_stdout=sys.stdout is not None and sys.stdout.isatty(),
        )
        self._task = self._bar.add_task(self._text, total=float(n_parts))

    def __enter__(self) -> ProgressBar:
        self._bar.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._bar.stop()

    def begin(self, part: int) -> None:
        """Show that a part begins, counted from 0; those before it are done."""
        self._n_done = part
        text = self._text
        if self._n_parts > 1:
            text = f"{text}, {part + 1} of {self._n_parts}"
        self._bar.update(
            self._task, description=text, completed=float(part), refresh=True
        )

    def notify(self, share: float) -> None:
        """Show the share of this part that is done."""
        self._bar.update(self._task, completed=self._n_done + share)
