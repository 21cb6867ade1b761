# SPDX-License-Identifier: GPL-3.0-or-later
"""The command `batch`: its arguments and options."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from requinto_command.completion import complete_format
from requinto_command.options import (
    BeatsPerClip,
    BitDepth,
    Json,
    Model,
    References,
    Sensitivity,
    Targets,
    Workers,
)

_RESTART_AFTER = 200

Folders = Annotated[
    list[Path], typer.Argument(metavar="FOLDER", help="Folders with songs.")
]
OutputFolder = Annotated[
    Path, typer.Option("-o", "--output", help="The folder to write to.")
]
Rest = Annotated[bool, typer.Option("--rest", help="Write everything else, too.")]
Format = Annotated[
    str,
    typer.Option(help="wav, flac, mp3, ogg or aiff.", autocompletion=complete_format),
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


def batch(
    folder: Folders,
    output: OutputFolder,
    target: Targets = None,
    reference: References = None,
    rest: Rest = False,
    format: Format = "flac",
    bit_depth: BitDepth = None,
    model: Model = None,
    beats_per_clip: BeatsPerClip = None,
    sensitivity: Sensitivity = None,
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
    from requinto_command import batching

    batching.run(
        batching.Request(
            folders=folder,
            output=output,
            targets=target or [],
            references=reference or [],
            has_rest=rest,
            format=format,
            bit_depth=bit_depth,
            model=model,
            beats_per_clip=beats_per_clip,
            sensitivity=sensitivity,
            scheduler=scheduler,
            n_workers=workers,
            memory_limit=memory_limit,
            restart_after=restart_after,
            retries=retries,
            summary=summary,
            verify=verify,
            as_json=as_json,
        )
    )
