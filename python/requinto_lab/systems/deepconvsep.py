# SPDX-License-Identifier: GPL-3.0-or-later
"""DeepConvSep in stereo (2018): four sources by a convolutional bottleneck.

Chandna, Miron, Janer, Gómez, "Monoaural Audio Source Separation Using Deep
Convolutional Neural Networks", LVA/ICA 2017, doi:10.1007/978-3-319-53547-0_25, in the
stereo version of J. Grau Noel, "Understanding and Improving Current Deep Learning
Source Separation Algorithms", thesis, Universitat Pompeu Fabra, 2018, whose numbers
these are: Hann windows of 1024 samples, 256 apart, at 44.1 kHz; pieces of 30 columns
of 513 bins of both channels, half overlapping; 50 filters over frequency, 30 over 15
columns, 128 dense units.  He reports, on MUSDB18, SDR of 0.98 dB for voice, 1.3 for
drums, 2.5 for bass and 9.2 for the others; for the mono network on DSD100 -0.6, -0.6,
2.6 and 4.5.

Ours differs: the sources are a bachata quartet's; the whole sound is brought to one
loudness, where he took each bin's least and greatest value in the data set, after
which sources do not add up any more; all masks are the network's, where his last one
is what the others leave.  Mono becomes two equal channels.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import librosa
import numpy as np

from requinto.errors import ConfigError
from requinto.model_folder import models_folder
from requinto_lab.networks import weights
from requinto_lab.networks.backend import prepare_keras
from requinto_lab.ranges import check_within
from requinto_lab.systems.fixed_outputs import (
    FixedOutputs,
    Network,
    cut,
    join,
    predict,
)

if TYPE_CHECKING:
    import keras

NAME = "deepconvsep"

PIECES_AT_ONCE = 64  # through the network, for the memory's sake

# Configuration


@dataclass(frozen=True)
class DeepConvSepConfig:
    """Every number of the signal path and of the network."""

    sources: tuple[str, ...] = ("guitar", "bass", "bongo", "guira")
    sample_rate: int = 44100  # Hz
    n_fft: int = 1024  # samples of the Hann window
    hop: int = 256  # samples between columns
    n_columns: int = 30  # that the network sees at once: 0.17 s
    columns_apart: int = 15  # between the beginnings of two pieces
    n_vertical: int = 50  # filters over all bins of a column
    n_horizontal: int = 30  # filters over columns
    n_across: int = 15  # columns of such a filter
    n_dense: int = 128
    epsilon: float = 1e-4  # added to estimates, when the mixture is shared out
    silence: float = 1e-4  # mean magnitude of a piece, where the whole's RMS is 1

    def __post_init__(self) -> None:
        if len(set(self.sources)) != len(self.sources) or len(self.sources) < 2:
            raise ConfigError(f"sources must be two or more, got {self.sources}")
        check_within(self, 1, self.n_columns, "n_across", "columns_apart")

    @property
    def n_bins(self) -> int:
        """Frequency bins of the transform."""
        return self.n_fft // 2 + 1


# Layers and graph


def build(config: DeepConvSepConfig, dtype: str = "float32") -> keras.Model:
    """Return the untrained network of a configuration.

    Two convolutions, one over frequency and one over time, a bottleneck, and a decoder
    for each source.

    Returns
    -------
    keras.Model
        From `(batch, n_columns, n_bins, 2)`, the magnitudes of a stereo mixture, to
        `(batch, n_sources, n_columns, n_bins, 2)`, those of its sources: their sum
        is the mixture.

    References
    ----------
    Chandna, Miron, Janer, Gómez, LVA/ICA 2017, doi:10.1007/978-3-319-53547-0_25: its
    convolutions are linear, its decoders transpose the same convolutions.  Grau
    Noel's 2018 thesis: two channels, 30 filters over time for 50, and decoders with
    weights of their own.  Here the last convolution has a bias for each bin.
    """
    prepare_keras()
    import keras
    from keras import layers

    from requinto_lab.systems.layers import Shares

    mixture = keras.Input((config.n_columns, config.n_bins, 2), name="mixture")
    flow = layers.Conv2D(config.n_vertical, (1, config.n_bins), dtype=dtype)(mixture)
    flow = layers.Conv2D(config.n_horizontal, (config.n_across, 1), dtype=dtype)(flow)
    shape = flow.shape[1:]
    flow = layers.Flatten(dtype=dtype)(flow)
    flow = layers.Dense(config.n_dense, activation="relu", dtype=dtype)(flow)
    estimates = [_decode(flow, shape, config, dtype) for _ in config.sources]
    # In float32 whatever the precision of the rest, so that the sum is exact
    shared = Shares(config.epsilon, dtype="float32")([mixture, *estimates])
    return keras.Model(mixture, shared, name=NAME)


def _decode(flow, shape, config, dtype):  # type: ignore[no-untyped-def]
    """Estimate one source: dense back, then both convolutions back."""
    from keras import layers

    n_columns, _, n_filters = shape
    flow = layers.Dense(n_columns * n_filters, activation="relu", dtype=dtype)(flow)
    flow = layers.Reshape(shape, dtype=dtype)(flow)
    flow = layers.Conv2DTranspose(config.n_vertical, (config.n_across, 1), dtype=dtype)(
        flow
    )
    # A convolution from one position to all bins is a dense layer, 13 times as fast
    flow = layers.Dense(config.n_bins * 2, dtype=dtype)(flow)
    return layers.Reshape((config.n_columns, config.n_bins, 2), dtype=dtype)(flow)


# Signal path


class DeepConvSep(FixedOutputs):
    """The system, as it is compared with others.

    Parameters
    ----------
    config : DeepConvSepConfig, optional
    network : Network, optional
        From pieces to `(n, n_sources, n_columns, n_bins, 2)`.  Without both, the
        released model is loaded.
    """

    def __init__(
        self, config: DeepConvSepConfig | None = None, network: Network | None = None
    ) -> None:
        if network is None:
            saved = weights.load_network(
                models_folder(), NAME, DeepConvSepConfig, build
            )
            config, network = saved
        self.config = config or DeepConvSepConfig()
        self._network = network
        super().__init__(
            NAME,
            self.config.sources,
            self.config.sample_rate,
            int(network.count_params()),
        )

    def separate(self, samples: np.ndarray) -> np.ndarray:
        """Return the sources of a mixture, `(n_sources, n_channels, n_frames)`.

        Their phases are the mixture's.
        """
        n_channels, n_frames = samples.shape
        mixture = spectrum(np.broadcast_to(samples, (2, n_frames)), self.config)
        loudness = level(mixture)
        if loudness == 0:
            return np.zeros((len(self.sources), n_channels, n_frames), np.float32)
        magnitudes = np.abs(mixture)
        estimates = self._magnitudes(magnitudes / loudness) * loudness
        turns = mixture / np.maximum(magnitudes, np.finfo(np.float32).tiny)
        stereo = waveform(estimates * turns, n_frames, self.config)
        return stereo if n_channels == 2 else stereo.mean(axis=1, keepdims=True)

    def estimate_pieces(self, pieces: np.ndarray) -> np.ndarray:
        """Return the sources' magnitudes in pieces `(n, n_columns, n_bins, 2)`.

        Returns
        -------
        np.ndarray, shape=(n, n_sources, n_columns, n_bins, 2)
        """
        return predict(self._network, pieces, PIECES_AT_ONCE)

    def _magnitudes(self, mixture: np.ndarray) -> np.ndarray:
        """Return `(n_sources, 2, n_bins, n_columns)` of a mixture's magnitudes."""
        cfg = self.config
        pieces = cut(mixture, cfg.n_columns, cfg.columns_apart)
        pieces = pieces.transpose(0, 3, 2, 1)
        sounding = pieces.mean(axis=(1, 2, 3)) > cfg.silence
        estimates = np.zeros((len(pieces), len(self.sources), *pieces.shape[1:]), "f4")
        if sounding.any():
            estimates[sounding] = self.estimate_pieces(pieces[sounding])
        estimates = estimates.transpose(0, 1, 4, 3, 2)
        return join(estimates, cfg.columns_apart, mixture.shape[-1])


def spectrum(samples: np.ndarray, config: DeepConvSepConfig) -> np.ndarray:
    """Return the spectra `(..., n_bins, n_columns)` of samples `(..., n_frames)`.

    The transform keeps the energy of the windowed samples.
    """
    spectra = librosa.stft(samples, n_fft=config.n_fft, hop_length=config.hop)
    return spectra / np.float32(np.sqrt(config.n_fft))


def waveform(
    spectra: np.ndarray, n_frames: int, config: DeepConvSepConfig
) -> np.ndarray:
    """Return the samples `(..., n_frames)` whose spectra these are."""
    samples = librosa.istft(
        spectra * np.float32(np.sqrt(config.n_fft)),
        n_fft=config.n_fft,
        hop_length=config.hop,
        length=n_frames,
    )
    return np.asarray(samples, np.float32)


def level(spectra: np.ndarray) -> np.float32:
    """Return the RMS of all magnitudes."""
    return np.float32(np.sqrt(np.mean(np.square(np.abs(spectra)), dtype=np.float64)))
