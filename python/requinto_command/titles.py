# SPDX-License-Identifier: GPL-3.0-or-later
"""Titles of instruments that no file system takes for one another."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence

from requinto_files.output_files import plain_name

REST, PLOT = "rest", "plot"  # in names of files that are no instrument's


def make_distinct(titles: Sequence[str], others: Iterable[str] = ()) -> list[str]:
    """Return titles with a number where one is there already.

    Parameters
    ----------
    titles : sequence of str
    others : iterable of str
        Titles that are there, beside `REST` and `PLOT`.
    """
    used = {plain_name(name) for name in (REST, PLOT, *others)}
    distinct = []
    for title in titles:
        numbered = (f"{title}-{i}" for i in itertools.count(2))
        name = next(
            name
            for name in itertools.chain((title,), numbered)
            if plain_name(name) not in used
        )
        used.add(plain_name(name))
        distinct.append(name)
    return distinct
