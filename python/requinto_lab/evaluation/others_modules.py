# SPDX-License-Identifier: GPL-3.0-or-later
"""Stems of tracker modules in Debian's games, rendered by libopenmpt.

A module holds its samples and rows of notes, so each instrument is rendered alone by
muting all others.  Many modules use the names of their samples for greetings: only
those are listed, in `others_modules.toml`, whose names say what the samples are.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from requinto_lab.evaluation.others import (
    LONGEST_S,
    OthersError,
    StemSong,
    audible_stems,
)
from requinto_lab.material.instrument_names import instrument_named
from requinto_lab.material.modules import mix_error_db, render, render_alone
from requinto_lab.material.tables import read_table


@dataclass(frozen=True)
class Module:
    """A module as Debian packages it."""

    package: str
    path: str
    licence: str


MODULES = tuple(
    Module(row["package"], f"{row['folder']}/{file}", row["licence"])
    for row in read_table("others_modules", __file__)["modules"]
    for file in row["files"]
)


def songs() -> Iterator[StemSong]:
    """Yield the songs of `MODULES`.

    Raises
    ------
    OthersError
        If a package or libopenmpt is not installed.
    """
    for module in MODULES:
        path = Path(module.path)
        if not path.is_file():
            raise OthersError(f"{path} is not there: install {module.package}")
        title = f"modules-{module.package.removesuffix('-data')}-{path.stem}"
        source = f"{module.package}, {path.name}"
        yield song(
            title.lower().replace("_", ""), path.read_bytes(), source, module.licence
        )


def song(name: str, data: bytes, source: str, licence: str) -> StemSong:
    """Return the stems of a module, given as the bytes of its file."""
    whole = render(data, LONGEST_S)
    parts = [instrument_named(text) for text in whole.names]
    stems = {
        part: render_alone(
            data, {n for n, p in enumerate(parts) if p == part}, whole.mix.shape[1]
        )
        for part in sorted(set(parts))
    }
    error_db = mix_error_db(stems, whole.mix)
    return StemSong(
        name,
        audible_stems(stems),
        whole.beats_s,
        whole.downbeats_s,
        source,
        licence,
        error_db,
    )
