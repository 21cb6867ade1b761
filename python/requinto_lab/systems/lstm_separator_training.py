# SPDX-License-Identifier: GPL-3.0-or-later
"""Train the LSTM separator on moments of the loop library.

    requinto train CONFIG.toml [--resume]     # system = "lstm-separator"

To have more to learn from, as the thesis had, `remixed` takes the sources from
different songs and `noisy` adds noise that belongs to none of them.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from pathlib import Path

from requinto_lab.systems import masking_training
from requinto_lab.systems.lstm_separator import LstmSeparatorConfig, build
from requinto_lab.systems.masking_training import MaskingRun


@dataclass(frozen=True)
class LstmSeparatorTraining(MaskingRun):
    """Every number of a run."""

    name: str = "lstm-separator"
    sources: tuple[str, ...] = ("voice", "drums")
    noisy: float = 0.5
    discrimination: float = 0.05  # as Huang et al.
    n_units: int = 256  # LSTM cells
    n_hidden: int = 384  # of the layer after them


def model(config: LstmSeparatorTraining) -> LstmSeparatorConfig:
    """Return the system that a run trains."""
    return LstmSeparatorConfig(
        sources=config.sources, n_units=config.n_units, n_hidden=config.n_hidden
    )


def train(config: LstmSeparatorTraining) -> Path:
    """Train until the minutes are used up; return the folder of the best model."""
    wanted = model(config)
    return masking_training.train(config, wanted, functools.partial(build, wanted))
