# SPDX-License-Identifier: GPL-3.0-or-later
"""The numbers that training mixes follow."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np

from requinto.errors import ConfigError
from requinto_lab.material.augmentation import AugmentationConfig
from requinto_lab.material.instruments import BACHATA
from requinto_lab.material.new_timbres import NewTimbreConfig
from requinto_lab.ranges import check_at_least, check_within
from requinto_lab.training.examples import ExampleConfig


@dataclass(frozen=True)
class MixingConfig(ExampleConfig):
    """Every number of the mixes; probabilities unless said otherwise."""

    n_targets: int = 2
    coherent: float = 0.5  # all stems from one song, in time with each other
    at_beat: float = 0.7  # the window begins on a beat
    bachata: float = 0.5  # the band plays bachata, else any instruments
    present: float = 0.8  # for each bachata instrument, in bachata
    others: float = 0.35  # for each of two further instruments, in bachata
    # For each bachata instrument to be the target; the harder, the more often
    target_weights: tuple[float, ...] = (0.5, 0.2, 0.18, 0.12)
    target_other: float = 0.2  # the target is one of these, when there is one
    min_players: int = 2  # outside bachata; uniform up to `max_players`
    max_players: int = 7
    absent: float = 0.08
    double: float = 0.06  # the target's timbre plays twice (requinto and segunda)
    rival: float = 0.12  # another timbre of the target's instrument plays too
    # For the rival to be alike instead: another part of the target's family, or its
    # own timbre in another register.  Only the part tells who is wanted
    alike: float = 0.0
    varispeed_semitones: float = 5.0
    level_db: float = 9.0  # uniform, around equal loudness
    dense: float = 0.0  # the mix is compressed, limited and clipped
    inaudible: float = 0.0  # an offset, or a line above 15 kHz, is in the mix alone
    # For each player to get a timbre that no library has, and its reference alike
    new_timbre: float = 0.7
    # Whoever plays the target's instrument is wanted, a rival too; the reference is of
    # any timbre of it
    by_name: float = 0.0
    # Mixes that each prepared part serves.  Above 1, mixes depend on those before them
    reuse: int = 1
    reference_changed: float = 0.5  # the reference has its own augmentation
    reference_shortest: float = 0.5  # seconds
    # For a reference of a pitched instrument to be moved by a fourth, fifth, octave,
    # twelfth or two octaves, up or down
    register: float = 0.0
    # For a reference to pass the very placement and effects of its player, as a bar
    # captured from the same mix does
    same_desk: float = 0.0
    augmentation: AugmentationConfig = field(default_factory=AugmentationConfig)
    timbres: NewTimbreConfig = field(default_factory=NewTimbreConfig)

    EARLIER_NAMES: ClassVar = {"fewest": "min_players", "most": "max_players"}

    def __post_init__(self) -> None:
        super().__post_init__()
        check_at_least(self, 1, "reuse")
        if len(self.target_weights) != len(BACHATA) or sum(self.target_weights) <= 0:
            raise ConfigError(f"target_weights needs {len(BACHATA)} shares")
        if not 1 <= self.min_players <= self.max_players:
            raise ConfigError("min_players must be 1 or more, max_players no less")
        shares = ("register", "same_desk", "alike", "dense", "inaudible")
        check_within(self, 0, 1, *shares)


def happens(share: float, rng: np.random.Generator) -> bool:
    """Return whether an event of some probability occurs; free where it cannot."""
    return share > 0 and bool(rng.random() < share)
