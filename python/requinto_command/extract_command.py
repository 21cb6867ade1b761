# SPDX-License-Identifier: GPL-3.0-or-later
"""The command `extract`: its arguments and options."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from requinto_command.completion import (
    complete_channels,
    complete_format,
    complete_system,
)
from requinto_command.options import (
    READABLE,
    BeatsPerClip,
    BitDepth,
    Json,
    Model,
    Overwrite,
    References,
    Sensitivity,
    Targets,
)

Songs = Annotated[
    list[Path],
    typer.Argument(
        metavar="SONG...",
        help=f"Sound files: {READABLE}. - is standard input.",
        show_default=False,
    ),
]
Output = Annotated[
    str | None,
    typer.Option(
        "-o",
        "--output",
        metavar="FILE|FOLDER",
        help="SONG-TARGET.wav unless given; a folder for several songs or "
        "instruments; - is standard output.",
    ),
]
Rest = Annotated[
    str | None,
    typer.Option(
        metavar="FILE|FOLDER", help="Where to write the song without all of these."
    ),
]
Plot = Annotated[
    str | None,
    typer.Option(metavar="FILE|FOLDER", help="Where to draw spectrograms."),
]
Start = Annotated[
    str | None,
    typer.Option(metavar="TIME", help="Only from here: seconds, m:ss or h:mm:ss."),
]
End = Annotated[str | None, typer.Option(metavar="TIME", help="Only up to here.")]
Format = Annotated[
    str | None,
    typer.Option(
        help="wav, flac, mp3, ogg or aiff where no name says it; wav unless given.",
        autocompletion=complete_format,
    ),
]
Channels = Annotated[
    str,
    typer.Option(
        help="Of songs with more than two: downmix to stereo, or keep, which refuses.",
        autocompletion=complete_channels,
    ),
]
System = Annotated[
    str | None,
    typer.Option(
        help="An earlier system instead, such as bachata2020.",
        autocompletion=complete_system,
    ),
]


def extract(
    song: Songs,
    target: Targets = None,
    reference: References = None,
    output: Output = None,
    rest: Rest = None,
    plot: Plot = None,
    start: Start = None,
    end: End = None,
    format: Format = None,
    bit_depth: BitDepth = None,
    channels: Channels = "downmix",
    model: Model = None,
    beats_per_clip: BeatsPerClip = None,
    sensitivity: Sensitivity = None,
    system: System = None,
    overwrite: Overwrite = False,
    as_json: Json = False,
) -> None:
    """Extract instruments from songs."""
    from requinto_command import extracting
    from requinto_command.choices import Request

    request = Request(
        songs=tuple(song),
        targets=tuple(target or ()),
        references=tuple(reference or ()),
        output=output,
        rest=rest,
        plot=plot,
        start=start,
        end=end,
        format=format,
        bit_depth=bit_depth,
        channels=channels,
        model=model,
        beats_per_clip=beats_per_clip,
        sensitivity=sensitivity,
        system=system,
        overwrite=overwrite,
        as_json=as_json,
    )
    extracting.run(request)
