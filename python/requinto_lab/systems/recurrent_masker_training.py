# SPDX-License-Identifier: GPL-3.0-or-later
"""Train the recurrent masker on moments of the loop library.

    requinto train CONFIG.toml [--resume]     # system = "recurrent-masker"

With one output the loss is that of the voice alone; with two, that of both masked
sources, as in Huang et al., less their discriminative term, of which the guide has
nothing.  The optimiser is Adam.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from requinto_lab.systems import masking_training
from requinto_lab.systems.fitting import Batch, Scores
from requinto_lab.systems.masking import Network
from requinto_lab.systems.masking_training import MaskingRun
from requinto_lab.systems.recurrent_masker import RecurrentMaskerConfig, build

AUDIBLE = 1e-3  # of a batch's loudest magnitude: 60 dB below it


@dataclass(frozen=True)
class RecurrentMaskerTraining(MaskingRun):
    """Every number of a run."""

    name: str = "recurrent-masker"
    n_units: int = 256  # of each LSTM layer
    n_outputs: int = 2
    dropout: float = 0.2


def model(config: RecurrentMaskerTraining) -> RecurrentMaskerConfig:
    """Return the system that a run trains."""
    return RecurrentMaskerConfig(
        n_units=config.n_units, n_outputs=config.n_outputs, dropout=config.dropout
    )


def train(config: RecurrentMaskerTraining) -> Path:
    """Train until the minutes are used up; return the folder of the best model."""
    wanted = model(config)
    return masking_training.train(
        config, wanted, functools.partial(build, wanted), mask_figures
    )


def first_masks(
    network: Network, batches: Sequence[Batch], least: float = AUDIBLE
) -> np.ndarray:
    """Return the first source's masks wherever there is something to mask, in a row.

    That is where a magnitude is above `least` of its batch's loudest.
    """
    found = []
    for seen, _ in batches:
        masks = np.asarray(network.predict_on_batch(seen))[..., 0]
        found.append(masks[seen > least * seen.max()])
    return np.concatenate(found)


def mask_figures(network: Network, batches: Sequence[Batch]) -> Scores:
    """Return how far masks are from being masks, to be logged."""
    values = first_masks(network, batches)
    return {
        "share_above_one": float(np.mean(values > 1)),
        "largest_mask": float(values.max()),
    }
