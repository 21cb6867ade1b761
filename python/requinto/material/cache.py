# SPDX-License-Identifier: GPL-3.0-or-later
"""Read the cache of loops that `loops` renders."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from requinto.errors import AudioFileError


@dataclass(frozen=True)
class Stem:
    """One instrument in one song."""

    path: Path
    song: str
    instrument: str
    family: str
    timbre: str
    gain: float  # brings it to -20 dBFS RMS where it sounds
    n_frames: int
    beats: tuple[int, ...]  # frames
    tempo_bpm: float


class Cache:
    """All stems of a split, memory-mapped when first used.

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
        for manifest in sorted(Path(folder).glob(f"{split}-*/song.json")):
            self.stems += _stems(manifest)
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
        self._arrays: dict[Path, np.ndarray] = {}

    def read(self, stem: Stem, start: int, n_frames: int) -> np.ndarray:
        """Return a part of a stem at its gain, silent past its ends.

        Returns
        -------
        np.ndarray, shape=(n_channels, n_frames)
            float32, one or two channels.
        """
        if stem.path not in self._arrays:
            self._arrays[stem.path] = np.load(stem.path, mmap_mode="r")
        stored = self._arrays[stem.path]
        first, last = max(start, 0), min(start + n_frames, stored.shape[1])
        sound = np.zeros((len(stored), n_frames), np.float32)
        if last > first:
            part = sound[:, first - start : last - start]
            np.multiply(stored[:, first:last], np.float32(stem.gain / 32767), out=part)
        return sound


def _stems(manifest: Path) -> list[Stem]:
    song = json.loads(manifest.read_text())
    beats = tuple(round(b * song["sample_rate"]) for b in song["beats_s"])
    return [
        Stem(
            path=manifest.parent / row["file"],
            song=manifest.parent.name,
            instrument=row["instrument"],
            family=row["family"],
            timbre=row["timbre"],
            gain=10 ** ((-20 - row["level_db"]) / 20),
            n_frames=song["n_frames"],
            beats=beats,
            tempo_bpm=song["tempo_bpm"],
        )
        for row in song["stems"]
    ]
