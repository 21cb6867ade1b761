# SPDX-License-Identifier: GPL-3.0-or-later
"""Folders of models for the tests."""

import functools
import shutil
import tempfile
from pathlib import Path

import numpy as np
import soundfile

from requinto import exports
from requinto.config import EvidenceConfig, ModelConfig, SpectraConfig, UNetConfig
from requinto_lab.networks import weights
from sounds import noise

RELEASED = Path(__file__).parents[1] / "models"
TARGETS = ("guitar", "bass", "bongo", "guira")
SMALL = ModelConfig(
    spectra=SpectraConfig(
        n_fft=512,
        hop=128,
        n_bands=32,
        n_linear_bands=16,
        n_columns_step=256,  # few graphs, which take seconds each to export
    ),
    evidence=EvidenceConfig(n_templates=4, n_free=8, n_iterations=3),
    unet=UNetConfig(
        widths=(4, 6, 8),
        across_frequency=(0, 4, 4),
        attention=(0, 2, 0),
        recurrence=3,
        reference_widths=(4, 6),
        reference_size=5,
        evidence_weight=0.0,
    ),
)


def write_neutral(
    folder: Path,
    name: str = "standard",
    gain: float = 1.0,
    config: ModelConfig = SMALL,
) -> Path:
    """Write a model whose mask is `gain`, from 0 to 2, wherever it is asked."""
    unet, encoder = weights.build_networks(config)
    last = [layer for layer in unet.layers if layer.weights][-1]
    kernel, bias = last.get_weights()
    ceiling = config.unet.mask_ceiling  # of which the mask is a sigmoid's share
    bias[:] = np.log(gain / (ceiling - gain))
    last.set_weights([np.zeros_like(kernel), bias])
    weights.save_networks(folder, name, config, (unet, encoder), {})
    (folder / "targets.txt").write_text("\n".join(TARGETS) + "\n")
    for ending in ("json", "npz"):
        shutil.copy(RELEASED / f"beats.{ending}", folder)
    (folder / "references").mkdir(exist_ok=True)
    for name in TARGETS:
        path = folder / "references" / f"{name}-1.flac"
        soundfile.write(path, 0.1 * noise(44100, seed=len(name)).T, 44100)
    return folder


def write_exported(folder: Path, name: str = "standard", gain: float = 1.0) -> Path:
    """Write a neutral model with its export, on which hosts start in a second."""
    shutil.copytree(_exported(name, gain), folder, dirs_exist_ok=True)
    return folder


@functools.cache
def _exported(name: str, gain: float) -> Path:
    from requinto_lab.training.export import export  # TensorFlow, for those who need it

    folder = write_neutral(Path(tempfile.mkdtemp(prefix="requinto-")), name, gain)
    export(folder, name)
    for path in (RELEASED / exports.FOLDER).glob("beats*"):
        shutil.copy(path, folder / exports.FOLDER)
    return folder
