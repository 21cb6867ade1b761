# SPDX-License-Identifier: GPL-3.0-or-later
"""Whole drum kits as Hydrogen stores them: which recording a stroke plays."""

from __future__ import annotations

import functools
from pathlib import Path
from xml.etree import ElementTree

import numpy as np

from requinto_lab.material import samples

# Words in an instrument's name for each stroke, in order of preference
_WORDS: dict[str, tuple[str, ...]] = {
    "kick": ("kick", "bass drum", "bassdrum"),
    "snare": ("snare rock", "pearl snare", "snare"),
    "rim": ("rim", "stick", "sidestick", "snare"),
    "clap": ("clap", "snare"),
    "hat": ("closed hh", "hat closed", "hi-hat closed", "hi hat closed", "hat"),
    "open": ("open hh", "hat open", "hi-hat open", "hi hat opened", "ride", "hat"),
    "ride": ("ride", "hat"),
    "crash": ("crash", "ride"),
    "tom": ("tom hi", "tom high", "tom 1", "tom"),
    "floor": ("tom low", "tom floor", "floor tom", "tom"),
    "high": ("djembe1 tone", "tom hi", "tom high", "tom 1", "tom"),
    "low": ("djembe1 bass", "tom low", "tom floor", "floor tom", "tom"),
    "bell": ("cowbell", "sangban1 bell hit", "ride bell", "bell", "stick"),
}
# Kits to train on, with their licences as Debian records them
KITS: dict[str, str] = {
    "The Black Pearl 1.0": "GPL-2 (Glen MacArthur)",
    "ForzeeStereo": "GPL-2 (Vladimir Sadovnikov, Alexander Belokurov)",
    "Millo_MultiLayered2": "GPL-2 (Emiliano Grilli)",
    "ColomboAcousticDrumkit": "GPL-2+ (Marcos Guglielmetti)",
    "BJA_Pacific": "CC-BY-SA-3.0-us (Luc Tunguay)",
    "ElectricEmpireKit": "GPL-2+ (Artemiy Pavlov)",
    "VariBreaks": "GPL-2+ (Artemiy Pavlov)",
    "Audiophob": "CC0 (audiophobdubstep)",
}
# Those whose toms and bell can stand for a pair of timbales
WITH_TIMBALES = ("The Black Pearl 1.0", "ForzeeStereo", "Millo_MultiLayered2")


@functools.cache
def _layers(kit: str, sound: str) -> tuple[tuple[float, Path], ...]:
    """Return the recordings of a stroke, each with its least velocity."""
    folder = samples.find_kit(kit)
    tree = ElementTree.parse(folder / "drumkit.xml")
    found: dict[str, list[tuple[float, Path]]] = {}
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
            found.setdefault(name, sorted(layers))
    for word in _WORDS[sound]:
        for name, layers in found.items():
            if word in name:
                return tuple(layers)
    return ()


def stroke(kit: str, sound: str, velocity: float) -> np.ndarray | None:
    """Return a stroke, shape `(n_channels, n_frames)`; None if the kit lacks it."""
    layers = _layers(kit, sound)
    if not layers:
        return None
    fit = [path for least, path in layers if least <= velocity] or [layers[0][1]]
    return samples.read(fit[-1]) * np.float32(0.4 + 0.6 * velocity)


def _tag(element: ElementTree.Element) -> str:
    return element.tag.rsplit("}", 1)[-1]
