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

from requinto.song_file import open_song
from requinto_files.audio_writer import SoundWriter, common_gain
from requinto_files.output_files import whole_file

ORIGINAL, EXTRACTED, REST = "original", "extracted", "rest"
PARTS = (ORIGINAL, EXTRACTED, REST)
MEDIA_TYPES = {"wav": "audio/wav", "flac": "audio/flac", "mp3": "audio/mpeg"}


class Sources(NamedTuple):
    """What files are made of, and where they go."""

    song: Path
    extracted: Path
    folder: Path
    peaks: dict[str, float]  # of each part
    stop: Callable[[], bool]  # whether the server wants to end


class Stopped(Exception):
    """The server ends."""


def make_sound(sources: Sources, part: str, ending: str) -> Path:
    """Return a part as a file of a kind, made unless it is there.

    Raises
    ------
    RequintoError
        If the kind does not hold the sound, or the disk is full.
    Stopped
    """
    path = sources.folder / f"{part}.{ending}"
    if path.exists():
        return path
    gain = common_gain({f"{p}.{ending}": peak for p, peak in sources.peaks.items()})
    with open_song(sources.song) as song:
        shape = (song.n_channels, song.n_frames, song.sample_rate)
        with SoundWriter(path, *shape, gain=gain, overwrite=True) as writer:
            for block in _blocks(sources, part):
                if sources.stop():
                    raise Stopped
                writer.write(block)
            writer.finish()
            writer.publish()
    return path


def make_archive(sources: Sources, stem: str, title: str, ending: str) -> Path:
    """Return a zip of all parts, made unless it is there; arguments as `make_sound`."""
    path = sources.folder / f"{ending}.zip"
    if path.exists():
        return path
    files = {part: make_sound(sources, part, ending) for part in PARTS}
    titles = {ORIGINAL: ORIGINAL, EXTRACTED: title, REST: REST}
    with (
        whole_file(path, overwrite=True) as unfinished,
        # Stored: sound does not become smaller
        zipfile.ZipFile(unfinished, "w", zipfile.ZIP_STORED) as archive,
    ):
        for part, file in files.items():
            if sources.stop():
                raise Stopped
            archive.write(file, f"{stem}-{titles[part]}.{ending}")
    return path


def _blocks(sources: Sources, part: str) -> Iterator[np.ndarray]:
    paths = {ORIGINAL: sources.song, EXTRACTED: sources.extracted}
    if part in paths:
        with open_song(paths[part]) as sound:
            yield from sound.blocks()
        return
    with open_song(sources.song) as song, open_song(sources.extracted) as extracted:
        for mixture, block in zip(song.blocks(), extracted.blocks(), strict=True):
            yield mixture - block
