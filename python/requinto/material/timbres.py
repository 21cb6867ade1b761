# SPDX-License-Identifier: GPL-3.0-or-later
"""Every timbre we can render, by instrument, family and split.

A family is a source of sound: a sound bank, a drum kit, or one synthesis model.
No family of an instrument is in two splits.  A timbre with a number after `~`
is the same source through its own fixed chain of effects.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from requinto.errors import ConfigError
from requinto.material import kits, rendering
from requinto.material.patterns import play
from requinto.material.rendering import (
    BONGO_KEYS,
    CONGA_KEYS,
    DRUM_KEYS,
    TIMBALE_KEYS,
    Keys,
)
from requinto.material.songs import Song, generator

BACHATA = ("guitar", "bass", "bongo", "guira")
LICENCES = {
    "fluid": "MIT (FluidR3_GM)",
    "tim": "GPL-2 (TimGM6mb)",
    "hand": "GPL-2 (Hydrogen, Gimme A Hand 1.0)",
    "strums": "CC-BY-3.0 (Hydrogen, belofilms_GuitarStrums)",
}
OWN_LICENCE = "GPL-3.0-or-later (synthesised by Requinto)"

Renderer = Callable[[Song, np.random.Generator], np.ndarray]


@dataclass(frozen=True)
class Timbre:
    """One sound of one instrument, that can play any song."""

    instrument: str
    family: str
    name: str
    split: str  # "train" or "validation"
    render_raw: Renderer

    @property
    def id(self) -> str:
        """Family and name, unique within an instrument."""
        return f"{self.family}:{self.name}"

    @property
    def licence(self) -> str:
        """Licence and source of what it is made from."""
        if self.family == "kits":
            return f"{kits.KITS[self.name]} (Hydrogen, {self.name})"
        return LICENCES.get(self.family, OWN_LICENCE)

    def render(self, song: Song) -> np.ndarray:
        """Return a song played with this timbre, shape `(n_channels, n_frames)`.

        The same song gives the same samples.
        """
        rng = generator(song.seed, self.instrument, self.id)
        sound = self.render_raw(song, rng)
        if "~" in self.name:
            sound = rendering.with_character(sound, f"{self.instrument}/{self.id}")
        return rendering.finished(sound, song)


@functools.cache
def timbres(split: str) -> dict[str, tuple[Timbre, ...]]:
    """Return all timbres of a split, by instrument."""
    makers = {"train": _train, "validation": _validation}
    if split not in makers:
        raise ConfigError(f"no timbres for split {split!r}; known are {list(makers)}")
    table: dict[str, list[Timbre]] = {}
    for timbre in makers[split]():
        table.setdefault(timbre.instrument, []).append(timbre)
    return {name: tuple(rows) for name, rows in table.items()}


def find(instrument: str, timbre_id: str) -> Timbre:
    """Return the timbre of an instrument with this id, in any split."""
    for split in ("train", "validation"):
        for timbre in timbres(split).get(instrument, ()):
            if timbre.id == timbre_id:
                return timbre
    raise ConfigError(f"no timbre {timbre_id!r} of {instrument!r}")


def _guitar_part(song: Song, rng: np.random.Generator) -> str:
    del song
    return str(rng.choice(("requinto", "segunda", "lead"), p=(0.55, 0.25, 0.2)))


# General MIDI presets, from 0
_GUITARS = {"nylon": 24, "steel": 25, "jazz": 26, "clean": 27, "muted": 28}
_BASSES = {
    "acoustic": 32,
    "finger": 33,
    "pick": 34,
    "fretless": 35,
    "slap": 36,
    "synth1": 38,
    "synth2": 39,
}
OTHERS: dict[str, dict[str, int]] = {
    "piano": {"grand": 0, "bright": 1, "electric": 4, "electric2": 5},
    "organ": {"drawbar": 16, "rock": 18, "church": 19},
    "accordion": {"accordion": 21, "bandoneon": 23, "harmonica": 22},
    "strings": {"ensemble": 48, "slow": 49, "violin": 40},
    "brass": {"trumpet": 56, "trombone": 57, "section": 61},
    "reed": {"alto": 65, "tenor": 66, "clarinet": 71},
    "flute": {"flute": 73, "pan": 75, "recorder": 74},
    "mallets": {"vibraphone": 11, "marimba": 12, "xylophone": 13},
    "lead": {"square": 80, "saw": 81},
    "pad": {"warm": 89, "fantasia": 88, "space": 91},
    "choir": {"aahs": 52, "oohs": 53, "synth": 54},
}
_SINGLE_VOICES = {"brass", "reed", "flute", "lead"}
_HELD = {"strings", "pad", "choir"}
_KITS = {"standard": 0, "room": 8, "power": 16, "808": 25, "jazz": 32, "brush": 40}


def _melodic(bank: str, program: int, part: str) -> Renderer:
    def render(song: Song, rng: np.random.Generator) -> np.ndarray:
        chosen = _guitar_part(song, rng) if part == "guitar" else part
        if part == "any":
            chosen = str(rng.choice(("comping", "lead", "pad")))
        return rendering.through_bank(bank, program, play(song, chosen), song)

    return render


def _struck(bank: str, kit: int, part: str, keys: Keys, semitones: float) -> Renderer:
    def render(song: Song, rng: np.random.Generator) -> np.ndarray:
        del rng
        notes = play(song, part)
        return rendering.through_kit(bank, kit, notes, keys, song, semitones)

    return render


def _string(model: str, name: str, part: str) -> Renderer:
    def render(song: Song, rng: np.random.Generator) -> np.ndarray:
        chosen = _guitar_part(song, rng) if part == "guitar" else part
        return rendering.through_string(model, name, play(song, chosen), song, rng)

    return render


def _modelled(model: str, name: str, part: str) -> Renderer:
    def render(song: Song, rng: np.random.Generator) -> np.ndarray:
        return rendering.through_model(model, name, play(song, part), song, rng)

    return render


def _hands(part: str, semitones: float) -> Renderer:
    def render(song: Song, rng: np.random.Generator) -> np.ndarray:
        return rendering.through_hands(part, play(song, part), song, semitones, rng)

    return render


def _held_tone(name: str, part: str, *, voice: bool) -> Renderer:
    def render(song: Song, rng: np.random.Generator) -> np.ndarray:
        notes = play(song, part)
        if voice:
            notes = [n._replace(pitch=n.pitch - 12) for n in notes]
        return rendering.through_tone(name, notes, song, rng, voice=voice)

    return render


def _recorded_kit(kit: str) -> Renderer:
    def render(song: Song, rng: np.random.Generator) -> np.ndarray:
        del rng
        return rendering.through_recorded_kit(kit, play(song, "drums"), song)

    return render


def _strummed(take: int) -> Renderer:
    def render(song: Song, rng: np.random.Generator) -> np.ndarray:
        return rendering.through_strums(take, song, rng)

    return render


def _versions(names: dict[str, int], n: int) -> list[tuple[str, int]]:
    """Each preset plain, then `n - 1` times through effects."""
    return [
        (name if i == 0 else f"{name}~{i}", program)
        for name, program in names.items()
        for i in range(n)
    ]


def _bank_timbres(bank: str, split: str, n: int) -> list[Timbre]:
    found = []
    for name, program in _versions(_GUITARS, n):
        render = _melodic(bank, program, "guitar")
        found.append(Timbre("guitar", bank, name, split, render))
    for name, program in _versions(_BASSES, max(n - 1, 1)):
        render = _melodic(bank, program, "bass")
        found.append(Timbre("bass", bank, name, split, render))
    for instrument, presets in OTHERS.items():
        part = "any"
        if instrument in _SINGLE_VOICES:
            part = "lead"
        elif instrument in _HELD:
            part = "pad"
        for name, program in presets.items():
            render = _melodic(bank, program, part)
            found.append(Timbre(instrument, bank, name, split, render))
    for name, kit in _KITS.items():
        render = _struck(bank, kit, "drums", DRUM_KEYS, 0)
        found.append(Timbre("drums", bank, name, split, render))

    rows: list[tuple[str, str, str, Keys]] = [
        ("bongo", "bongo", "bongo", BONGO_KEYS["bongo"]),
        ("bongo", "conga", "bongo", BONGO_KEYS["conga"]),
        ("conga", "conga", "conga", CONGA_KEYS),
        ("timbales", "timbales", "timbales", TIMBALE_KEYS),
    ]
    rows += [
        ("guira", name, "guira", keys) for name, keys in rendering.GUIRA_KEYS.items()
    ]
    for instrument, name, part, keys in rows:
        for i in range(2 * n if name == "bongo" else n):
            label = name if i == 0 else f"{name}~{i}"
            rng = generator(bank, instrument, label)
            up = 4.0 if (instrument, name) == ("bongo", "conga") else 0.0
            semitones = up + (float(rng.uniform(-3, 3)) if i else 0.0)
            render = _struck(bank, 0, part, keys, semitones)
            found.append(Timbre(instrument, bank, label, split, render))
    return found


def _train() -> list[Timbre]:
    found = _bank_timbres("fluid", "train", 3)
    for model, n_guitars, n_basses in (
        ("waveguide", 32, 24),
        ("partials", 24, 16),
        ("fm", 12, 0),
        ("subtractive", 0, 20),
    ):
        for part, n in (("guitar", n_guitars), ("bass", n_basses)):
            for i in range(n):
                name = f"{i:02d}" if i % 2 == 0 else f"{i:02d}~"
                render = _string(model, f"{part}-{i:02d}", part)
                found.append(Timbre(part, model, name, "train", render))
    for take in range(4):
        for label in (f"{take}", f"{take}~1"):
            found.append(Timbre("guitar", "strums", label, "train", _strummed(take)))
    for model, part, n in (
        ("membrane", "bongo", 36),
        ("ridges", "guira", 36),
        ("grains", "guira", 24),
    ):
        for i in range(n):
            name = f"{i:02d}" if i % 2 == 0 else f"{i:02d}~"
            render = _modelled(model, name, part)
            found.append(Timbre(part, model, name, "train", render))
    for i in range(24):
        instrument = ("lead", "pad", "organ")[i % 3]
        part = {"lead": "lead", "pad": "pad", "organ": "comping"}[instrument]
        render = _held_tone(f"{i:02d}", part, voice=False)
        found.append(Timbre(instrument, "tones", f"{i:02d}", "train", render))
    for i in range(16):
        render = _held_tone(f"voice-{i:02d}", "lead", voice=True)
        found.append(Timbre("voice", "formants", f"{i:02d}", "train", render))
    for kit in kits.KITS:
        found.append(Timbre("drums", "kits", kit, "train", _recorded_kit(kit)))
    for part, n in (("bongo", 8), ("guira", 4)):
        for i in range(n):
            name = f"{i:02d}" if i == 0 else f"{i:02d}~"
            shift = float(generator("hand", part, name).uniform(-4, 4)) if i else 0.0
            render = _hands(part, shift)
            found.append(Timbre(part, "hand", name, "train", render))
    return found


def _validation() -> list[Timbre]:
    found = _bank_timbres("tim", "validation", 2)
    for i in range(8):
        name = f"{i:02d}"
        for part in ("guitar", "bass"):
            render = _string("courses", f"{part}-{name}", part)
            found.append(Timbre(part, "courses", name, "validation", render))
        for model, part in (("sweep", "bongo"), ("noise", "guira")):
            render = _modelled(model, name, part)
            found.append(Timbre(part, model, name, "validation", render))
    return found
