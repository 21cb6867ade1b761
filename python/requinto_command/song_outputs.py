# SPDX-License-Identifier: GPL-3.0-or-later
"""Name the files that an extraction is to write: one for each song and instrument."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from requinto.errors import AudioFileError, ConfigError
from requinto_command import outputs
from requinto_command.choices import Choices, Request
from requinto_command.options import STDIN, STDOUT
from requinto_command.outputs import Output
from requinto_command.titles import PLOT, REST
from requinto_files.output_files import (
    check_output_folder,
    plain_name,
    refer_to_one_file,
)
from requinto_files.sound_kinds import check_bit_depth

_SOUND_ENDING, _PICTURE_ENDING = ".wav", ".png"  # unless names or options say others
_SEPARATORS = tuple(filter(None, (os.sep, os.altsep)))


class SongOutputs(NamedTuple):
    """A song, and the files that are to be written of it."""

    song: Path
    extracted: tuple[Path, ...]  # one for each instrument, or `STDOUT`
    rest: Path | None
    plot: Path | None

    @property
    def sounds(self) -> tuple[Path, ...]:
        """The sound files, without standard output."""
        paths = (*self.extracted, self.rest)
        return tuple(path for path in paths if path is not None and path != STDOUT)


class _Location(NamedTuple):
    """Where the files of one option go."""

    path: Path
    is_folder: bool

    def file(self, name: str) -> Path:
        """Return the one file, or that of a name in the folder."""
        return self.path / name if self.is_folder else self.path


class OutputPlan(NamedTuple):
    """The files of all songs, and the folders that are made for them."""

    songs: tuple[SongOutputs, ...]
    folders: tuple[Path, ...]


def plan_outputs(request: Request, choices: Choices) -> OutputPlan:
    """Return what is to be written, or raise if it cannot be.

    Raises
    ------
    RequintoError
        If names collide, say another kind than `--format`, or cannot be written.
    """
    _check_songs(request.songs)
    output, rest, plot = _locate(request, choices)
    ending = choices.ending or _SOUND_ENDING
    planned = []
    for song in request.songs:
        stem = name_of(song)
        planned.append(
            SongOutputs(
                song,
                tuple(output.file(f"{stem}-{t}{ending}") for t in choices.titles),
                rest.file(f"{stem}-{REST}{ending}") if rest else None,
                plot.file(f"{stem}-{PLOT}{_PICTURE_ENDING}") if plot else None,
            )
        )
    folders = {at.path: None for at in (output, rest, plot) if at and at.is_folder}
    plan = OutputPlan(tuple(planned), tuple(folders))
    _check_plan(plan, request, choices)
    return plan


def name_of(song: Path) -> str:
    """Return what names of a song's outputs begin with."""
    return "stdin" if song == STDIN else song.stem


def _locate(
    request: Request, choices: Choices
) -> tuple[_Location, _Location | None, _Location | None]:
    """Return where `--output`, `--rest` and `--plot` go."""
    is_one_song = len(request.songs) == 1
    is_one_sound = is_one_song and len(choices.instruments) == 1
    located: list[_Location | None] = []
    for option, text, is_one, endings in (
        ("--output", request.output, is_one_sound, outputs.SOUND),
        ("--rest", request.rest, is_one_song, outputs.SOUND),
        ("--plot", request.plot, is_one_song, outputs.PICTURE),
    ):
        if text is None:
            located.append(None)
            continue
        if text == str(STDOUT):
            _check_stdout(option, request, is_one_sound)
            located.append(_Location(STDOUT, is_folder=False))
            continue
        at = _location(option, text, endings, is_one, is_one_sound)
        if endings == outputs.SOUND and not at.is_folder and choices.ending:
            at = at._replace(path=_with_ending(at.path, choices.ending))
        located.append(at)
    output, rest, plot = located
    return output or _Location(Path(), is_folder=True), rest, plot


def _location(
    option: str, text: str, endings: Sequence[str], is_one: bool, is_one_sound: bool
) -> _Location:
    if not text:
        raise ConfigError(f"{option} must name a file or a folder, got ''")
    path = Path(text)
    if text.endswith(_SEPARATORS) or path.is_dir():
        return _Location(path, is_folder=True)
    says_file = path.suffix.lower() in endings
    if not is_one and says_file:
        raise AudioFileError(
            f"{option} {path} must name a folder, such as {path.with_suffix('')}/: "
            "several files are to be written there"
        )
    # Of one song and several instruments the rest and the picture are one file
    return _Location(path, is_folder=not (is_one_sound or says_file))


def _with_ending(path: Path, ending: str) -> Path:
    """Return a path with the ending that `--format` says."""
    if not path.suffix:
        return Path(f"{path}{ending}")
    if path.suffix.lower() != ending:
        raise AudioFileError(
            f"{path} ends in {path.suffix}, and --format says {ending[1:]}: give one "
            "of them, or the same"
        )
    return path


def _check_stdout(option: str, request: Request, is_one_sound: bool) -> None:
    if option != "--output":
        raise ConfigError(f"{option} cannot be standard output; --output can")
    if not is_one_sound:
        raise ConfigError(
            "standard output takes one sound: give one song and one instrument, or "
            "name a folder with --output"
        )
    if sys.stdout is not None and sys.stdout.isatty():
        raise ConfigError(
            "standard output is a terminal: name a file with --output, or send the "
            "sound to a file or a program, as in > out.wav"
        )
    if request.as_json:
        raise ConfigError(
            "--json prints on standard output too: name a file with --output"
        )


def _check_songs(songs: Sequence[Path]) -> None:
    """Raise unless the outputs of each song have names of their own."""
    seen: dict[str, Path] = {}
    for song in songs:
        other = seen.setdefault(plain_name(name_of(song)), song)
        if other is song:
            continue
        if other == song or refer_to_one_file(other, song):
            raise AudioFileError(f"{song} is given twice")
        raise AudioFileError(
            f"{other} and {song} have one name, so their outputs would too: extract "
            "them one after the other, into different folders"
        )


def _check_plan(plan: OutputPlan, request: Request, choices: Choices) -> None:
    for folder in plan.folders:
        check_output_folder(folder)
    files = []
    for each in plan.songs:
        files += [Output(path, outputs.SOUND) for path in each.sounds]
        files.append(Output(each.plot, outputs.PICTURE))
    outputs.check_outputs(
        files,
        (*request.songs, *request.references),
        overwrite=request.overwrite,
        folders=plan.folders,
    )
    for path in plan.songs[0].sounds:  # those of the others are of the same kind
        check_bit_depth(path, choices.bit_depth)
    if STDOUT in plan.songs[0].extracted:
        check_bit_depth(f"sound{choices.ending or _SOUND_ENDING}", choices.bit_depth)
