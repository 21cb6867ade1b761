# SPDX-License-Identifier: GPL-3.0-or-later
"""The instruments that parts are written for: `instruments.toml`."""

from __future__ import annotations

from requinto_lab.material.tables import read_table

_TABLE = read_table("instruments")

BACHATA: tuple[str, ...] = _TABLE["bachata"]
PERCUSSION: tuple[str, ...] = _TABLE["percussion"]
MELODIC: tuple[str, ...] = _TABLE["melodic"]
INSTRUMENTS = (*MELODIC, *PERCUSSION)
# Whole classes that no network is trained on, by the split that has them
UNSEEN: dict[str, tuple[str, ...]] = _TABLE["unseen"]
RANGES: dict[str, tuple[int, int]] = _TABLE["ranges"]  # MIDI notes of a part
STROKES: dict[str, dict[str, tuple[str, float]]] = _TABLE["strokes"]
