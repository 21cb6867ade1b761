# SPDX-License-Identifier: GPL-3.0-or-later
"""What the build put beside this package: the plugin, and a table of its parameters."""

from __future__ import annotations

import functools
import json
import sys
from pathlib import Path
from typing import Literal, NamedTuple

from requinto.errors import PluginError, reason_of

_OTHERWISE = ("target", "learn")  # an argument of `preset`; a request, not a value
_NEEDS_BUILD = "the plugin is built by `pip install`"


class Parameter(NamedTuple):
    """A parameter of the plugin that a preset may hold."""

    name: str
    kind: Literal["list", "switch", "number"]
    range: tuple[float, float]  # of a number
    items: tuple[str, ...]  # of a list or a switch


class _Table(NamedTuple):
    """What `params.json` says."""

    parameters: dict[str, Parameter]
    max_reference_bytes: int
    learned_target: str


def parameters() -> dict[str, Parameter]:
    """Return the parameters that a preset may hold, by name.

    Raises
    ------
    PluginError
        If the plugin was not built with this package, or its table is damaged.
    """
    return _table().parameters


def max_reference_bytes() -> int:
    """Return how large a reference's file may be; raise as `parameters` does."""
    return _table().max_reference_bytes


def learned_target() -> str:
    """Return the target that a reference becomes; raise as `parameters` does."""
    return _table().learned_target


@functools.cache
def _table() -> _Table:
    """Return what the build wrote of the plugin's own table of parameters."""
    path = built_path("params.json")
    try:
        table = json.loads(path.read_text(encoding="utf-8"))
        return _Table(
            {
                row["key"]: Parameter(
                    *(row["key"], row["kind"], (row["min"], row["max"])),
                    tuple(row["labels"]),
                )
                for row in table["parameters"]
                if row["saved"] and row["key"] not in _OTHERWISE
            },
            int(table["max_reference_bytes"]),
            table["learned_target"],
        )
    except KeyError as error:
        raise PluginError(f"{path} lacks {error}: {_NEEDS_BUILD}") from error
    except (OSError, ValueError, TypeError, RecursionError) as error:
        raise PluginError(
            f"{path} cannot be read ({reason_of(error)}): {_NEEDS_BUILD}"
        ) from error


def built_path(name: str) -> Path:
    """Return what the build put beside this package, or raise `PluginError`."""
    package = Path(__file__).parent
    elsewhere = [Path(entry) / "requinto" / name for entry in sys.path]
    candidates = [package / name, *elsewhere]
    for path in candidates:
        if path.exists():
            return path.resolve()
    raise PluginError(
        f"{candidates[0]} is not there: {_NEEDS_BUILD}, not by running from the sources"
    )
