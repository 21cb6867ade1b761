# SPDX-License-Identifier: GPL-3.0-or-later
"""Make what clients download: sounds in the kind of file they want, or all as a zip.

The original, what was extracted and the rest add up in each kind of file: where one of
them exceeds full scale, all three are written at one gain.
"""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np

from requinto.song_file import SongFile, open_song
from requinto_files.audio_writer import SoundWriter
from requinto_files.output_files import whole_file
from requinto_files.sound_kinds import kind_of
from requinto_files.sound_set import write_sounds

ORIGINAL, EXTRACTED, REST = "original", "extracted", "rest"
PARTS = (ORIGINAL, EXTRACTED, REST)
MEDIA_TYPES = {"wav": "audio/wav", "flac": "audio/flac", "mp3": "audio/mpeg"}


class Sources(NamedTuple):
    """What files are made of, and where they go."""

    song: Path
    extracted: Path
    folder: Path
    peaks: tuple[float, ...]  # of each of `PARTS`
    must_stop: Callable[[], bool]


class Stopped(Exception):
    """The server ends, or the extraction was removed."""


def sound_name(part: str, ending: str) -> str:
    """Return the name of a part as a file of a kind."""
    return f"{part}.{ending}"


def archive_name(ending: str) -> str:
    """Return the name of the zip of all parts."""
    return f"{ending}.zip"


def make_sound(sources: Sources, part: str, ending: str) -> Path:
    """Return a part as a file of a kind, made unless it is there.

    Raises
    ------
    RequintoError
        If the kind does not hold the sound, or the disk is full.
    Stopped
    """
    path = _path_of(sources, part, ending)
    if path.exists():
        return path
    gain = kind_of(path).gain_for(max(sources.peaks))
    with open_song(sources.song) as song:
        if part == ORIGINAL:
            _write_original(sources, song, path, gain)
        else:
            _write_parts(sources, song, ending, gain)
    return path


def make_archive(sources: Sources, stem: str, title: str, ending: str) -> Path:
    """Make a zip of all parts, and return it; arguments as `make_sound`."""
    path = sources.folder / archive_name(ending)
    files = [make_sound(sources, part, ending) for part in PARTS]
    with (
        whole_file(path, overwrite=True) as unfinished,
        # Stored: sound does not become smaller
        zipfile.ZipFile(unfinished, "w", zipfile.ZIP_STORED) as archive,
    ):
        for file, name in zip(files, (ORIGINAL, title, REST), strict=True):
            _check_stop(sources)
            archive.write(file, f"{stem}-{name}.{ending}")
    return path


def _path_of(sources: Sources, part: str, ending: str) -> Path:
    return sources.folder / sound_name(part, ending)


def _check_stop(sources: Sources) -> None:
    if sources.must_stop():
        raise Stopped


def _write_original(sources: Sources, song: SongFile, path: Path, gain: float) -> None:
    shape = (song.n_channels, song.n_frames, song.sample_rate)
    with SoundWriter(path, *shape, overwrite=True) as writer:
        for block in song.blocks():
            _check_stop(sources)
            writer.write(np.float32(gain) * block)
        writer.finish()
        writer.publish()


def _write_parts(sources: Sources, song: SongFile, ending: str, gain: float) -> None:
    """Write what was extracted, and the rest, which is what that leaves."""

    def blocks() -> Iterator[tuple[np.ndarray, np.ndarray]]:
        with open_song(sources.extracted) as extracted:
            for sounds in zip(extracted.blocks(), song.blocks(), strict=True):
                _check_stop(sources)
                yield np.float32(gain) * sounds[0], np.float32(gain) * sounds[1]

    write_sounds(
        (_path_of(sources, EXTRACTED, ending),),
        blocks(),
        (song.n_channels, song.n_frames),
        song.sample_rate,
        rest=_path_of(sources, REST, ending),
        overwrite=True,
        progress=lambda share: _check_stop(sources),
    )
