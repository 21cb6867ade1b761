# SPDX-License-Identifier: GPL-3.0-or-later
"""Train the Spectrogram-channels U-Net on rendered loops.

    requinto train CONFIG.toml [--resume]     # system = "spectrogram-channels"

Two seconds of all sources are drawn, in half of the cases from one song, and summed.
The loss is the weighted sum of the sources' absolute errors; the optimiser is Adam at
1e-3, then at 1e-4.  Oh et al. weigh by loudness; our sources are as loud as each
other, so released networks weigh them alike.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from requinto.errors import ConfigError
from requinto_lab.material.loop_library import LoopLibrary
from requinto_lab.networks.backend import prepare_keras
from requinto_lab.systems import fitting, fixed_outputs, packing
from requinto_lab.systems import spectrogram_channels as channels
from requinto_lab.systems.excerpts import Windows, WindowsConfig
from requinto_lab.systems.fitting import Batch, Run
from requinto_lab.systems.spectrogram_channels import (
    SpectrogramChannels,
    SpectrogramChannelsConfig,
)

if TYPE_CHECKING:
    import keras

_HEARD_SEGMENTS = 3  # length of a mixture whose SI-SDR is measured


@dataclass(frozen=True)
class SpectrogramChannelsTraining(Run):
    """Every number of a run."""

    model: str = channels.NAME  # name of the resulting files
    sources: tuple[str, ...] = ("guitar", "bass", "bongo", "guira")
    weights: tuple[float, ...] = ()  # of the sources' errors; alike without
    width_divisor: int = 2
    batch_size: int = 4
    second_rate: float = 1e-4  # the learning rate at last
    second_share: float = 1 / 3  # of the run, how much of it is at that
    remixed: float = 0.5  # probability that sources come from different songs
    dropped: float = 0.1  # probability, for each source, that it is silent
    precision: str = "float32"  # or "mixed_bfloat16", where the processor has it

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.weights and len(self.weights) != len(self.sources):
            raise ConfigError(
                f"weights must be one for each of {self.sources}, got {self.weights}"
            )
        if any(weight < 0 for weight in self.weights):
            raise ConfigError(f"weights must be 0 or more, got {self.weights}")

    @property
    def every_weight(self) -> tuple[float, ...]:
        """The weight of each source; alike, they make a vector of unit length."""
        n = len(self.sources)
        return self.weights or (n**-0.5,) * n


def rate(config: SpectrogramChannelsTraining, share: float) -> float:
    """Return the learning rate when a share of the run, 0 to 1, is over."""
    is_second = share >= 1 - config.second_share
    return config.second_rate if is_second else config.learning_rate


def drawn(
    moments: Windows,
    model: SpectrogramChannelsConfig,
    size: int,
    rng: np.random.Generator,
) -> Batch:
    """Return pictures of `size` mixtures, and what shall be drawn of each.

    Both are at the loudness at which the network hears the mixture.
    """
    seen, wanted = [], []
    for _ in range(size):
        # The transform of a sum is the sum of the transforms
        spectra = channels.spectrum(moments.draw(rng)[:, 0], model)
        mixture = np.abs(spectra.sum(axis=0))[None]
        scale = channels.loudness(mixture, model)
        seen.append(mixture[..., None] / scale)
        wanted.append(np.moveaxis(np.abs(spectra), 0, -1)[None] / scale)
    return (
        channels.pictures(np.concatenate(seen), model),
        channels.pictures(np.concatenate(wanted), model),
    )


def compiled(
    model: SpectrogramChannelsConfig, config: SpectrogramChannelsTraining
) -> keras.Model:
    """Return the untrained network with its loss, metrics and optimiser."""
    prepare_keras()
    import keras

    from requinto_lab.systems.spectrogram_channels_network import (
        SourceError,
        WeightedError,
    )

    keras.utils.set_random_seed(config.seed)
    network = channels.build(model, config.precision)
    # XLA makes convolutions on a CPU slower
    network.compile(
        keras.optimizers.Adam(config.learning_rate),
        loss=WeightedError(config.every_weight),
        metrics=[SourceError(i, f"{n}_l1") for i, n in enumerate(model.sources)],
        jit_compile=False,
    )
    return network


def heard_moments(
    config: SpectrogramChannelsTraining, model: SpectrogramChannelsConfig
) -> Windows:
    """Return a supply of validation mixtures, each of one song, all sources there."""
    moment = WindowsConfig(
        model.sources,
        model.sample_rate,
        _HEARD_SEGMENTS * model.segment_frames,
        remixed=0.0,
    )
    return Windows(LoopLibrary(Path(config.loops), "validation"), moment)


def train(config: SpectrogramChannelsTraining) -> Path:
    """Train until the minutes are used up; return the folder of the run."""
    model = SpectrogramChannelsConfig(
        sources=config.sources, width_divisor=config.width_divisor
    )
    network = compiled(model, config)
    system = SpectrogramChannels(model, network)
    caches = {s: LoopLibrary(Path(config.loops), s) for s in ("train", "validation")}
    moment = WindowsConfig(
        model.sources,
        model.sample_rate,
        model.segment_frames,
        remixed=config.remixed,
        dropped=config.dropped,
    )
    moments = {split: Windows(cache, moment) for split, cache in caches.items()}
    heard = heard_moments(config, model)

    def save(record: dict[str, Any]) -> None:
        packing.save(Path(config.run), config.model, model, network, record)

    return fitting.fit(
        config,
        network,
        draw=lambda rng: drawn(moments["train"], model, config.batch_size, rng),
        fixed=fitting.fixed_batches(
            config,
            lambda rng: drawn(moments["validation"], model, config.batch_size, rng),
        ),
        save=save,
        hear=lambda: fixed_outputs.gains_db(system, heard, config.n_heard),
        rate=lambda _, share: rate(config, share),
    )
