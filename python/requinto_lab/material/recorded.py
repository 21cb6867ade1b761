# SPDX-License-Identifier: GPL-3.0-or-later
"""Recorded one-shots: acoustic drum kits, hand percussion, Sonic Pi's samples."""

from __future__ import annotations

import functools

import numpy as np

from requinto_lab.material import samples
from requinto_lab.material.folders import first_existing, shared_folders
from requinto_lab.material.sampler import Sample, SampleSet, StrokeSet
from requinto_lab.material.soundfonts import SAMPLE_RATE, Bank, BankError, find_bank
from requinto_lab.material.tables import look_up, read_table

SONIC_PI_FOLDERS = shared_folders("sonic-pi/samples")
_AVL_LAYERS = (0.1, 0.3, 0.5, 0.7, 0.95)
_AVL_STROKE_S = 2.5
_HAND_LAYERS = (0.1, 0.3, 0.5, 0.7, 0.9)
_TABLE = read_table("recorded")
AVL_BANKS: dict[str, str] = _TABLE["avl"]["banks"]
AVL_KEYS: dict[str, int] = _TABLE["avl"]["keys"]
HAND: dict[str, dict[str, str]] = _TABLE["hand"]
SONIC_PI: dict[str, dict[str, dict[str, tuple[str, ...]]]] = _TABLE["sonic_pi"]
SONIC_PI_NOTES: dict[str, dict[str, tuple[str, float]]] = _TABLE["sonic_pi_notes"]


@functools.cache
def sonic_pi_kit(instrument: str, name: str) -> StrokeSet:
    """Return a kit of Sonic Pi's samples, of those in `SONIC_PI`.

    Raises
    ------
    ConfigError
        If there is no such kit.
    BankError
        If the samples are not installed.
    """
    kit = look_up(SONIC_PI.get(instrument, {}), name, f"no kit of {instrument!r}")
    layers = {stroke: [_sonic_pi(f) for f in files] for stroke, files in kit.items()}
    return StrokeSet(layers)


@functools.cache
def sonic_pi_notes(instrument: str, name: str) -> SampleSet:
    """Return a pitched one-shot of Sonic Pi's, of those in `SONIC_PI_NOTES`.

    Raises
    ------
    ConfigError
        If there is no such sound.
    BankError
        If the samples are not installed.
    """
    known = SONIC_PI_NOTES.get(instrument, {})
    file, pitch = look_up(known, name, f"no sample of {instrument!r}")
    return SampleSet([Sample(_sonic_pi(file), pitch)])


@functools.cache
def avl_kit(name: str) -> StrokeSet:
    """Return one of the two acoustic kits of avldrums, of those in `AVL_BANKS`.

    Five recorded layers of each stroke, brought to one peak.

    Raises
    ------
    ConfigError
        If there is no such kit.
    BankError
        If it is not installed.
    """
    file = look_up(AVL_BANKS, name, "no kit")
    try:
        path = find_bank(file)
    except BankError as error:
        text = f"{error}: Debian has it in avldrums.lv2-soundfont"
        raise BankError(text) from None
    bank = Bank(path)
    size = round(_AVL_STROKE_S * SAMPLE_RATE)
    layers: dict[str, list[np.ndarray]] = {}
    for stroke, key in AVL_KEYS.items():
        takes = [bank.render([(0, size, key, v)], size, 0) for v in _AVL_LAYERS]
        peak = max(float(np.abs(take).max()) for take in takes)
        layers[stroke] = [
            take * np.float32(peak / np.abs(take).max()) for take in takes
        ]
    return StrokeSet(layers)


@functools.cache
def hand_kit(name: str) -> StrokeSet:
    """Return percussion played by hand, of those in `HAND`.

    Raises
    ------
    ConfigError
        If there is no such kit.
    BankError
        If Hydrogen's kits are not installed.
    """
    kit = look_up(HAND, name, "no kit")
    return StrokeSet(
        {
            stroke: [samples.hand_stroke(file, v) for v in _HAND_LAYERS]
            for stroke, file in kit.items()
        }
    )


def _sonic_pi(name: str) -> np.ndarray:
    error = f"sample {name!r} is not installed: Debian has it in sonic-pi-samples"
    paths = (folder / f"{name}.flac" for folder in SONIC_PI_FOLDERS)
    sound = samples.read(first_existing(paths, BankError(error)))
    return np.asarray(sound / np.abs(sound).max(), np.float32)
