# SPDX-License-Identifier: GPL-3.0-or-later
"""Show how many songs of a batch are done, and what time is left."""

from __future__ import annotations

import datetime
import threading
from collections.abc import Callable
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from requinto_batch.batch import Totals, count_songs
from requinto_batch.catalogue import Root
from requinto_command.messages import say


class BatchProgress:
    """How far a batch is, on a terminal; a context that gives a function of totals.

    Parameters
    ----------
    roots : list of Root
        The folders whose songs are counted.
    output : Path
        The folder that is written to.
    link : str
        To Dask's dashboard; empty where there is none.
    """

    def __init__(self, roots: list[Root], output: Path, link: str) -> None:
        console = Console(stderr=True)
        self._bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[speed]}"),
            console=console,
            disable=not console.is_terminal,
        )
        self._task = self._bar.add_task("Extracting", total=None, speed="")
        self._total = 0  # songs, once they are counted
        self._arguments, self._link = (roots, output), link

    def __enter__(self) -> Callable[[Totals], None]:
        if self._link:
            say(f"dashboard: {self._link}")
        if not self._bar.disable:
            self._bar.start()
            threading.Thread(target=self._count, daemon=True).start()
        return self._show

    def __exit__(self, *exception: object) -> None:
        self._bar.stop()

    def _count(self) -> None:
        self._total = count_songs(*self._arguments)
        self._bar.update(self._task, total=self._total)

    def _show(self, totals: Totals) -> None:
        parts = []
        if totals.n_done:
            parts.append(f"{totals.songs_per_hour:.0f} songs/h")
            if self._total > totals.n_songs:
                left_h = (self._total - totals.n_songs) / totals.songs_per_hour
                parts.append(f"{datetime.timedelta(seconds=round(3600 * left_h))} left")
        if totals.failures:
            parts.append(f"{len(totals.failures)} failed")
        self._bar.update(self._task, completed=totals.n_songs, speed=", ".join(parts))
