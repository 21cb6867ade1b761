# SPDX-License-Identifier: GPL-3.0-or-later
"""Arguments and options that several commands share; importing them takes no time."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

STDIN = STDOUT = Path("-")
READABLE = (
    "wav, flac, ogg, opus, mp3 or aiff; m4a, aac, wma, webm and video where ffmpeg is "
    "installed"
)
Song = Annotated[
    Path,
    typer.Argument(help=f"A sound file: {READABLE}. - is standard input."),
]
Json = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]
Overwrite = Annotated[
    bool, typer.Option("--overwrite", help="Replace files that are there.")
]
JsonPath = Annotated[
    Path | None, typer.Option("--json", help="Where to write the result as JSON.")
]
