# SPDX-License-Identifier: GPL-3.0-or-later
"""The command `beats`: its options, and what it prints."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from requinto_command.options import Json, Overwrite, Song


def beats(
    song: Song,
    as_json: Json = False,
    click: Annotated[
        Path | None, typer.Option(help="Where to write the song with clicks on beats.")
    ] = None,
    plot: Annotated[Path | None, typer.Option(help="Where to draw a picture.")] = None,
    overwrite: Overwrite = False,
) -> None:
    """Track the beats, bars and sections of SONG."""
    from requinto_command import tracking

    request = tracking.Request(song, click, plot, overwrite)
    tracking.run(request, as_json=as_json)
