# SPDX-License-Identifier: GPL-3.0-or-later
"""List the songs below some folders, one folder at a time."""

from __future__ import annotations

import collections
import itertools
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from requinto_batch.errors import BatchError
from requinto_files.output_files import plain_name

# What libsndfile reads, and then what ffmpeg does
ENDINGS = frozenset(
    (
        *(".wav", ".wave", ".flac", ".ogg", ".oga", ".opus", ".mp3", ".aif", ".aiff"),
        *(".aifc", ".au", ".snd", ".caf", ".w64", ".rf64", ".mp2"),
        *(".m4a", ".m4b", ".mp4", ".m4v", ".mov", ".3gp", ".aac", ".adts", ".wma"),
        *(".asf", ".wmv", ".webm", ".weba", ".mka", ".mkv", ".avi", ".flv", ".ac3"),
        *(".eac3", ".amr", ".ape", ".dsf", ".dts", ".mlp", ".mpc", ".mpg", ".mpeg"),
        *(".ra", ".rm", ".tak", ".thd", ".tta", ".voc", ".wv"),
    )
)

Problem = Callable[[str, str], None]


class Song(NamedTuple):
    """A sound file, and where what is extracted from it goes."""

    path: str
    name: str  # in records and in the summary: the path below the folder named
    folder: str  # of outputs, below the folder that is written to; "" for itself
    stem: str  # that names of outputs begin with


class Root(NamedTuple):
    """A folder with songs."""

    path: Path
    prefix: str  # of its outputs' folder


def check_roots(folders: Sequence[Path], output: Path) -> list[Root]:
    """Return the folders to walk, or raise `BatchError`.

    Where there are several, each has a folder of its name below the output.
    """
    real = [os.path.realpath(folder) for folder in folders]
    for folder, path in zip(folders, real, strict=True):
        if not os.path.isdir(path):
            what = "is a file" if os.path.exists(path) else "does not exist"
            raise BatchError(f"{folder} {what}; name a folder with songs")
        if _contains(os.path.realpath(output), path):
            raise BatchError(
                f"{output} holds {folder}: what is written there would be read as "
                "songs; name another folder for it"
            )
    for i, path in enumerate(real):
        for j, other in enumerate(real):
            if i != j and _contains(path, other):
                raise BatchError(
                    f"{folders[j]} lies in {folders[i]}: its songs would be extracted "
                    "twice"
                )
    if len(folders) == 1:
        return [Root(Path(real[0]), "")]
    names = [os.path.basename(path) for path in real]
    twice = [
        name for name, n in collections.Counter(map(plain_name, names)).items() if n > 1
    ]
    if twice:
        raise BatchError(
            f"two folders are called {twice[0]}, as would be those of their outputs: "
            "run them apart, into two folders"
        )
    return [Root(Path(path), name) for path, name in zip(real, names, strict=True)]


def songs(
    roots: Iterable[Root],
    output: Path,
    file_names: Callable[[str], Sequence[str]],
    problem: Problem = lambda name, reason: None,
) -> Iterator[Song]:
    """Yield the songs below folders, each folder's in the order of their names.

    Hidden files and folders and the output are left out; links to folders are not
    followed. See `distinct_stems` for songs of one folder that differ in their ending,
    or in case or accents alone.

    Parameters
    ----------
    roots : iterable of Root
    output : Path
        The folder that is written to.
    file_names : callable
        Returns the names of the outputs of a song, given its stem.
    problem : callable
        Called with the name of a folder that cannot be read, and why.
    """
    hidden = os.path.realpath(output)
    for root in roots:
        waiting = [(str(root.path), root.prefix)]
        while waiting:
            path, folder = waiting.pop()
            try:
                entries = sorted(os.scandir(path), key=lambda entry: entry.name)
            except OSError as error:
                problem(folder or path, f"the folder cannot be read: {error.strerror}")
                continue
            files = []
            folders = []
            for entry in entries:
                if entry.name.startswith("."):
                    continue
                if entry.is_dir(follow_symlinks=False):
                    if os.path.realpath(entry.path) != hidden:
                        folders.append((entry.path, _join(folder, entry.name)))
                elif _is_song(entry):
                    files.append(entry.name)
            stems = distinct_stems(files, file_names)
            for name, stem in zip(files, stems, strict=True):
                yield Song(os.path.join(path, name), _join(folder, name), folder, stem)
            waiting += reversed(folders)


def distinct_stems(
    names: Sequence[str], file_names: Callable[[str], Sequence[str]]
) -> list[str]:
    """Return what the outputs of each file of a folder begin with.

    The name without its ending, or the whole name where two songs would share an
    output on some system: some ignore case, and some how an accent is written. Names
    that are alike even so are numbered.
    """

    def outputs(stem: str) -> set[str]:
        return {plain_name(output) for output in file_names(stem)}

    stems: list[str] = []
    longer = [os.path.splitext(name)[0] for name in names]
    while stems != longer:  # a whole name may be another song's without its ending
        stems = longer
        n_users = collections.Counter(each for stem in stems for each in outputs(stem))
        longer = [
            name if any(n_users[each] > 1 for each in outputs(stem)) else stem
            for name, stem in zip(names, stems, strict=True)
        ]
    taken: set[str] = set()
    for i, stem in enumerate(stems):
        numbered = (f"{stem}-{n}" for n in itertools.count(2))
        candidates = itertools.chain([stem], numbered)
        stems[i] = next(each for each in candidates if taken.isdisjoint(outputs(each)))
        taken |= outputs(stems[i])
    return stems


def _is_song(entry: os.DirEntry[str]) -> bool:
    if os.path.splitext(entry.name)[1].lower() not in ENDINGS:
        return False
    try:
        return entry.is_file()
    except OSError:
        return False


def _join(folder: str, name: str) -> str:
    return f"{folder}/{name}" if folder else name


def _contains(folder: str, path: str) -> bool:
    """Return whether a folder is a path, or holds it; both without links."""
    try:
        return os.path.commonpath((folder, path)) == folder
    except ValueError:  # on two drives
        return False
