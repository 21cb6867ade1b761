# SPDX-License-Identifier: GPL-3.0-or-later
"""Which patch of ZynAddSubFX is which instrument."""

from __future__ import annotations

PATCHES: dict[str, dict[str, str]] = {}
