# SPDX-License-Identifier: GPL-3.0-or-later
"""Folders of models for the tests."""

from pathlib import Path

import numpy as np
import soundfile

from requinto import weights
from requinto.config import EvidenceConfig, ModelConfig, SpectraConfig, UNetConfig
from sounds import noise

TARGETS = ("guitar", "bass", "bongo", "guira")
SMALL = ModelConfig(
    spectra=SpectraConfig(n_fft=512, hop=128, n_bands=32, n_linear_bands=16),
    evidence=EvidenceConfig(n_templates=4, n_free=8, n_iterations=3),
    unet=UNetConfig(
        widths=(4, 6, 8),
        across_frequency=(0, 4, 4),
        reference_widths=(4, 6),
        reference_size=5,
    ),
)


def write_neutral(folder: Path) -> Path:
    """Write a model whose mask is 1 wherever it is asked."""
    unet, encoder = weights.build_networks(SMALL)
    # A sigmoid of nothing is a half, of a ceiling of 2
    last = unet.layers[-2] if not unet.layers[-1].weights else unet.layers[-1]
    last.set_weights([np.zeros_like(w) for w in last.get_weights()])
    weights.save_networks(folder, "standard", SMALL, (unet, encoder), {})
    (folder / "targets.txt").write_text("\n".join(TARGETS) + "\n")
    (folder / "references").mkdir(exist_ok=True)
    for name in TARGETS:
        path = folder / "references" / f"{name}-1.flac"
        soundfile.write(path, 0.1 * noise(44100, seed=len(name)).T, 44100)
    return folder
