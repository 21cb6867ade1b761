# SPDX-License-Identifier: GPL-3.0-or-later
"""Train a denoising autoencoder for each source, on what the separator answers.

    requinto train CONFIG.toml [--resume]     # system = "denoising-autoencoder"

One after the other, each in a folder of its own.  The loss is the mean square error
of magnitudes, as in the thesis' first program; the optimiser is Adam, where the
thesis had plain gradient descent at a rate of 0.00001.
"""

from __future__ import annotations

import dataclasses
import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from requinto.errors import ConfigError
from requinto.model_folder import models_folder
from requinto_lab.networks.backend import prepare_keras
from requinto_lab.systems import deepconvsep, denoising_autoencoder, fitting, packing
from requinto_lab.systems import deepconvsep_material as material
from requinto_lab.systems.deepconvsep import DeepConvSep, DeepConvSepConfig
from requinto_lab.systems.denoising_autoencoder import (
    WAYS,
    Denoised,
    DenoisingAutoencoderConfig,
)
from requinto_lab.systems.excerpts import Windows
from requinto_lab.systems.fixed_outputs import gains_db

if TYPE_CHECKING:
    import keras


@dataclass(frozen=True)
class DenoisingAutoencoderTraining(material.MaterialRun):
    """The numbers of a run that are the autoencoders' own; minutes are of each."""

    sources: tuple[str, ...] = ()  # one each; without, all that the separator knows
    separator: str = ""  # folder of the separator's model; without, the released one
    n_places: int = 128  # as the autoencoder's configuration has them
    n_filters: int = 2


def train(config: DenoisingAutoencoderTraining) -> Path:
    """Train until the minutes are used up; return the folder that holds all runs.

    Raises
    ------
    ConfigError
        If the separator does not know a source.
    """
    folder = Path(config.separator) if config.separator else models_folder()
    separator = packing.load(
        folder, deepconvsep.NAME, DeepConvSepConfig, deepconvsep.build
    )
    weights = (folder / f"{deepconvsep.NAME}.npz").read_bytes()
    made_for = hashlib.sha256(weights).hexdigest()
    known_sources = separator[0].sources
    sources = config.sources or known_sources
    if unknown := set(sources) - set(known_sources):
        raise ConfigError(f"the separator knows {known_sources}, not {unknown}")
    for source in sources:
        place = str(Path(config.run) / source)
        run = dataclasses.replace(config, run=place, sources=(source,))
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
        source, model.n_columns, model.n_bins, config.n_places, config.n_filters
    )
    network = compiled(own, config)
    known = {s: material.moments(config, model, s) for s in ("train", "validation")}
    heard = material.heard(config.loops, model)
    asked = DeepConvSep(model, separating)
    before = _gain_db(asked, heard, config.n_heard, source)

    def draw(split: str, rng: np.random.Generator) -> fitting.Batch:
        mixtures, truths = material.batch(known[split], model, config, rng)
        nth = model.sources.index(source)
        return asked.drawn(mixtures)[:, nth], truths[:, nth]

    def save(record: dict[str, Any]) -> None:
        training = {k: v for k, v in record["training"].items() if k != "separator"}
        record = {**record, "training": training, "separator_sha256": made_for}
        name = denoising_autoencoder.file_name(source)
        packing.save(Path(config.run), name, own, network, record)

    def hear() -> fitting.Scores:
        scores = {"before_gain_db": before}
        for way in WAYS:
            system = Denoised(model, separating, {source: network}, way=way)
            gain = _gain_db(system, heard, config.n_heard, source)
            scores[f"{way}_gain_db"] = gain
        return scores

    fitting.fit(
        config,
        network,
        draw=lambda rng: draw("train", rng),
        fixed=fitting.fixed_batches(config, lambda rng: draw("validation", rng)),
        save=save,
        hear=hear,
    )


def _gain_db(system: DeepConvSep, heard: Windows, n: int, source: str) -> float:
    return gains_db(system, heard, n)[f"{source}_gain_db"]


def compiled(
    model: DenoisingAutoencoderConfig, config: DenoisingAutoencoderTraining
) -> keras.Model:
    """Return the untrained network with its loss and optimiser."""
    prepare_keras()
    import keras

    keras.utils.set_random_seed(config.seed)
    network = denoising_autoencoder.build(model)
    network.compile(
        keras.optimizers.Adam(config.learning_rate), loss="mse", jit_compile=False
    )
    return network
