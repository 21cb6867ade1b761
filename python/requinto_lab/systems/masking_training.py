# SPDX-License-Identifier: GPL-3.0-or-later
"""Train a network that masks magnitude spectrograms, on moments of the loop library.

A moment is cut into several pieces, since to draw it costs more than its length.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from requinto.errors import ConfigError
from requinto_lab.material.loop_library import LoopLibrary
from requinto_lab.networks.backend import prepare_keras
from requinto_lab.systems import fitting, packing
from requinto_lab.systems.excerpts import Windows, WindowsConfig
from requinto_lab.systems.fixed_outputs import gains_db
from requinto_lab.systems.masking import Masker, MaskingConfig, moment_frames, spectrum

if TYPE_CHECKING:
    import keras

_VALIDATION_REMIXED = 0.5  # the same whatever a run trains on


@dataclass(frozen=True)
class MaskingRun(fitting.Run):
    """The numbers of a run, whichever the network."""

    name: str = ""  # of the weights and their record
    batch_size: int = 4  # moments
    learning_rate: float = 2e-3  # at the start
    n_pieces: int = 6  # of a moment, one after the other
    remixed: float = 0.5  # probability that sources come from different songs
    noisy: float = 0.0  # probability of noise that belongs to no source
    quietest_noise_db: float = -40.0  # of the mixture; uniform between the two
    loudest_noise_db: float = -10.0
    discrimination: float = 0.0  # weight of the error against the other source

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.name or self.n_pieces < 1:
            raise ConfigError(
                "name must be given and n_pieces be 1 or more, got "
                f"{self.name!r} and {self.n_pieces}"
            )
        if self.quietest_noise_db > self.loudest_noise_db:
            raise ConfigError(
                f"quietest_noise_db ({self.quietest_noise_db}) must not be above "
                f"loudest_noise_db ({self.loudest_noise_db})"
            )


def noise(mixture: np.ndarray, run: MaskingRun, rng: np.random.Generator) -> np.ndarray:
    """Return white noise for a mixture, at a random level below it, or silence."""
    if rng.random() >= run.noisy:
        return np.zeros_like(mixture)
    level_db = rng.uniform(run.quietest_noise_db, run.loudest_noise_db)
    rms = np.sqrt(np.mean(np.square(mixture))) * 10 ** (level_db / 20)
    return np.asarray(rms * rng.standard_normal(mixture.shape), np.float32)


def examples(
    stems: np.ndarray, noise: np.ndarray, config: MaskingConfig
) -> fitting.Batch:
    """Return what the network sees of a moment, and what `masked_loss` asks for.

    Parameters
    ----------
    stems : np.ndarray, shape=(n_sources, n_frames)
        Their sum, with the noise, is the mixture.
    noise : np.ndarray, shape=(n_frames,)
    config : MaskingConfig

    Returns
    -------
    seen : np.ndarray, shape=(n_pieces, n_columns, n_bins)
    truth : np.ndarray, shape=(n_pieces, n_columns, n_bins, n_sources + 1)
    """
    sounds = np.concatenate([stems, [stems.sum(axis=0) + noise]])
    magnitudes = np.abs(spectrum(sounds, config))[:, : config.n_bins]
    n_pieces = magnitudes.shape[-1] // config.n_columns
    whole = magnitudes[..., : n_pieces * config.n_columns]
    pieces = whole.reshape(len(sounds), config.n_bins, n_pieces, config.n_columns)
    truth = np.ascontiguousarray(pieces.transpose(2, 3, 1, 0), np.float32)
    return np.ascontiguousarray(truth[..., -1]), truth


def drawer(
    windows: Windows, run: MaskingRun, config: MaskingConfig
) -> Callable[[np.random.Generator], fitting.Batch]:
    """Return what draws a batch."""

    def draw(rng: np.random.Generator) -> fitting.Batch:
        found = []
        for _ in range(run.batch_size):
            stems = windows.draw(rng)[:, 0]
            found.append(examples(stems, noise(stems.sum(axis=0), run, rng), config))
        seen, truth = zip(*found, strict=True)
        return np.concatenate(seen), np.concatenate(truth)

    return draw


def compiled(run: MaskingRun, build: Callable[[], keras.Model]) -> keras.Model:
    """Return the untrained network with its loss and optimiser."""
    prepare_keras()
    import keras

    from requinto_lab.systems.masking_network import masked_loss

    keras.utils.set_random_seed(run.seed)
    network = build()
    # XLA makes recurrence on a CPU slower: 133 against 323 ms a step
    network.compile(
        keras.optimizers.Adam(run.learning_rate, clipnorm=1.0),
        loss=masked_loss(run.discrimination),
        jit_compile=False,
    )
    return network


def moments(
    run: MaskingRun, config: MaskingConfig, split: str, remixed: float
) -> Windows:
    """Return the moments of a split that a run trains on or is validated on."""
    kind = WindowsConfig(
        config.sources,
        config.sample_rate,
        moment_frames(config, run.n_pieces),
        remixed=remixed,
    )
    return Windows(LoopLibrary(Path(run.loops), split), kind)


def train(
    run: MaskingRun,
    config: MaskingConfig,
    build: Callable[[], keras.Model],
    measure: Callable[[keras.Model, list[fitting.Batch]], fitting.Scores] | None = None,
) -> Path:
    """Train until the minutes are used up; return the folder of the best model.

    Parameters
    ----------
    run : MaskingRun
    config : MaskingConfig
        Saved beside the weights.
    build : callable
        Returns the untrained network of the configuration.
    measure : callable, optional
        Returns what else is to be logged of a network and the validation batches.
    """
    network = compiled(run, build)
    validation = moments(run, config, "validation", _VALIDATION_REMIXED)
    clean = dataclasses.replace(run, noisy=0.0)
    fixed = fitting.fixed_batches(run, drawer(validation, clean, config))
    system = Masker(run.name, config, network)

    def hear() -> fitting.Scores:
        more = measure(network, fixed) if measure else {}
        return gains_db(system, validation, run.n_heard) | more

    def save(provenance: dict[str, Any]) -> None:
        packing.save(Path(run.run), run.name, config, network, provenance)

    return fitting.fit(
        run,
        network,
        draw=drawer(moments(run, config, "train", run.remixed), run, config),
        fixed=fixed,
        save=save,
        hear=hear,
    )
