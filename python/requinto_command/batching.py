# SPDX-License-Identifier: GPL-3.0-or-later
"""The command `batch`: whole catalogues, here or on a cluster."""

from __future__ import annotations

import contextlib
import datetime
import enum
import json
import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import typer
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
)

from requinto.arguments import Options, check_options, check_target
from requinto.config import DEFAULT_BEATS_PER_CLIP, DEFAULT_SENSITIVITY
from requinto.errors import ConfigError
from requinto.model_folder import DEFAULT_TARGET, STANDARD
from requinto.process import count_cores, count_threads
from requinto_batch import batch as batches
from requinto_batch import cluster, song_work
from requinto_batch.batch import Totals
from requinto_batch.catalogue import Root, check_roots
from requinto_batch.errors import BatchError
from requinto_batch.song_work import Plan, Sought
from requinto_batch.summary import check_summary
from requinto_command.messages import say
from requinto_files.audio_writer import check_bit_depth
from requinto_files.output_files import check_output_folder

if TYPE_CHECKING:
    from requinto_batch.runner import Runner

_N_LISTED = 100  # failures that stderr lists; the summary has them all
_RESTART_AFTER = 200


class Format(str, enum.Enum):
    """Kinds of files that are written."""

    flac = "flac"
    wav = "wav"
    mp3 = "mp3"
    ogg = "ogg"
    aiff = "aiff"


Folders = Annotated[
    list[Path], typer.Argument(metavar="FOLDER", help="Folders with songs.")
]
OutputFolder = Annotated[
    Path, typer.Option("-o", "--output", help="The folder to write to.")
]
Targets = Annotated[
    list[str] | None,
    typer.Option(help="A built-in target; may be repeated. Guitar unless given."),
]
References = Annotated[
    list[Path] | None,
    typer.Option(help="A sound file with an instrument alone; may be repeated."),
]
Rest = Annotated[bool, typer.Option("--rest", help="Write everything else, too.")]
Kind = Annotated[Format, typer.Option("--format", help="Of the files to write.")]
BitDepth = Annotated[
    int | None, typer.Option(help="16, 24 or 32, where the format has a choice.")
]
Model = Annotated[str, typer.Option(help="Name of a model.")]
BeatsPerClip = Annotated[
    int, typer.Option(help="Beats separated at a time: 4, 2 or 1.")
]
Sensitivity = Annotated[
    float, typer.Option(help="0 to 1: more of the target, and more bleed.")
]
Workers = Annotated[
    int | None, typer.Option(help="Processes; as many as cores unless given.", min=1)
]
Scheduler = Annotated[
    str | None,
    typer.Option(metavar="tcp://HOST:PORT", help="A Dask cluster to use instead."),
]
RestartAfter = Annotated[
    int, typer.Option(help="Songs after which a worker starts anew.", min=1)
]
MemoryLimit = Annotated[
    str | None,
    typer.Option(
        metavar="SIZE",
        help="Of each worker, such as 2GB; its share of the memory unless given.",
    ),
]
Retries = Annotated[
    int, typer.Option(help="How often a song that failed is tried again.", min=0)
]
Summary = Annotated[
    Path | None,
    typer.Option(help="A .csv or .parquet file; OUTPUT/summary.csv unless given."),
]
Verify = Annotated[
    bool, typer.Option("--verify", help="Read all that was written before.")
]
Json = Annotated[bool, typer.Option("--json", help="Print the totals as JSON.")]


class _Request(NamedTuple):
    """What `requinto batch` is called with, without what a plan holds."""

    folders: list[Path]
    output: Path
    scheduler: str | None
    n_workers: int
    memory_limit: int | None  # bytes
    restart_after: int
    retries: int
    summary: Path | None
    as_json: bool


def batch(
    folder: Folders,
    output: OutputFolder,
    target: Targets = None,
    reference: References = None,
    rest: Rest = False,
    kind: Kind = Format.flac,
    bit_depth: BitDepth = None,
    model: Model = STANDARD,
    beats_per_clip: BeatsPerClip = DEFAULT_BEATS_PER_CLIP,
    sensitivity: Sensitivity = DEFAULT_SENSITIVITY,
    workers: Workers = None,
    scheduler: Scheduler = None,
    restart_after: RestartAfter = _RESTART_AFTER,
    memory_limit: MemoryLimit = None,
    retries: Retries = 2,
    summary: Summary = None,
    verify: Verify = False,
    as_json: Json = False,
) -> None:
    """Extract instruments from all songs below folders; go on where a run stopped."""
    cluster.check_installed()
    if scheduler and (workers or memory_limit):
        raise ConfigError(
            "--workers and --memory-limit are of local workers; those of --scheduler "
            "have been started with their own"
        )
    request = _Request(
        *(folder, output, scheduler, workers or count_cores()),
        cluster.parse_memory_limit(memory_limit) if memory_limit else None,
        *(restart_after, retries, summary, as_json),
    )
    options = check_options(Options(beats_per_clip, sensitivity, model))
    check_bit_depth(f"SONG.{kind.value}", bit_depth)
    plan = Plan(
        output=os.path.abspath(output),
        instruments=_instruments(target or [], reference or [], rest),
        has_rest=rest,
        ending=f".{kind.value}",
        bit_depth=bit_depth,
        options=options,
        model=song_work.model_digest(model),
        verify=verify,
    )
    _run(request, plan)


def _run(request: _Request, plan: Plan) -> None:
    count_threads()  # says what is wrong with the variable
    folders, output = request.folders, request.output
    roots = check_roots(folders, output)
    check_output_folder(output)
    path = request.summary or output / "summary.csv"
    if request.summary:
        check_summary(path)
    with batches.prepared(output):
        check_summary(path)
        with (
            _runner(request) as runner,
            batches.noted_summary(output, path) as add_row,
            _Display(roots, output, runner.dashboard_link) as notify,
        ):
            totals = batches.run(
                *(roots, plan, runner),
                retries=request.retries,
                restart_after=request.restart_after,
                add_row=add_row,
                notify=notify,
            )
    _report(totals, path, folders, as_json=request.as_json)


def _instruments(
    targets: list[str], references: list[Path], has_rest: bool
) -> tuple[Sought, ...]:
    """Return the instruments to extract, each with a title of its own, or raise."""
    if not targets and not references:
        targets = [DEFAULT_TARGET]
    named = [(name := check_target(target), Sought(name, name)) for target in targets]
    for path in references:
        reference = song_work.reference_of(path)
        named.append((path.stem, Sought(path.stem, None, reference)))
    titles = [title.casefold() for title, _ in named] + [song_work.REST] * has_rest
    for title in titles:
        if titles.count(title) > 1:
            raise ConfigError(
                f"two outputs of a song would be called {title!r}: targets, the names "
                "of references and 'rest' must differ"
            )
    return tuple(sought for _, sought in named)


@contextlib.contextmanager
def _runner(request: _Request) -> Iterator[Runner]:
    if request.scheduler:
        with cluster.connect(request.scheduler) as runner:
            yield runner
        return
    n_workers = request.n_workers
    with cluster.start_workers(
        n_workers,
        memory_limit=request.memory_limit or cluster.memory_share(n_workers),
        has_dashboard=True,
    ) as runner:
        yield runner


class _Display:
    """How far a batch is, on a terminal: a context that gives a function of totals."""

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
        self._total = batches.count_songs(*self._arguments)
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


def _report(totals: Totals, path: Path, folders: list[Path], *, as_json: bool) -> None:
    """Print what was done, and raise `BatchError` where something is left to do."""
    if not totals.n_songs:
        raise BatchError(f"no sound files below {', '.join(map(str, folders))}")
    if as_json:
        print(json.dumps(_describe(totals, path), indent=2))
    else:
        print(path)
    failures = totals.failures
    for row in failures[:_N_LISTED]:
        say(f"failed: {row.path}: {row.error}")
    if len(failures) > _N_LISTED:
        say(f"failed: {len(failures) - _N_LISTED} more, which the summary lists")
    if failures:
        raise BatchError(
            f"{len(failures)} of {totals.n_songs} songs failed; the same command tries "
            f"them again, and {path} lists them"
        )


def _describe(totals: Totals, path: Path) -> dict[str, Any]:
    return {
        "songs": totals.n_songs,
        "done": totals.n_done,
        "done_before": totals.n_done_before,
        "failed": len(totals.failures),
        "duration_s": round(totals.duration_s, 3),
        "worked_s": round(totals.worked_s, 3),
        "elapsed_s": round(totals.elapsed_s, 3),
        "songs_per_hour": round(totals.songs_per_hour, 1),
        "summary": str(path),
        "failures": [
            {"path": row.path, "error": row.error, "attempts": row.n_attempts}
            for row in totals.failures
        ],
    }
