# SPDX-License-Identifier: GPL-3.0-or-later
"""Choose the players of a training mix, their bars, and the targets."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from requinto_lab.material.instruments import BACHATA
from requinto_lab.material.loop_library import LoopLibrary, Stem
from requinto_lab.training.mixing_config import MixingConfig


class Window(NamedTuple):
    """Frames of a stem; played at another speed where not as many as are needed."""

    start: int
    size: int


class Player(NamedTuple):
    """A stem and the bars of it that play."""

    stem: Stem
    window: Window


class Band(NamedTuple):
    """Instruments of one mix."""

    playing: list[str]
    target: str
    absent: bool  # the target does not play


class BandGenerator:
    """Bands at random."""

    def __init__(self, library: LoopLibrary, config: MixingConfig) -> None:
        self._library = library
        self._config = config
        self._instruments = sorted(library.by_instrument)
        self._others = sorted(set(library.by_instrument) - set(BACHATA))
        # A song of no clear instrument has no player to offer
        self._songs = sorted(
            name
            for name, stems in library.songs.items()
            if any(instrument in library.by_instrument for instrument in stems)
        )

    def choose_band(self, rng: np.random.Generator) -> Band:
        """Return a band of bachata, or of any instruments."""
        if rng.random() < self._config.bachata:
            return self.choose_bachata(rng)
        return self.choose_any(rng)

    def choose_any(self, rng: np.random.Generator) -> Band:
        """Return a band of any instruments, all of them equally often."""
        cfg = self._config
        names = [str(i) for i in rng.permutation(self._instruments)]
        n_players = int(rng.integers(cfg.min_players, cfg.max_players + 1))
        absent = rng.random() < cfg.absent and len(names) > 1
        return Band(names[absent:][:n_players], names[0], bool(absent))

    def choose_bachata(self, rng: np.random.Generator) -> Band:
        """Return a band of bachata's instruments and up to two further ones."""
        cfg = self._config
        present = [i for i in BACHATA if rng.random() < cfg.present]
        n_others = int((rng.random(2) < cfg.others).sum())
        others = [str(i) for i in rng.permutation(self._others)[:n_others]]
        target, absent = self._choose_target(present, others, rng)
        playing = [i for i in present + others if not (absent and i == target)]
        if not absent and target not in playing:
            playing.append(target)
        return Band(playing, target, absent)

    def _choose_target(
        self, present: list[str], others: list[str], rng: np.random.Generator
    ) -> tuple[str, bool]:
        cfg = self._config
        if rng.random() < cfg.absent:
            missing = [i for i in BACHATA if i not in present]
            missing += [str(i) for i in rng.permutation(self._others)[:1]]
            missing = missing or [BACHATA[rng.integers(len(BACHATA))]]
            target = missing[rng.integers(len(missing))]
            # Something else must sound
            if target not in others and {*present, *others} - {target}:
                return target, True
        if others and rng.random() < cfg.target_other:
            return others[rng.integers(len(others))], False
        shares = np.array(cfg.target_weights) / sum(cfg.target_weights)
        return BACHATA[rng.choice(len(BACHATA), p=shares)], False

    def choose_players(
        self, playing: list[str], rng: np.random.Generator
    ) -> tuple[dict[str, Player], bool]:
        """Return a player of each instrument, and whether they keep to one song.

        Who has no part in the song keeps to its speed.
        """
        coherent = rng.random() < self._config.coherent
        size = self._config.choose_size(rng) if coherent else None
        song = self._library.songs[self._songs[rng.integers(len(self._songs))]]
        shared: Window | None = None
        players: dict[str, Player] = {}
        for instrument in playing:
            rows = song.get(instrument) if coherent else None
            window = shared if rows else None
            rows = rows or self._library.by_instrument[instrument]
            stem = rows[rng.integers(len(rows))]
            if window is None:
                window = self.choose_window(stem, rng, size)
                if coherent and stem.song == next(iter(song.values()))[0].song:
                    shared = window
            players[instrument] = Player(stem, window)
        return players, bool(coherent)

    def choose_window(
        self, stem: Stem, rng: np.random.Generator, size: int | None = None
    ) -> Window:
        """Return some bars of a stem, at a random speed where `size` is None."""
        size = size or self._config.choose_size(rng)
        last = max(stem.n_frames - size, 0)
        if rng.random() < self._config.at_beat:
            beats = [b for b in stem.beats if b <= last] or [0]
            return Window(beats[rng.integers(len(beats))], size)
        return Window(int(rng.integers(last + 1)), size)

    def choose_queries(
        self, target: str, playing: list[str], rng: np.random.Generator
    ) -> list[str]:
        """Return the target and others, each of them absent as often as it is."""
        queries = [target]
        while len(queries) < self._config.n_targets:
            candidates = [name for name in playing if name not in queries]
            missing = [n for n in self._instruments if n not in {*queries, *playing}]
            if missing and (not candidates or rng.random() < self._config.absent):
                candidates = missing
            if not candidates:
                break
            queries.append(candidates[rng.integers(len(candidates))])
        return queries
