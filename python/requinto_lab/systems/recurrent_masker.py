# SPDX-License-Identifier: GPL-3.0-or-later
"""Voice and accompaniment by two LSTM layers and a masking layer, a guide of 2019.

The guide follows Huang, Kim, Hasegawa-Johnson, Smaragdis, "Singing-Voice Separation
from Monaural Recordings using Deep Recurrent Neural Networks", ISMIR 2014, extended
in IEEE/ACM TASLP 23(12), 2015, arXiv:1502.04149: they report a GNSDR 2.30 to 2.48 dB
and a GSIR 4.32 to 5.42 dB above earlier systems on MIR-1K.

The guide's are the transform of 258 points at half overlap, the pieces of 129 bins by
100 columns, two LSTM layers with leaky rectifiers, dropout, a dense layer of sigmoids
and the masking layer, first with one output, then with two.  258 points make 130
bins: the highest gets the mask of the one below.  The rate, 16 kHz, and the sine
window are those of Huang et al.; ours are 256 cells a layer, dropout of 0.2, and the
logarithmic scale of the magnitudes.

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
from typing import TYPE_CHECKING

import numpy as np

from requinto.errors import ConfigError
from requinto.model_folder import models_folder
from requinto_lab.networks import weights
from requinto_lab.networks.backend import prepare_keras
from requinto_lab.ranges import check_at_least
from requinto_lab.systems import masking
from requinto_lab.systems.fixed_outputs import Network
from requinto_lab.systems.masking import Masker, MaskingConfig, MaskingRun
from requinto_lab.training.system_fit import Batch, Scores

if TYPE_CHECKING:
    import keras

NAMES = {2: "recurrent-masker", 1: "recurrent-masker-one"}  # of the weights
_TITLES = {2: "recurrent-masker", 1: "recurrent-masker (one output)"}
AUDIBLE = 1e-3  # of a batch's loudest magnitude: 60 dB below it

# Configuration


@dataclass(frozen=True)
class RecurrentMaskerConfig(MaskingConfig):
    """Every number of the system, saved beside its weights."""

    sources: tuple[str, ...] = ("voice", "accompaniment")
    n_fft: int = 258
    hop: int = 129
    n_bins: int = 129  # of 130
    n_columns: int = 100
    n_units: int = 256  # of each LSTM layer
    n_outputs: int = 2  # 1: the mask that nothing bounds
    dropout: float = 0.2

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.n_outputs not in NAMES or len(self.sources) != 2:
            raise ConfigError(
                "n_outputs must be 1 or 2, for two sources, got "
                f"{self.n_outputs} for {self.sources}"
            )
        check_at_least(self, 1, "n_units")
        if not 0 <= self.dropout < 1:
            raise ConfigError(f"dropout must be in [0, 1), got {self.dropout}")


# Layers and graph


def build(config: RecurrentMaskerConfig) -> keras.Model:
    """Return the untrained network of a configuration.

    Returns
    -------
    keras.Model
        From magnitudes `(batch, n_columns, n_bins)` to masks `(batch, n_columns,
        n_bins, n_outputs)`.
    """
    prepare_keras()
    import keras
    from keras import layers

    from requinto_lab.systems.layers import OneOutputMask, RatioMasks, log_loudness

    size = (config.n_columns, config.n_bins)
    magnitudes = keras.Input(size, name="magnitudes")
    x = log_loudness(magnitudes)
    for _ in range(2):
        x = layers.LSTM(config.n_units, return_sequences=True, dtype="float32")(x)
        x = layers.LeakyReLU(dtype="float32")(x)
        x = layers.Dropout(config.dropout, dtype="float32")(x)
    n_units = config.n_outputs * config.n_bins
    estimates = layers.Dense(n_units, "sigmoid", dtype="float32")(x)
    if config.n_outputs == 1:
        masks = OneOutputMask(name="masks")([estimates, magnitudes])
    else:
        masks = RatioMasks(config.n_outputs, name="masks")(estimates)
    return keras.Model(magnitudes, masks, name="recurrent_masker")


# Signal path


class RecurrentMasker(Masker):
    """The recurrent masker, as it is compared with others.

    Parameters
    ----------
    config : RecurrentMaskerConfig, optional
    network : Network, optional
        Without both, the committed model is loaded.
    n_outputs : int
        Of the committed model: 2, or 1 for the broken mask, which what is left of
        the mixture completes.
    """

    def __init__(
        self,
        config: RecurrentMaskerConfig | None = None,
        network: Network | None = None,
        *,
        n_outputs: int = 2,
    ) -> None:
        if network is None:
            if n_outputs not in NAMES:
                raise ConfigError(f"n_outputs must be 1 or 2, got {n_outputs}")
            saved = weights.load_network(
                models_folder(), NAMES[n_outputs], RecurrentMaskerConfig, build
            )
            config, network = saved
        config = config or RecurrentMaskerConfig()
        super().__init__(_TITLES[config.n_outputs], config, network)


# Training


@dataclass(frozen=True)
class RecurrentMaskerTraining(MaskingRun):
    """Every number of a run."""

    name: str = "recurrent-masker"
    n_units: int = 256  # of each LSTM layer
    n_outputs: int = 2
    dropout: float = 0.2

    def model_config(self) -> RecurrentMaskerConfig:
        """Return the system that the run trains."""
        return RecurrentMaskerConfig(
            n_units=self.n_units, n_outputs=self.n_outputs, dropout=self.dropout
        )


def train(config: RecurrentMaskerTraining) -> Path:
    """Train until the minutes are used up; return the folder of the best model."""
    model = config.model_config()
    return masking.train(config, model, functools.partial(build, model), mask_figures)


def first_masks(
    network: Network, batches: Sequence[Batch], min_magnitude: float = AUDIBLE
) -> np.ndarray:
    """Return the first source's masks wherever there is something to mask, in a row.

    That is where a magnitude is above `min_magnitude` of its batch's loudest.
    """
    audible = []
    for magnitudes, _ in batches:
        masks = np.asarray(network.predict_on_batch(magnitudes))[..., 0]
        audible.append(masks[magnitudes > min_magnitude * magnitudes.max()])
    return np.concatenate(audible)


def mask_figures(network: Network, batches: Sequence[Batch]) -> Scores:
    """Return how far masks are from being masks, to be logged."""
    values = first_masks(network, batches)
    return {
        "share_above_one": float(np.mean(values > 1)),
        "largest_mask": float(values.max()),
    }
