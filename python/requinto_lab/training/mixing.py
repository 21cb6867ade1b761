# SPDX-License-Identifier: GPL-3.0-or-later
"""Mix stems on the fly into what a model learns from: mixture, target, reference."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from requinto_lab.material.loop_library import LoopLibrary
from requinto_lab.material.mastering import add_inaudible, master
from requinto_lab.training.bands import BandGenerator, Player
from requinto_lab.training.examples import PEAK, Example, fold, gain_to
from requinto_lab.training.mixing_config import MixingConfig, happens
from requinto_lab.training.parts import Part, PartGenerator, PartPool
from requinto_lab.training.references import Query, ReferenceGenerator

_PEAK_BESIDE = 0.88  # beside what is inaudible, so that full scale is not left


class _Company(NamedTuple):
    """Who plays the target's instrument beside the target."""

    wanted: np.ndarray  # (2, n_frames), is part of the target
    rival: np.ndarray  # (2, n_frames), is not
    is_alike: bool  # the rival is like the target in all except its part


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
    decoded : Path or str, optional
        Folder for decoded copies of the stems, see `LoopLibrary`.
    """

    def __init__(
        self,
        folders: Path | str | Sequence[Path | str],
        config: MixingConfig,
        *,
        split: str,
        decoded: Path | str | None = None,
    ) -> None:
        self.config = config
        self.library = LoopLibrary(folders, split, decoded=decoded)
        self.bands = BandGenerator(self.library, config)
        self.parts = PartGenerator(self.library, self.bands, config)
        self.references = ReferenceGenerator(self.library, config)
        self._pool = PartPool(config.reuse)

    def examples(self, rng: np.random.Generator) -> list[Example]:
        """Return up to `n_targets` examples that share a mixture, each with its query.

        Everything random comes from `rng`, and where `reuse` is above 1 from earlier
        mixes too. Safe to call from several threads, each with its own generator.
        """
        band = self.bands.choose_band(rng)
        playing = [n for n in band.playing if not (band.absent and n == band.target)]
        parts = self._play(playing, rng)
        queries = self.bands.choose_queries(band.target, playing, rng)
        by_name = bool(rng.random() < self.config.by_name)
        sounds = {n: part.sound * self.parts.level(rng) for n, part in parts.items()}
        company = self._play_beside(parts.get(band.target), by_name, rng)
        if band.target in sounds:
            sounds[band.target] += company.wanted
        mixture = sum(sounds.values(), start=company.rival)
        silence = np.zeros_like(mixture)
        answers = [sounds.get(name, silence) for name in queries]
        mixture, answers = self._finish(mixture, answers, rng)
        examples = []
        for name, answer in zip(queries, answers, strict=True):
            same_part = company.is_alike and name == band.target
            query = self._query(name, parts.get(name), by_name, same_part, rng)
            reference = self.references.play(query, rng)
            # A playing instrument may rest for the whole excerpt
            absent = not answer.any()
            examples.append(Example(mixture, answer, reference, name, absent))
        return examples

    def _play(self, playing: list[str], rng: np.random.Generator) -> dict[str, Part]:
        """Return a part of each instrument, some of them from earlier mixes."""
        players, coherent = self.bands.choose_players(playing, rng)
        parts = {}
        for name, player in players.items():
            # A part of another mix is not in time with a song
            part = None if coherent else self._pool.take(name, rng)
            if part is None:
                part = self.parts.play(player, self.parts.choose_timbre(rng), rng)
                self._pool.put(part)
            parts[name] = part
        return parts

    def _play_beside(
        self, target: Part | None, by_name: bool, rng: np.random.Generator
    ) -> _Company:
        cfg = self.config
        silence = np.zeros((2, cfg.n_frames), np.float32)
        if target is None:
            return _Company(silence, silence, False)
        if not by_name and happens(cfg.alike, rng):
            return _Company(silence, self.parts.play_alike(target, rng), True)
        chance = rng.random()
        if chance < cfg.double:
            return _Company(self.parts.play_double(target, rng), silence, False)
        if chance >= cfg.double + cfg.rival:
            return _Company(silence, silence, False)
        rival = self.parts.play_rival(target, rng)
        if by_name:
            return _Company(rival, silence, False)
        return _Company(silence, rival, False)

    def _query(
        self,
        name: str,
        part: Part | None,
        by_name: bool,
        same_part: bool,
        rng: np.random.Generator,
    ) -> Query:
        """Return whom a reference is to name: who plays, or somebody absent."""
        if part is not None:
            return Query(part.player, part.timbre, part.desk, by_name, same_part)
        rows = self.library.by_instrument[name]
        stem = rows[rng.integers(len(rows))]
        player = Player(stem, self.bands.choose_window(stem, rng))
        return Query(player, self.parts.choose_timbre(rng), None, by_name)

    def _finish(
        self, mixture: np.ndarray, answers: list[np.ndarray], rng: np.random.Generator
    ) -> tuple[np.ndarray, list[np.ndarray]]:
        """Return a mix and answers as they are released: mastered, folded, levelled."""
        cfg = self.config
        dense = happens(cfg.dense, rng)
        mixture, answers = master(mixture, answers, cfg.augmentation, rng, dense=dense)
        if rng.random() < cfg.mono:
            mixture, answers = fold(mixture), [fold(a) for a in answers]
        inaudible = happens(cfg.inaudible, rng)
        level_db = rng.uniform(cfg.lowest_db, cfg.highest_db)
        gain = gain_to(mixture, level_db, _PEAK_BESIDE if inaudible else PEAK)
        mixture = mixture * gain
        if inaudible:
            mixture = add_inaudible(mixture, rng)
        return mixture, [answer * gain for answer in answers]
