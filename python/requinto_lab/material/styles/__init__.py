# SPDX-License-Identifier: GPL-3.0-or-later
"""Styles of music as data, one file each; our own writing."""

from __future__ import annotations

from requinto.errors import ConfigError
from requinto_lab.material.style import Style
from requinto_lab.material.styles.bachata import BACHATA
from requinto_lab.material.styles.ballad import BALLAD
from requinto_lab.material.styles.bembe import BEMBE
from requinto_lab.material.styles.bolero import BOLERO
from requinto_lab.material.styles.bossa import BOSSA
from requinto_lab.material.styles.cumbia import CUMBIA
from requinto_lab.material.styles.folk import FOLK
from requinto_lab.material.styles.funk import FUNK
from requinto_lab.material.styles.hard_rock import HARD_ROCK
from requinto_lab.material.styles.hip_hop import HIP_HOP
from requinto_lab.material.styles.house import HOUSE
from requinto_lab.material.styles.merengue import MERENGUE
from requinto_lab.material.styles.metal import METAL
from requinto_lab.material.styles.pop import POP
from requinto_lab.material.styles.reggae import REGGAE
from requinto_lab.material.styles.rock import ROCK
from requinto_lab.material.styles.salsa import SALSA
from requinto_lab.material.styles.slow_rock import SLOW_ROCK
from requinto_lab.material.styles.waltz import WALTZ

STYLES: dict[str, Style] = {
    style.name: style
    for style in (
        *(BACHATA, BOLERO, SALSA, MERENGUE, CUMBIA, BOSSA, REGGAE),
        *(ROCK, FUNK, HIP_HOP, HOUSE, FOLK, BALLAD, WALTZ),
        *(SLOW_ROCK, BEMBE),
    )
}
# Written later: not in `STYLES`, because test sets and beat material choose from it
# by order, and what they render must stay as it is
LATER_STYLES: dict[str, Style] = {
    style.name: style for style in (HARD_ROCK, METAL, POP)
}


def style(name: str) -> Style:
    """Return a style by name.

    Raises
    ------
    ConfigError
        If it is unknown.
    """
    styles = {**STYLES, **LATER_STYLES}
    if name not in styles:
        raise ConfigError(f"unknown style {name!r}; known are {', '.join(styles)}")
    return styles[name]
