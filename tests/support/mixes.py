# SPDX-License-Identifier: GPL-3.0-or-later
"""Training mixes of a small library."""

from __future__ import annotations

from pathlib import Path

from requinto_lab.training.mixing import MixGenerator
from requinto_lab.training.mixing_config import MixingConfig


def generator(library: Path, **numbers: object) -> MixGenerator:
    settings = {"n_frames": 30_000, "reference_frames": 20_000, "bachata": 1} | numbers
    return MixGenerator(library, MixingConfig(**settings), split="train")  # type: ignore[arg-type]
