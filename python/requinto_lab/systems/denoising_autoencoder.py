# SPDX-License-Identifier: GPL-3.0-or-later
"""DeepConvSep, and after it a denoising autoencoder for each source (2018).

J. Grau Noel, "Understanding and Improving Current Deep Learning Source Separation
Algorithms", thesis, Universitat Pompeu Fabra, 2018, sections 5.4 and 6.3: what the
separator answers, pieces of 30 columns of 513 bins of both channels, passes a
convolution of 1 by 386 (to 128 bins), a bidirectional LSTM as wide as what it hears,
and the convolution turned round.  He trained the one for the voice only, found what
it gave "similar or worse" than what went in, and measured nothing.

He lets the drawn magnitudes sound, with the mixture's phase; the way "masks" is ours:
the mixture is shared out in proportion to what the autoencoders draw.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from requinto.errors import ConfigError
from requinto.model_folder import models_folder
from requinto_lab.networks.backend import prepare_keras
from requinto_lab.systems import packing
from requinto_lab.systems.deepconvsep import (
    DeepConvSep,
    DeepConvSepConfig,
    Network,
    asked,
)

if TYPE_CHECKING:
    import keras

NAME = "denoising-autoencoder"
WAYS = ("magnitudes", "masks")


@dataclass(frozen=True)
class DenoisingAutoencoderConfig:
    """Every number of an autoencoder, saved beside its weights."""

    source: str  # that it cleans
    n_columns: int = 30  # that it sees at once
    n_bins: int = 513
    n_places: int = 128  # of a filter, which has as many bins as leave it these
    n_filters: int = 2

    def __post_init__(self) -> None:
        if not 1 <= self.n_places <= self.n_bins:
            raise ConfigError(
                f"n_places must be in [1, {self.n_bins}], got {self.n_places}"
            )
        if self.n_filters < 2 or self.n_filters % 2:
            raise ConfigError(f"n_filters must be even, got {self.n_filters}")

    @property
    def n_kernel(self) -> int:
        """Bins of a filter."""
        return self.n_bins - self.n_places + 1


class Denoised(DeepConvSep):
    """The separator with its autoencoders, as the bench asks for it.

    Parameters
    ----------
    config : DeepConvSepConfig, optional
    network : Network, optional
        The separator's.  Without both, the released model is loaded.
    autoencoders : dict of str to Network, optional
        By source; estimates of others stay as they are.  Without, the released ones
        are loaded, one for each source.
    way : str
        "magnitudes" as the thesis has it, or "masks".
    """

    def __init__(
        self,
        config: DeepConvSepConfig | None = None,
        network: Network | None = None,
        autoencoders: Mapping[str, Network] | None = None,
        *,
        way: str = "magnitudes",
    ) -> None:
        if way not in WAYS:
            raise ConfigError(f"way must be one of {WAYS}, got {way!r}")
        super().__init__(config, network)
        if autoencoders is None:
            autoencoders = {s: load(models_folder(), s)[1] for s in self.sources}
        self.name = f"{self.name} (autoencoder{'s' if way == WAYS[0] else ' masks'})"
        self.n_parameters += sum(int(n.count_params()) for n in autoencoders.values())
        self._autoencoders = autoencoders
        self._way = way

    def drawn(self, pieces: np.ndarray) -> np.ndarray:
        """Return the sources' magnitudes in pieces, each cleaned by its autoencoder."""
        found = super().drawn(pieces)
        for nth, source in enumerate(self.sources):
            if source in self._autoencoders:
                found[:, nth] = asked(self._autoencoders[source], found[:, nth])
        if self._way == "masks":
            found = found + np.float32(self.config.epsilon)
            found *= pieces[:, None] / found.sum(axis=1, keepdims=True)
        return found


def file_name(source: str) -> str:
    """Return what the files of a source's autoencoder are called."""
    return f"{NAME}-{source}"


def load(folder: Path, source: str) -> tuple[DenoisingAutoencoderConfig, keras.Model]:
    """Return a source's autoencoder that `packing.save` wrote, verified.

    Raises
    ------
    ModelError
        If it is missing, or is not as it was when saved.
    """
    return packing.load(folder, file_name(source), DenoisingAutoencoderConfig, build)


def build(config: DenoisingAutoencoderConfig, dtype: str = "float32") -> keras.Model:
    """Return the untrained network of a configuration."""
    prepare_keras()
    from requinto_lab.systems.denoising_autoencoder_network import build_network

    return build_network(config, dtype)
