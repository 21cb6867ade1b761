# SPDX-License-Identifier: GPL-3.0-or-later
"""Play the parts of a training mix: from a stem on disk to its place in the image."""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from requinto_lab.material.augmentation import Augmentation, varispeed
from requinto_lab.material.loop_library import LoopLibrary, Stem
from requinto_lab.material.new_timbres import NewTimbre
from requinto_lab.training.bands import BandGenerator, Player
from requinto_lab.training.mixing_config import MixingConfig

_MAX_WAITING = 12  # parts of an instrument that wait for another mix, 1 MB each
_MIN_WAITING = 4  # before any is taken: neighbouring mixes differ
_REGISTER = (5, 12)  # semitones, least and greatest, to another register


class Part(NamedTuple):
    """What one player plays, and how it came to sound so."""

    player: Player
    timbre: NewTimbre | None
    desk: Augmentation
    sound: np.ndarray  # (2, n_frames), float32, about as loud as any other


@dataclass(frozen=True)
class PartGenerator:
    """Parts, and further players beside them."""

    library: LoopLibrary
    bands: BandGenerator
    config: MixingConfig

    def choose_timbre(self, rng: np.random.Generator) -> NewTimbre | None:
        """Return a new timbre, or None for a player's own."""
        if rng.random() >= self.config.new_timbre:
            return None
        return NewTimbre(self.config.timbres, rng)

    def play(
        self, player: Player, timbre: NewTimbre | None, rng: np.random.Generator
    ) -> Part:
        """Return a part.

        All that needs one channel alone comes before the desk: it costs half.
        """
        cfg = self.config
        stem, (start, size) = player
        sound = varispeed(self.library.read(stem, start, size), cfg.n_frames)
        if timbre is not None:
            sound = timbre(sound)
        desk = Augmentation(cfg.augmentation, rng, stem.n_channels)
        return Part(player, timbre, desk, desk(sound))

    def level(self, rng: np.random.Generator) -> np.float32:
        """Return how loud a part is beside the others."""
        level_db = rng.uniform(-self.config.level_db, self.config.level_db)
        return np.float32(10 ** (level_db / 20))

    def play_double(self, first: Part, rng: np.random.Generator) -> np.ndarray:
        """Return a second player of a part's timbre, `(2, n_frames)`."""
        stem, window = first.player
        rows = self.library.by_timbre[stem.instrument, stem.timbre]
        return self._play_one(rows, stem, first.timbre, rng, window.size)

    def play_rival(self, first: Part, rng: np.random.Generator) -> np.ndarray:
        """Return a player of the instrument who does not sound like the first.

        Silence, where the library has none.
        """
        stem = first.player.stem
        rows = self.library.by_instrument[stem.instrument]
        timbres = sorted({s.timbre for s in rows if s.family != stem.family})
        timbres = timbres or sorted({s.timbre for s in rows} - {stem.timbre})
        if not timbres:
            return np.zeros((2, self.config.n_frames), np.float32)
        timbre = timbres[rng.integers(len(timbres))]
        rows = self.library.by_timbre[stem.instrument, timbre]
        return self._play_one(rows, stem, None, rng)

    def play_alike(self, first: Part, rng: np.random.Generator) -> np.ndarray:
        """Return a player whom only the part tells from the first, `(2, n_frames)`.

        Another part of the family, in time where the song has one; else the timbre in
        another register.  Through the first's new timbre half of the time.
        """
        (stem, window), timbre = first.player, first.timbre
        if rng.random() < 0.5:
            timbre = None
        rows = [
            s
            for s in self.library.by_instrument[stem.instrument]
            if s.family == stem.family and s.part != stem.part
        ]
        if beside := [s for s in rows if s.song == stem.song]:
            player = Player(beside[rng.integers(len(beside))], window)
            return self.play(player, timbre, rng).sound * self.level(rng)
        size = window.size
        if not rows:
            rows = self.library.by_timbre[stem.instrument, stem.timbre]
            semitones = rng.uniform(*_REGISTER) * rng.choice((-1, 1))
            size = round(size * 2 ** (semitones / 12))
        return self._play_one(rows, stem, timbre, rng, size)

    def _play_one(
        self,
        rows: list[Stem],
        first: Stem,
        timbre: NewTimbre | None,
        rng: np.random.Generator,
        size: int | None = None,
    ) -> np.ndarray:
        """Return one of the stems, of another song than the first if possible."""
        rows = [s for s in rows if s.song != first.song] or rows
        stem = rows[rng.integers(len(rows))]
        player = Player(stem, self.bands.choose_window(stem, rng, size))
        return self.play(player, timbre, rng).sound * self.level(rng)


class PartPool:
    """Parts that wait to be played again in other mixes.  Safe between threads.

    Parameters
    ----------
    reuse : int
        Mixes that each part serves, 1 or more.
    """

    def __init__(self, reuse: int) -> None:
        self._reuse = reuse
        self._waiting: dict[str, deque[tuple[Part, int]]] = {}
        self._lock = threading.Lock()

    def put(self, part: Part, served: int = 1) -> None:
        """Let a part wait that has served some mixes; the oldest gives way."""
        if served >= self._reuse:
            return
        instrument = part.player.stem.instrument
        with self._lock:
            rows = self._waiting.setdefault(instrument, deque(maxlen=_MAX_WAITING))
            rows.append((part, served))

    def take(self, instrument: str, rng: np.random.Generator) -> Part | None:
        """Return any part of an instrument, or None while few of it wait.

        It waits again, unless it has now served enough.
        """
        with self._lock:
            rows = self._waiting.get(instrument)
            if rows is None or len(rows) < _MIN_WAITING:
                return None
            index = int(rng.integers(len(rows)))
            part, served = rows[index]
            del rows[index]
        self.put(part, served + 1)
        return part
