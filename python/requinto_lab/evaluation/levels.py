# SPDX-License-Identifier: GPL-3.0-or-later
"""Levels that a test item must keep to, and the mix of a target and a rest."""

from __future__ import annotations

from typing import Any

import numpy as np

from requinto_lab.evaluation.items import Row
from requinto_lab.material.soundfonts import SAMPLE_RATE

QUIETEST_DBFS = -40.0  # RMS of half a second that sounds
SOUNDING_SHARE = 0.75  # of an excerpt's half seconds
WIDEST_DB = 25.0  # between target and rest
HOP = SAMPLE_RATE // 2  # frames over which a level is taken
_PEAK = 0.9
_SILENT_DBFS = -120.0
_REFERENCE_DBFS = -20.0  # to which quiet references are raised


def level_dbfs(sound: np.ndarray) -> float:
    """Return the RMS level of sound `(n_channels, n_frames)`, -120 dBFS or more."""
    power = float(np.mean(np.square(sound, dtype=np.float64))) if sound.size else 0.0
    return max(10 * float(np.log10(power + 1e-20)), _SILENT_DBFS)


def sounds_throughout(sound: np.ndarray) -> bool:
    """Whether three quarters of the half seconds are above -40 dBFS."""
    levels = [
        level_dbfs(sound[:, start : start + HOP])
        for start in range(0, sound.shape[1] - HOP + 1, HOP)
    ]
    loud = [level > QUIETEST_DBFS for level in levels]
    return bool(loud) and float(np.mean(loud)) >= SOUNDING_SHARE


def is_balanced(target: np.ndarray, rest: np.ndarray) -> bool:
    """Whether target and rest are within 25 dB of each other."""
    return abs(level_dbfs(target) - level_dbfs(rest)) <= WIDEST_DB


def scale_rest(target: np.ndarray, rest: np.ndarray, target_db: float) -> np.ndarray:
    """Return the rest at such a level that the target is `target_db` above it."""
    change_db = level_dbfs(target) - target_db - level_dbfs(rest)
    return np.asarray(rest * np.float32(10 ** (change_db / 20)))


def mix_row(
    name: str,
    target: np.ndarray,
    rest: np.ndarray,
    reference: np.ndarray,
    meta: dict[str, Any],
) -> Row | None:
    """Return an item of target and rest, or None where one of them hardly sounds.

    The sum's peak comes to 0.9 of full scale; a reference below -20 dBFS is raised
    to that, as far as its peak allows.

    Parameters
    ----------
    name : str
        Of the item's folder.
    target, rest : np.ndarray, shape=(2, n_frames)
    reference : np.ndarray, shape=(n_channels, n_reference_frames)
    meta : dict
        What `meta.json` is to say.
    """
    peak = max(float(np.abs(target + rest).max()), 1e-6)
    gain = np.float32(_PEAK / peak)
    target, rest = target * gain, rest * gain
    reference = _raise(reference)
    loud = sounds_throughout(target + rest) and sounds_throughout(reference)
    if not (loud and is_balanced(target, rest)):
        return None
    return {
        "name": name,
        "mixture": target + rest,
        "target": target,
        "reference": reference,
        "meta": meta,
    }


def _raise(reference: np.ndarray) -> np.ndarray:
    wanted = max(10 ** ((_REFERENCE_DBFS - level_dbfs(reference)) / 20), 1.0)
    peak = max(float(np.abs(reference).max()), 1e-6)
    return np.asarray(reference * np.float32(min(wanted, _PEAK / peak)))
