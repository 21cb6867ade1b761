# SPDX-License-Identifier: GPL-3.0-or-later
"""What is known of each song's files: a record a song, written before they appear.

A song is done if its record fits the input and the options, and its files are those
that the record lists. So a run that was killed at any point is gone on with.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import secrets
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, NamedTuple

from requinto_batch.errors import BatchError
from requinto_files.errors import reason_of
from requinto_files.output_files import unfinished_files, whole_file

FOLDER = ".requinto"  # in the folder that is written to
_N_LETTERS = 32  # of a key
_BLOCK = 1 << 20  # bytes


class Stamp(NamedTuple):
    """What a file holds."""

    n_bytes: int
    sha256: str


class Input(NamedTuple):
    """What is known of a song's file without reading it."""

    n_bytes: int
    mtime_ns: int

    @classmethod
    def of(cls, path: str | os.PathLike[str]) -> Input:
        """Return what is known of a file, or raise `OSError`."""
        status = os.stat(path)
        return cls(status.st_size, status.st_mtime_ns)


@dataclass(frozen=True)
class Extraction:
    """What was extracted from a song, with one set of options."""

    options: str  # their digest
    source: Input
    outputs: Mapping[str, Stamp]  # by name, in the song's folder
    facts: Mapping[str, Any]  # for the summary
    is_published: bool = False  # whether all outputs were there

    def is_there(self, folder: Path, *, verify: bool) -> bool:
        """Return whether the outputs are as they were written."""
        is_sure = self.is_published and not verify
        return all(
            is_same(folder / name, [stamp], by_size=is_sure)
            for name, stamp in self.outputs.items()
        )


@dataclass(frozen=True)
class Record:
    """All extractions of a song, and earlier outputs that may still be there."""

    song: str  # its name: two songs of two catalogues may have the same
    extractions: tuple[Extraction, ...] = ()
    earlier: Mapping[str, tuple[Stamp, ...]] = field(default_factory=dict)
    path: str = ""  # of the song's file

    def is_of_another(self, path: str) -> bool:
        """Return whether this is of another file than `path`, which is still there."""
        try:
            return not os.path.samefile(self.path, path)
        except (OSError, ValueError):  # it was moved
            return False

    def extraction(self, options: str, source: Input) -> Extraction | None:
        """Return what was extracted from this input with these options, if anything."""
        for each in self.extractions:
            if (each.options, each.source) == (options, source):
                return each
        return None

    def is_ours(self, folder: Path, name: str) -> bool:
        """Return whether the file of this name is one that a batch wrote."""
        stamps = [e.outputs[name] for e in self.extractions if name in e.outputs]
        return is_same(folder / name, [*stamps, *self.earlier.get(name, ())])

    def adopt(self, other: Record) -> Record:
        """Return a record that knows the outputs of another song, too."""
        earlier = {
            name: (*self.earlier.get(name, ()), *other.earlier.get(name, ()))
            for name in self.earlier.keys() | other.earlier.keys()
        }
        extractions = (*self.extractions, *other.extractions)
        return replace(self, extractions=extractions, earlier=earlier)

    def begin(self, new: Extraction) -> Record:
        """Return the record that announces an extraction.

        Files of others by the same names may be there until it is published.
        """
        kept: list[Extraction] = []
        earlier = {name: list(stamps) for name, stamps in self.earlier.items()}
        for each in self.extractions:
            if each.outputs.keys().isdisjoint(new.outputs):
                kept.append(each)
                continue
            for name, stamp in each.outputs.items():
                if stamp not in earlier.setdefault(name, []):
                    earlier[name].append(stamp)
        stamps = {name: tuple(stamps) for name, stamps in earlier.items()}
        return replace(self, extractions=(*kept, new), earlier=stamps)

    def publish(self, options: str, source: Input, **facts: Any) -> Record:
        """Return the record that says that all files of an extraction are there.

        Parameters
        ----------
        options, source
            Of the extraction.
        facts
            What is known of it only now.
        """
        done = self.extraction(options, source)
        if done is None:
            return self
        extractions = [
            replace(each, is_published=True, facts={**each.facts, **facts})
            if each is done
            else each
            for each in self.extractions
        ]
        earlier = {n: s for n, s in self.earlier.items() if n not in done.outputs}
        return replace(self, extractions=tuple(extractions), earlier=earlier)


class Records:
    """The records in a folder that is written to.

    Parameters
    ----------
    folder : Path
    """

    def __init__(self, folder: Path) -> None:
        self._output = folder
        self._folder = folder / FOLDER
        self._running = self._folder / "running"

    @property
    def lock_path(self) -> Path:
        """Where the lock of this folder is."""
        return self._folder / "lock"

    def make_folders(self) -> None:
        """Make what is missing, or raise `OSError`."""
        self._running.mkdir(parents=True, exist_ok=True)

    def read(self, song: str) -> Record:
        """Return the record of a song: an empty one where there is none to be read."""
        try:
            values = json.loads(self._path(song).read_bytes())
            path = os.fspath(values["path"])
            extractions = tuple(_extraction(each) for each in values["extractions"])
            earlier = {
                name: tuple(Stamp(*stamp) for stamp in stamps)
                for name, stamps in values["earlier"].items()
            }
        except (OSError, ValueError, TypeError, KeyError, AttributeError):
            return Record(song)
        except RecursionError:  # lists in lists
            return Record(song)
        return Record(song, extractions, earlier, path)

    def write(self, record: Record) -> None:
        """Write a record, whole, so that it outlives a failure of power too."""
        path = self._path(record.song)
        path.parent.mkdir(parents=True, exist_ok=True)
        with (
            whole_file(path, overwrite=True) as unfinished,
            open(unfinished, "w", encoding="ascii") as file,
        ):
            json.dump(asdict(record), file)
            file.flush()
            os.fsync(file.fileno())

    def remove(self, song: str) -> None:
        """Forget what is known of a song."""
        self._path(song).unlink(missing_ok=True)

    @contextlib.contextmanager
    def running(self, song: str, folder: str) -> Iterator[None]:
        """Note where unfinished files are, in case that this process is killed.

        Parameters
        ----------
        song : str
        folder : str
            Of the song's outputs, in the folder that is written to.
        """
        # One of each attempt: that of a killed worker stays until nobody is running
        note = self._running / f"{_key(song)}-{secrets.token_hex(4)}"
        try:
            try:
                note.write_bytes(os.fsencode(folder))
            except OSError as error:  # which names no file where the disk is full
                reason = reason_of(error)
                raise BatchError(f"{note} cannot be written: {reason}") from error
            yield
        finally:
            note.unlink(missing_ok=True)

    def remove_unfinished(self) -> None:
        """Remove what runs that were killed left; nobody may be running."""
        for note in self._running.iterdir():
            with contextlib.suppress(OSError):
                folder = self._output / os.fsdecode(note.read_bytes())
                since_ns = note.stat().st_mtime_ns
                records = self._folder / note.name[:2]
                for path in (*unfinished_files(folder), *unfinished_files(records)):
                    # An older one is of another program, or of nobody
                    if path.lstat().st_mtime_ns >= since_ns:
                        path.unlink(missing_ok=True)
                note.unlink(missing_ok=True)

    def _path(self, song: str) -> Path:
        key = _key(song)
        return self._folder / key[:2] / f"{key}.json"


def stamp_of(path: str | os.PathLike[str], *, sync: bool = False) -> Stamp:
    """Return what a file holds; `sync` has it reach the disk too."""
    digest, n_bytes = hashlib.sha256(), 0
    with open(path, "rb") as file:
        while block := file.read(_BLOCK):
            digest.update(block)
            n_bytes += len(block)
        if sync:
            os.fsync(file.fileno())
    return Stamp(n_bytes, digest.hexdigest())


def is_same(path: Path, stamps: Sequence[Stamp], *, by_size: bool = False) -> bool:
    """Return whether a file holds one of what is listed, as far as its size says."""
    try:
        n_bytes = path.stat().st_size
        alike = [stamp for stamp in stamps if stamp.n_bytes == n_bytes]
        return bool(alike) and (by_size or stamp_of(path) in alike)
    except OSError:
        return False


def _extraction(values: Mapping[str, Any]) -> Extraction:
    outputs = {name: Stamp(*stamp) for name, stamp in values["outputs"].items()}
    if not _are_facts(values["facts"]):
        raise ValueError("no facts of an extraction")
    return Extraction(
        *(values["options"], Input(*values["source"]), outputs, values["facts"]),
        is_published=values["is_published"],
    )


def _are_facts(facts: Any) -> bool:
    """Return whether these are what a summary needs, as a record holds them."""
    numbers = [facts[name] for name in ("duration_s", "elapsed_s", "gain")]
    problems = facts["problems"]
    return (
        all(n is None or isinstance(n, (int, float)) for n in numbers)
        and isinstance(problems, list)
        and all(isinstance(problem, str) for problem in problems)
    )


def _key(song: str) -> str:
    return hashlib.sha256(os.fsencode(song)).hexdigest()[:_N_LETTERS]
