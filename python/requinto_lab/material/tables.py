# SPDX-License-Identifier: GPL-3.0-or-later
"""Read tables: what is data stands in TOML beside the code."""

from __future__ import annotations

from pathlib import Path
from typing import Any, TypeVar

from requinto.config import read_toml
from requinto.errors import ConfigError

_T = TypeVar("_T")


def read_table(name: str, beside: str = __file__) -> dict[str, Any]:
    """Return the table `name`.toml beside a file, its lists as tuples.

    Raises
    ------
    ConfigError
        If it cannot be read.
    """
    table: dict[str, Any] = _freeze(read_toml(Path(beside).parent / f"{name}.toml"))
    return table


def look_up(table: dict[str, _T], name: str, wrong: str) -> _T:
    """Return an entry; else raise `ConfigError`, "WRONG 'NAME'; known are ..."."""
    if name not in table:
        raise ConfigError(f"{wrong} {name!r}; known are {', '.join(table)}")
    return table[name]


def _freeze(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _freeze(inner) for key, inner in value.items()}
    return tuple(map(_freeze, value)) if isinstance(value, list) else value
