# SPDX-License-Identifier: GPL-3.0-or-later
"""Which preset, key or model is which instrument; and under what licence."""

from __future__ import annotations

from requinto_lab.material.rendering import Keys
from requinto_lab.material.tables import read_table

_TABLE = read_table("presets")

OWN_LICENCE = "GPL-3.0-or-later (synthesised by Requinto)"
LICENCES: dict[str, str] = _TABLE["licences"]  # by family
PROGRAMS: dict[str, dict[str, int]] = _TABLE["programs"]
FREEPATS: frozenset[int] = frozenset(_TABLE["freepats"])
NOT_IN_FREEPATS: tuple[str, ...] = _TABLE["not_in_freepats"]
KITS: dict[str, int] = _TABLE["kits"]
DRUM_KEYS: Keys = _TABLE["drum_keys"]
STRUCK: dict[str, dict[str, Keys]] = _TABLE["struck"]
MODEL_TIMBRES: dict[str, dict[str, int]] = _TABLE["model_timbres"]
ALWAYS_PLAIN: tuple[str, ...] = _TABLE["always_plain"]
