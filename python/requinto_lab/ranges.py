# SPDX-License-Identifier: GPL-3.0-or-later
"""Check the numbers of configurations."""

from __future__ import annotations

from typing import Any

from requinto.errors import ConfigError


def check_at_least(config: Any, low: float, *names: str) -> None:
    """Raise `ConfigError` where one of some fields is below `low`."""
    for name in names:
        if (value := getattr(config, name)) < low:
            raise ConfigError(f"{name} must be {low} or more, got {value}")


def check_within(config: Any, low: float, high: float, *names: str) -> None:
    """Raise `ConfigError` where one of some fields is not from `low` to `high`."""
    for name in names:
        if not low <= (value := getattr(config, name)) <= high:
            raise ConfigError(f"{name} must be in [{low}, {high}], got {value}")
