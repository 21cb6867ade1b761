# SPDX-License-Identifier: GPL-3.0-or-later
"""Read the library of loops and songs that `loops` renders."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile

from requinto.errors import AudioFileError


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


class Cache:
    """All stems of a split.

    Parameters
    ----------
    folder : Path
        Where `loops` rendered to.  Songs added later are not seen.
    split : str
        "train", "validation" or "test".

    Raises
    ------
    AudioFileError
        If there is no whole song of the split.
    """

    def __init__(self, folder: Path, split: str) -> None:
        self.stems: list[Stem] = []
        digest = hashlib.sha256()
        for manifest in sorted(Path(folder).glob(f"{split}-*/song.json")):
            digest.update(manifest.read_bytes())
            self.stems += _stems(manifest)
        self.checksum = digest.hexdigest()  # of all its manifests
        if not self.stems:
            raise AudioFileError(f"no {split} songs in {folder}")
        self.songs: dict[str, dict[str, list[Stem]]] = {}
        self.by_timbre: dict[tuple[str, str], list[Stem]] = {}
        self.by_instrument: dict[str, list[Stem]] = {}
        for stem in self.stems:
            song = self.songs.setdefault(stem.song, {})
            song.setdefault(stem.instrument, []).append(stem)
            self.by_timbre.setdefault((stem.instrument, stem.timbre), []).append(stem)
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
        try:
            with soundfile.SoundFile(stem.path) as file:
                file.seek(first)
                stored = file.read(last - first, dtype="float32", always_2d=True)
        except soundfile.LibsndfileError as error:
            raise AudioFileError(f"{stem.path} cannot be read: {error}") from error
        part = sound[:, first - start : last - start]
        np.multiply(stored.T, np.float32(stem.gain), out=part)
        return sound


def _stems(manifest: Path) -> list[Stem]:
    song = json.loads(manifest.read_text())
    rate = song["sample_rate"]
    beats = tuple(round(b * rate) for b in song["beats_s"])
    downbeats = tuple(round(b * rate) for b in song["downbeats_s"])
    return [
        Stem(
            path=manifest.parent / row["file"],
            song=manifest.parent.name,
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
