# SPDX-License-Identifier: GPL-3.0-or-later
"""Songs of held-out patterns and timbres as mixes with true stems."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from requinto.errors import ConfigError
from requinto_lab.evaluation.items import Row
from requinto_lab.material import splits
from requinto_lab.material.augmentation import AugmentationConfig, augment
from requinto_lab.material.finishing import active_power
from requinto_lab.material.loops import timing
from requinto_lab.material.patterns import play, players
from requinto_lab.material.songs import Note, Song, generator, plan_loop
from requinto_lab.material.soundfonts import SAMPLE_RATE
from requinto_lab.material.style import STYLES, Part
from requinto_lab.material.timbres import Timbre, timbres

REFERENCE_S = 3.0
_PANNED = AugmentationConfig.none(pan=0.4)  # on the desk: panned, not changed
_LEVEL_DB = 3.0  # stems lie within this of equal loudness
_PEAK = 0.9
_MAX_SILENT = 40  # loops in a row
# Compound time came later: the items of these sets are counted through the others
OTHER_STYLES = tuple(
    name for name, kind in STYLES.items() if name != "bachata" and not kind.compound
)


@dataclass(frozen=True)
class Voice:
    """One player of a song, with what is played."""

    part: Part
    timbre: Timbre
    song: Song  # whose notes; its timing is the arrangement's
    semitones: int = 0  # by which it plays higher than written

    @property
    def instrument(self) -> str:
        """What it is."""
        return self.timbre.instrument

    @property
    def label(self) -> str:
        """Style, seed and instrument, fit for a folder's name."""
        name = f"{self.song.style.name}-{self.song.seed}-{self.instrument}"
        return name.replace(" ", "-")

    def notes(self) -> list[Note]:
        """Return what it plays."""
        reader = self.part.instruments[0]
        if self.instrument in self.part.instruments:
            reader = self.instrument
        notes = play(self.song, self.part, reader)
        return [n._replace(pitch=n.pitch + self.semitones) for n in notes]

    def render(self) -> np.ndarray:
        """Return its stem, placed on the desk, shape `(2, n_frames)`."""
        song = self.song
        notes = self.notes()
        rng = generator(song.seed, "desk", self.part.name, self.timbre.id)
        level = np.float32(10 ** (rng.uniform(-_LEVEL_DB, _LEVEL_DB) / 20))
        return augment(self.timbre.render(notes, song), _PANNED, rng) * level

    def in_loop(self, seed: int) -> Voice:
        """Return the same player in another loop of the style, as fast."""
        loop = plan_loop(self.song.style, seed)
        loop = dataclasses.replace(loop, tempo_bpm=self.song.tempo_bpm)
        return dataclasses.replace(self, song=loop)

    def reference(self, seed: int) -> np.ndarray:
        """Return three seconds of its timbre from a loop of another seed.

        Of the next seed where the part is silent throughout that loop.
        """
        for loop_seed in range(seed, seed + _MAX_SILENT):
            stem = self.in_loop(loop_seed).render()
            if sounds(stem):
                return loudest_part(stem, round(REFERENCE_S * SAMPLE_RATE))
        raise ConfigError(f"{self.timbre.id} is silent wherever it plays")


def voices(song: Song, split: str, instruments: Iterable[str] = ()) -> Iterator[Voice]:
    """Yield the players of a song, each with a timbre of a split.

    Parameters
    ----------
    song : Song
    split : str
        "validation" or "test".
    instruments : iterable of str
        Only these, when given.
    """
    table = timbres(split)
    wanted = set(instruments)
    for part, instrument in players(song):
        if instrument in table and (not wanted or instrument in wanted):
            yield voice(song, split, part, instrument)


def voice(
    song: Song, split: str, part: Part, instrument: str, offset: int = 0
) -> Voice:
    """Return a player with a timbre of a split: a family first, then a timbre.

    Other numbers as `offset` choose other timbres.
    """
    rng = generator(song.seed, "timbre", part.name, instrument, offset)
    by_family: dict[str, list[Timbre]] = {}
    for timbre in timbres(split).get(instrument, ()):
        if timbre.manner in ("", part.manner):
            by_family.setdefault(timbre.family, []).append(timbre)
    if not by_family:
        raise ConfigError(f"the split {split!r} has no timbre of {instrument!r}")
    rows = by_family[str(rng.choice(sorted(by_family)))]
    return Voice(part, rows[int(rng.integers(len(rows)))], song)


def quartet(song: Song, split: str) -> list[Voice]:
    """Return the four players of a bachata that the thesis separates."""
    parts = {"requinto": "guitar", "bajo": "bass", "bongo": "bongo", "guira": "guira"}
    return [
        voice(song, split, song.style.part(part), instrument)
        for part, instrument in parts.items()
    ]


def mix_stems(stems: list[np.ndarray]) -> tuple[np.ndarray, np.float32]:
    """Return the sum of stems, and the gain that keeps it below full scale."""
    mixture = np.sum(stems, axis=0)
    gain = np.float32(_PEAK / max(float(np.abs(mixture).max()), _PEAK))
    return mixture * gain, gain


def item_row(
    name: str,
    chosen: Voice,
    stems: list[np.ndarray],
    target: np.ndarray,
    reference: np.ndarray,
    **about: Any,
) -> Row:
    """Return an item: a player's stem among all stems of a song; `about` is meta."""
    mixture, gain = mix_stems(stems)
    return {
        "name": name,
        "mixture": mixture,
        "target": target * gain,
        "reference": reference,
        "meta": {**meta(chosen.song, chosen), **about},
    }


def sounds(stem: np.ndarray) -> bool:
    """Whether a stem is louder than silence."""
    return active_power(stem) > 1e-6


def loudest_part(sound: np.ndarray, n_frames: int) -> np.ndarray:
    """Return the loudest part of a sound, from one of its quarter seconds."""
    if sound.shape[1] <= n_frames:
        return sound
    power = np.cumsum(np.square(sound, dtype=np.float64).sum(axis=0))
    starts = np.arange(0, sound.shape[1] - n_frames, SAMPLE_RATE // 4)
    best = int(starts[np.argmax(power[starts + n_frames - 1] - power[starts])])
    return sound[:, best : best + n_frames]


def meta(song: Song, chosen: Voice) -> dict[str, Any]:
    """Return what an item's `meta.json` says of its song and its target."""
    return {
        "instrument": chosen.instrument,
        "style": song.style.name,
        "seed": song.seed,
        "split": splits.split_of_seed(song.seed),
        "part": chosen.part.name,
        "timbre": chosen.timbre.id,
        "source": "requinto's own patterns and timbres",
        "licence": chosen.timbre.licence,
        **timing(song),
    }
