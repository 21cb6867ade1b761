# SPDX-License-Identifier: GPL-3.0-or-later
"""Whole songs by others, from Debian packages, as one folder a song.

`recorded_songs.toml` lists the songs; `recorded_library.py` reads the folders.
"""

from __future__ import annotations

import functools
import io
import json
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
import soxr

from requinto.config import from_values, read_toml
from requinto.errors import AudioFileError
from requinto_lab.material.folders import slug, whole_folder
from requinto_lab.material.parallel import each
from requinto_lab.material.soundfonts import SAMPLE_RATE

TABLE = Path(__file__).with_name("recorded_songs.toml")
FORMAT = 1
MAX_S = 360.0  # of a song that is kept; the rest is cut off
MIN_S = 25.0  # shorter files are jingles
LEVEL_S = 0.5  # a level is given for each
_FLOOR_DB = -120.0  # level of silence


@dataclass(frozen=True)
class SongSource:
    """Songs of one artist in one package: a row of `recorded_songs.toml`."""

    package: str
    split: str  # "train" or "validation"
    artist: str
    licence: str
    files: tuple[str, ...]  # globs below a root folder
    members: tuple[str, ...] = ()  # globs of names in archives; () for plain files
    leave_out: tuple[str, ...] = ()  # globs of paths and of names in archives


@dataclass(frozen=True)
class SongFile:
    """A song before it is decoded."""

    source: SongSource
    folder: str  # name of the folder that holds the song once built
    root: Path
    name: str  # of the file below the root
    member: str = ""  # name in the archive; "" where the file is the song

    @property
    def path(self) -> Path:
        """Return where the file is."""
        return self.root / self.name

    @property
    def origin(self) -> str:
        """Return the file and the name in the archive, without the root."""
        return f"{self.name}:{self.member}" if self.member else self.name


def read_sources(table: Path = TABLE) -> tuple[SongSource, ...]:
    """Return the rows of a table of songs, by default the one shipped.

    Raises
    ------
    ConfigError
        If the table cannot be read.
    """
    rows: list[dict[str, Any]] = read_toml(table)["songs"]
    return tuple(from_values(SongSource, row, str(table)) for row in rows)


def find_songs(
    sources: Sequence[SongSource], roots: Sequence[Path]
) -> tuple[list[SongFile], list[str]]:
    """Return the songs below some root folders, and the packages that lack.

    A file belongs to the first source that matches it.

    Returns
    -------
    songs : list of SongFile
        In the order of the sources; no two have the same folder.
    missing : list of str
        Packages of which no source matches any file.
    """
    songs: list[SongFile] = []
    taken: set[tuple[str, str]] = set()
    folders: set[str] = set()
    for source in sources:
        for root, name, member in _matches(source, roots):
            if (name, member) not in taken:
                taken.add((name, member))
                folder = _unique_folder(source, member or name, folders)
                songs.append(SongFile(source, folder, root, name, member))
    present = {song.source.package for song in songs}
    packages = dict.fromkeys(source.package for source in sources)
    return songs, [package for package in packages if package not in present]


def _matches(
    source: SongSource, roots: Sequence[Path]
) -> Iterator[tuple[Path, str, str]]:
    """Yield roots, files below, and names in archives (or "") of a source."""
    for root in roots:
        for pattern in source.files:
            for path in sorted(Path(root).glob(pattern)):
                name = path.relative_to(root).as_posix()
                members = _member_names(path, source) if source.members else [""]
                for member in members:
                    label = member or name
                    if not any(fnmatchcase(label, p) for p in source.leave_out):
                        yield root, name, member


def _member_names(path: Path, source: SongSource) -> list[str]:
    names = _archive_names(path)
    return [n for n in names if any(fnmatchcase(n, p) for p in source.members)]


@functools.lru_cache(maxsize=8)
def _archive_names(path: Path) -> list[str]:
    try:
        with zipfile.ZipFile(path) as archive:
            return sorted(archive.namelist())
    except (OSError, zipfile.BadZipFile) as error:
        raise AudioFileError(f"{path} cannot be read as an archive: {error}") from error


def _unique_folder(source: SongSource, name: str, folders: set[str]) -> str:
    """Return a folder name that `folders` does not hold, and add it there."""
    first = folder = f"{source.split}-{source.package}-{slug(Path(name).stem)}"
    number = 2
    while folder in folders:
        folder, number = f"{first}-{number}", number + 1
    folders.add(folder)
    return folder


def build(
    folder: Path,
    roots: Sequence[Path] = (Path("/"),),
    *,
    allow_missing: bool = False,
    n_workers: int = 1,
    table: Path = TABLE,
) -> list[str]:
    """Write the songs that a folder lacks.

    Parameters
    ----------
    folder : Path
        Where; made if missing.
    roots : sequence of Path
        Folders below which Debian's tree lies.
    allow_missing : bool
        Go on where packages are missing.
    n_workers : int
        Processes; 1 decodes in this one.
    table : Path
        The one shipped, or another.

    Returns
    -------
    list of str
        The packages that are missing.

    Raises
    ------
    AudioFileError
        If a package is missing and that is not allowed, or a file is damaged.
    """
    songs, missing = find_songs(read_sources(table), roots)
    if missing and not allow_missing:
        raise AudioFileError(
            f"no songs of {', '.join(missing)} below {', '.join(map(str, roots))}; "
            f"install them with: {install_command(missing)}"
        )
    folder.mkdir(parents=True, exist_ok=True)
    jobs = [(folder, song) for song in songs if not (folder / song.folder).exists()]
    # In a mixed order, so that a part of a build has some of every package
    jobs.sort(key=lambda job: zlib.crc32(job[1].folder.encode()))
    each(write_song, jobs, "Decoding", n_workers)
    return missing


def install_command(packages: Sequence[str]) -> str:
    """Return the command line that installs some packages on Debian."""
    return f"sudo apt-get install -y --no-install-recommends {' '.join(packages)}"


def write_song(folder: Path, song: SongFile) -> Path | None:
    """Decode one song into its folder, which is complete or absent.

    Returns
    -------
    Path or None
        The song's folder; None where the song is shorter than `MIN_S`.

    Raises
    ------
    AudioFileError
        If the file cannot be decoded.
    """
    decoded = decode(song)
    if decoded is None:
        return None
    audio, title = decoded
    target = folder / song.folder
    with whole_folder(target) as work:
        soundfile.write(work / "song.flac", audio.T, SAMPLE_RATE, "PCM_16")
        text = json.dumps(_manifest(song, title, audio), indent=1, ensure_ascii=False)
        (work / "song.json").write_text(text, encoding="utf-8")
    return target


def decode(song: SongFile) -> tuple[np.ndarray, str] | None:
    """Return what a song sounds and its title, or None where it is too short.

    Returns
    -------
    audio : np.ndarray, shape=(2, n_frames)
        float32 at `SAMPLE_RATE`, within -1 to 1, `MAX_S` long at most.
    title : str

    Raises
    ------
    AudioFileError
        If the file cannot be decoded.
    """
    try:
        with soundfile.SoundFile(io.BytesIO(_read_bytes(song))) as file:
            if file.frames < MIN_S * file.samplerate:
                return None
            n_frames = round(MAX_S * file.samplerate)
            stored = file.read(n_frames, dtype="float32", always_2d=True)
            rate, title = file.samplerate, file.title
    except (OSError, zipfile.BadZipFile, soundfile.LibsndfileError) as error:
        name = song.root / song.origin
        raise AudioFileError(f"{name} cannot be decoded: {error}") from error
    audio = _stereo(stored)
    if rate != SAMPLE_RATE:
        audio = soxr.resample(audio, rate, SAMPLE_RATE)
    # Lossy decoders overshoot; turning down keeps the waveform, clipping does not
    audio /= max(1.0, float(np.abs(audio).max(initial=0.0)))
    stem = Path(song.member or song.name).stem
    return np.ascontiguousarray(audio.T), title or stem.replace("_", " ")


def _read_bytes(song: SongFile) -> bytes:
    if not song.member:
        return song.path.read_bytes()
    with zipfile.ZipFile(song.path) as archive:
        return archive.read(song.member)


def _stereo(frames: np.ndarray) -> np.ndarray:
    """Return frames of any number of channels as frames of two."""
    if frames.shape[1] == 1:
        return np.repeat(frames, 2, axis=1)
    return frames[:, :2].copy()


def levels_db(audio: np.ndarray) -> list[float]:
    """Return the RMS level of both channels in each half second, in dBFS.

    The last value covers what is left, which may be shorter.
    """
    size = round(LEVEL_S * SAMPLE_RATE)
    power = np.mean(np.square(audio, dtype=np.float64), axis=0)
    starts = np.arange(0, len(power), size)
    n_frames = np.diff(np.append(starts, len(power)))
    mean = np.add.reduceat(power, starts) / n_frames
    levels = 10 * np.log10(np.maximum(mean, 10 ** (_FLOOR_DB / 10)))
    return [round(float(level), 1) for level in levels]


def _manifest(song: SongFile, title: str, audio: np.ndarray) -> dict[str, Any]:
    source = song.source
    return {
        "format": FORMAT,
        "split": source.split,
        "package": source.package,
        "artist": source.artist,
        "title": title,
        "licence": source.licence,
        "source": song.origin,
        "sample_rate": SAMPLE_RATE,
        "n_frames": audio.shape[1],
        "level_db": levels_db(audio),
    }
