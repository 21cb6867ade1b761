# SPDX-License-Identifier: GPL-3.0-or-later
"""What a test set is: how its items are made, and how many there are."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

Row = dict[str, Any]  # arguments of `write_item`, and the item's `name`


class Question(NamedTuple):
    """One set: how an item of it is made, and how many there are."""

    make: Callable[..., Iterator[Row]]  # (split, index[, material]) -> items
    asks: str  # what for, to be read
    n_full: int  # songs
    n_quick: int
    splits: tuple[str, ...] = ("validation", "test")
    material: str = ""  # the option that names the folder it is cut from
