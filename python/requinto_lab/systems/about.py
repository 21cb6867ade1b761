# SPDX-License-Identifier: GPL-3.0-or-later
"""Where each trained system comes from, what it was made for, how ours differs."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from requinto.config import from_values, read_toml


@dataclass(frozen=True)
class About:
    """What a reader of the tables should know of a system."""

    source: str  # whom it follows
    differs: str  # where ours is another, and why
    task: str = ""  # what an earlier system was made for, in our terms
    own_set: str = ""  # the test set that asks for that
    reported: str = ""  # what its authors say that it does


def _read(place: Path) -> dict[str, About]:
    return {
        name: from_values(About, values, f"{place.name}: {name}")
        for name, values in read_toml(place).items()
    }


ABOUT = _read(Path(__file__).with_suffix(".toml"))
