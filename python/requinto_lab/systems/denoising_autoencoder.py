# SPDX-License-Identifier: GPL-3.0-or-later
"""DeepConvSep, and after it a denoising autoencoder for each source (2018).

J. Grau Noel, "Understanding and Improving Current Deep Learning Source Separation
Algorithms", thesis, Universitat Pompeu Fabra, 2018, sections 5.4 and 6.3: what the
separator answers, pieces of 30 columns of 513 bins of both channels, passes a
convolution of 1 by 386 (to 128 bins), a bidirectional LSTM as wide as its input,
and the convolution transposed.  He trained the one for the voice only, found what
it gave "similar or worse" than what went in, and measured nothing.

His output has the autoencoders' magnitudes with the mixture's phase; the way "masks"
is ours: the mixture is shared out in proportion to those magnitudes.

    requinto train CONFIG.toml [--resume]     # system = "denoising-autoencoder"

trains one for each source, on the separator's estimates, one after the other, each in
a folder of its own.  The loss is the mean square error of magnitudes, as in the
thesis' first program; the optimiser is Adam, where the thesis had plain gradient
descent at a rate of 0.00001.
"""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from requinto.errors import ConfigError
from requinto.model_folder import models_folder
from requinto_lab.networks import weights
from requinto_lab.networks.backend import prepare_keras
from requinto_lab.ranges import check_within
from requinto_lab.systems import deepconvsep
from requinto_lab.systems import deepconvsep_training as training
from requinto_lab.systems.deepconvsep import (
    PIECES_AT_ONCE,
    DeepConvSep,
    DeepConvSepConfig,
)
from requinto_lab.systems.excerpts import Excerpts
from requinto_lab.systems.fixed_outputs import Network, gains_db, predict
from requinto_lab.training import system_fit

if TYPE_CHECKING:
    import keras

NAME = "denoising-autoencoder"
WAYS = ("magnitudes", "masks")

# Configuration


@dataclass(frozen=True)
class DenoisingAutoencoderConfig:
    """Every number of an autoencoder, saved beside its weights."""

    source: str  # that it cleans
    n_columns: int = 30  # of a piece
    n_bins: int = 513
    n_positions: int = 128  # of a filter, which is as long as leaves these
    n_filters: int = 2

    EARLIER_NAMES: ClassVar = {"n_places": "n_positions"}

    def __post_init__(self) -> None:
        check_within(self, 1, self.n_bins, "n_positions")
        if self.n_filters < 2 or self.n_filters % 2:
            raise ConfigError(f"n_filters must be even, got {self.n_filters}")

    @property
    def n_kernel(self) -> int:
        """Bins of a filter."""
        return self.n_bins - self.n_positions + 1


# Layers and graph


def build(config: DenoisingAutoencoderConfig, dtype: str = "float32") -> keras.Model:
    """Return the untrained network of a configuration.

    A convolution over frequency, a recurrent layer over time in both directions, and
    the convolution transposed.

    Returns
    -------
    keras.Model
        From `(batch, n_columns, n_bins, 2)`, magnitudes of a stereo estimate, to as
        many, none below zero.

    References
    ----------
    Grau Noel's 2018 thesis, section 5.4; the rectifier at the end is ours.
    """
    prepare_keras()
    import keras
    from keras import layers

    from requinto_lab.systems.layers import AcrossBins

    estimate = keras.Input((config.n_columns, config.n_bins, 2), name="estimate")
    flow = AcrossBins(config.n_filters, config.n_kernel, dtype=dtype)(estimate)
    shape = flow.shape[1:]
    width = config.n_positions * config.n_filters
    flow = layers.Reshape((config.n_columns, width), dtype=dtype)(flow)
    # Both directions together as wide as their input
    one_way = layers.LSTM(width // 2, return_sequences=True, dtype=dtype)
    flow = layers.Bidirectional(one_way, dtype=dtype)(flow)
    flow = layers.Reshape(shape, dtype=dtype)(flow)
    flow = AcrossBins(2, config.n_kernel, back=True, dtype=dtype)(flow)
    return keras.Model(estimate, layers.ReLU(dtype="float32")(flow), name="denoising")


# Signal path


class Denoised(DeepConvSep):
    """The separator with its autoencoders, as it is compared with others.

    Parameters
    ----------
    config : DeepConvSepConfig, optional
    network : Network, optional
        The separator's.  Without both, the released model is loaded.
    autoencoders : dict of str to Network, optional
        By source; estimates of others stay as they are.  Without, the released ones
        are loaded, one for each source.
    way : str
        "magnitudes" as in the thesis, or "masks".
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

    def estimate_pieces(self, pieces: np.ndarray) -> np.ndarray:
        """Return the sources' magnitudes in pieces, each cleaned by its autoencoder."""
        estimates = super().estimate_pieces(pieces)
        for nth, source in enumerate(self.sources):
            if source in self._autoencoders:
                estimates[:, nth] = predict(
                    self._autoencoders[source], estimates[:, nth], PIECES_AT_ONCE
                )
        if self._way == "masks":
            estimates = estimates + np.float32(self.config.epsilon)
            estimates *= pieces[:, None] / estimates.sum(axis=1, keepdims=True)
        return estimates


def file_name(source: str) -> str:
    """Return what the files of a source's autoencoder are called."""
    return f"{NAME}-{source}"


def load(folder: Path, source: str) -> tuple[DenoisingAutoencoderConfig, keras.Model]:
    """Return a source's autoencoder that a run saved, verified.

    Raises
    ------
    ModelError
        If it is missing, or is not as it was when saved.
    """
    return weights.load_network(
        folder, file_name(source), DenoisingAutoencoderConfig, build
    )


# Training


@dataclass(frozen=True)
class DenoisingAutoencoderTraining(training.PiecesRun):
    """The numbers of a run that are the autoencoders' own; minutes are of each."""

    sources: tuple[str, ...] = ()  # one each; without, all that the separator knows
    separator: str = ""  # folder of the separator's model; without, the released one
    n_positions: int = 128  # as the autoencoder's configuration has them
    n_filters: int = 2


def train(config: DenoisingAutoencoderTraining) -> Path:
    """Train until the minutes are used up; return the folder that holds all runs.

    Raises
    ------
    ConfigError
        If the separator does not know a source.
    """
    folder = Path(config.separator) if config.separator else models_folder()
    separator = weights.load_network(
        folder, deepconvsep.NAME, DeepConvSepConfig, deepconvsep.build
    )
    packed = (folder / f"{deepconvsep.NAME}.npz").read_bytes()
    made_for = hashlib.sha256(packed).hexdigest()
    known_sources = separator[0].sources
    sources = config.sources or known_sources
    if unknown := set(sources) - set(known_sources):
        raise ConfigError(f"the separator knows {known_sources}, not {unknown}")
    for source in sources:
        path = str(Path(config.run) / source)
        run = dataclasses.replace(config, run=path, sources=(source,))
        _train_one(run, source, separator, made_for)
    return Path(config.run)


def _train_one(
    config: DenoisingAutoencoderTraining,
    source: str,
    separator: tuple[DeepConvSepConfig, keras.Model],
    made_for: str,
) -> None:
    model, separating = separator
    own = DenoisingAutoencoderConfig(
        source, model.n_columns, model.n_bins, config.n_positions, config.n_filters
    )
    network = compile_network(own, config)
    excerpts = {
        split: training.make_excerpts(config, model, split)
        for split in ("train", "validation")
    }
    evaluated = training.evaluation_excerpts(config.loops, model)
    alone = DeepConvSep(model, separating)
    before = _gain_db(alone, evaluated, config.n_eval, source)

    def draw(split: str, rng: np.random.Generator) -> system_fit.Batch:
        mixtures, truths = training.batch(excerpts[split], model, config, rng)
        nth = model.sources.index(source)
        return alone.estimate_pieces(mixtures)[:, nth], truths[:, nth]

    def save(record: dict[str, Any]) -> None:
        record = {**record, "separator_sha256": made_for}
        name = file_name(source)
        weights.save_networks(Path(config.run), name, own, (network,), record)

    def evaluate() -> system_fit.Scores:
        scores = {"before_gain_db": before}
        for way in WAYS:
            system = Denoised(model, separating, {source: network}, way=way)
            gain = _gain_db(system, evaluated, config.n_eval, source)
            scores[f"{way}_gain_db"] = gain
        return scores

    system_fit.fit(
        config,
        network,
        draw=draw,
        save=save,
        evaluate=evaluate,
    )


def _gain_db(system: DeepConvSep, excerpts: Excerpts, n: int, source: str) -> float:
    return gains_db(system, excerpts, n)[f"{source}_gain_db"]


def compile_network(
    model: DenoisingAutoencoderConfig, config: DenoisingAutoencoderTraining
) -> keras.Model:
    """Return the untrained network with its loss and optimiser."""
    prepare_keras()
    import keras

    keras.utils.set_random_seed(config.seed)
    network = build(model)
    network.compile(
        keras.optimizers.Adam(config.learning_rate), loss="mse", jit_compile=False
    )
    return network
