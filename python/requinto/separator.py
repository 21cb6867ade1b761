# SPDX-License-Identifier: GPL-3.0-or-later
"""The networks as one function from sound to sound: a clip in, its target out."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Protocol

import librosa
import numpy as np

from requinto.config import ClipConfig, ModelConfig
from requinto.spectra import Spectra, compressed

if TYPE_CHECKING:
    import keras

_REFERENCE_S = 3.0  # shorter references are padded to what training showed


class Separator(Protocol):
    """What `extract.py` and `stream.py` need of a model, wherever it runs."""

    @property
    def clips(self) -> ClipConfig:
        """How audio is to be cut for this model."""

    def target(self, name: str) -> np.ndarray:
        """Return the embedding of a built-in target."""

    def embed(self, reference: np.ndarray, sample_rate: float) -> np.ndarray:
        """Return the embedding of a reference sound, `(n_channels, n_frames)`."""

    def separate(
        self, clip: np.ndarray, sample_rate: float, embedding: np.ndarray
    ) -> np.ndarray:
        """Return what a clip `(n_channels, n_frames)` holds of the target."""


class NetworkSeparator:
    """A separator whose networks run in this process.

    Parameters
    ----------
    config : ModelConfig
    unet, encoder : keras.Model
        As `build_unet` and `build_reference_encoder` make them.
    references : dict of str to list of np.ndarray
        Sounds `(n_channels, n_frames)` of each built-in target, at the model's
        rate.  A target's embedding is the mean over its sounds.
    """

    def __init__(
        self,
        config: ModelConfig,
        unet: keras.Model,
        encoder: keras.Model,
        references: dict[str, list[np.ndarray]],
    ) -> None:
        self.config = config
        self._spectra = Spectra(config.spectra)
        self._reference_frames = round(_REFERENCE_S * config.spectra.sample_rate)
        self._unet = unet
        self._encoder = encoder
        self._references = references
        self._targets: dict[str, np.ndarray] = {}
        self._lock = threading.RLock()  # Keras does not promise to be re-entrant

    @property
    def clips(self) -> ClipConfig:
        """How audio is to be cut for this model."""
        return self.config.clips

    @property
    def n_parameters(self) -> int:
        """Trained numbers of both networks."""
        return int(self._unet.count_params() + self._encoder.count_params())

    def target(self, name: str) -> np.ndarray:
        """Return the embedding `(reference_size,)` of a built-in target."""
        with self._lock:
            if name not in self._targets:
                rate = self.config.spectra.sample_rate
                embeddings = [self.embed(r, rate) for r in self._references[name]]
                self._targets[name] = np.mean(embeddings, axis=0)
            return self._targets[name]

    def embed(self, reference: np.ndarray, sample_rate: float) -> np.ndarray:
        """Return the embedding `(reference_size,)` of a reference sound.

        Parameters
        ----------
        reference : np.ndarray, shape=(n_channels, n_frames)
            One or two channels, at `sample_rate` Hz, not silent.
        """
        spectra = self._spectra
        sound = _stereo(self._at_model_rate(reference, sample_rate))
        if (missing := self._reference_frames - sound.shape[1]) > 0:
            sound = np.pad(sound, ((0, 0), (0, missing)))
        power = spectra.power(spectra.analyse(sound))
        view = spectra.padded(compressed(power))
        with self._lock:
            return np.asarray(self._encoder.predict_on_batch(view[None])[0])

    def separate(
        self, clip: np.ndarray, sample_rate: float, embedding: np.ndarray
    ) -> np.ndarray:
        """Return what a clip holds of the target.

        Parameters
        ----------
        clip : np.ndarray, shape=(n_channels, n_frames)
            One or two channels at `sample_rate` Hz, context included.
        embedding : np.ndarray, shape=(reference_size,)

        Returns
        -------
        np.ndarray, shape=(n_channels, n_frames), float32
        """
        if not clip.any():
            return np.zeros_like(clip)
        sound = _stereo(self._at_model_rate(clip, sample_rate))
        spectrum = self._spectra.analyse(sound)
        mask = self._mask(spectrum, embedding)
        extracted = self._spectra.synthesise(
            self._spectra.apply(mask, spectrum), sound.shape[1]
        )
        extracted = _resampled(
            extracted, self.config.spectra.sample_rate, sample_rate, clip.shape[1]
        )
        return extracted if len(clip) == 2 else extracted.mean(axis=0, keepdims=True)

    def _mask(self, spectrum: np.ndarray, embedding: np.ndarray) -> np.ndarray:
        view = self._spectra.padded(compressed(self._spectra.power(spectrum)))
        with self._lock:
            return np.asarray(
                self._unet.predict_on_batch(
                    {"mixture": view[None], "embedding": embedding[None]}
                )[0]
            )

    def _at_model_rate(self, audio: np.ndarray, sample_rate: float) -> np.ndarray:
        rate = self.config.spectra.sample_rate
        n_frames = round(audio.shape[1] * rate / sample_rate)
        return _resampled(audio, sample_rate, rate, n_frames)


def _stereo(audio: np.ndarray) -> np.ndarray:
    return audio if len(audio) == 2 else np.repeat(audio, 2, axis=0)


def _resampled(
    audio: np.ndarray, rate: float, new_rate: float, n_frames: int
) -> np.ndarray:
    """Resample to exactly `n_frames`, aligned at the first."""
    if rate != new_rate:
        audio = librosa.resample(audio, orig_sr=rate, target_sr=new_rate)
    return librosa.util.fix_length(audio, size=n_frames).astype(np.float32, copy=False)
