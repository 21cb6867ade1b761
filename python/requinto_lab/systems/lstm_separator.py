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
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from requinto.errors import ConfigError
from requinto.model_folder import models_folder
from requinto_lab.networks.backend import prepare_keras
from requinto_lab.systems import packing
from requinto_lab.systems.masking import Masker, MaskingConfig, Network

if TYPE_CHECKING:
    import keras

NAMES: dict[tuple[str, ...], str] = {  # of the weights, by what they part
    ("voice", "drums"): "lstm-separator",
    ("guitar", "bass"): "lstm-separator-guitar-bass",
}


@dataclass(frozen=True)
class LstmSeparatorConfig(MaskingConfig):
    """Every number of the system, saved beside its weights."""

    sources: tuple[str, ...] = ("voice", "drums")
    n_units: int = 256  # LSTM cells
    n_hidden: int = 384  # of the layer after them

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.n_units < 1 or self.n_hidden < 1:
            raise ConfigError(
                "n_units and n_hidden must be 1 or more, got "
                f"{self.n_units} and {self.n_hidden}"
            )


class LstmSeparator(Masker):
    """The LSTM separator, as the bench asks for it.

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
            saved = packing.load(
                models_folder(), NAMES[sources], LstmSeparatorConfig, build
            )
            config, network = saved
        config = config or LstmSeparatorConfig()
        name = NAMES.get(config.sources, f"lstm-separator {' '.join(config.sources)}")
        super().__init__(name, config, network)


def build(config: LstmSeparatorConfig, dtype: str = "float32") -> keras.Model:
    """Return the untrained network of a configuration."""
    prepare_keras()
    from requinto_lab.systems.lstm_separator_network import build_network

    return build_network(
        config.n_bins,
        config.n_columns,
        config.n_units,
        config.n_hidden,
        len(config.sources),
        dtype,
    )
