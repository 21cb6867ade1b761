# SPDX-License-Identifier: GPL-3.0-or-later
"""Folders of models for the tests."""

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import soundfile

from requinto import exports
from requinto.config import ModelConfig, SpectraConfig, TemplateConfig, UNetConfig
from session import made_once
from sounds import noise

RELEASED = Path(__file__).parents[2] / "models"
TARGETS = ("guitar", "bass", "bongo", "guira")
SMALL = ModelConfig(
    spectra=SpectraConfig(
        n_fft=512,
        hop=128,
        n_bands=32,
        n_linear_bands=16,
        n_columns_step=256,  # few graphs, which take seconds each to export
    ),
    templates=TemplateConfig(n_templates=4, n_free=8, n_iterations=3),
    unet=UNetConfig(
        widths=(4, 6, 8),
        across_frequency=(0, 4, 4),
        attention=(0, 2, 0),
        recurrence=3,
        reference_widths=(4, 6),
        reference_size=5,
        template_weight=0.0,
    ),
)

# Without what steps through time, which takes seconds in TensorFlow
FEEDFORWARD = replace(
    SMALL, unet=replace(SMALL.unet, attention=(0, 0, 0), recurrence=0)
)


def random_inputs(n_examples=3, n_columns=16, seed=0):
    """Return what the small U-Net takes, at random."""
    rng = np.random.default_rng(seed)
    shape = (n_examples, n_columns, SMALL.spectra.n_bands, SMALL.n_views)
    return {
        "mixture": rng.random(shape, np.float32),
        "embedding": rng.standard_normal((n_examples, 5), np.float32),
    }


def shake(network):
    """Return the network with weights that leave nothing at zero."""
    rng = np.random.default_rng(1)
    network.set_weights(
        [w + 0.2 * rng.standard_normal(w.shape) for w in network.get_weights()]
    )
    return network


def write_neutral(
    folder: Path,
    name: str = "standard",
    gain: float = 1.0,
    config: ModelConfig = FEEDFORWARD,
) -> Path:
    """Write a model whose mask is `gain`, from 0 to 2, wherever it is asked."""
    from requinto_lab.networks import weights  # TensorFlow, for those who need it

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
    source = _exported(gain)
    for path in (p for p in source.rglob("*") if p.is_file()):
        # No file holds the model's name
        copy = folder / path.relative_to(source).with_name(
            path.name.replace("standard", name)
        )
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, copy)
    return folder


def _exported(gain: float) -> Path:
    def make(folder: Path) -> None:
        from requinto_lab.training.export import export

        write_neutral(folder, gain=gain)
        export(folder, "standard")
        for path in (RELEASED / exports.FOLDER).glob("beats*"):
            shutil.copy(path, folder / exports.FOLDER)

    return made_once(f"exported-{gain}", make)
