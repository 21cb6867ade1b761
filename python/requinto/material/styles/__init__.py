# SPDX-License-Identifier: GPL-3.0-or-later
"""Styles of music as data, one file each; our own writing."""

from __future__ import annotations

from requinto.errors import ConfigError
from requinto.material.style import Style
from requinto.material.styles.bachata import BACHATA
from requinto.material.styles.ballad import BALLAD
from requinto.material.styles.bembe import BEMBE
from requinto.material.styles.bolero import BOLERO
from requinto.material.styles.bossa import BOSSA
from requinto.material.styles.cumbia import CUMBIA
from requinto.material.styles.folk import FOLK
from requinto.material.styles.funk import FUNK
from requinto.material.styles.hard_rock import HARD_ROCK
from requinto.material.styles.hip_hop import HIP_HOP
from requinto.material.styles.house import HOUSE
from requinto.material.styles.merengue import MERENGUE
from requinto.material.styles.metal import METAL
from requinto.material.styles.pop import POP
from requinto.material.styles.reggae import REGGAE
from requinto.material.styles.rock import ROCK
from requinto.material.styles.salsa import SALSA
from requinto.material.styles.slow_rock import SLOW_ROCK
from requinto.material.styles.waltz import WALTZ

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
