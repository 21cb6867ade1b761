# SPDX-License-Identifier: GPL-3.0-or-later
"""Read the whole songs by others that `recorded_songs` writes."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from requinto.errors import AudioFileError
from requinto_lab.material.loop_library import decode


@dataclass(frozen=True)
class RecordedSong:
    """One song by others, in stereo, without stems."""

    path: Path  # of its sound
    package: str
    artist: str
    title: str
    n_frames: int
    level_db: tuple[float, ...]  # dBFS, RMS of each half second
    solos: tuple[tuple[float, float], ...]  # seconds where one source is alone;
    # () where song.json names none, as those that `recorded_songs` writes


class RecordedLibrary:
    """All songs by others of a split.

    Parameters
    ----------
    folder : Path
        Where `recorded_songs` wrote to.  Songs added later are not seen.
    split : str
        "train" or "validation".

    Raises
    ------
    AudioFileError
        If there is no complete song of the split.
    """

    def __init__(self, folder: Path, split: str) -> None:
        self.songs: list[RecordedSong] = []
        self.by_artist: dict[str, list[RecordedSong]] = {}
        digest = hashlib.sha256()
        for manifest in sorted(Path(folder).glob(f"{split}-*/song.json")):
            text = manifest.read_bytes()
            digest.update(text)
            song = _parse_song(manifest.parent, text)
            self.songs.append(song)
            self.by_artist.setdefault(song.artist, []).append(song)
        self.checksum = digest.hexdigest()  # of all its manifests
        if not self.songs:
            raise AudioFileError(f"no recorded {split} songs in {folder}")

    def read(self, song: RecordedSong, start: int, n_frames: int) -> np.ndarray:
        """Return a part of a song, silent past its ends.

        Parameters
        ----------
        song : RecordedSong
        start : int
            First frame; may be negative or past the end.
        n_frames : int
            0 or more.

        Returns
        -------
        np.ndarray, shape=(2, n_frames)
            float32 at 44100 Hz.

        Raises
        ------
        AudioFileError
            If the file cannot be read.
        """
        first, last = max(start, 0), min(start + n_frames, song.n_frames)
        audio = np.zeros((2, n_frames), np.float32)
        if last <= first:
            return audio
        stored = decode(song.path, first, last - first, dtype="float32")
        audio[:, first - start : first - start + len(stored)] = stored.T
        return audio


def _parse_song(folder: Path, manifest: bytes) -> RecordedSong:
    row = json.loads(manifest)
    return RecordedSong(
        path=folder / row.get("file", "song.flac"),
        package=row["package"],
        artist=row["artist"],
        title=row["title"],
        n_frames=row["n_frames"],
        level_db=tuple(row["level_db"]),
        solos=tuple((start, end) for start, end in row.get("solos", ())),
    )
