# SPDX-License-Identifier: GPL-3.0-or-later
"""Moments of the loop library, source by source, for systems with fixed outputs."""

from __future__ import annotations

from dataclasses import dataclass

import librosa
import numpy as np

from requinto.errors import ConfigError
from requinto_lab.material.augmentation import AugmentationConfig, augment
from requinto_lab.material.loop_library import LoopLibrary, Stem
from requinto_lab.material.soundfonts import SAMPLE_RATE

ACCOMPANIMENT = "accompaniment"  # whatever else plays in the song
_SOUNDING_RMS = 0.003  # of a window at -20 dBFS
_MOST_SILENT = 20  # windows in a row
_PLACED = AugmentationConfig.none(pan=0.4)  # as the test sets place their stems


@dataclass(frozen=True)
class WindowsConfig:
    """What a moment holds."""

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
        for name in ("sample_rate", "n_frames"):
            if getattr(self, name) < 1:
                raise ConfigError(
                    f"{name} must be 1 or more, got {getattr(self, name)}"
                )
        if not 0 <= self.remixed <= 1:
            raise ConfigError(f"remixed must be in [0, 1], got {self.remixed}")
        if not 0 <= self.dropped < 1:  # where all were silent nothing could be drawn
            raise ConfigError(f"dropped must be in [0, 1), got {self.dropped}")
        if self.level_db < 0:
            raise ConfigError(f"level_db must be 0 or more, got {self.level_db}")


class Windows:
    """An endless supply of moments at which at least one source sounds.

    Where sources come from one song they are in time with each other, one player
    of each; otherwise each comes from a song and a moment of its own.

    Parameters
    ----------
    cache : LoopLibrary
        Of one split.
    config : WindowsConfig

    Raises
    ------
    ConfigError
        If a source is nowhere heard, or no song has all of them.
    """

    def __init__(self, cache: LoopLibrary, config: WindowsConfig) -> None:
        self.config = config
        self._cache = cache
        self._named = [name for name in config.sources if name != ACCOMPANIMENT]
        if missing := set(self._named) - set(cache.by_instrument):
            raise ConfigError(f"no loop of {sorted(missing)} in the library")
        self._songs = [
            song
            for song in sorted(cache.songs)
            if set(self._named) <= set(cache.songs[song])
            and (ACCOMPANIMENT not in config.sources or self._others(song))
        ]
        if not self._songs:
            raise ConfigError(f"no song of the library has {config.sources} together")

    def draw(self, rng: np.random.Generator) -> np.ndarray:
        """Return `(n_sources, n_channels, n_frames)`, float32; their sum is the mix."""
        for _ in range(_MOST_SILENT):
            found = self._drawn(rng)
            if np.sqrt(np.mean(np.square(found), axis=(1, 2))).max() > _SOUNDING_RMS:
                return found
        raise ConfigError(f"{self.config.sources} are silent wherever they are heard")

    def _drawn(self, rng: np.random.Generator) -> np.ndarray:
        cfg = self.config
        together = rng.random() >= cfg.remixed
        song, place = self._song(rng), float(rng.random())
        found = np.zeros((len(cfg.sources), cfg.n_channels, cfg.n_frames), np.float32)
        for row, source in zip(found, cfg.sources, strict=True):
            if not together:
                song, place = self._song(rng), float(rng.random())
            if rng.random() < cfg.dropped:
                continue
            for stem in self._players(source, song, together, rng):
                row += self._part(stem, place, rng)
        return found

    def _song(self, rng: np.random.Generator) -> str:
        return self._songs[rng.integers(len(self._songs))]

    def _players(
        self, source: str, song: str, together: bool, rng: np.random.Generator
    ) -> list[Stem]:
        if source == ACCOMPANIMENT:
            parts = self._others(song)
            return [rows[rng.integers(len(rows))] for rows in parts.values()]
        rows = self._cache.songs[song][source]
        if not together:  # from any song, also one without the others
            rows = self._cache.by_instrument[source]
        return [rows[rng.integers(len(rows))]]

    def _others(self, song: str) -> dict[str, list[Stem]]:
        """Return the stems of the parts that no source is, by part."""
        parts: dict[str, list[Stem]] = {}
        for instrument, stems in self._cache.songs[song].items():
            for stem in stems if instrument not in self._named else ():
                parts.setdefault(stem.part, []).append(stem)
        return parts

    def _part(self, stem: Stem, place: float, rng: np.random.Generator) -> np.ndarray:
        """Return the window that lies at a place, 0 to 1, of a stem."""
        cfg = self.config
        size = -(-cfg.n_frames * SAMPLE_RATE // cfg.sample_rate)
        first = int(place * max(stem.n_frames - size, 0))
        sound = self._cache.read(stem, first, size)
        if cfg.n_channels == 1:
            sound = sound.mean(axis=0, keepdims=True)
        else:
            sound = augment(sound, _PLACED, rng)
        level = np.float32(10 ** (rng.uniform(-cfg.level_db, cfg.level_db) / 20))
        sound = librosa.resample(
            sound, orig_sr=SAMPLE_RATE, target_sr=cfg.sample_rate, axis=-1
        )
        return np.asarray(sound[:, : cfg.n_frames] * level, np.float32)
