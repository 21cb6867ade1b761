# SPDX-License-Identifier: GPL-3.0-or-later
"""Whole drum kits as Hydrogen stores them: which recording a stroke plays."""

from __future__ import annotations

import functools
from pathlib import Path
from xml.etree import ElementTree

import numpy as np

from requinto_lab.material import samples
from requinto_lab.material.tables import read_table

_TABLE = read_table("kits")
_WORDS: dict[str, tuple[str, ...]] = _TABLE["words"]  # by stroke
KITS: dict[str, str] = _TABLE["licences"]  # kits to train on
WITH_TIMBALES: tuple[str, ...] = _TABLE["with_timbales"]


@functools.cache
def _layers(kit: str, sound: str) -> tuple[tuple[float, Path], ...]:
    """Return the recordings of a stroke, each with its least velocity."""
    folder = samples.find_kit(kit)
    tree = ElementTree.parse(folder / "drumkit.xml")
    by_name: dict[str, list[tuple[float, Path]]] = {}
    for instrument in tree.iter():
        if _tag(instrument) != "instrument":
            continue
        rows = {_tag(e): e for e in instrument.iter()}
        name = (rows["name"].text or "").lower() if "name" in rows else ""
        layers = []
        for layer in instrument.iter():
            parts = {_tag(e): e.text or "" for e in layer}
            if _tag(layer) in ("layer", "instrument") and "filename" in parts:
                path = folder / parts["filename"]
                if path.exists():
                    layers.append((float(parts.get("min", 0)), path))
        if layers:
            by_name.setdefault(name, sorted(layers))
    for word in _WORDS[sound]:
        for name, layers in by_name.items():
            if word in name:
                return tuple(layers)
    return ()


def stroke(kit: str, sound: str, velocity: float) -> np.ndarray | None:
    """Return a stroke, shape `(n_channels, n_frames)`; None if the kit lacks it."""
    layers = _layers(kit, sound)
    if not layers:
        return None
    fit = [path for lowest, path in layers if lowest <= velocity] or [layers[0][1]]
    return samples.read(fit[-1]) * np.float32(0.4 + 0.6 * velocity)


def _tag(element: ElementTree.Element) -> str:
    return element.tag.rsplit("}", 1)[-1]
