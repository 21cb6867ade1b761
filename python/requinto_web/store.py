# SPDX-License-Identifier: GPL-3.0-or-later
"""The folder of songs: what lies where, what is read at the start, what is removed.

    FOLDER/lock                                 held by the one server of the folder
    FOLDER/tmp/                                 of libraries; emptied at the start
    FOLDER/songs/SONG/song.json                 the record; a folder without is removed
    FOLDER/songs/SONG/upload, sound.wav, ...    see `SongFolder`
    FOLDER/songs/SONG/references/ID.wav
    FOLDER/songs/SONG/extractions/ID/extraction.json, masks, REVISION/...

Names are random or ours; nothing that a client says is part of a path.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from requinto.errors import RequintoError, reason_of
from requinto_files.locks import LockHeld, locked
from requinto_web.records import (
    ExtractionRecord,
    SongRecord,
    read_record,
    write_record,
)

_ID_BYTES = 16
_UNFINISHED = ".requinto-*"  # as `output_files` calls them


class SoundFolder(NamedTuple):
    """What is kept of a sound that is shown and played."""

    path: Path

    @property
    def wav(self) -> Path:
        """Its samples, float32."""
        return self.path / "sound.wav"

    @property
    def flac(self) -> Path:
        """What is played."""
        return self.path / "sound.flac"

    @property
    def overview(self) -> Path:
        """Peaks, and of a song its beats."""
        return self.path / "overview.json"

    @property
    def picture(self) -> Path:
        """The spectrogram."""
        return self.path / "spectrogram.png"


class Store:
    """The folder of songs.

    Parameters
    ----------
    folder : Path
        Made if need be.
    """

    def __init__(self, folder: Path) -> None:
        folder = folder.absolute()  # processes work in folders of their own
        self.folder = folder
        self._is_open = False
        self.tmp = folder / "tmp"
        self._songs = folder / "songs"

    @contextlib.contextmanager
    def open(self) -> Iterator[None]:
        """Make the folder and hold it, or raise `RequintoError` if another does."""
        if self._is_open:  # whoever opened it holds it for longer
            yield
            return
        with contextlib.ExitStack() as stack:
            try:
                self._songs.mkdir(parents=True, exist_ok=True, mode=0o700)
                stack.enter_context(locked(self.folder / "lock"))
            except LockHeld as error:
                raise RequintoError(
                    f"{self.folder} is used by another server; name another one with "
                    "--folder"
                ) from error
            except OSError as error:
                raise RequintoError(
                    f"{self.folder} cannot be used: {reason_of(error)}"
                ) from error
            shutil.rmtree(self.tmp, ignore_errors=True)
            self.tmp.mkdir(mode=0o700, exist_ok=True)
            stack.enter_context(_temporary_files(str(self.tmp)))
            self._is_open = True
            try:
                yield
            finally:
                self._is_open = False

    def song_folder(self, song_id: str) -> SoundFolder:
        """Return where a song is."""
        return SoundFolder(self._songs / song_id)

    def upload(self, song_id: str) -> Path:
        """Return what a client sent as a song, until it is decoded."""
        return self._songs / song_id / "upload"

    def reference(self, song_id: str, reference_id: str) -> Path:
        """Return a reference's samples."""
        return self._songs / song_id / "references" / f"{reference_id}.wav"

    def extraction_folder(self, record: ExtractionRecord) -> Path:
        """Return where an extraction is."""
        return self._songs / record.song_id / "extractions" / record.id

    def masks(self, record: ExtractionRecord) -> Path:
        """Return what makes another rendering quick."""
        return self.extraction_folder(record) / "masks"

    def rendering(self, record: ExtractionRecord, revision: int) -> SoundFolder:
        """Return where one rendering of an extraction is."""
        return SoundFolder(self.extraction_folder(record) / str(revision))

    def make_song_folder(self) -> str:
        """Make a folder for another song; return its id."""
        song_id = new_id()
        (self._songs / song_id).mkdir(mode=0o700)
        return song_id

    def write(self, record: SongRecord | ExtractionRecord) -> None:
        """Write a record, of a song whose folder there is."""
        if isinstance(record, SongRecord):
            path = self._songs / record.id / "song.json"
        else:
            path = self.extraction_folder(record) / "extraction.json"
            path.parent.parent.mkdir(exist_ok=True, mode=0o700)
            path.parent.mkdir(exist_ok=True, mode=0o700)
        write_record(path, record)

    def remove_song(self, song_id: str) -> None:
        """Remove a song, with all that was made of it."""
        self._remove(self._songs / song_id)

    def remove_extraction(self, record: ExtractionRecord) -> None:
        """Remove an extraction."""
        self._remove(self.extraction_folder(record))

    def remove_rendering(self, record: ExtractionRecord, revision: int) -> None:
        """Remove one rendering of an extraction."""
        self._remove(self.rendering(record, revision).path)

    def read_all(self) -> dict[str, tuple[SongRecord, list[ExtractionRecord]]]:
        """Return all songs with their extractions, and remove what is unfinished."""
        songs = {}
        for folder in sorted(self._songs.iterdir()):
            record = read_record(folder / "song.json", SongRecord)
            if record is None or record.id != folder.name:
                self._remove(folder)
                continue
            for path in folder.rglob(_UNFINISHED):
                self._remove(path)
            songs[record.id] = record, list(self._read_extractions(folder))
        return songs

    def _read_extractions(self, song_folder: Path) -> Iterator[ExtractionRecord]:
        for folder in sorted(song_folder.glob("extractions/*")):
            record = read_record(folder / "extraction.json", ExtractionRecord)
            ids = (folder.name, song_folder.name)
            if record is None or (record.id, record.song_id) != ids:
                self._remove(folder)
                continue
            for path in folder.iterdir():  # what other revisions left
                if path.is_dir() and path.name != str(record.revision):
                    self._remove(path)
            yield record

    def count_bytes(self) -> int:
        """Return how much of the disk everything takes."""
        n_bytes = 0
        for folder, _, names in os.walk(self.folder):
            for name in names:
                with contextlib.suppress(OSError):  # removed meanwhile
                    status = os.lstat(os.path.join(folder, name))
                    n_bytes += getattr(status, "st_blocks", status.st_size // 512) * 512
        return n_bytes

    def _remove(self, path: Path) -> None:
        """Remove a file or folder, so that what a crash leaves of it is not read."""
        with contextlib.suppress(OSError):
            os.rename(path, waste := self.tmp / secrets.token_hex(8))
            if waste.is_dir():
                shutil.rmtree(waste, ignore_errors=True)
            else:
                waste.unlink()


@contextlib.contextmanager
def _temporary_files(folder: str) -> Iterator[None]:
    """Let uploads lie nowhere else while they arrive."""
    before = tempfile.tempdir
    tempfile.tempdir = folder
    try:
        yield
    finally:
        tempfile.tempdir = before


def new_id() -> str:
    """Return an id that nobody can guess."""
    # One that begins with a hyphen would be an option of many a command
    while (new := secrets.token_urlsafe(_ID_BYTES)).startswith("-"):
        pass
    return new
