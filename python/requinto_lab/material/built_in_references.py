# SPDX-License-Identifier: GPL-3.0-or-later
"""Render the built-in references: what "guitar", "bass", "bongo", "guira" mean.

    python -m requinto_lab.material.built_in_references models/references

Several sounds an instrument, from training families whose licences let us give
them away.  The separator averages over them.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import soundfile
import typer

from requinto_lab.material import splits
from requinto_lab.material.patterns import play
from requinto_lab.material.songs import plan_loop
from requinto_lab.material.soundfonts import SAMPLE_RATE
from requinto_lab.material.style import STYLES
from requinto_lab.material.timbres import find

SECONDS = 4.0
# Timbres of training families under MIT or of our own making, one file each
TIMBRES: dict[str, tuple[str, ...]] = {
    "guitar": ("fluid:nylon", "waveguide:08", "fluid:steel", "partials:00"),
    "bass": ("fluid:finger", "waveguide:00", "fluid:acoustic", "partials:00"),
    "bongo": ("fluid:bongo", "membrane:00", "fluid:bongo~4", "membrane:04"),
    "guira": ("ridges:02", "grains:04", "fluid:guiro-cabasa", "ridges:16"),
}
_BACHATA = STYLES["bachata"]
_FIRST_SEED = splits.seeds("train")[50_000]
_PARTS = {"guitar": "requinto", "bass": "bajo", "bongo": "bongo", "guira": "guira"}


def render(instrument: str, index: int) -> np.ndarray:
    """Return a reference's sound, shape `(n_channels, n_frames)`.

    The four busiest seconds of a loop.
    """
    song = plan_loop(_BACHATA, _FIRST_SEED + index)
    notes = play(song, _BACHATA.part(_PARTS[instrument]), instrument)
    sound = find(instrument, TIMBRES[instrument][index]).render(notes, song)
    size = round(SECONDS * SAMPLE_RATE)
    step = SAMPLE_RATE // 4
    starts = range(0, sound.shape[1] - size, step)
    level = np.sqrt(np.mean(sound**2, axis=0))
    start = max(starts, key=lambda s: float(level[s : s + size].sum()))
    part = sound[:, start : start + size].copy()
    n_fade = SAMPLE_RATE // 50
    part[:, :n_fade] *= np.linspace(0, 1, n_fade, dtype=np.float32)
    part[:, -n_fade:] *= np.linspace(1, 0, n_fade, dtype=np.float32)
    return part


def main(folder: Path) -> None:
    """Write `INSTRUMENT-N.flac` for each timbre, and `meta.json`."""
    folder.mkdir(parents=True, exist_ok=True)
    meta = {}
    for instrument, names in TIMBRES.items():
        for index, name in enumerate(names):
            file = f"{instrument}-{index + 1}.flac"
            sound = render(instrument, index).T
            soundfile.write(folder / file, sound, SAMPLE_RATE, subtype="PCM_16")
            licence = find(instrument, name).licence
            meta[file] = {"timbre": name, "licence": licence}
    (folder / "meta.json").write_text(json.dumps(meta, indent=1) + "\n")


if __name__ == "__main__":
    typer.run(main)
