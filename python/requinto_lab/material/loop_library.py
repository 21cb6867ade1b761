# SPDX-License-Identifier: GPL-3.0-or-later
"""Read libraries of loops and songs, as `loops` renders them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile

from requinto.errors import AudioFileError, reason_of
from requinto_files import output_files

# The instrument of a part that has no clear one.  Two of them need not sound alike, so
# they count in their songs alone
OTHER = "other"
_FULL_SCALE = 2**15


@dataclass(frozen=True)
class Stem:
    """One instrument in one song, with one timbre."""

    path: Path
    song: str
    style: str
    part: str
    instrument: str
    family: str
    timbre: str
    gain: float  # brings it to -20 dBFS RMS where it sounds
    n_channels: int
    n_frames: int
    beats: tuple[int, ...]  # frames
    downbeats: tuple[int, ...]  # frames
    tempo_bpm: float


class LoopLibrary:
    """All stems of a split.

    Parameters
    ----------
    folders : Path, str or sequence of them
        Where `loops` rendered to.  Songs added later are not seen.
    split : str
        "train", "validation" or "test".
    decoded : Path or str, optional
        Folder for copies of the stems as plain 16-bit samples, about twice as large as
        the libraries.  Each is written when the stem is first read, and reads then
        cost a thirtieth of decoding.

    Attributes
    ----------
    stems : list of Stem
    songs : dict
        Stems by song, then by instrument.  A song is named by its folder; with several
        libraries, by its path.
    by_instrument, by_timbre : dict
        Stems by instrument, and by instrument and timbre, without `OTHER`.
    checksum : str
        SHA-256 of all manifests.

    Raises
    ------
    AudioFileError
        If there is no whole song of the split in any of the folders, or one of several
        folders has no song of any split.
    """

    def __init__(
        self,
        folders: Path | str | Sequence[Path | str],
        split: str,
        *,
        decoded: Path | str | None = None,
    ) -> None:
        self._decoded = Path(decoded) if decoded is not None else None
        if isinstance(folders, (Path, str)):
            folders = [folders]
        self.stems: list[Stem] = []
        digest = hashlib.sha256()
        for manifest in _manifests([Path(folder) for folder in folders], split):
            digest.update(manifest.read_bytes())
            song = manifest.parent.name if len(folders) == 1 else str(manifest.parent)
            self.stems += _stems(manifest, song)
        self.checksum = digest.hexdigest()
        self.songs: dict[str, dict[str, list[Stem]]] = {}
        self.by_timbre: dict[tuple[str, str], list[Stem]] = {}
        self.by_instrument: dict[str, list[Stem]] = {}
        for stem in self.stems:
            song_stems = self.songs.setdefault(stem.song, {})
            song_stems.setdefault(stem.instrument, []).append(stem)
            if stem.instrument != OTHER:
                kind = stem.instrument, stem.timbre
                self.by_timbre.setdefault(kind, []).append(stem)
                self.by_instrument.setdefault(stem.instrument, []).append(stem)

    def read(self, stem: Stem, start: int, n_frames: int) -> np.ndarray:
        """Return a part of a stem at its gain, silent past its ends.

        Returns
        -------
        np.ndarray, shape=(n_channels, n_frames)
            float32, one or two channels.

        Raises
        ------
        AudioFileError
            If the file cannot be read.
        """
        first, last = max(start, 0), min(start + n_frames, stem.n_frames)
        sound = np.zeros((stem.n_channels, n_frames), np.float32)
        if last <= first:
            return sound
        stored = self._stored(stem, first, last - first)
        part = sound[:, first - start : last - start]
        np.multiply(stored.T, np.float32(stem.gain / _FULL_SCALE), out=part)
        return sound

    def _stored(self, stem: Stem, start: int, n_frames: int) -> np.ndarray:
        """Return what lies on disk, `(n_frames, n_channels)`, 16-bit."""
        if self._decoded is None:
            return decode(stem.path, start, n_frames)
        status = stem.path.stat()  # a stem that was rendered again is another one
        kind = f"{stem.path.resolve()} {status.st_size} {status.st_mtime_ns}"
        name = hashlib.sha256(kind.encode()).hexdigest()
        path = self._decoded / f"{name}.s16"
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            # Other threads and processes see all of it or nothing
            with output_files.whole_file(path, overwrite=True) as unfinished:
                decode(stem.path, 0, stem.n_frames).tofile(unfinished)
        n_values = n_frames * stem.n_channels
        offset = 2 * start * stem.n_channels  # bytes
        values = np.fromfile(path, np.int16, n_values, offset=offset)
        return values.reshape(-1, stem.n_channels)


def decode(
    path: Path, start: int, n_frames: int, *, dtype: str = "int16"
) -> np.ndarray:
    """Return frames of a sound file, `(n_frames, n_channels)`; fewer at its end.

    Raises
    ------
    AudioFileError
        If the file cannot be read.
    """
    try:
        with soundfile.SoundFile(path) as file:
            file.seek(start)
            samples = file.read(n_frames, dtype=dtype, always_2d=True)
    except soundfile.LibsndfileError as error:
        raise AudioFileError(f"{path} cannot be read: {reason_of(error)}") from error
    return np.asarray(samples)


def _manifests(folders: list[Path], split: str) -> list[Path]:
    """Return the manifests of a split, folder by folder."""
    manifests: list[Path] = []
    for folder in folders:
        here = sorted(folder.glob(f"{split}-*/song.json"))
        if not here and len(folders) > 1 and not any(folder.glob("*/song.json")):
            raise AudioFileError(f"no songs of any split in {folder}")
        manifests += here
    if not manifests:
        raise AudioFileError(f"no {split} songs in {', '.join(map(str, folders))}")
    return manifests


def _stems(manifest: Path, name: str) -> list[Stem]:
    song = json.loads(manifest.read_text())
    rate = song["sample_rate"]
    beats = tuple(round(b * rate) for b in song["beats_s"])
    downbeats = tuple(round(b * rate) for b in song["downbeats_s"])
    return [
        Stem(
            path=manifest.parent / row["file"],
            song=name,
            style=song["style"],
            part=row["part"],
            instrument=row["instrument"],
            family=row["family"],
            timbre=row["timbre"],
            gain=10 ** ((-20 - row["level_db"]) / 20),
            n_channels=row["n_channels"],
            n_frames=song["n_frames"],
            beats=beats,
            downbeats=downbeats,
            tempo_bpm=song["tempo_bpm"],
        )
        for row in song["stems"]
    ]
