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
from requinto_lab.material.rendering import Keys
from requinto_lab.material.sampler import StrokeSet
from requinto_lab.material.songs import Note, Song, generator

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
            for label in _versions(patch, 2):
                rows.append(
                    Timbre(instrument, "zyn", label, _zyn_renderer(instrument, patch))
                )
    for voice in singers.VOICES:
        rows.append(Timbre("voice", "singers", voice, _singer_renderer(voice)))
    return tuple(rows)


def _bank_player(
    bank: str, program: int, *, drums: bool = False
) -> rendering.RenderNotes:
    if bank == "freepats":
        return functools.partial(freepats.render, program=program, drums=drums)
    loaded = soundfonts.bank(bank)
    return functools.partial(loaded.render, program=program, drums=drums)


def _bank_renderer(bank: str, program: int) -> Renderer:
    return lambda notes, song, _: rendering.through_notes(
        _bank_player(bank, program), notes, song
    )


def _kit_renderer(bank: str, kit: int, keys: Keys, semitones: float) -> Renderer:
    return lambda notes, song, _: rendering.through_kit(
        _bank_player(bank, kit, drums=True), notes, keys, song, semitones
    )


def _zyn_renderer(instrument: str, patch: str) -> Renderer:
    play = functools.partial(zyn.render, instrument, patch)
    return lambda notes, song, _: rendering.through_notes(play, notes, song)


def _singer_renderer(voice: str) -> Renderer:
    return lambda notes, song, rng: rendering.through_notes(
        functools.partial(singers.sing, voice=voice, rng=rng), notes, song
    )


def _sample_renderer(instrument: str, name: str) -> Renderer:
    return lambda notes, song, _: rendering.through_notes(
        recorded.sonic_pi_notes(instrument, name).render, notes, song
    )


def _stroke_renderer(kit: Callable[[], StrokeSet]) -> Renderer:
    return lambda notes, song, _: rendering.through_strokes(kit(), notes, song)


def _model_renderer(model: str, name: str, instrument: str) -> Renderer:
    return functools.partial(rendering.through_model, model, name, instrument)


def _hand_renderer(instrument: str, semitones: float) -> Renderer:
    return lambda notes, song, rng: rendering.through_hands(
        instrument, notes, song, semitones, rng
    )


def _recorded_kit_renderer(kit: str) -> Renderer:
    return lambda notes, song, _: rendering.through_recorded_kit(kit, notes, song)


def _strum_renderer(take: int) -> Renderer:
    return functools.partial(rendering.through_strums, take)


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
            for label in _versions(name, 1 if instrument in unseen else n_versions):
                yield Timbre(instrument, bank, label, _bank_renderer(bank, program))
    for name, kit in presets.KITS.items():
        if bank in ("opl3", "freepats") and kit:
            continue  # they have one kit
        for label in _versions(name, n_versions):
            render = _kit_renderer(bank, kit, presets.DRUM_KEYS, 0)
            yield Timbre("drums", bank, label, render)
    for instrument, sets in presets.STRUCK.items():
        for name, keys in sets.items():
            if bank == "freepats" and name in presets.NOT_IN_FREEPATS:
                continue
            more = 2 if instrument == name == "bongo" else 1
            for label in _versions(name, more * n_versions):
                rng = generator(bank, instrument, label)
                up = 4.0 if (instrument, name) == ("bongo", "conga") else 0.0
                semitones = up + (float(rng.uniform(-3, 3)) if "~" in label else 0.0)
                render = _kit_renderer(bank, 0, keys, semitones)
                yield Timbre(instrument, bank, label, render)


def _of_models() -> Iterator[Timbre]:
    for model, counts in presets.MODEL_TIMBRES.items():
        for instrument, n in counts.items():
            for i in range(n):
                plain = i % 2 == 0 or model in presets.ALWAYS_PLAIN
                label = f"{i:02d}" if plain else f"{i:02d}~"
                render = _model_renderer(model, f"{i:02d}", instrument)
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
            yield Timbre(
                instrument, "sonic-pi", name, _sample_renderer(instrument, name)
            )
    for instrument, name in (("drums", "cajon"), ("maracas", "tambourine")):
        make = functools.partial(recorded.hand_kit, name)
        for label in _versions(name, 2):
            yield Timbre(instrument, "hand", label, _stroke_renderer(make))


def _of_recordings() -> Iterator[Timbre]:
    for take in range(4):
        for label in _versions(f"{take}", 2):
            yield Timbre("guitar", "strums", label, _strum_renderer(take), "strum")
    for kit in kits.KITS:
        for label in _versions(kit, 2):
            yield Timbre("drums", "kits", label, _recorded_kit_renderer(kit))
    for kit in kits.WITH_TIMBALES:
        yield Timbre("timbales", "kits", kit, _recorded_kit_renderer(kit))
    for instrument, n in (("bongo", 8), ("conga", 4), ("guira", 4), ("maracas", 4)):
        low = -7.0 if instrument == "conga" else 0.0
        for i in range(n):
            label = f"{i:02d}" if i == 0 else f"{i:02d}~"
            rng = generator("hand", instrument, label)
            shift = low + (float(rng.uniform(-4, 4)) if i else 0.0)
            yield Timbre(instrument, "hand", label, _hand_renderer(instrument, shift))
