# SPDX-License-Identifier: GPL-3.0-or-later
"""Separate with a network that masks a magnitude spectrogram, and train it.

The masked spectra have the mixture's phase.  What no mask covers belongs to the last
source, so that the sources always sum to the mixture.

An excerpt of the loop library is cut into several pieces, since to draw it costs more
than its length.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import librosa
import numpy as np

from requinto.errors import ConfigError
from requinto_lab.material.loop_library import LoopLibrary
from requinto_lab.networks import weights
from requinto_lab.networks.backend import prepare_keras
from requinto_lab.ranges import check_at_least, check_within
from requinto_lab.systems.excerpts import Excerpts, ExcerptsConfig
from requinto_lab.systems.fixed_outputs import (
    FixedOutputs,
    Network,
    cut,
    gains_db,
    join,
    predict,
)
from requinto_lab.training import system_fit

if TYPE_CHECKING:
    import keras

_WINDOW = "cosine"  # half a sine: its squares sum to one at half overlap
_PIECES_AT_ONCE = 32  # through the network; always as many, to trace it once
_VALIDATION_REMIXED = 0.5  # the same whatever a run trains on

# Configuration


@dataclass(frozen=True)
class MaskingConfig:
    """The numbers of the signal path."""

    sources: tuple[str, ...]
    sample_rate: int = 16000  # Hz
    n_fft: int = 1024  # samples of the window
    hop: int = 512  # samples between columns
    n_bins: int = 513  # that are masked, lowest first; above, the last mask goes on
    n_columns: int = 64  # of a piece

    def __post_init__(self) -> None:
        check_within(self, 1, self.n_fft // 2, "hop")
        check_within(self, 1, self.n_fft // 2 + 1, "n_bins")
        check_at_least(self, 2, "n_columns")
        if len(self.sources) < 2:
            raise ConfigError(f"sources must be two or more, got {self.sources}")


# Signal path


class Masker(FixedOutputs):
    """A system whose network estimates masks, for each channel by itself.

    Parameters
    ----------
    name : str
        As the tables show it.
    config : MaskingConfig
    network : Network
        With a mask for each source, or for each but the last.
    """

    def __init__(self, name: str, config: MaskingConfig, network: Network) -> None:
        super().__init__(
            name, config.sources, config.sample_rate, int(network.count_params())
        )
        self.config = config
        self._network = network

    def separate(self, samples: np.ndarray) -> np.ndarray:
        """Return the sources of a mixture; they sum to it, to rounding."""
        size = max(samples.shape[-1], self.config.n_fft)
        spectra = spectrum(librosa.util.fix_length(samples, size=size), self.config)
        masked = self.masks(np.abs(spectra)) * spectra
        # By subtraction, which also makes a last mask where the network has none
        named = masked[: len(self.sources) - 1]
        rest = spectra - named.sum(axis=0)
        estimates = waveform(np.stack([*named, rest]), self.config, size)
        return estimates[..., : samples.shape[-1]]

    def masks(self, magnitudes: np.ndarray) -> np.ndarray:
        """Return the network's masks, as they are.

        Parameters
        ----------
        magnitudes : np.ndarray, shape=(n_channels, n_fft // 2 + 1, n_columns)

        Returns
        -------
        np.ndarray, shape=(n_masks, n_channels, n_fft // 2 + 1, n_columns)
        """
        cfg = self.config
        hop = cfg.n_columns // 2
        inputs = cut(magnitudes[:, : cfg.n_bins], cfg.n_columns, hop)
        flat = inputs.reshape(-1, cfg.n_bins, cfg.n_columns).transpose(0, 2, 1)
        outputs = self._predict(np.ascontiguousarray(flat, np.float32))
        pieces = outputs.transpose(0, 3, 2, 1).reshape(
            *inputs.shape[:2], -1, cfg.n_bins, cfg.n_columns
        )
        masks = join(pieces, hop, magnitudes.shape[-1])
        above = magnitudes.shape[1] - cfg.n_bins
        whole = np.pad(masks, ((0, 0), (0, 0), (0, above), (0, 0)), mode="edge")
        return whole.swapaxes(0, 1)

    def _predict(self, pieces: np.ndarray) -> np.ndarray:
        missing = -len(pieces) % _PIECES_AT_ONCE
        padded = np.pad(pieces, ((0, missing), (0, 0), (0, 0)))
        return predict(self._network, padded, _PIECES_AT_ONCE)[: len(pieces)]


def spectrum(samples: np.ndarray, config: MaskingConfig) -> np.ndarray:
    """Return spectra `(..., n_fft // 2 + 1, n_columns)` of samples `(..., n_frames)`.

    A sine of amplitude 1 has a magnitude of 1.
    """
    spectra = librosa.stft(
        samples, n_fft=config.n_fft, hop_length=config.hop, window=_WINDOW
    )
    return np.asarray(spectra / _scale(config), np.complex64)


def waveform(spectra: np.ndarray, config: MaskingConfig, n_frames: int) -> np.ndarray:
    """Return the samples `(..., n_frames)` whose spectra these are."""
    samples = librosa.istft(
        spectra * _scale(config),
        n_fft=config.n_fft,
        hop_length=config.hop,
        window=_WINDOW,
        length=n_frames,
    )
    return np.asarray(samples, np.float32)


def excerpt_frames(config: MaskingConfig, n_pieces: int) -> int:
    """Return how long so many pieces are that follow each other."""
    return (config.n_columns * n_pieces - 1) * config.hop


def _scale(config: MaskingConfig) -> np.float32:
    window = librosa.filters.get_window(_WINDOW, config.n_fft)
    return np.float32(window.sum() / 2)


# Training


@dataclass(frozen=True)
class MaskingRun(system_fit.Run):
    """The numbers of a run, whichever the network."""

    name: str = ""  # of the weights and their record
    batch_size: int = 4  # excerpts
    learning_rate: float = 2e-3  # at the start
    n_pieces: int = 6  # of an excerpt, one after the other
    remixed: float = 0.5  # probability that sources come from different songs
    noisy: float = 0.0  # probability of noise that belongs to no source
    quietest_noise_db: float = -40.0  # of the mixture; uniform between the two
    loudest_noise_db: float = -10.0
    discrimination: float = 0.0  # weight of the error against the other source

    def __post_init__(self) -> None:
        super().__post_init__()
        check_at_least(self, 1, "n_pieces")
        if not self.name:
            raise ConfigError("name must be given")
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
) -> system_fit.Batch:
    """Return what the network sees of an excerpt, and what `masked_loss` asks for.

    Parameters
    ----------
    stems : np.ndarray, shape=(n_sources, n_frames)
        Their sum, with the noise, is the mixture.
    noise : np.ndarray, shape=(n_frames,)
    config : MaskingConfig

    Returns
    -------
    inputs : np.ndarray, shape=(n_pieces, n_columns, n_bins)
    truth : np.ndarray, shape=(n_pieces, n_columns, n_bins, n_sources + 1)
    """
    samples = np.concatenate([stems, [stems.sum(axis=0) + noise]])
    magnitudes = np.abs(spectrum(samples, config))[:, : config.n_bins]
    n_pieces = magnitudes.shape[-1] // config.n_columns
    whole = magnitudes[..., : n_pieces * config.n_columns]
    pieces = whole.reshape(len(samples), config.n_bins, n_pieces, config.n_columns)
    truth = np.ascontiguousarray(pieces.transpose(2, 3, 1, 0), np.float32)
    return np.ascontiguousarray(truth[..., -1]), truth


def make_batch(
    excerpts: Excerpts,
    run: MaskingRun,
    config: MaskingConfig,
    rng: np.random.Generator,
) -> system_fit.Batch:
    """Return what `examples` returns of some excerpts, in a row."""
    batches = []
    for _ in range(run.batch_size):
        stems = excerpts.draw(rng)[:, 0]
        batches.append(examples(stems, noise(stems.sum(axis=0), run, rng), config))
    inputs, truth = zip(*batches, strict=True)
    return np.concatenate(inputs), np.concatenate(truth)


def compile_network(run: MaskingRun, build: Callable[[], keras.Model]) -> keras.Model:
    """Return the untrained network with its loss and optimiser."""
    prepare_keras()
    import keras

    from requinto_lab.systems.layers import masked_loss

    keras.utils.set_random_seed(run.seed)
    network = build()
    # XLA makes recurrence on a CPU slower: 133 against 323 ms a step
    network.compile(
        keras.optimizers.Adam(run.learning_rate, clipnorm=1.0),
        loss=masked_loss(run.discrimination),
        jit_compile=False,
    )
    return network


def make_excerpts(
    run: MaskingRun, config: MaskingConfig, split: str, remixed: float
) -> Excerpts:
    """Return the excerpts of a split that a run trains on or is validated on."""
    excerpt = ExcerptsConfig(
        config.sources,
        config.sample_rate,
        excerpt_frames(config, run.n_pieces),
        remixed=remixed,
    )
    return Excerpts(LoopLibrary(Path(run.loops), split), excerpt)


def train(
    run: MaskingRun,
    config: MaskingConfig,
    build: Callable[[], keras.Model],
    measure: Callable[[keras.Model, list[system_fit.Batch]], system_fit.Scores]
    | None = None,
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
    network = compile_network(run, build)
    validation = make_excerpts(run, config, "validation", _VALIDATION_REMIXED)
    splits = {
        "train": (make_excerpts(run, config, "train", run.remixed), run),
        "validation": (validation, dataclasses.replace(run, noisy=0.0)),
    }
    system = Masker(run.name, config, network)

    def draw(split: str, rng: np.random.Generator) -> system_fit.Batch:
        return make_batch(*splits[split], config, rng)

    def evaluate() -> system_fit.Scores:
        gains = gains_db(system, validation, run.n_eval)
        if measure is None:
            return gains
        return gains | measure(network, system_fit.fixed_batches(run, draw))

    return system_fit.fit(
        run,
        network,
        draw=draw,
        save=lambda record: weights.save_networks(
            Path(run.run), run.name, config, (network,), record
        ),
        evaluate=evaluate,
    )
