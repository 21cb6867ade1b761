# SPDX-License-Identifier: GPL-3.0-or-later
"""Arguments and options that several commands share; importing them takes no time."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from requinto_command.completion import complete_model, complete_target

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
Targets = Annotated[
    list[str] | None,
    typer.Option(
        help="A built-in target, guitar unless given; may be repeated.",
        autocompletion=complete_target,
    ),
]
References = Annotated[
    list[Path] | None,
    typer.Option(
        help="A sound file with an instrument alone; may be repeated, each an "
        "instrument of its own."
    ),
]
BitDepth = Annotated[
    int | None,
    typer.Option(help="Bits of a sample: 16, 24 or 32 where the format has them."),
]
Model = Annotated[
    str | None,
    typer.Option(
        help="Name of a model; standard unless given.", autocompletion=complete_model
    ),
]
BeatsPerClip = Annotated[
    int | None,
    typer.Option(help="Beats separated at a time: 4, 2 or 1; 4 unless given."),
]
Sensitivity = Annotated[
    float | None,
    typer.Option(help="0 to 1: more of the target, and more bleed; 0.5 unless given."),
]
Workers = Annotated[
    int | None, typer.Option(help="Processes; as many as cores unless given.", min=1)
]
