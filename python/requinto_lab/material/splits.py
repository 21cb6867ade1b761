# SPDX-License-Identifier: GPL-3.0-or-later
"""What belongs to training, validation and test, as `splits.toml` fixes it."""

from __future__ import annotations

from requinto.errors import ConfigError
from requinto_lab.material.tables import read_table

SPLITS = ("train", "validation", "test")
_TABLE = read_table("splits")


def seeds(split: str) -> range:
    """Return the pattern seeds of a split.

    Raises
    ------
    ConfigError
        If there is no such split.
    """
    first, last = _TABLE["seeds"][_check(split)]
    return range(first, last + 1)


def split_of_seed(seed: int) -> str:
    """Return the split a pattern seed belongs to, or raise `ConfigError`."""
    for split in SPLITS:
        if seed in seeds(split):
            return split
    raise ConfigError(f"pattern seed {seed} is in no split")


def families(split: str) -> dict[str, tuple[str, ...]]:
    """Return the families of timbres of each instrument of a split."""
    return dict(_TABLE["families"][_check(split)])


def recorded_notes(split: str) -> dict[str, tuple[str, ...]]:
    """Return the libraries of recorded notes of each instrument of a split."""
    return dict(_TABLE["recorded_notes"].get(_check(split), {}))


def split_of_family(instrument: str, family: str) -> str:
    """Return the split of an instrument's family, or raise `ConfigError`."""
    for split in SPLITS:
        known = families(split).get(instrument, ())
        if family in (*known, *recorded_notes(split).get(instrument, ())):
            return split
    raise ConfigError(f"family {family!r} of {instrument!r} is in no split")


def _check(split: str) -> str:
    if split not in SPLITS:
        raise ConfigError(f"unknown split {split!r}; known are {', '.join(SPLITS)}")
    return split
