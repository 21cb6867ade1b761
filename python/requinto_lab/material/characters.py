# SPDX-License-Identifier: GPL-3.0-or-later
"""How notes of each class of instrument begin, last and shine.

The ranges of the imaginary instruments that synthesis models sample.
"""

from __future__ import annotations

from dataclasses import dataclass

from requinto.config import from_values
from requinto_lab.material.tables import read_table

Range = tuple[float, float]


@dataclass(frozen=True)
class Character:
    """Ranges for one class of instrument."""

    rise_s: Range  # attack; on a logarithmic scale
    fall_s: Range  # decay while held, to -60 dB; on a logarithmic scale
    roll_off: Range  # partial n has level n ** -roll_off
    odd: tuple[float, ...] = (0.0,)  # choices: share of even partials removed
    vibrato_cents: Range = (0.0, 0.0)
    detune_cents: tuple[float, ...] = (0.0,)  # choices, of a second oscillator
    breath: Range = (0.0, 0.02)  # noise beside the tone
    sweep: Range = (0.0, 2.0)  # how much the spectrum opens or shuts at the start
    follows_force: float = 0.5  # how much brighter loud notes are
    formants_hz: tuple[Range, ...] = ()  # resonances of a body


CHARACTERS: dict[str, Character] = {
    name: from_values(Character, values, name)
    for name, values in read_table("characters").items()
}
