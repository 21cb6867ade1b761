# SPDX-License-Identifier: GPL-3.0-or-later
"""All sources of examples of a run, as one: each in its share of mixtures."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

import numpy as np

from requinto.errors import ConfigError
from requinto_lab.training.examples import Example, ExampleGenerator, gain_to
from requinto_lab.training.mixing import MixGenerator
from requinto_lab.training.mixing_config import MixingConfig
from requinto_lab.training.recorded_pairs import RecordedPairs, RecordedPairsConfig
from requinto_lab.training.song_stems import SongStems, SongStemsConfig

_LOUDEST_SONG_DB = 12.0  # of a recorded song, beside the band that plays over it
_FAINTEST_SONG_DB = -5.0


@dataclass(frozen=True)
class MaterialConfig:
    """Where material is, and how much of each kind a run is shown."""

    recorded: str = ""  # folder of recorded songs
    songs: tuple[str, ...] = ()  # libraries whose songs are mixed as they are
    bands: float = 1.0  # share of mixtures: rendered bands, as `mixing` says
    bands_over_songs: float = 0.0  # small rendered bands over recorded songs
    recorded_pairs: float = 0.0  # recorded songs over each other
    song_stems: float = 0.0  # songs of `songs`, by part
    max_players_over_songs: int = 3  # over a recorded song
    pairs: RecordedPairsConfig = field(default_factory=RecordedPairsConfig)
    stems: SongStemsConfig = field(default_factory=SongStemsConfig)

    EARLIER_NAMES: ClassVar = {"most_over_songs": "max_players_over_songs"}

    def __post_init__(self) -> None:
        shares = self.shares
        if min(shares) < 0 or sum(shares) <= 0:
            raise ConfigError(f"shares must be 0 or more, and not all 0; got {shares}")
        if self.bands_over_songs + self.recorded_pairs and not self.recorded:
            raise ConfigError("recorded songs have shares: name their folder, recorded")
        if self.song_stems and not self.songs:
            raise ConfigError("song_stems has a share: name the folders, songs")

    @property
    def shares(self) -> tuple[float, float, float, float]:
        """Of the four kinds, in the order of the fields."""
        return (
            self.bands,
            self.bands_over_songs,
            self.recorded_pairs,
            self.song_stems,
        )


@dataclass(frozen=True)
class Blend:
    """Generators as one, each in its share."""

    generators: Sequence[ExampleGenerator]
    shares: Sequence[float]  # of all mixtures, in any unit

    def examples(self, rng: np.random.Generator) -> list[Example]:
        """Return examples that share a mixture, of one of the generators."""
        edges = np.cumsum(self.shares) / np.sum(self.shares)
        index = int(np.searchsorted(edges, rng.random(), side="right"))
        return self.generators[min(index, len(self.generators) - 1)].examples(rng)


@dataclass(frozen=True)
class OverSongs:
    """Rendered bands over recorded songs, of which nobody asks for anything."""

    bands: ExampleGenerator
    songs: RecordedPairs

    def examples(self, rng: np.random.Generator) -> list[Example]:
        """Return examples of a band, in a mixture with a song."""
        config = self.songs.config
        examples = self.bands.examples(rng)
        band = examples[0].mixture
        song = self.songs.excerpt(rng, band.shape[1])
        level_db = rng.uniform(_FAINTEST_SONG_DB, _LOUDEST_SONG_DB)
        loudness = np.sqrt(np.square(band).mean() / (np.square(song).mean() + 1e-12))
        mixture = band + song * np.float32(loudness * 10 ** (level_db / 20))
        gain = gain_to(mixture, rng.uniform(config.lowest_db, config.highest_db))
        mixture = mixture * gain
        return [e._replace(mixture=mixture, target=e.target * gain) for e in examples]


def build_generator(
    loops: str | Sequence[str],
    mixing: MixingConfig,
    material: MaterialConfig,
    *,
    split: str,
) -> tuple[ExampleGenerator, dict[str, str]]:
    """Return what a run is shown, and the checksum of each library that it uses.

    Parameters
    ----------
    loops : str or sequence of str
        Libraries of which bands are made.
    mixing : MixingConfig
    material : MaterialConfig
    split : str
        "train" or "validation".

    Raises
    ------
    AudioFileError
        If a library that has a share holds nothing of the split.
    """
    bands, over, pairs, stems = material.shares
    generators: list[tuple[ExampleGenerator, float]] = []
    checksums = {}
    if bands:
        band = MixGenerator(loops, mixing, split=split)
        generators.append((band, bands))
        checksums["loops"] = band.library.checksum
    if over or pairs:
        songs = RecordedPairs(Path(material.recorded), material.pairs, split=split)
        generators.append((songs, pairs))
        checksums["recorded"] = songs.library.checksum
    if over:
        few = dataclasses.replace(mixing, max_players=material.max_players_over_songs)
        small = MixGenerator(loops, few, split=split)
        generators.append((OverSongs(small, songs), over))
    if stems:
        parts = SongStems(material.songs, material.stems, split=split)
        generators.append((parts, stems))
        checksums["songs"] = parts.library.checksum
    chosen, shares = zip(*[(g, share) for g, share in generators if share], strict=True)
    return Blend(chosen, shares), checksums
