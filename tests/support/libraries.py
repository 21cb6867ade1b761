# SPDX-License-Identifier: GPL-3.0-or-later
"""A small library of loops."""

from requinto_lab.material.loops import LibraryConfig

# Of timbres that are synthesised, so that no sound bank is needed
LIBRARY = LibraryConfig(
    loops={"train": {"bachata": 2}, "validation": {"bachata": 1}},
    songs={"train": {"bachata": 1}},
    loop_bars=6,
    timbres_per_part=2,
    families=(
        *("waveguide", "synth-bass", "membrane", "ridges", "grains", "courses"),
        *("sweep", "noise", "tones", "modal", "formants"),
    ),
)
