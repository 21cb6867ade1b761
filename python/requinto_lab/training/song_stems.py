# SPDX-License-Identifier: GPL-3.0-or-later
"""Mixtures of the stems of one song, as they play together: a part of it is wanted.

Where two players of one instrument share a song, a lead guitar over rhythm guitars,
only the part tells them apart; the stems of tracker modules have no common names at
all.  So parts are targets here, not instruments.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from requinto.errors import ConfigError
from requinto_lab.grouping import group_pairs
from requinto_lab.material.augmentation import (
    Augmentation,
    AugmentationConfig,
    varispeed,
)
from requinto_lab.material.loop_library import LoopLibrary, Stem
from requinto_lab.material.mastering import master
from requinto_lab.material.new_timbres import NewTimbre, NewTimbreConfig
from requinto_lab.ranges import check_at_least
from requinto_lab.training.examples import (
    Example,
    ExampleConfig,
    finish,
    lengthen,
    rms,
    shorten,
)

_ACTIVE_RMS = 0.1  # of a stem at its gain, where it sounds
_SILENT_RMS = 0.003


@dataclass(frozen=True)
class SongStemsConfig(ExampleConfig):
    """Every number of these mixtures; probabilities unless said otherwise."""

    n_parts: int = 8  # that play, at most
    balance_db: float = 5.0  # uniform change of each part's level, either way
    faintest_db: float = -22.0  # of a target, beside the mixture
    new_timbre: float = 0.4  # a part and its references are changed alike
    same_desk: float = 0.7  # a reference passes the effects of its part
    mono: float = 0.1
    reference_shortest_s: float = 0.5
    augmentation: AugmentationConfig = field(default_factory=AugmentationConfig)
    timbres: NewTimbreConfig = field(default_factory=NewTimbreConfig)

    def __post_init__(self) -> None:
        super().__post_init__()
        check_at_least(self, 1, "n_parts")


@dataclass(frozen=True)
class _Player:
    """One part of a song as it is played for one mixture."""

    stem: Stem
    sound: np.ndarray  # (2, n_frames), as it is in the mixture
    desk: Augmentation
    timbre: NewTimbre | None


class SongStems:
    """An endless supply of such mixtures.

    Parameters
    ----------
    folders : Path, str or a sequence of them
        Libraries of songs in the format of `loops`.
    config : SongStemsConfig
    split : str
        "train" or "validation".
    """

    def __init__(
        self,
        folders: Path | str | Sequence[Path | str],
        config: SongStemsConfig,
        *,
        split: str,
    ) -> None:
        self.config = config
        self.library = LoopLibrary(folders, split)
        stems = self.library.stems
        songs = group_pairs((str(stem.path.parent), stem) for stem in stems)
        self._songs = [rows for rows in songs.values() if len(_parts(rows)) > 1]
        self._relatives = group_pairs((_voice(stem), stem) for stem in stems)
        if not self._songs:
            raise ConfigError(f"no {split} song in {folders} has two parts")

    def examples(self, rng: np.random.Generator) -> list[Example]:
        """Return examples that share a mixture: each is of a part of a song."""
        cfg = self.config
        players, size = self._players(rng)
        mixture = np.sum([p.sound for p in players], axis=0)
        targets = self._targets(players, mixture, rng)
        sounds = [p.sound for p in targets]
        if rng.random() < cfg.absent and len(players) > 2:
            mixture, sounds[-1] = mixture - sounds[-1], 0 * sounds[-1]
        mixture, sounds = master(mixture, sounds, cfg.augmentation, rng)
        mixture, sounds = finish(mixture, sounds, cfg, rng)
        return [
            Example(
                mixture,
                sound,
                self._reference(player, size / cfg.n_frames, rng),
                player.stem.instrument,
                not sound.any(),
            )
            for player, sound in zip(targets, sounds, strict=True)
        ]

    def _players(self, rng: np.random.Generator) -> tuple[list[_Player], int]:
        """Return what plays in some part of some song, and frames read of each stem."""
        cfg = self.config
        size = cfg.choose_size(rng)
        players: list[_Player] = []
        while len(players) < 2:
            stems = self._songs[rng.integers(len(self._songs))]
            start = int(rng.integers(max(stems[0].n_frames - size, 0) + 1))
            parts = list(_parts(stems).values())
            players = []
            for index in rng.permutation(len(parts)):
                rows = parts[index]
                stem = rows[rng.integers(len(rows))]
                player = self._player(stem, start, size, rng)
                if player and len(players) < cfg.n_parts:
                    players.append(player)
        return players, size

    def _player(
        self, stem: Stem, start: int, size: int, rng: np.random.Generator
    ) -> _Player | None:
        cfg = self.config
        sound = self.library.read(stem, start, size)
        if rms(sound) < _SILENT_RMS:
            return None
        level = 10 ** (rng.uniform(-cfg.balance_db, cfg.balance_db) / 20)
        if stem.style == "module":  # whose parts keep their balance
            level *= 0.1 / stem.gain
        desk = Augmentation(cfg.augmentation, rng, stem.n_channels)
        timbre = None
        if rng.random() < cfg.new_timbre:
            timbre = NewTimbre(cfg.timbres, rng)
        played = _process(varispeed(sound, cfg.n_frames), timbre, desk)
        return _Player(stem, played * np.float32(level), desk, timbre)

    def _targets(
        self, players: list[_Player], mixture: np.ndarray, rng: np.random.Generator
    ) -> list[_Player]:
        cfg = self.config
        faintest = rms(mixture) * 10 ** (cfg.faintest_db / 20)
        audible = [p for p in players if rms(p.sound) > faintest]
        order = rng.permutation(len(audible))[: cfg.n_targets]
        return [audible[i] for i in order] or [max(players, key=lambda p: rms(p.sound))]

    def _reference(
        self, player: _Player, speed: float, rng: np.random.Generator
    ) -> np.ndarray:
        """Return the same part, of this song or another, somewhere else."""
        cfg = self.config
        n_frames = cfg.reference_frames
        size = round(n_frames * speed)
        rows = self._relatives[_voice(player.stem)]
        others = [s for s in rows if s.path.parent != player.stem.path.parent]
        stem = others[rng.integers(len(others))] if others else player.stem
        starts = rng.integers(max(stem.n_frames - size, 0) + 1, size=5)
        loudest = np.zeros((1, size), np.float32)
        for start in starts:
            sound = self.library.read(stem, int(start), size)
            if rms(sound) > rms(loudest):
                loudest = sound
            if rms(loudest) > 0.5 * _ACTIVE_RMS:
                break
        desk: Augmentation | None = player.desk
        if rng.random() >= cfg.same_desk:
            plain = rng.random() < 0.5
            desk = None if plain else Augmentation(cfg.augmentation, rng, len(loudest))
        sound = _process(varispeed(loudest, n_frames), player.timbre, desk)
        sound = sound * np.float32(10 ** (rng.uniform(-12, 6) / 20))
        if rng.random() < cfg.reference_short:
            sound = lengthen(shorten(sound, cfg.reference_shortest_s, rng), n_frames)
        return sound


def _parts(stems: list[Stem]) -> dict[tuple[str, str], list[Stem]]:
    """Return the stems of a song by part and instrument; one of each plays."""
    return group_pairs(((stem.part, stem.instrument), stem) for stem in stems)


def _voice(stem: Stem) -> tuple[str, str, str]:
    return stem.instrument, stem.timbre, stem.part


def _process(
    sound: np.ndarray, timbre: NewTimbre | None, desk: Augmentation | None
) -> np.ndarray:
    if timbre:
        sound = timbre(sound)
    if desk:
        return desk(sound)
    return sound if len(sound) == 2 else np.repeat(sound, 2, axis=0)
