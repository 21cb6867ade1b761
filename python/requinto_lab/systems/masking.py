# SPDX-License-Identifier: GPL-3.0-or-later
"""Separate with a network that masks a magnitude spectrogram, piece by piece.

The masked spectra sound with the mixture's phase.  What no mask covers belongs to the
last source, so that the sources always sum to the mixture.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import librosa
import numpy as np

from requinto.errors import ConfigError
from requinto_lab.systems import chunks
from requinto_lab.systems.fixed_outputs import FixedOutputs

_WINDOW = "cosine"  # half a sine: its squares sum to one at half overlap
_PIECES_AT_ONCE = 32  # through the network; always as many, to trace it once


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
        if not 1 <= self.hop <= self.n_fft // 2:
            raise ConfigError(
                f"hop must be 1 to half of n_fft ({self.n_fft}), got {self.hop}"
            )
        if not 1 <= self.n_bins <= self.n_fft // 2 + 1:
            raise ConfigError(
                f"n_bins must be 1 to {self.n_fft // 2 + 1}, got {self.n_bins}"
            )
        if self.n_columns < 2:
            raise ConfigError(f"n_columns must be 2 or more, got {self.n_columns}")
        if len(self.sources) < 2:
            raise ConfigError(f"sources must be two or more, got {self.sources}")


class Network(Protocol):
    """What draws masks: a Keras model, or a stand-in."""

    def predict_on_batch(self, magnitudes: np.ndarray) -> np.ndarray:
        """Turn `(n, n_columns, n_bins)` into `(n, n_columns, n_bins, n_masks)`."""

    def count_params(self) -> int:
        """Return how many numbers were trained."""


class Masker(FixedOutputs):
    """A system whose network draws masks, heard on each channel by itself.

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

    def separated(self, sound: np.ndarray) -> np.ndarray:
        """Return the sources of a mixture; they sum to it, to rounding."""
        size = max(sound.shape[-1], self.config.n_fft)
        spectra = spectrum(librosa.util.fix_length(sound, size=size), self.config)
        masked = self.masks(np.abs(spectra)) * spectra
        # By subtraction, which also makes a last mask where the network has none
        named = masked[: len(self.sources) - 1]
        rest = spectra - named.sum(axis=0)
        answers = waveform(np.stack([*named, rest]), self.config, size)
        return answers[..., : sound.shape[-1]]

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
        seen = chunks.cut(magnitudes[:, : cfg.n_bins], cfg.n_columns, hop)
        flat = seen.reshape(-1, cfg.n_bins, cfg.n_columns).transpose(0, 2, 1)
        drawn = self._drawn(np.ascontiguousarray(flat, np.float32))
        pieces = drawn.transpose(0, 3, 2, 1).reshape(
            *seen.shape[:2], -1, cfg.n_bins, cfg.n_columns
        )
        masks = chunks.joined(pieces, hop, magnitudes.shape[-1])
        above = magnitudes.shape[1] - cfg.n_bins
        whole = np.pad(masks, ((0, 0), (0, 0), (0, above), (0, 0)), mode="edge")
        return whole.swapaxes(0, 1)

    def _drawn(self, pieces: np.ndarray) -> np.ndarray:
        found = []
        for first in range(0, len(pieces), _PIECES_AT_ONCE):
            some = pieces[first : first + _PIECES_AT_ONCE]
            missing = _PIECES_AT_ONCE - len(some)
            batch = np.pad(some, ((0, missing), (0, 0), (0, 0)))
            found.append(np.asarray(self._network.predict_on_batch(batch))[: len(some)])
        return np.concatenate(found)


def spectrum(sound: np.ndarray, config: MaskingConfig) -> np.ndarray:
    """Return spectra `(..., n_fft // 2 + 1, n_columns)` of sounds `(..., n_frames)`.

    A sine of amplitude 1 has a magnitude of 1.
    """
    spectra = librosa.stft(
        sound, n_fft=config.n_fft, hop_length=config.hop, window=_WINDOW
    )
    return np.asarray(spectra / _scale(config), np.complex64)


def waveform(spectra: np.ndarray, config: MaskingConfig, n_frames: int) -> np.ndarray:
    """Return the sounds `(..., n_frames)` whose spectra these are."""
    sounds = librosa.istft(
        spectra * _scale(config),
        n_fft=config.n_fft,
        hop_length=config.hop,
        window=_WINDOW,
        length=n_frames,
    )
    return np.asarray(sounds, np.float32)


def moment_frames(config: MaskingConfig, n_pieces: int) -> int:
    """Return how long a sound of so many pieces is that follow each other."""
    return (config.n_columns * n_pieces - 1) * config.hop


def _scale(config: MaskingConfig) -> np.float32:
    window = librosa.filters.get_window(_WINDOW, config.n_fft)
    return np.float32(window.sum() / 2)
