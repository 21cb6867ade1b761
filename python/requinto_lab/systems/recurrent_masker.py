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
logarithm through which the network hears magnitudes.
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

NAMES = {2: "recurrent-masker", 1: "recurrent-masker-one"}  # of the weights
_TITLES = {2: "recurrent-masker", 1: "recurrent-masker (one output)"}


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
        if self.n_units < 1 or not 0 <= self.dropout < 1:
            raise ConfigError(
                "n_units must be 1 or more and dropout 0 to 1, got "
                f"{self.n_units} and {self.dropout}"
            )


class RecurrentMasker(Masker):
    """The recurrent masker, as the bench asks for it.

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
            saved = packing.load(
                models_folder(), NAMES[n_outputs], RecurrentMaskerConfig, build
            )
            config, network = saved
        config = config or RecurrentMaskerConfig()
        super().__init__(_TITLES[config.n_outputs], config, network)


def build(config: RecurrentMaskerConfig, dtype: str = "float32") -> keras.Model:
    """Return the untrained network of a configuration."""
    prepare_keras()
    from requinto_lab.systems.recurrent_masker_network import build_network

    return build_network(
        config.n_bins,
        config.n_columns,
        config.n_units,
        config.n_outputs,
        config.dropout,
        dtype,
    )
