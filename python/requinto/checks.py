# SPDX-License-Identifier: GPL-3.0-or-later
"""Check single values at the public door, and show them in errors."""

from __future__ import annotations

import numbers
from collections.abc import Iterable
from typing import Any, TypeGuard

import numpy as np

from requinto.errors import RequintoError

_SHOWN = 60  # characters of a value in an error


def is_number(value: Any) -> TypeGuard[float]:
    """Return whether a value is a real number; arrays and booleans are none."""
    return isinstance(value, numbers.Real) and not isinstance(value, (bool, np.bool_))


def is_whole(value: Any) -> bool:
    """Return whether a value is an integer; booleans are none."""
    return is_number(value) and isinstance(value, numbers.Integral)


def show(value: Any) -> str:
    """Return a value as an error shows it, in one short line."""
    if isinstance(value, np.ndarray):
        return f"an array shaped {value.shape}"
    try:
        text = repr(value)
    except ValueError:  # of an integer with thousands of digits
        text = f"a huge {type(value).__name__}"
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."


def list_choices(choices: Iterable[object]) -> str:
    """Return choices as an error lists them, such as "1, 2 or 4"."""
    *others, last = map(str, choices)
    return f"{', '.join(others)} or {last}" if others else last


def check_number(
    value: Any, low: float, high: float, name: str, error: type[RequintoError]
) -> float:
    """Return a number from `low` to `high`, or raise `error`."""
    if not (is_number(value) and low <= value <= high):
        raise error(
            f"{name} must be a number from {low:g} to {high:g}, got {show(value)}"
        )
    return float(value)


def check_whole(
    value: Any, low: int, high: int, name: str, error: type[RequintoError]
) -> int:
    """Return an integer from `low` to `high`, or raise `error`."""
    if not (is_whole(value) and low <= value <= high):
        raise error(
            f"{name} must be a whole number from {low} to {high}, got {show(value)}"
        )
    return int(value)


def check_row(
    values: Any, limit: float, name: str, error: type[RequintoError]
) -> np.ndarray:
    """Return a row of finite numbers from -limit to limit as float64, or raise."""
    try:
        row = np.asarray(values)
    except Exception as problem:  # of lists that are no table, or others' arrays
        raise error(f"{name} must be a row of numbers: {problem}") from problem
    is_numeric = row.dtype.kind in "iuf" and not np.ma.is_masked(values)
    if row.ndim != 1 or not is_numeric or not np.isfinite(row).all():
        raise error(f"{name} must be a row of finite numbers, got {show(values)}")
    if np.any(np.abs(row.astype(np.float64)) > limit):
        raise error(f"{name} must be from {-limit:g} to {limit:g}, got {show(values)}")
    return row.astype(np.float64)
