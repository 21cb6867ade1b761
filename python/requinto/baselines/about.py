# SPDX-License-Identifier: GPL-3.0-or-later
"""Where each trained system comes from, what it was made for, how ours differs."""

from __future__ import annotations

from typing import NamedTuple


class About(NamedTuple):
    """What a reader of the tables should know of a system."""

    task: str  # what it was made for, in our terms
    own_set: str  # the test set that asks for that
    source: str  # whom it follows
    reported: str  # what its authors say that it does
    differs: str  # where ours is another, and why


ABOUT: dict[str, About] = {}
