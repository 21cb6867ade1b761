# SPDX-License-Identifier: GPL-3.0-or-later
"""The Spectrogram-channels U-Net of a 2022 report, after Oh, Kim and Yun.

A U-Net turns two seconds of a mixture, as magnitudes, into those of all sources at
once, a channel each; their phase is the mixture's.

Source: Oh, Kim, Yun, "Spectrogram-Channels U-Net: a source separation model viewing
each channel as the spectrogram of each source", 2018, arXiv:1810.11520.  The report's,
and theirs: 44.1 kHz, two-second segments, STFT 2048/512, a rectifier at the end.  The
report's: 1025 by 173 padded to 1040 by 176, four poolings, 32 to 512 channels.

Ours differs: half of the channels in the released networks; each segment is brought
to one loudness, undone afterwards; segments of a song overlap by a quarter, so that
joins are smooth; no dropout, since runs of an hour do not overfit; and the rectifier
lets gradients through.  Channels of a stereo mixture are separated one by one.

    requinto train CONFIG.toml [--resume]     # system = "spectrogram-channels"

trains it: two seconds of all sources, in half of the cases from one song, are summed.
The loss is the weighted sum of the sources' absolute errors; the optimiser is Adam at
1e-3, then at 1e-4.  Oh et al. weigh by loudness; our sources are as loud as each
other, so released networks weigh them alike.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import librosa
import numpy as np

from requinto.errors import ConfigError
from requinto.model_folder import models_folder
from requinto_lab.material.loop_library import LoopLibrary
from requinto_lab.networks import weights
from requinto_lab.networks.backend import prepare_keras
from requinto_lab.ranges import check_at_least
from requinto_lab.systems.excerpts import Excerpts, ExcerptsConfig
from requinto_lab.systems.fixed_outputs import (
    FixedOutputs,
    GateConfig,
    Network,
    apply_gate,
    cut,
    gains_db,
    join,
)
from requinto_lab.training import system_fit

if TYPE_CHECKING:
    import keras

NAME = "spectrogram-channels"
VOICE = "spectrogram-channels-voice"

_LOUDNESS = 0.1  # RMS of a segment for the network: -20 dBFS
_OVERLAP = 0.25  # of segments, in a song
_SEGMENTS_AT_ONCE = 4  # through the network, for the memory's sake
_TINY = float(np.finfo(np.float32).tiny)
_EVAL_SEGMENTS = 3  # length of a mixture whose SI-SDR is measured

# Configuration


@dataclass(frozen=True)
class SpectrogramChannelsConfig:
    """Every number of the system, saved beside its weights."""

    sources: tuple[str, ...] = ("guitar", "bass", "bongo", "guira")
    sample_rate: int = 44100  # Hz
    n_fft: int = 2048
    hop: int = 512
    segment_frames: int = 88200  # two seconds
    n_poolings: int = 4
    first_width: int = 32  # doubles with each level
    width_divisor: int = 1  # 2 makes the network 4 times smaller

    def __post_init__(self) -> None:
        if len(set(self.sources)) != len(self.sources) or not self.sources:
            raise ConfigError(f"sources must differ and be there, got {self.sources}")
        if self.width_divisor < 1 or self.first_width % self.width_divisor:
            raise ConfigError(
                f"width_divisor must divide first_width ({self.first_width}), "
                f"got {self.width_divisor}"
            )
        check_at_least(self, 0, "n_poolings")
        if not 0 < self.hop <= self.n_fft // 2 or self.segment_frames < self.n_fft:
            raise ConfigError(
                "hop must be up to half of n_fft and a segment n_fft or longer, got "
                f"{self.hop}, {self.n_fft} and {self.segment_frames}"
            )

    @property
    def n_bins(self) -> int:
        """Frequency bins of the transform."""
        return self.n_fft // 2 + 1

    @property
    def n_columns(self) -> int:
        """Columns of a segment."""
        return self.segment_frames // self.hop + 1

    @property
    def picture(self) -> tuple[int, int]:
        """Bins and columns with the padding that the network needs."""
        step = 2**self.n_poolings
        return -(-self.n_bins // step) * step, -(-self.n_columns // step) * step

    @property
    def widths(self) -> tuple[int, ...]:
        """Channels of the network at each level."""
        first = self.first_width // self.width_divisor
        return tuple(first * 2**level for level in range(self.n_poolings + 1))


# Layers and graph


def build(config: SpectrogramChannelsConfig, dtype: str = "float32") -> keras.Model:
    """Return the untrained network of a configuration.

    Parameters
    ----------
    config : SpectrogramChannelsConfig
    dtype : str
        Keras' policy: "float32", or "mixed_bfloat16" to train where the
        processor has it.

    Returns
    -------
    keras.Model
        From `(batch, n_bins, n_columns, 1)`, magnitudes, to
        `(batch, n_bins, n_columns, n_sources)`, magnitudes, none below zero.
    """
    prepare_keras()
    import keras

    from requinto_lab.systems.layers import Limited, u_net

    pictures = keras.Input((*config.picture, 1), name="pictures")
    x = u_net(pictures, config.widths, dtype)
    # In float32 whatever the precision of the rest, so that nothing is coarse
    output = keras.layers.Conv2D(len(config.sources), 1, dtype="float32")(x)
    output = Limited(0.0, dtype="float32")(output)
    return keras.Model(pictures, output, name="spectrogram_channels")


def load(
    folder: Path, model: str = NAME
) -> tuple[SpectrogramChannelsConfig, keras.Model]:
    """Return the configuration and network of a model, or raise `ModelError`."""
    return weights.load_network(folder, model, SpectrogramChannelsConfig, build)


# Signal path


class SpectrogramChannels(FixedOutputs):
    """The system, as it is compared with others.

    Parameters
    ----------
    config : SpectrogramChannelsConfig, optional
    network : Network, optional
        Without both, a committed model is loaded.
    gate : bool
        Whether estimates go through the denoising gate.
    model : str
        Which committed model: `NAME`, or `VOICE` for voice and accompaniment.
    """

    def __init__(
        self,
        config: SpectrogramChannelsConfig | None = None,
        network: Network | None = None,
        *,
        gate: bool = False,
        model: str = NAME,
    ) -> None:
        if network is None:
            config, network = load(models_folder(), model)
        self.config = config or SpectrogramChannelsConfig()
        self.gate = GateConfig() if gate else None
        self._network = network
        super().__init__(
            f"{model} (gate)" if gate else model,
            self.config.sources,
            self.config.sample_rate,
            int(network.count_params()),
        )

    def separate(self, samples: np.ndarray) -> np.ndarray:
        """Return the sources `(n_sources, n_channels, n_frames)` of a mixture."""
        cfg = self.config
        # Whole windows at least: librosa warns of sounds shorter than one
        size = max(samples.shape[1], cfg.n_fft)
        padded = librosa.util.fix_length(samples, size=size)
        spectra = spectrum(padded, cfg)
        magnitudes = [self._magnitudes(np.abs(channel)) for channel in spectra]
        turns = spectra / np.maximum(np.abs(spectra), _TINY)
        estimates = librosa.istft(
            np.stack(magnitudes, axis=1) * turns,
            n_fft=cfg.n_fft,
            hop_length=cfg.hop,
            length=size,
        )[..., : samples.shape[1]]
        if self.gate:
            estimates = np.stack(
                [apply_gate(e, cfg.sample_rate, self.gate) for e in estimates]
            )
        return np.asarray(estimates, np.float32)

    def _magnitudes(self, magnitudes: np.ndarray) -> np.ndarray:
        """Return the sources' magnitudes `(n_sources, n_bins, n_columns)`."""
        cfg = self.config
        hop = max(1, round(cfg.n_columns * (1 - _OVERLAP)))
        pieces = cut(magnitudes, cfg.n_columns, hop)
        estimates = []
        for first in range(0, len(pieces), _SEGMENTS_AT_ONCE):
            some = pieces[first : first + _SEGMENTS_AT_ONCE]
            scales = loudness(some, cfg)
            inputs = pictures(some[..., None] / scales, cfg)
            output = np.asarray(self._network.predict_on_batch(inputs))
            estimates.append(output[:, : cfg.n_bins, : cfg.n_columns] * scales)
        whole = np.moveaxis(np.concatenate(estimates), -1, 1)
        return join(whole, hop, magnitudes.shape[-1])


def spectrum(samples: np.ndarray, config: SpectrogramChannelsConfig) -> np.ndarray:
    """Return the spectra `(..., n_bins, n_columns)` of samples `(..., n_frames)`."""
    return librosa.stft(samples, n_fft=config.n_fft, hop_length=config.hop)


def loudness(magnitudes: np.ndarray, config: SpectrogramChannelsConfig) -> np.ndarray:
    """Return what divides segments for the network, `(n, 1, 1, 1)`.

    It brings the segments, magnitudes `(n, n_bins, n_columns)`, to -20 dBFS RMS;
    magnitudes, unlike amplitudes, are then near 1 and suit a network as they are.
    """
    # A Hann window's mean square is 3/8
    expected = _LOUDNESS * np.sqrt(config.n_fft * 3 / 8)
    rms = np.sqrt(np.mean(np.square(magnitudes), axis=(1, 2)))
    return np.maximum(rms / expected, _TINY)[:, None, None, None]


def pictures(magnitudes: np.ndarray, config: SpectrogramChannelsConfig) -> np.ndarray:
    """Return magnitudes `(n, n_bins, n_columns, channels)` at the network's size."""
    n_bins, n_columns = config.picture
    after = (n_bins - magnitudes.shape[1], n_columns - magnitudes.shape[2])
    widths = ((0, 0), (0, after[0]), (0, after[1]), (0, 0))
    return np.pad(magnitudes, widths).astype(np.float32)


# Training


@dataclass(frozen=True)
class SpectrogramChannelsTraining(system_fit.Run):
    """Every number of a run."""

    model: str = NAME  # name of the resulting files
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

    def model_config(self) -> SpectrogramChannelsConfig:
        """Return the system that the run trains."""
        return SpectrogramChannelsConfig(
            sources=self.sources, width_divisor=self.width_divisor
        )


def rate(config: SpectrogramChannelsTraining, share: float) -> float:
    """Return the learning rate when a share of the run, 0 to 1, is over."""
    is_second = share >= 1 - config.second_share
    return config.second_rate if is_second else config.learning_rate


def make_batch(
    excerpts: Excerpts,
    model: SpectrogramChannelsConfig,
    size: int,
    rng: np.random.Generator,
) -> system_fit.Batch:
    """Return pictures of `size` mixtures and of their sources, at one loudness."""
    inputs, targets = [], []
    for _ in range(size):
        # The transform of a sum is the sum of the transforms
        spectra = spectrum(excerpts.draw(rng)[:, 0], model)
        mixture = np.abs(spectra.sum(axis=0))[None]
        scale = loudness(mixture, model)
        inputs.append(mixture[..., None] / scale)
        targets.append(np.moveaxis(np.abs(spectra), 0, -1)[None] / scale)
    return (
        pictures(np.concatenate(inputs), model),
        pictures(np.concatenate(targets), model),
    )


def compile_network(
    model: SpectrogramChannelsConfig, config: SpectrogramChannelsTraining
) -> keras.Model:
    """Return the untrained network with its loss, metrics and optimiser."""
    prepare_keras()
    import keras

    from requinto_lab.systems.layers import SourceError, WeightedError

    keras.utils.set_random_seed(config.seed)
    network = build(model, config.precision)
    # XLA makes convolutions on a CPU slower
    network.compile(
        keras.optimizers.Adam(config.learning_rate),
        loss=WeightedError(config.every_weight),
        metrics=[SourceError(i, f"{n}_l1") for i, n in enumerate(model.sources)],
        jit_compile=False,
    )
    return network


def evaluation_excerpts(
    config: SpectrogramChannelsTraining, model: SpectrogramChannelsConfig
) -> Excerpts:
    """Return validation mixtures, each of one song that has all sources."""
    excerpt = ExcerptsConfig(
        model.sources,
        model.sample_rate,
        _EVAL_SEGMENTS * model.segment_frames,
        remixed=0.0,
    )
    return Excerpts(LoopLibrary(Path(config.loops), "validation"), excerpt)


def train(config: SpectrogramChannelsTraining) -> Path:
    """Train until the minutes are used up; return the folder of the run."""
    model = config.model_config()
    network = compile_network(model, config)
    system = SpectrogramChannels(model, network)
    excerpt = ExcerptsConfig(
        model.sources,
        model.sample_rate,
        model.segment_frames,
        remixed=config.remixed,
        dropped=config.dropped,
    )
    excerpts = {
        split: Excerpts(LoopLibrary(Path(config.loops), split), excerpt)
        for split in ("train", "validation")
    }
    evaluated = evaluation_excerpts(config, model)

    return system_fit.fit(
        config,
        network,
        draw=lambda split, rng: make_batch(
            excerpts[split], model, config.batch_size, rng
        ),
        save=lambda record: weights.save_networks(
            Path(config.run), config.model, model, (network,), record
        ),
        evaluate=lambda: gains_db(system, evaluated, config.n_eval),
        rate=lambda share: rate(config, share),
    )
