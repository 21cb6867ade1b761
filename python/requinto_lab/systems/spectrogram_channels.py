# SPDX-License-Identifier: GPL-3.0-or-later
"""The Spectrogram-channels U-Net of a 2022 report, after Oh, Kim and Yun.

A U-Net hears two seconds of a mixture as magnitudes and draws those of all sources
at once, a channel each; they sound with the mixture's phase.

Source: Oh, Kim, Yun, "Spectrogram-Channels U-Net: a source separation model viewing
each channel as the spectrogram of each source", 2018, arXiv:1810.11520.  The report's,
and theirs: 44.1 kHz, two-second segments, STFT 2048/512, a rectifier at the end.  The
report's: 1025 by 173 padded to 1040 by 176, four poolings, 32 to 512 channels.

Ours differs: half of the channels in the released networks; each segment is heard at
one loudness, undone afterwards; segments of a song overlap by a quarter, so that no
join is heard; no dropout, since runs of an hour do not overfit; and the rectifier lets
gradients through.  Channels of a stereo mixture are heard one by one.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import librosa
import numpy as np

from requinto.errors import ConfigError
from requinto.model_folder import models_folder
from requinto_lab.networks.backend import prepare_keras
from requinto_lab.systems import chunks, packing
from requinto_lab.systems.denoising_gate import GateConfig, gated
from requinto_lab.systems.fixed_outputs import FixedOutputs

if TYPE_CHECKING:
    import keras

NAME = "spectrogram-channels"
VOICE = "spectrogram-channels-voice"

_LOUDNESS = 0.1  # RMS at which a segment is heard: -20 dBFS
_OVERLAP = 0.25  # of segments, in a song
_SEGMENTS_AT_ONCE = 4  # through the network, for the memory's sake
_TINY = float(np.finfo(np.float32).tiny)


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
        if self.n_poolings < 0:
            raise ConfigError(f"n_poolings must be 0 or more, got {self.n_poolings}")
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


class Network(Protocol):
    """What draws spectrograms: the Keras model, or a stand-in."""

    def predict_on_batch(self, pictures: np.ndarray) -> np.ndarray:
        """Turn `(n, bins, columns, 1)` into `(n, bins, columns, n_sources)`."""

    def count_params(self) -> int:
        """Return how many numbers were trained."""


class SpectrogramChannels(FixedOutputs):
    """The system, as the bench asks for it.

    Parameters
    ----------
    config : SpectrogramChannelsConfig, optional
    network : Network, optional
        Without both, a committed model is loaded.
    gate : bool
        Whether answers go through the denoising gate.
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

    def separated(self, sound: np.ndarray) -> np.ndarray:
        """Return the sources `(n_sources, n_channels, n_frames)` of a mixture."""
        cfg = self.config
        # Whole windows at least: librosa warns of sounds shorter than one
        padded = librosa.util.fix_length(sound, size=max(sound.shape[1], cfg.n_fft))
        spectra = spectrum(padded, cfg)
        drawn = np.stack([self._drawn(np.abs(channel)) for channel in spectra], axis=1)
        turned = drawn * (spectra / np.maximum(np.abs(spectra), _TINY))
        answers = librosa.istft(
            turned, n_fft=cfg.n_fft, hop_length=cfg.hop, length=padded.shape[1]
        )[..., : sound.shape[1]]
        if self.gate:
            answers = np.stack([gated(a, cfg.sample_rate, self.gate) for a in answers])
        return np.asarray(answers, np.float32)

    def _drawn(self, magnitudes: np.ndarray) -> np.ndarray:
        """Return the sources' magnitudes `(n_sources, n_bins, n_columns)`."""
        cfg = self.config
        hop = max(1, round(cfg.n_columns * (1 - _OVERLAP)))
        pieces = chunks.cut(magnitudes, cfg.n_columns, hop)
        answers = []
        for first in range(0, len(pieces), _SEGMENTS_AT_ONCE):
            some = pieces[first : first + _SEGMENTS_AT_ONCE]
            scales = loudness(some, cfg)
            seen = pictures(some[..., None] / scales, cfg)
            drawn = np.asarray(self._network.predict_on_batch(seen))
            answers.append(drawn[:, : cfg.n_bins, : cfg.n_columns] * scales)
        whole = np.moveaxis(np.concatenate(answers), -1, 1)
        return chunks.joined(whole, hop, magnitudes.shape[-1])


def spectrum(sound: np.ndarray, config: SpectrogramChannelsConfig) -> np.ndarray:
    """Return the spectra `(..., n_bins, n_columns)` of sounds `(..., n_frames)`."""
    return librosa.stft(sound, n_fft=config.n_fft, hop_length=config.hop)


def loudness(magnitudes: np.ndarray, config: SpectrogramChannelsConfig) -> np.ndarray:
    """Return what divides segments for the network, `(n, 1, 1, 1)`.

    It brings the segments, magnitudes `(n, n_bins, n_columns)`, to -20 dBFS RMS;
    magnitudes, unlike amplitudes, are then near 1 and suit a network as they are.
    """
    # A Hann window's mean square is 3/8
    expected = _LOUDNESS * np.sqrt(config.n_fft * 3 / 8)
    found = np.sqrt(np.mean(np.square(magnitudes), axis=(1, 2)))
    return np.maximum(found / expected, _TINY)[:, None, None, None]


def pictures(magnitudes: np.ndarray, config: SpectrogramChannelsConfig) -> np.ndarray:
    """Return magnitudes `(n, n_bins, n_columns, channels)` at the network's size."""
    n_bins, n_columns = config.picture
    after = (n_bins - magnitudes.shape[1], n_columns - magnitudes.shape[2])
    widths = ((0, 0), (0, after[0]), (0, after[1]), (0, 0))
    return np.pad(magnitudes, widths).astype(np.float32)


def build(config: SpectrogramChannelsConfig, dtype: str = "float32") -> keras.Model:
    """Return the untrained network of a configuration."""
    prepare_keras()
    from requinto_lab.systems.spectrogram_channels_network import build_network

    return build_network(config.widths, *config.picture, len(config.sources), dtype)


def load(
    folder: Path, model: str = NAME
) -> tuple[SpectrogramChannelsConfig, keras.Model]:
    """Return the configuration and network of a model, or raise `ModelError`."""
    return packing.load(folder, model, SpectrogramChannelsConfig, build)
