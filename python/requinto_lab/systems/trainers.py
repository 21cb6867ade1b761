# SPDX-License-Identifier: GPL-3.0-or-later
"""Which earlier systems can be trained, and what trains them."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

from requinto.config import from_values

# Module in this folder, its configuration of a run; each module has a `train`
TRAINERS: dict[str, tuple[str, str]] = {
    "bachata2020": ("bachata2020_training", "Bachata2020Training"),
    "spectrogram-channels": (
        "spectrogram_channels_training",
        "SpectrogramChannelsTraining",
    ),
    "recurrent-masker": ("recurrent_masker_training", "RecurrentMaskerTraining"),
    "lstm-separator": ("lstm_separator_training", "LstmSeparatorTraining"),
    "deepconvsep": ("deepconvsep_training", "DeepConvSepTraining"),
    "denoising-autoencoder": (
        "denoising_autoencoder_training",
        "DenoisingAutoencoderTraining",
    ),
}


def train(system: str, values: dict[str, Any]) -> Path:
    """Train a system; return the folder of the run.

    Parameters
    ----------
    system : str
        A key of `TRAINERS`.
    values : dict
        The numbers of a run, as TOML gives them.

    Raises
    ------
    ConfigError
        If one of them is unknown, missing or out of range.
    """
    place, kind = TRAINERS[system]
    module = importlib.import_module(f"requinto_lab.systems.{place}")
    run = from_values(getattr(module, kind), values, "training")
    return Path(module.train(run))
