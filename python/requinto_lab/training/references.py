# SPDX-License-Identifier: GPL-3.0-or-later
"""Make the references that queries of a training mix come with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from requinto_lab.material.augmentation import Augmentation, varispeed
from requinto_lab.material.instruments import PERCUSSION
from requinto_lab.material.loop_library import LoopLibrary, Stem
from requinto_lab.material.new_timbres import NewTimbre
from requinto_lab.training.bands import Player, Window
from requinto_lab.training.examples import lengthen, rms, shorten
from requinto_lab.training.mixing_config import MixingConfig, happens

_SILENT_RMS = 0.003  # of a window at -20 dBFS: nothing plays there
_REGISTERS = (5, 7, 12, 19, 24)  # semitones: a fourth to two octaves


class Query(NamedTuple):
    """Whom a reference is to name."""

    player: Player
    timbre: NewTimbre | None  # that is played in, and referred to
    desk: Augmentation | None  # of the player in the mix
    any_timbre: bool = False  # whoever plays the instrument
    same_part: bool = False  # this part alone, in its register


@dataclass(frozen=True)
class ReferenceGenerator:
    """Other bars of players."""

    library: LoopLibrary
    config: MixingConfig

    def play(self, query: Query, rng: np.random.Generator) -> np.ndarray:
        """Return a reference, `(2, reference_frames)`, float32."""
        sound = self._other_bars(query, rng)
        if rng.random() < self.config.reference_short:
            sound = shorten(sound, self.config.reference_shortest, rng)
        if query.timbre is not None:
            sound = query.timbre(sound)
        sound = self._process(sound, query.desk, rng)
        return lengthen(sound, self.config.reference_frames)

    def _process(
        self, sound: np.ndarray, desk: Augmentation | None, rng: np.random.Generator
    ) -> np.ndarray:
        """Return a sound through the player's desk, another one, or none: stereo."""
        cfg = self.config
        if desk is None or not happens(cfg.same_desk, rng):
            desk = None
            if rng.random() < cfg.reference_changed:
                desk = Augmentation(cfg.augmentation, rng, len(sound))
        if desk is not None:
            return desk(sound) * np.float32(10 ** (rng.uniform(-12, 6) / 20))
        return np.repeat(sound, 2, axis=0) if len(sound) == 1 else sound

    def _other_bars(self, query: Query, rng: np.random.Generator) -> np.ndarray:
        """Return bars of a player's timbre, from another song if there is one."""
        cfg = self.config
        stem, window = query.player
        speed = window.size / cfg.n_frames  # of one player, of one pitch
        rows = self.library.by_timbre[stem.instrument, stem.timbre]
        if query.any_timbre:
            rows = self.library.by_instrument[stem.instrument]
        if query.same_part:
            rows = [s for s in rows if s.part == stem.part]
        elif stem.instrument not in PERCUSSION and happens(cfg.register, rng):
            speed *= 2 ** (rng.choice(_REGISTERS) * rng.choice((-1, 1)) / 12)
        elsewhere = [s for s in rows if s.song != stem.song]
        other = elsewhere[rng.integers(len(elsewhere))] if elsewhere else stem
        size = round(cfg.reference_frames * speed)
        busy = window if other is stem else None
        return varispeed(self._sounding(other, size, busy, rng), cfg.reference_frames)

    def _sounding(
        self, stem: Stem, size: int, busy: Window | None, rng: np.random.Generator
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
            if rms(sound) > _SILENT_RMS:
                break
        return sound
