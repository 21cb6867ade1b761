# SPDX-License-Identifier: GPL-3.0-or-later
"""Extract a whole catalogue, and go on where a run was stopped or killed."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from requinto.errors import reason_of
from requinto_batch.catalogue import Root, Song, songs
from requinto_batch.errors import BatchError
from requinto_batch.records import Records
from requinto_batch.runner import Result, Runner
from requinto_batch.song_work import (
    Outcome,
    Plan,
    extract_song_files,
    outcome_before,
)
from requinto_batch.summary import DONE, DONE_BEFORE, FAILED, AddRow, Row, open_summary
from requinto_files.locks import LockHeld, locked


@dataclass
class Totals:
    """What a run came to."""

    n_done: int = 0  # in this run
    n_done_before: int = 0
    duration_s: float = 0.0  # of the songs done in this run
    worked_s: float = 0.0  # of all workers, for these songs
    elapsed_s: float = 0.0  # of the run
    failures: list[Row] = field(default_factory=list)

    @property
    def n_songs(self) -> int:
        """All songs."""
        return self.n_done + self.n_done_before + len(self.failures)

    @property
    def songs_per_hour(self) -> float:
        """Songs done in this run, for each hour of it."""
        return 3600 * self.n_done / max(self.elapsed_s, 1e-9)

    def add(self, row: Row) -> None:
        """Count a song."""
        if row.status == FAILED:
            self.failures.append(row)
        elif row.status == DONE_BEFORE:
            self.n_done_before += 1
        else:
            self.n_done += 1
            self.duration_s += row.duration_s or 0.0
            self.worked_s += row.elapsed_s or 0.0


@contextlib.contextmanager
def prepared(output: Path) -> Iterator[None]:
    """Make and lock the folder that is written to; remove what killed runs left.

    Raises
    ------
    BatchError
        If another run writes there, or it cannot be written.
    """
    records = Records(output)
    try:
        records.make_folders()
    except OSError as error:
        raise BatchError(f"{output} cannot be written: {reason_of(error)}") from error
    with contextlib.ExitStack() as stack:
        try:
            stack.enter_context(locked(records.lock_path))
        except LockHeld as error:
            raise BatchError(
                f"{output} is in use by another batch ({str(error) or 'just begun'}); "
                "wait for it, or name another folder"
            ) from error
        except OSError as error:
            raise BatchError(
                f"{output} cannot be locked: {reason_of(error)}"
            ) from error
        records.remove_unfinished()
        try:
            yield
        finally:
            # Nobody works any more; those on a cluster stop before they publish
            records.remove_unfinished()


@contextlib.contextmanager
def noted_summary(output: Path, path: Path) -> Iterator[AddRow]:
    """Open a summary as `open_summary` does; if killed, nothing is left of it."""
    note = Records(output).running("/summary", str(path.absolute().parent))
    with note, open_summary(path) as add_row:
        yield add_row


def run(
    roots: Sequence[Root],
    plan: Plan,
    runner: Runner,
    *,
    retries: int = 0,
    restart_after: int | None = None,
    add_row: AddRow = lambda row: None,
    notify: Callable[[Totals], None] = lambda totals: None,
) -> Totals:
    """Extract the songs below some folders, in the workers of a runner.

    Parameters
    ----------
    roots : sequence of Root
    plan : Plan
        Its output is `prepared`.
    runner : Runner
    retries : int
        How often a song that failed is tried again.
    restart_after : int, optional
        Songs after which a worker starts anew.
    add_row : callable
        Called with the row of each song.
    notify : callable
        Called with what was done so far, after each song.

    Raises
    ------
    BatchError
        If no worker is left.
    """
    totals, start = Totals(), time.perf_counter()

    def add(row: Row) -> None:
        totals.add(row)
        add_row(row)
        totals.elapsed_s = time.perf_counter() - start
        notify(totals)

    for result in runner.run(
        extract_song_files,
        _jobs(roots, plan, add),
        retries=retries,
        restart_after=restart_after,
    ):
        add(_row(result))
    totals.elapsed_s = time.perf_counter() - start
    return totals


def count_songs(roots: Sequence[Root], output: Path) -> int:
    """Return how many songs there are, at the cost of listing folders."""
    return sum(1 for _ in songs(roots, output, lambda stem: ()))


def _jobs(
    roots: Sequence[Root], plan: Plan, add: AddRow
) -> Iterator[tuple[Song, Plan]]:
    """Yield the songs that are not done, for all that a glance shows."""

    def fail(name: str, reason: str) -> None:
        add(Row(name, FAILED, error=reason))

    for song in songs(roots, Path(plan.output), plan.file_names, fail):
        if outcome := outcome_before(song, plan):
            add(_outcome_row(song, outcome, n_attempts=0))
        else:
            yield song, plan


def _row(result: Result) -> Row:
    song: Song = result.job[0]
    if result.error is None:
        return _outcome_row(song, result.value, result.n_attempts)
    error = result.error
    text = str(error) if isinstance(error, BatchError) else f"{error!r}"
    return Row(song.name, FAILED, error=text, n_attempts=result.n_attempts)


def _outcome_row(song: Song, outcome: Outcome, n_attempts: int) -> Row:
    facts = outcome.facts
    return Row(
        path=song.name,
        status=DONE if outcome.is_new else DONE_BEFORE,
        duration_s=facts["duration_s"],
        elapsed_s=facts["elapsed_s"],
        outputs=outcome.outputs,
        gain=facts["gain"],
        problems=tuple(facts["problems"]),
        n_attempts=n_attempts,
    )
