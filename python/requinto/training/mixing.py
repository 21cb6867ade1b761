# SPDX-License-Identifier: GPL-3.0-or-later
"""Mix stems on the fly into what a model learns from: mixture, target, reference."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from requinto.material.augmentation import Augmentation, varispeed
from requinto.material.instruments import PERCUSSION
from requinto.material.loop_library import LoopLibrary, Stem
from requinto.material.mastering import master
from requinto.material.new_timbres import NewTimbre
from requinto.material.soundfonts import SAMPLE_RATE
from requinto.training.bands import BandGenerator, Player, Window
from requinto.training.examples import Example
from requinto.training.mixing_config import MixingConfig

__all__ = ["Example", "MixGenerator", "MixingConfig"]

_SILENT_RMS = 0.003  # of a window at -20 dBFS: nothing plays there
_REGISTERS = (5, 7, 12, 19, 24)  # semitones: a fourth to two octaves


class MixGenerator:
    """Endless mixes of a library's stems.

    Parameters
    ----------
    folders : Path, str or sequence of them
        The libraries that `loops` rendered.
    config : MixingConfig
        The numbers.
    split : str
        "train", "validation" or "test".
    """

    def __init__(
        self,
        folders: Path | str | Sequence[Path | str],
        config: MixingConfig,
        *,
        split: str,
    ) -> None:
        self.config = config
        self.library = LoopLibrary(folders, split)
        self.bands = BandGenerator(self.library, config)

    def examples(self, rng: np.random.Generator) -> list[Example]:
        """Return up to `n_targets` examples that share a mixture, each with its query.

        Everything random comes from `rng`. Safe to call from several threads, each
        with its own generator.
        """
        cfg = self.config
        band = self.bands.choose_band(rng)
        target = band.target
        players = self.bands.choose_players(band.playing, rng)
        if band.absent:
            players.pop(target, None)
        queries = self.bands.choose_queries(target, list(players), rng)
        timbres = {
            name: self._new_timbre(rng)
            for name in {**players, **dict.fromkeys(queries)}
        }
        by_name = bool(rng.random() < cfg.by_name)
        parts: dict[str, np.ndarray] = {}
        desks: dict[str, Augmentation] = {}
        for name, player in players.items():
            parts[name], desks[name] = self._part(player, rng)
        rival = np.zeros((2, cfg.n_frames), np.float32)
        chance = rng.random()
        if target in parts and chance < cfg.double:
            stem, window = players[target]
            second = self._second(stem, stem.timbre, rng, window.size)
            parts[target] = parts[target] + second
        for name in parts:
            parts[name] = _in_timbre(timbres[name], parts[name])
        if target in parts and cfg.double <= chance < cfg.double + cfg.rival:
            rival = self._rival(players[target].stem, rng)
            if by_name:  # wanted too
                parts[target], rival = parts[target] + rival, 0 * rival
        answers = [parts.get(name, 0 * rival) for name in queries]
        mixture = sum(parts.values(), start=rival)
        mixture, answers = master(mixture, answers, cfg.augmentation, rng)
        if rng.random() < cfg.mono:
            mixture, answers = _fold(mixture), [_fold(a) for a in answers]
        gain = self._gain(mixture, rng)
        mixture = mixture * gain
        references = [
            _in_timbre(
                timbres[name],
                self._reference(
                    players.get(name) or self._absentee(name, rng),
                    by_name,
                    desks.get(name) if _happens(cfg.same_desk, rng) else None,
                    rng,
                ),
            )
            for name in queries
        ]
        return [
            # A playing instrument may rest for the whole excerpt
            Example(mixture, answer * gain, reference, name, not answer.any())
            for name, answer, reference in zip(
                queries, answers, references, strict=True
            )
        ]

    def _absentee(self, name: str, rng: np.random.Generator) -> Player:
        """Return a player of an instrument that nobody plays in the mix."""
        rows = self.library.by_instrument[name]
        stem = rows[rng.integers(len(rows))]
        return Player(stem, self.bands.choose_window(stem, rng))

    def _new_timbre(self, rng: np.random.Generator) -> NewTimbre | None:
        if rng.random() >= self.config.new_timbre:
            return None
        return NewTimbre(self.config.timbres, rng)

    def _part(
        self, player: Player, rng: np.random.Generator
    ) -> tuple[np.ndarray, Augmentation]:
        """Return what a player plays, `(2, n_frames)`, and what it passed."""
        cfg = self.config
        (stem, (start, size)) = player
        sound = varispeed(self.library.read(stem, start, size), cfg.n_frames)
        level = np.float32(10 ** (rng.uniform(-cfg.level_db, cfg.level_db) / 20))
        desk = Augmentation(cfg.augmentation, rng, stem.n_channels)
        return desk(sound) * level, desk

    def _second(
        self,
        first: Stem,
        timbre: str,
        rng: np.random.Generator,
        size: int | None = None,
    ) -> np.ndarray:
        rows = self.library.by_timbre[first.instrument, timbre]
        rows = [s for s in rows if s.song != first.song] or rows
        stem = rows[rng.integers(len(rows))]
        window = self.bands.choose_window(stem, rng, size)
        return self._part(Player(stem, window), rng)[0]

    def _rival(self, first: Stem, rng: np.random.Generator) -> np.ndarray:
        """Add a player of the instrument who does not sound like the first."""
        rows = self.library.by_instrument[first.instrument]
        timbres = sorted({s.timbre for s in rows if s.family != first.family})
        timbres = timbres or sorted({s.timbre for s in rows} - {first.timbre})
        if not timbres:
            return np.zeros((2, self.config.n_frames), np.float32)
        return self._second(first, timbres[rng.integers(len(timbres))], rng)

    def _reference(
        self,
        player: Player,
        any_timbre: bool,
        desk: Augmentation | None,
        rng: np.random.Generator,
    ) -> np.ndarray:
        """Return other bars of a player's timbre, `(2, reference_frames)`.

        Through `desk`, where given; else through its own or none.
        """
        cfg = self.config
        sound = self._other_bars(player, any_timbre, rng)
        if desk is None and rng.random() < cfg.reference_changed:
            desk = Augmentation(cfg.augmentation, rng, len(sound))
        if desk is not None:
            level = np.float32(10 ** (rng.uniform(-12, 6) / 20))
            sound = desk(sound) * level
        elif len(sound) == 1:
            sound = np.repeat(sound, 2, axis=0)
        if rng.random() < cfg.reference_short:
            sound = self._shorten(sound, rng)
        return sound

    def _other_bars(
        self, player: Player, any_timbre: bool, rng: np.random.Generator
    ) -> np.ndarray:
        """Return bars of a player's timbre, from another song if there is one."""
        cfg = self.config
        stem, window = player
        speed = window.size / cfg.n_frames  # of one player, of one pitch
        rows = self.library.by_timbre[stem.instrument, stem.timbre]
        if any_timbre:
            rows = self.library.by_instrument[stem.instrument]
        elsewhere = [s for s in rows if s.song != stem.song]
        other = elsewhere[rng.integers(len(elsewhere))] if elsewhere else stem
        busy = window if other is stem else None
        if stem.instrument not in PERCUSSION and _happens(cfg.register, rng):
            semitones = rng.choice(_REGISTERS) * rng.choice((-1, 1))
            speed *= 2 ** (semitones / 12)
        size = round(cfg.reference_frames * speed)
        return varispeed(self._sounding(other, size, busy, rng), cfg.reference_frames)

    def _shorten(self, sound: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Keep some seconds that sound, wherever they lie; silence follows."""
        size = sound.shape[1]
        shortest = min(self.config.reference_shortest, size / SAMPLE_RATE)
        kept = round(rng.uniform(shortest, size / SAMPLE_RATE) * SAMPLE_RATE)
        power = np.cumsum(np.square(sound).sum(axis=0))
        start = int(np.searchsorted(power, 0.3 * power[-1]))
        start = min(start, size - kept)
        return np.pad(sound[:, start : start + kept], ((0, 0), (0, size - kept)))

    def _sounding(
        self,
        stem: Stem,
        size: int,
        busy: Window | None,
        rng: np.random.Generator,
    ) -> np.ndarray:
        """Return the first of four random parts that sounds, off `busy` if possible."""
        last = max(stem.n_frames - size, 0)
        starts = [int(s) for s in rng.integers(last + 1, size=8)]
        if busy is not None:
            end = busy.start + busy.size
            free = [s for s in starts if s + size <= busy.start or s >= end]
            starts = free or starts
        for start in starts[:4]:
            sound = self.library.read(stem, start, size)
            flat = sound.ravel()
            if np.dot(flat, flat) / flat.size > _SILENT_RMS**2:
                break
        return sound

    def _gain(self, mixture: np.ndarray, rng: np.random.Generator) -> np.float32:
        flat = mixture.ravel()
        rms = np.sqrt(np.dot(flat, flat) / flat.size)
        level_db = rng.uniform(self.config.lowest_db, self.config.highest_db)
        peak = float(np.abs(mixture).max())
        return np.float32(
            min(10 ** (level_db / 20) / (rms + 1e-5), 0.98 / (peak + 1e-5))
        )


def _happens(share: float, rng: np.random.Generator) -> bool:
    """Return whether an event of some probability occurs; free where it cannot."""
    return share > 0 and bool(rng.random() < share)


def _in_timbre(timbre: NewTimbre | None, sound: np.ndarray) -> np.ndarray:
    return timbre(sound) if timbre else sound


def _fold(sound: np.ndarray) -> np.ndarray:
    return np.repeat(sound.mean(axis=0, keepdims=True), 2, axis=0)
