# SPDX-License-Identifier: GPL-3.0-or-later
"""Two sources by LSTM cells, a hidden layer and a masking layer, a thesis of 2019.

A diploma thesis took magnitudes to LSTM cells, a hidden layer and a masking layer,
for two waveforms that sum to the mixture, in experiments with two sources such as
voice and drums; it mixed across songs and added noise to have more to learn from.
No number of it is known to us, nor what it reached.

What it left open follows Huang, Kim, Hasegawa-Johnson, Smaragdis, "Joint Optimization
of Masks and Deep Recurrent Neural Networks for Monaural Source Separation", IEEE/ACM
TASLP 23(12), 2015, arXiv:1502.04149, and their published code: 16 kHz, 1024 points at
half overlap with a sine window, masks of absolute values, and a discriminative loss
at 0.05.  Theirs are three hidden layers of 1000; ours are 256 cells and 384 hidden
units, so that the weights stay below 3 MB.

    requinto train CONFIG.toml [--resume]     # system = "lstm-separator"

To have more to learn from, as the thesis had, `remixed` takes the sources from
different songs and `noisy` adds noise that belongs to none of them.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from requinto.errors import ConfigError
from requinto.model_folder import models_folder
from requinto_lab.networks import weights
from requinto_lab.networks.backend import prepare_keras
from requinto_lab.ranges import check_at_least
from requinto_lab.systems import masking
from requinto_lab.systems.fixed_outputs import Network
from requinto_lab.systems.masking import Masker, MaskingConfig, MaskingRun

if TYPE_CHECKING:
    import keras

NAMES: dict[tuple[str, ...], str] = {  # of the weights, by sources
    ("voice", "drums"): "lstm-separator",
    ("guitar", "bass"): "lstm-separator-guitar-bass",
}

# Configuration


@dataclass(frozen=True)
class LstmSeparatorConfig(MaskingConfig):
    """Every number of the system, saved beside its weights."""

    sources: tuple[str, ...] = ("voice", "drums")
    n_units: int = 256  # LSTM cells
    n_hidden: int = 384  # of the layer after them

    def __post_init__(self) -> None:
        super().__post_init__()
        check_at_least(self, 1, "n_units", "n_hidden")


# Layers and graph


def build(config: LstmSeparatorConfig) -> keras.Model:
    """Return the untrained network of a configuration.

    Returns
    -------
    keras.Model
        From magnitudes `(batch, n_columns, n_bins)` to masks `(batch, n_columns,
        n_bins, n_sources)`, which sum to one.
    """
    prepare_keras()
    import keras
    from keras import layers

    from requinto_lab.systems.layers import RatioMasks, log_loudness

    n_sources = len(config.sources)
    size = (config.n_columns, config.n_bins)
    magnitudes = keras.Input(size, name="magnitudes")
    x = log_loudness(magnitudes)
    x = layers.LSTM(config.n_units, return_sequences=True, dtype="float32")(x)
    x = layers.Dense(config.n_hidden, "relu", dtype="float32")(x)
    # Linear, as Huang et al.: the masks take absolute values
    estimates = layers.Dense(n_sources * config.n_bins, dtype="float32")(x)
    masks = RatioMasks(n_sources, name="masks")(estimates)
    return keras.Model(magnitudes, masks, name="lstm_separator")


# Signal path


class LstmSeparator(Masker):
    """The LSTM separator, as it is compared with others.

    Parameters
    ----------
    config : LstmSeparatorConfig, optional
    network : Network, optional
        Without both, a committed model is loaded.
    sources : tuple of str
        Which: a key of `NAMES`.
    """

    def __init__(
        self,
        config: LstmSeparatorConfig | None = None,
        network: Network | None = None,
        *,
        sources: tuple[str, ...] = ("voice", "drums"),
    ) -> None:
        if network is None:
            if sources not in NAMES:
                known = "; ".join(map(", ".join, NAMES))
                raise ConfigError(f"sources must be one of {known}, got {sources}")
            saved = weights.load_network(
                models_folder(), NAMES[sources], LstmSeparatorConfig, build
            )
            config, network = saved
        config = config or LstmSeparatorConfig()
        name = NAMES.get(config.sources, f"lstm-separator {' '.join(config.sources)}")
        super().__init__(name, config, network)


# Training


@dataclass(frozen=True)
class LstmSeparatorTraining(MaskingRun):
    """Every number of a run."""

    name: str = "lstm-separator"
    sources: tuple[str, ...] = ("voice", "drums")
    noisy: float = 0.5
    discrimination: float = 0.05  # as Huang et al.
    n_units: int = 256  # LSTM cells
    n_hidden: int = 384  # of the layer after them

    def model_config(self) -> LstmSeparatorConfig:
        """Return the system that the run trains."""
        return LstmSeparatorConfig(
            sources=self.sources, n_units=self.n_units, n_hidden=self.n_hidden
        )


def train(config: LstmSeparatorTraining) -> Path:
    """Train until the minutes are used up; return the folder of the best model."""
    model = config.model_config()
    return masking.train(config, model, functools.partial(build, model))
