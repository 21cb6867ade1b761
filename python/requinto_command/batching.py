# SPDX-License-Identifier: GPL-3.0-or-later
"""Extract from whole catalogues, here or on a cluster, as `requinto batch` does."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from requinto.arguments import check_options, check_target
from requinto.errors import ConfigError
from requinto.model_folder import DEFAULT_TARGET
from requinto.process import count_cores, count_threads
from requinto_batch import batch as batches
from requinto_batch import cluster, song_work
from requinto_batch.batch import Totals
from requinto_batch.catalogue import check_roots
from requinto_batch.errors import BatchError
from requinto_batch.song_work import Plan, PlannedInstrument
from requinto_batch.summary import check_summary
from requinto_command.batch_progress import BatchProgress
from requinto_command.choices import check_format, options_of
from requinto_command.inputs import count_downmixed, warn_of_input
from requinto_command.messages import say
from requinto_files.output_files import check_output_folder, plain_name
from requinto_files.sound_kinds import check_bit_depth

if TYPE_CHECKING:
    from requinto_batch.runner import Runner

_N_LISTED = 100  # failures that stderr lists; the summary has them all


class Request(NamedTuple):
    """The arguments and options of `requinto batch`; those not given are None."""

    folders: list[Path]
    output: Path
    targets: list[str]
    references: list[Path]
    has_rest: bool
    format: str
    bit_depth: int | None
    model: str | None
    beats_per_clip: int | None
    sensitivity: float | None
    scheduler: str | None
    n_workers: int | None
    memory_limit: str | None
    restart_after: int
    retries: int
    summary: Path | None
    verify: bool
    as_json: bool


def run(request: Request) -> None:
    """Extract from all songs below folders, and print what was done."""
    cluster.check_installed()
    if request.scheduler and (request.n_workers or request.memory_limit):
        raise ConfigError(
            "--workers and --memory-limit are of local workers; those of --scheduler "
            "have been started with their own"
        )
    limit = request.memory_limit
    n_bytes = cluster.parse_memory_limit(limit) if limit else None
    _run(request, _plan(request), n_bytes)


def _plan(request: Request) -> Plan:
    options = check_options(
        options_of(request.model, request.beats_per_clip, request.sensitivity)
    )
    ending = check_format(request.format)
    check_bit_depth(f"SONG{ending}", request.bit_depth)
    return Plan(
        output=os.path.abspath(request.output),
        instruments=_instruments(request.targets, request.references, request.has_rest),
        has_rest=request.has_rest,
        ending=ending,
        bit_depth=request.bit_depth,
        options=options,
        model=song_work.model_digest(options.model),
        verify=request.verify,
    )


def _run(request: Request, plan: Plan, memory_limit: int | None) -> None:
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
            _runner(request, memory_limit) as runner,
            batches.noted_summary(output, path) as add_row,
            BatchProgress(roots, output, runner.dashboard_link) as notify,
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
) -> tuple[PlannedInstrument, ...]:
    """Return the instruments to extract, each with a title of its own, or raise."""
    if not targets and not references:
        targets = [DEFAULT_TARGET]
    named = [
        (name := check_target(target), PlannedInstrument(name, name))
        for target in targets
    ]
    for path in references:
        reference = song_work.reference_of(path)
        sound = song_work.read_reference(reference)
        n_downmixed = count_downmixed(sound.n_channels_in_file, len(sound.samples))
        warn_of_input(str(path), sound.problems, n_downmixed)
        named.append((path.stem, PlannedInstrument(path.stem, None, reference)))
    titles = [plain_name(title) for title, _ in named] + [song_work.REST] * has_rest
    for title in titles:
        if titles.count(title) > 1:
            raise ConfigError(
                f"two outputs of a song would be called {title!r}: targets, the names "
                "of references and 'rest' must differ"
            )
    return tuple(planned for _, planned in named)


@contextlib.contextmanager
def _runner(request: Request, memory_limit: int | None) -> Iterator[Runner]:
    if request.scheduler:
        with cluster.connect(request.scheduler) as runner:
            yield runner
        return
    n_workers = request.n_workers or count_cores()
    with cluster.start_workers(
        n_workers,
        memory_limit=memory_limit or cluster.memory_share(n_workers),
        has_dashboard=True,
    ) as runner:
        yield runner


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
