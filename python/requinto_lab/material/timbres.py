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
from typing import Any

import numpy as np

from requinto.errors import ConfigError
from requinto_lab.material import (
    drum_machines,
    freepats,
    kits,
    presets,
    recorded,
    rendering,
    singers,
    soundfonts,
    splits,
    zyn,
)
from requinto_lab.material.finishing import finish, with_character
from requinto_lab.material.instruments import UNSEEN
from requinto_lab.material.sampler import StrokeSet
from requinto_lab.material.songs import Note, Song, generator
from requinto_lab.material.soundfonts import FrameNotes

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
        """Where it may be used: "train", "validation" or "test"."""
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
        return finish(sound, rendering.n_frames_of(song))


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
    rows: list[Timbre] = []
    for bank, n_versions in (("fluid", 3), ("tim", 2), ("opl3", 1), ("freepats", 1)):
        rows += _of_bank(bank, n_versions)
    rows += _of_models()
    rows += _of_recordings()
    rows += _of_kits()
    for instrument, patches in zyn.PATCHES.items():
        for patch in patches:
            play = functools.partial(zyn.render, instrument, patch)
            render = _renderer(rendering.through_notes, play)
            rows += [Timbre(instrument, "zyn", n, render) for n in _versions(patch, 2)]
    for voice in singers.VOICES:
        rows.append(Timbre("voice", "singers", voice, functools.partial(_sing, voice)))
    return tuple(rows)


def _play_bank(
    bank: str, program: int, drums: bool, notes: FrameNotes, n_frames: int
) -> np.ndarray:
    render = freepats.render if bank == "freepats" else soundfonts.bank(bank).render
    return render(notes, n_frames, program, drums=drums)


def _sing(
    voice: str, notes: list[Note], song: Song, rng: np.random.Generator
) -> np.ndarray:
    sing = functools.partial(singers.sing, voice=voice, rng=rng)
    return rendering.through_notes(sing, notes, song)


def _play_sample(
    instrument: str, name: str, notes: FrameNotes, n_frames: int
) -> np.ndarray:
    return recorded.sonic_pi_notes(instrument, name).render(notes, n_frames)


def _renderer(through: Callable[..., np.ndarray], *source: Any) -> Renderer:
    """Return how a source without chance of its own renders."""
    return lambda notes, song, _: through(*source, notes, song)


def _stroke_renderer(kit: Callable[[], StrokeSet]) -> Renderer:
    return lambda notes, song, _: rendering.through_strokes(kit(), notes, song)


def _versions(name: str, n: int) -> Iterator[str]:
    """Yield a name plain, then `n - 1` times for effects."""
    yield name
    for i in range(1, n):
        yield f"{name}~{i}"


def _of_bank(bank: str, n_versions: int) -> Iterator[Timbre]:
    unseen = {name for names in UNSEEN.values() for name in names}
    for instrument, programs in presets.PROGRAMS.items():
        for name, program in programs.items():
            if bank == "freepats" and program not in presets.FREEPATS:
                continue
            play = functools.partial(_play_bank, bank, program, False)
            render = _renderer(rendering.through_notes, play)
            for label in _versions(name, 1 if instrument in unseen else n_versions):
                yield Timbre(instrument, bank, label, render)
    for name, kit in presets.KITS.items():
        if bank in ("opl3", "freepats") and kit:
            continue  # they have one kit
        play = functools.partial(_play_bank, bank, kit, True)
        render = _renderer(rendering.through_kit, play, presets.DRUM_KEYS, 0)
        for label in _versions(name, n_versions):
            yield Timbre("drums", bank, label, render)
    play = functools.partial(_play_bank, bank, 0, True)
    for instrument, sets in presets.STRUCK.items():
        for name, keys in sets.items():
            if bank == "freepats" and name in presets.NOT_IN_FREEPATS:
                continue
            more = 2 if instrument == name == "bongo" else 1
            for label in _versions(name, more * n_versions):
                rng = generator(bank, instrument, label)
                up = 4.0 if (instrument, name) == ("bongo", "conga") else 0.0
                semitones = up + (float(rng.uniform(-3, 3)) if "~" in label else 0.0)
                render = _renderer(rendering.through_kit, play, keys, semitones)
                yield Timbre(instrument, bank, label, render)


def _of_models() -> Iterator[Timbre]:
    for model, counts in presets.MODEL_TIMBRES.items():
        for instrument, n in counts.items():
            for i in range(n):
                plain = i % 2 == 0 or model in presets.ALWAYS_PLAIN
                label = f"{i:02d}" if plain else f"{i:02d}~"
                source = (model, f"{i:02d}", instrument)
                render = functools.partial(rendering.through_model, *source)
                yield Timbre(instrument, model, label, render)


def _of_kits() -> Iterator[Timbre]:
    for instrument, machines in drum_machines.KITS.items():
        for name in machines:
            make = functools.partial(drum_machines.kit, instrument, name)
            for label in _versions(name, 2):
                yield Timbre(instrument, "machines", label, _stroke_renderer(make))
    for name in recorded.AVL_BANKS:
        make = functools.partial(recorded.avl_kit, name)
        for label in _versions(name, 3):
            yield Timbre("drums", "avl", label, _stroke_renderer(make))
    for name in recorded.SONIC_PI["drums"]:
        make = functools.partial(recorded.sonic_pi_kit, "drums", name)
        for label in _versions(name, 2):
            yield Timbre("drums", "sonic-pi", label, _stroke_renderer(make))
    for instrument, names in recorded.SONIC_PI_NOTES.items():
        for name in names:
            play = functools.partial(_play_sample, instrument, name)
            render = _renderer(rendering.through_notes, play)
            yield Timbre(instrument, "sonic-pi", name, render)
    for instrument, name in (("drums", "cajon"), ("maracas", "tambourine")):
        make = functools.partial(recorded.hand_kit, name)
        for label in _versions(name, 2):
            yield Timbre(instrument, "hand", label, _stroke_renderer(make))


def _of_recordings() -> Iterator[Timbre]:
    for take in range(4):
        for label in _versions(f"{take}", 2):
            render: Renderer = functools.partial(rendering.through_strums, take)
            yield Timbre("guitar", "strums", label, render, "strum")
    for kit in kits.KITS:
        render = _renderer(rendering.through_recorded_kit, kit)
        for label in _versions(kit, 2):
            yield Timbre("drums", "kits", label, render)
    for kit in kits.WITH_TIMBALES:
        render = _renderer(rendering.through_recorded_kit, kit)
        yield Timbre("timbales", "kits", kit, render)
    for instrument, n in (("bongo", 8), ("conga", 4), ("guira", 4), ("maracas", 4)):
        low = -7.0 if instrument == "conga" else 0.0
        for i in range(n):
            label = f"{i:02d}" if i == 0 else f"{i:02d}~"
            rng = generator("hand", instrument, label)
            shift = low + (float(rng.uniform(-4, 4)) if i else 0.0)
            render = functools.partial(rendering.through_hands, instrument, shift)
            yield Timbre(instrument, "hand", label, render)
