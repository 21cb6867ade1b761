# SPDX-License-Identifier: GPL-3.0-or-later
"""Every timbre we can render, by instrument, family and split.

A family is a source of sound: a sound bank, a set of kits, or one synthesis
model; `splits.toml` gives each to a split.  A timbre with a number after `~` is
the same source through its own fixed chain of effects.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from requinto.errors import ConfigError
from requinto.material import kits, presets, rendering, splits
from requinto.material.finishing import finished, with_character
from requinto.material.instruments import UNSEEN
from requinto.material.rendering import Keys
from requinto.material.songs import Note, Song, generator

Renderer = Callable[[list[Note], Song, np.random.Generator], np.ndarray]


@dataclass(frozen=True)
class Timbre:
    """One sound of one instrument, that can play any notes written for it."""

    instrument: str
    family: str
    name: str
    render_raw: Renderer
    manner: str = ""  # of the only kind of part it can play; any when empty

    @property
    def id(self) -> str:
        """Family and name, unique within an instrument."""
        return f"{self.family}:{self.name}"

    @property
    def split(self) -> str:
        """Where it may be heard: "train", "validation" or "test"."""
        return splits.split_of_family(self.instrument, self.family)

    @property
    def licence(self) -> str:
        """Licence and source of what it is made from."""
        if self.family == "kits":
            return f"{kits.KITS[self.name.split('~')[0]]} (Hydrogen, {self.name})"
        return presets.LICENCES.get(self.family, presets.OWN_LICENCE)

    def render(self, notes: list[Note], song: Song) -> np.ndarray:
        """Return notes of a song as a stem, shape `(n_channels, n_frames)`.

        The same notes give the same samples.
        """
        rng = generator(song.seed, song.style.name, self.instrument, self.id)
        sound = self.render_raw(notes, song, rng)
        if "~" in self.name:
            sound = with_character(sound, f"{self.instrument}/{self.id}")
        return finished(sound, rendering.n_frames_of(song))


@functools.cache
def timbres(split: str) -> dict[str, tuple[Timbre, ...]]:
    """Return all timbres of a split, by instrument."""
    allowed = splits.families(split)
    table: dict[str, list[Timbre]] = {name: [] for name in allowed}
    for timbre in _all():
        if timbre.family in allowed.get(timbre.instrument, ()):
            table[timbre.instrument].append(timbre)
    return {name: tuple(rows) for name, rows in table.items() if rows}


def find(instrument: str, timbre_id: str) -> Timbre:
    """Return the timbre of an instrument with this id, in any split."""
    for timbre in _all():
        if (timbre.instrument, timbre.id) == (instrument, timbre_id):
            return timbre
    raise ConfigError(f"no timbre {timbre_id!r} of {instrument!r}")


@functools.cache
def _all() -> tuple[Timbre, ...]:
    found: list[Timbre] = []
    for bank, n_versions in (("fluid", 3), ("tim", 2), ("opl3", 1)):
        found += _of_bank(bank, n_versions)
    found += _of_models()
    found += _of_recordings()
    return tuple(found)


def _melodic(bank: str, program: int) -> Renderer:
    def render(notes: list[Note], song: Song, rng: np.random.Generator) -> np.ndarray:
        del rng
        return rendering.through_bank(bank, program, notes, song)

    return render


def _struck(bank: str, kit: int, keys: Keys, semitones: float) -> Renderer:
    def render(notes: list[Note], song: Song, rng: np.random.Generator) -> np.ndarray:
        del rng
        return rendering.through_kit(bank, kit, notes, keys, song, semitones)

    return render


def _modelled(model: str, name: str, instrument: str) -> Renderer:
    def render(notes: list[Note], song: Song, rng: np.random.Generator) -> np.ndarray:
        return rendering.through_model(model, name, instrument, notes, song, rng)

    return render


def _hands(instrument: str, semitones: float) -> Renderer:
    def render(notes: list[Note], song: Song, rng: np.random.Generator) -> np.ndarray:
        return rendering.through_hands(instrument, notes, song, semitones, rng)

    return render


def _recorded_kit(kit: str) -> Renderer:
    def render(notes: list[Note], song: Song, rng: np.random.Generator) -> np.ndarray:
        del rng
        return rendering.through_recorded_kit(kit, notes, song)

    return render


def _strummed(take: int) -> Renderer:
    def render(notes: list[Note], song: Song, rng: np.random.Generator) -> np.ndarray:
        return rendering.through_strums(take, notes, song, rng)

    return render


def _versions(name: str, n: int) -> Iterator[str]:
    """Yield a name plain, then `n - 1` times for effects."""
    yield name
    for i in range(1, n):
        yield f"{name}~{i}"


def _of_bank(bank: str, n_versions: int) -> Iterator[Timbre]:
    for instrument, programs in presets.PROGRAMS.items():
        for name, program in programs.items():
            for label in _versions(name, 1 if instrument in UNSEEN else n_versions):
                yield Timbre(instrument, bank, label, _melodic(bank, program))
    for name, kit in presets.KITS.items():
        if bank == "opl3" and kit:
            continue  # it has one kit
        for label in _versions(name, n_versions):
            render = _struck(bank, kit, presets.DRUM_KEYS, 0)
            yield Timbre("drums", bank, label, render)
    for instrument, sets in presets.STRUCK.items():
        for name, keys in sets.items():
            more = 2 if instrument == name == "bongo" else 1
            for label in _versions(name, more * n_versions):
                rng = generator(bank, instrument, label)
                up = 4.0 if (instrument, name) == ("bongo", "conga") else 0.0
                semitones = up + (float(rng.uniform(-3, 3)) if "~" in label else 0.0)
                render = _struck(bank, 0, keys, semitones)
                yield Timbre(instrument, bank, label, render)


def _of_models() -> Iterator[Timbre]:
    for model, counts in presets.MODEL_TIMBRES.items():
        for instrument, n in counts.items():
            for i in range(n):
                plain = i % 2 == 0 or model in presets.ALWAYS_PLAIN
                label = f"{i:02d}" if plain else f"{i:02d}~"
                render = _modelled(model, f"{i:02d}", instrument)
                yield Timbre(instrument, model, label, render)


def _of_recordings() -> Iterator[Timbre]:
    for take in range(4):
        for label in _versions(f"{take}", 2):
            yield Timbre("guitar", "strums", label, _strummed(take), "strum")
    for kit in kits.KITS:
        for label in _versions(kit, 2):
            yield Timbre("drums", "kits", label, _recorded_kit(kit))
    for kit in kits.WITH_TIMBALES:
        yield Timbre("timbales", "kits", kit, _recorded_kit(kit))
    for instrument, n in (("bongo", 8), ("conga", 4), ("guira", 4), ("maracas", 4)):
        low = -7.0 if instrument == "conga" else 0.0
        for i in range(n):
            label = f"{i:02d}" if i == 0 else f"{i:02d}~"
            rng = generator("hand", instrument, label)
            shift = low + (float(rng.uniform(-4, 4)) if i else 0.0)
            yield Timbre(instrument, "hand", label, _hands(instrument, shift))
