# SPDX-License-Identifier: GPL-3.0-or-later
"""How notes of each class of instrument begin, last and shine.

The ranges within which the synthesis models draw their imaginary instruments.
"""

from __future__ import annotations

from dataclasses import dataclass

Range = tuple[float, float]


@dataclass(frozen=True)
class Character:
    """Ranges for one class of instrument."""

    rise_s: Range  # attack; drawn on a logarithmic scale
    fall_s: Range  # decay while held, to -60 dB; drawn on a logarithmic scale
    roll_off: Range  # partial n has level n ** -roll_off
    odd: tuple[float, ...] = (0.0,)  # choices: share of even partials removed
    vibrato_cents: Range = (0.0, 0.0)
    detune_cents: tuple[float, ...] = (0.0,)  # choices, of a second oscillator
    breath: Range = (0.0, 0.02)  # noise beside the tone
    sweep: Range = (0.0, 2.0)  # how much the spectrum opens or shuts at the start
    follows_force: float = 0.5  # how much brighter loud notes are
    formants_hz: tuple[Range, ...] = ()  # resonances of a body


CHARACTERS: dict[str, Character] = {
    "piano": Character(
        (0.001, 0.006), (1.5, 9), (1.0, 2.2), sweep=(0, 1), detune_cents=(0, 1, 3)
    ),
    "organ": Character(
        (0.004, 0.03), (20, 60), (0.3, 1.5), (0.0, 0.7, 1.0), (0, 25), (0.0, 5.0)
    ),
    "accordion": Character(
        *((0.02, 0.08), (20, 60), (0.5, 1.1)),
        vibrato_cents=(0, 8),
        detune_cents=(4, 8, 14, 20),
        breath=(0.005, 0.03),
        formants_hz=((500, 1100), (1800, 3200)),
    ),
    "strings": Character(
        *((0.04, 0.25), (15, 40), (0.8, 1.3)),
        vibrato_cents=(5, 30),
        detune_cents=(0, 6, 10, 14),
        breath=(0.005, 0.04),
        formants_hz=((250, 500), (900, 1600), (2200, 3500)),
    ),
    "brass": Character(
        *((0.015, 0.07), (15, 40), (0.6, 1.2)),
        vibrato_cents=(0, 20),
        sweep=(1.5, 4),
        follows_force=1.4,
        formants_hz=((900, 1500),),
    ),
    "reed": Character(
        *((0.01, 0.05), (15, 40), (0.7, 1.4), (0.0, 0.5, 0.85)),
        vibrato_cents=(0, 25),
        breath=(0.01, 0.05),
        formants_hz=((700, 1300), (2300, 3300)),
    ),
    "flute": Character(
        *((0.03, 0.12), (15, 40), (1.8, 3.0)),
        vibrato_cents=(5, 25),
        breath=(0.03, 0.15),
    ),
    "mallets": Character((0.001, 0.003), (0.3, 4), (1.5, 3.0), sweep=(0, 1)),
    "lead": Character(
        *((0.003, 0.06), (4, 40), (0.6, 1.6), (0.0, 0.0, 1.0)),
        vibrato_cents=(0, 35),
        detune_cents=(0, 0, 5, 12),
        sweep=(0, 3),
    ),
    "pad": Character(
        *((0.1, 0.7), (10, 60), (0.7, 1.8), (0.0, 0.0, 0.6)),
        vibrato_cents=(0, 10),
        detune_cents=(5, 9, 15, 20),
        sweep=(0, 3),
    ),
    "voice": Character(
        *((0.03, 0.09), (20, 40), (0.9, 1.4)),
        vibrato_cents=(15, 60),
        breath=(0.01, 0.08),
    ),
}
