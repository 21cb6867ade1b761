# SPDX-License-Identifier: GPL-3.0-or-later
"""Pictures of the plugin's window, beside those that somebody has looked at.

To renew these, look at what has changed, and commit it:

    .venv/bin/python tests/support/editor_pictures.py
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from shell import ROOT, build, run

EXPECTED = ROOT / "tests" / "pictures" / "editor"
FRESH = ROOT / "build" / "pictures"
# The pictures are kept in 256 colours, which is off by about 1 on average, and by up to
# 40 where two colours share one.  A letter that is missing is off by more
MAX_MEAN_DIFFERENCE = 2.0
OFF_BY = 40
MAX_SHARE_OFF = 0.0001  # 30 pixels at a scale of 1


def paint() -> dict[str, Path]:
    """Paint each state of the window; return the pictures by name."""
    FRESH.mkdir(parents=True, exist_ok=True)
    for old in FRESH.glob("*.png"):
        old.unlink()
    program = build("release") / "tests" / "plugin" / "editor_pictures"
    result = run(program, FRESH)
    assert result.returncode == 0, result.stderr
    return {path.stem: path for path in sorted(FRESH.glob("*.png"))}


def expected() -> dict[str, Path]:
    """Return the pictures that were looked at, by name."""
    return {path.stem: path for path in sorted(EXPECTED.glob("*.png"))}


def pixels(path: Path) -> np.ndarray:
    """Return a picture `(height, width, 3)`, 0 to 255."""
    with Image.open(path) as picture:
        return np.asarray(picture.convert("RGB"), dtype=np.int16)


def differences(one: np.ndarray, other: np.ndarray) -> tuple[float, float]:
    """Return the mean difference of two pictures, and the share of pixels far off."""
    difference = np.abs(one - other)
    return float(difference.mean()), float((difference.max(axis=2) > OFF_BY).mean())


def is_similar(one: np.ndarray, other: np.ndarray) -> bool:
    """Return whether two pictures show the same."""
    if one.shape != other.shape:
        return False
    mean, share = differences(one, other)
    return mean <= MAX_MEAN_DIFFERENCE and share <= MAX_SHARE_OFF


def renew() -> None:
    """Keep the pictures that differ from what was looked at, or are new."""
    EXPECTED.mkdir(parents=True, exist_ok=True)
    fresh = paint()
    for name, path in expected().items():
        if name not in fresh:
            path.unlink()
    for path in fresh.values():
        kept = EXPECTED / path.name
        if kept.exists() and is_similar(pixels(kept), pixels(path)):
            continue
        with Image.open(path) as picture:
            few = picture.convert("RGB").quantize(
                256, method=Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE
            )
        few.save(kept, optimize=True)
        print(f"look at {kept}")


if __name__ == "__main__":
    renew()
