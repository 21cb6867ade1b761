# SPDX-License-Identifier: GPL-3.0-or-later
"""Mix stems on the fly into what a model learns from: mixture, target, reference."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import numpy as np

from requinto.config import from_values
from requinto.errors import ConfigError
from requinto.material.augmentation import (
    AugmentationConfig,
    augmented,
    mastered,
    varispeed,
)
from requinto.material.cache import Cache, Stem
from requinto.material.instruments import BACHATA
from requinto.material.new_timbres import NewTimbre, NewTimbreConfig
from requinto.material.soundfonts import SAMPLE_RATE

_SILENT_RMS = 0.003  # of a window at -20 dBFS: nothing plays there


@dataclass(frozen=True)
class MixingConfig:
    """Every number of the mixing desk; probabilities unless said otherwise."""

    n_frames: int = 63 * 2048  # of the mixture: 64 columns of the model's transform
    reference_frames: int = 63 * 2048
    n_targets: int = 2  # asked for of each mixture: mixing costs more than asking
    coherent: float = 0.5  # all stems from one song, in time with each other
    at_beat: float = 0.7  # the window begins on a beat
    bachata: float = 0.5  # the band plays bachata, else any instruments
    present: float = 0.8  # for each bachata instrument, in bachata
    others: float = 0.35  # for each of two further instruments, in bachata
    # For each bachata instrument to be the target; the harder, the more often
    target_weights: tuple[float, ...] = (0.5, 0.2, 0.18, 0.12)
    target_other: float = 0.2  # the target is one of these, when there is one
    fewest: int = 2  # players, outside bachata; uniform up to `most`
    most: int = 7
    absent: float = 0.08  # the target is not in the mix
    double: float = 0.06  # the target's timbre plays twice (requinto and segunda)
    rival: float = 0.12  # another timbre of the target's instrument plays too
    varispeed: float = 0.7  # pitch and time move together, a band's and references'
    varispeed_semitones: float = 5.0  # at most by this much, either way
    level_db: float = 9.0  # uniform, around equal loudness
    mono: float = 0.12  # the whole mix is folded
    lowest_db: float = -34.0  # RMS of the mixture, uniform up to `highest_db`
    highest_db: float = -12.0
    # For each player to be changed to a timbre never heard, and its reference alike
    new_timbre: float = 0.7
    # Whoever plays the target's instrument is wanted, a rival too; the reference is of
    # any timbre of it
    by_name: float = 0.0
    reference_changed: float = 0.5  # the reference has its own augmentation
    reference_short: float = 0.3  # the reference is cut
    reference_shortest: float = 0.5  # seconds
    augmentation: AugmentationConfig = field(default_factory=AugmentationConfig)
    timbres: NewTimbreConfig = field(default_factory=NewTimbreConfig)

    def __post_init__(self) -> None:
        for name, kind in (
            ("augmentation", AugmentationConfig),
            ("timbres", NewTimbreConfig),
        ):
            given = getattr(self, name)
            if isinstance(given, dict):  # read back from a file
                object.__setattr__(self, name, from_values(kind, given, name))
        if len(self.target_weights) != len(BACHATA) or sum(self.target_weights) <= 0:
            raise ConfigError(f"target_weights needs {len(BACHATA)} shares")
        if not 1 <= self.fewest <= self.most:
            raise ConfigError("fewest must be 1 or more, and most no less")
        for name in ("n_frames", "reference_frames", "n_targets"):
            if getattr(self, name) < 1:
                raise ConfigError(f"{name} must be 1 or more")
        if not self.lowest_db <= self.highest_db <= 0:
            raise ConfigError("lowest_db must not exceed highest_db, nor that 0")


class Example(NamedTuple):
    """One thing to learn: float32, stereo, 44.1 kHz."""

    mixture: np.ndarray  # (2, n_frames)
    target: np.ndarray  # (2, n_frames)
    reference: np.ndarray  # (2, reference_frames)
    instrument: str
    absent: bool  # nothing of the target sounds


class Mixer:
    """An endless desk.

    Parameters
    ----------
    folder : Path
        The cache that `loops` rendered.
    config : MixingConfig
        The numbers.
    split : str
        "train", "validation" or "test".
    """

    def __init__(self, folder: Path | str, config: MixingConfig, *, split: str) -> None:
        self.config = config
        self.cache = Cache(Path(folder), split)
        self._songs = sorted(self.cache.songs)
        self._others = sorted(set(self.cache.by_instrument) - set(BACHATA))

    def examples(self, rng: np.random.Generator) -> list[Example]:
        """Return `n_targets` examples that share a mixture: one band, asked for each.

        Everything random comes from `rng`. Safe to call from several threads, each
        with its own generator.
        """
        cfg = self.config
        if rng.random() < cfg.bachata:
            playing, target, absent = self._bachata_band(rng)
        else:
            playing, target, absent = self._any_band(rng)
        chosen = {s.instrument: (s, w) for s, w in self._choose_stems(playing, rng)}
        if absent:
            chosen.pop(target, None)
        asked = self._asked(target, list(chosen), rng)
        timbres = {
            name: self._new_timbre(rng) for name in {**chosen, **dict.fromkeys(asked)}
        }
        by_name = bool(rng.random() < cfg.by_name)
        parts = {
            name: self._part(stem, *window, rng)
            for name, (stem, window) in chosen.items()
        }
        rival = np.zeros((2, cfg.n_frames), np.float32)
        draw = rng.random()
        if target in parts and draw < cfg.double:
            stem, (_, size) = chosen[target]
            second = self._second(stem, stem.timbre, rng, size)
            parts[target] = parts[target] + second
        for name in parts:
            parts[name] = _in_timbre(timbres[name], parts[name])
        if target in parts and cfg.double <= draw < cfg.double + cfg.rival:
            rival = self._rival(chosen[target][0], rng)
            if by_name:  # wanted too
                parts[target], rival = parts[target] + rival, 0 * rival
        answers = [parts.get(name, 0 * rival) for name in asked]
        mixture = sum(parts.values(), start=rival)
        mixture, answers = mastered(mixture, answers, cfg.augmentation, rng)
        if rng.random() < cfg.mono:
            mixture, answers = _folded(mixture), [_folded(a) for a in answers]
        gain = self._gain(mixture, rng)
        mixture = mixture * gain
        references = [
            self._asked_with(name, chosen.get(name), timbres[name], by_name, rng)
            for name in asked
        ]
        return [
            # Who is there may pause for the whole window
            Example(mixture, answer * gain, reference, name, not answer.any())
            for name, answer, reference in zip(asked, answers, references, strict=True)
        ]

    def _asked(
        self, target: str, playing: list[str], rng: np.random.Generator
    ) -> list[str]:
        """Return the target and others, each of them absent as often as it is."""
        asked = [target]
        while len(asked) < self.config.n_targets:
            there = [name for name in playing if name not in asked]
            others = {*self.cache.by_instrument} - {*asked, *playing}
            missing = sorted(others)
            if missing and (not there or rng.random() < self.config.absent):
                there = missing
            if not there:
                break
            asked.append(there[rng.integers(len(there))])
        return asked

    def _asked_with(
        self,
        name: str,
        chosen: tuple[Stem, tuple[int, int]] | None,
        timbre: NewTimbre | None,
        by_name: bool,
        rng: np.random.Generator,
    ) -> np.ndarray:
        """Return a reference for an instrument, whether it plays or not."""
        if chosen is None:
            rows = self.cache.by_instrument[name]
            stem = rows[rng.integers(len(rows))]
            chosen = stem, self._window(stem, rng)
        return _in_timbre(timbre, self._reference(*chosen, by_name, rng))

    def _new_timbre(self, rng: np.random.Generator) -> NewTimbre | None:
        if rng.random() >= self.config.new_timbre:
            return None
        return NewTimbre(self.config.timbres, rng)

    def _any_band(self, rng: np.random.Generator) -> tuple[list[str], str, bool]:
        """Return who plays, who of them is wanted, and whether that one is absent."""
        cfg = self.config
        names = [str(i) for i in rng.permutation(sorted(self.cache.by_instrument))]
        n_players = int(rng.integers(cfg.fewest, cfg.most + 1))
        absent = rng.random() < cfg.absent and len(names) > 1
        return names[absent:][:n_players], names[0], bool(absent)

    def _bachata_band(self, rng: np.random.Generator) -> tuple[list[str], str, bool]:
        cfg = self.config
        present = [i for i in BACHATA if rng.random() < cfg.present]
        n_others = int((rng.random(2) < cfg.others).sum())
        others = [str(i) for i in rng.permutation(self._others)[:n_others]]
        target, absent = self._choose_target(present, others, rng)
        playing = [i for i in present + others if not (absent and i == target)]
        if not absent and target not in playing:
            playing.append(target)
        return playing, target, absent

    def _choose_target(
        self, present: list[str], others: list[str], rng: np.random.Generator
    ) -> tuple[str, bool]:
        cfg = self.config
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

    def _choose_stems(
        self, playing: list[str], rng: np.random.Generator
    ) -> list[tuple[Stem, tuple[int, int]]]:
        """Return stems, each with its window: first frame, frames to read."""
        coherent = rng.random() < self.config.coherent
        size = self._size(rng) if coherent else None
        song = self.cache.songs[self._songs[rng.integers(len(self._songs))]]
        shared: tuple[int, int] | None = None
        chosen = []
        for instrument in playing:
            rows = song.get(instrument) if coherent else None
            window = shared if rows else None
            rows = rows or self.cache.by_instrument[instrument]
            stem = rows[rng.integers(len(rows))]
            if window is None:
                window = self._window(stem, rng, size)
                if coherent and stem.song == next(iter(song.values()))[0].song:
                    shared = window
            chosen.append((stem, window))
        return chosen

    def _size(self, rng: np.random.Generator) -> int:
        """Return how many frames of a stem are played in the time of `n_frames`."""
        cfg = self.config
        if rng.random() >= cfg.varispeed:
            return cfg.n_frames
        widest = cfg.varispeed_semitones
        return round(cfg.n_frames * 2 ** (rng.uniform(-widest, widest) / 12))

    def _window(
        self, stem: Stem, rng: np.random.Generator, size: int | None = None
    ) -> tuple[int, int]:
        cfg = self.config
        size = size or self._size(rng)
        last = max(stem.n_frames - size, 0)
        if rng.random() < cfg.at_beat:
            beats = [b for b in stem.beats if b <= last] or [0]
            return beats[rng.integers(len(beats))], size
        return int(rng.integers(last + 1)), size

    def _part(
        self, stem: Stem, start: int, size: int, rng: np.random.Generator
    ) -> np.ndarray:
        cfg = self.config
        sound = varispeed(self.cache.read(stem, start, size), cfg.n_frames)
        level = 10 ** (rng.uniform(-cfg.level_db, cfg.level_db) / 20)
        return augmented(sound, cfg.augmentation, rng) * np.float32(level)

    def _second(
        self,
        chosen: Stem,
        timbre: str,
        rng: np.random.Generator,
        size: int | None = None,
    ) -> np.ndarray:
        rows = self.cache.by_timbre[chosen.instrument, timbre]
        rows = [s for s in rows if s.song != chosen.song] or rows
        stem = rows[rng.integers(len(rows))]
        return self._part(stem, *self._window(stem, rng, size), rng)

    def _rival(self, chosen: Stem, rng: np.random.Generator) -> np.ndarray:
        """Add a player of the instrument who does not sound like the first."""
        rows = self.cache.by_instrument[chosen.instrument]
        timbres = sorted({s.timbre for s in rows if s.family != chosen.family})
        timbres = timbres or sorted({s.timbre for s in rows} - {chosen.timbre})
        if not timbres:
            return np.zeros((2, self.config.n_frames), np.float32)
        return self._second(chosen, timbres[rng.integers(len(timbres))], rng)

    def _reference(
        self,
        chosen: Stem,
        window: tuple[int, int],
        any_timbre: bool,
        rng: np.random.Generator,
    ) -> np.ndarray:
        cfg = self.config
        size = cfg.reference_frames
        speed = window[1] / cfg.n_frames  # of one player, of one pitch
        rows = self.cache.by_timbre[chosen.instrument, chosen.timbre]
        if any_timbre:
            rows = self.cache.by_instrument[chosen.instrument]
        elsewhere = [s for s in rows if s.song != chosen.song]
        stem = elsewhere[rng.integers(len(elsewhere))] if elsewhere else chosen
        busy = window if stem is chosen else None
        sound = self._sounding(stem, round(size * speed), busy, rng)
        sound = varispeed(sound, size)
        if rng.random() < cfg.reference_changed:
            sound = augmented(sound, cfg.augmentation, rng)
            sound = sound * np.float32(10 ** (rng.uniform(-12, 6) / 20))
        elif len(sound) == 1:
            sound = np.repeat(sound, 2, axis=0)
        if rng.random() < cfg.reference_short:
            shortest = min(cfg.reference_shortest, size / SAMPLE_RATE)
            kept = round(rng.uniform(shortest, size / SAMPLE_RATE) * SAMPLE_RATE)
            # Keep a part that sounds, wherever it lies
            power = np.cumsum(np.square(sound).sum(axis=0))
            at = int(np.searchsorted(power, 0.3 * power[-1]))
            at = min(at, size - kept)
            sound = np.pad(sound[:, at : at + kept], ((0, 0), (0, size - kept)))
        return sound

    def _sounding(
        self,
        stem: Stem,
        size: int,
        busy: tuple[int, int] | None,
        rng: np.random.Generator,
    ) -> np.ndarray:
        """Return the loudest of some random parts, away from `busy` if possible."""
        last = max(stem.n_frames - size, 0)
        starts = [int(s) for s in rng.integers(last + 1, size=8)]
        if busy is not None:
            first, length = busy
            free = [s for s in starts if s + size <= first or s >= first + length]
            starts = free or starts
        for start in starts[:4]:
            sound = self.cache.read(stem, start, size)
            flat = sound.ravel()
            if np.dot(flat, flat) / flat.size > _SILENT_RMS**2:
                break
        return sound

    def _gain(self, mixture: np.ndarray, rng: np.random.Generator) -> np.float32:
        flat = mixture.ravel()
        rms = np.sqrt(np.dot(flat, flat) / flat.size)
        wanted = 10 ** (rng.uniform(self.config.lowest_db, self.config.highest_db) / 20)
        peak = float(np.abs(mixture).max())
        return np.float32(min(wanted / (rms + 1e-5), 0.98 / (peak + 1e-5)))


def _in_timbre(timbre: NewTimbre | None, sound: np.ndarray) -> np.ndarray:
    return timbre(sound) if timbre else sound


def _folded(sound: np.ndarray) -> np.ndarray:
    return np.repeat(sound.mean(axis=0, keepdims=True), 2, axis=0)
