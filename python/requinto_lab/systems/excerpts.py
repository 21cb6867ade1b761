# SPDX-License-Identifier: GPL-3.0-or-later
"""Excerpts of the loop library, source by source, for systems with fixed outputs."""

from __future__ import annotations

from dataclasses import dataclass

import librosa
import numpy as np

from requinto.errors import ConfigError
from requinto_lab.material.augmentation import AugmentationConfig, augment
from requinto_lab.material.loop_library import LoopLibrary, Stem
from requinto_lab.material.soundfonts import SAMPLE_RATE
from requinto_lab.ranges import check_at_least, check_within

ACCOMPANIMENT = "accompaniment"  # whatever else plays in the song
_SOUNDING_RMS = 0.003  # of an excerpt at -20 dBFS
_MAX_SILENT = 20  # excerpts in a row
_PANNED = AugmentationConfig.none(pan=0.4)  # as the test sets pan their stems


@dataclass(frozen=True)
class ExcerptsConfig:
    """What an excerpt holds."""

    sources: tuple[str, ...]  # instruments, or "accompaniment"
    sample_rate: int  # Hz
    n_frames: int  # at that rate
    n_channels: int = 1
    remixed: float = 0.5  # probability that sources come from different songs
    dropped: float = 0.0  # probability, for each source, that it is silent
    level_db: float = 6.0  # uniform, around equal loudness

    def __post_init__(self) -> None:
        if len(set(self.sources)) != len(self.sources) or not self.sources:
            raise ConfigError(f"sources must differ and be there, got {self.sources}")
        if self.n_channels not in (1, 2):
            raise ConfigError(f"n_channels must be 1 or 2, got {self.n_channels}")
        check_at_least(self, 1, "sample_rate", "n_frames")
        check_at_least(self, 0, "level_db")
        check_within(self, 0, 1, "remixed")
        if not 0 <= self.dropped < 1:  # where all were silent nothing could be drawn
            raise ConfigError(f"dropped must be in [0, 1), got {self.dropped}")


class Excerpts:
    """An endless supply of excerpts in which at least one source sounds.

    Where sources come from one song they are in time with each other, one player
    of each; otherwise each comes from a song and a position of its own.

    Parameters
    ----------
    library : LoopLibrary
        Of one split.
    config : ExcerptsConfig

    Raises
    ------
    ConfigError
        If a source is in no loop, or no song has all of them.
    """

    def __init__(self, library: LoopLibrary, config: ExcerptsConfig) -> None:
        self.config = config
        self._library = library
        self._named = [name for name in config.sources if name != ACCOMPANIMENT]
        if missing := set(self._named) - set(library.by_instrument):
            raise ConfigError(f"no loop of {sorted(missing)} in the library")
        self._songs = [
            song
            for song in sorted(library.songs)
            if set(self._named) <= set(library.songs[song])
            and (ACCOMPANIMENT not in config.sources or self._others(song))
        ]
        if not self._songs:
            raise ConfigError(f"no song of the library has {config.sources} together")

    def draw(self, rng: np.random.Generator) -> np.ndarray:
        """Return `(n_sources, n_channels, n_frames)`, float32; their sum is the mix."""
        for _ in range(_MAX_SILENT):
            stems = self._draw(rng)
            if np.sqrt(np.mean(np.square(stems), axis=(1, 2))).max() > _SOUNDING_RMS:
                return stems
        raise ConfigError(f"{self.config.sources} are silent wherever they are drawn")

    def _draw(self, rng: np.random.Generator) -> np.ndarray:
        cfg = self.config
        together = rng.random() >= cfg.remixed
        song, position = self._song(rng), float(rng.random())
        stems = np.zeros((len(cfg.sources), cfg.n_channels, cfg.n_frames), np.float32)
        for row, source in zip(stems, cfg.sources, strict=True):
            if not together:
                song, position = self._song(rng), float(rng.random())
            if rng.random() < cfg.dropped:
                continue
            for stem in self._players(source, song, together, rng):
                row += self._part(stem, position, rng)
        return stems

    def _song(self, rng: np.random.Generator) -> str:
        return self._songs[rng.integers(len(self._songs))]

    def _players(
        self, source: str, song: str, together: bool, rng: np.random.Generator
    ) -> list[Stem]:
        if source == ACCOMPANIMENT:
            parts = self._others(song)
            return [rows[rng.integers(len(rows))] for rows in parts.values()]
        rows = self._library.songs[song][source]
        if not together:  # from any song, also one without the others
            rows = self._library.by_instrument[source]
        return [rows[rng.integers(len(rows))]]

    def _others(self, song: str) -> dict[str, list[Stem]]:
        """Return the stems of the parts that no source is, by part."""
        parts: dict[str, list[Stem]] = {}
        for instrument, stems in self._library.songs[song].items():
            for stem in stems if instrument not in self._named else ():
                parts.setdefault(stem.part, []).append(stem)
        return parts

    def _part(
        self, stem: Stem, position: float, rng: np.random.Generator
    ) -> np.ndarray:
        """Return the excerpt at a position, 0 to 1, of a stem."""
        cfg = self.config
        size = -(-cfg.n_frames * SAMPLE_RATE // cfg.sample_rate)
        first = int(position * max(stem.n_frames - size, 0))
        samples = self._library.read(stem, first, size)
        if cfg.n_channels == 1:
            samples = samples.mean(axis=0, keepdims=True)
        else:
            samples = augment(samples, _PANNED, rng)
        level = np.float32(10 ** (rng.uniform(-cfg.level_db, cfg.level_db) / 20))
        samples = librosa.resample(
            samples, orig_sr=SAMPLE_RATE, target_sr=cfg.sample_rate, axis=-1
        )
        return np.asarray(samples[:, : cfg.n_frames] * level, np.float32)
