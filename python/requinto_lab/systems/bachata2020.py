# SPDX-License-Identifier: GPL-3.0-or-later
"""The 2020 thesis that this project grew from, as it was, for comparison.

Clips of four beats of 11025 Hz mono are stretched to one length; a U-Net draws
the target's logarithmic spectrogram from the mixture's and a reference's; it
sounds with the mixture's phase, is stretched back, and clips are put end to end.
What precedes the first beat is not separated: there the answer is silence.

Illes, "The extraction of musical instruments from bachata songs using semantic
segmentation for audio source separation", MSci project, Durham University, 2020
(tomilles.com/masters.html; github.com/tomilles/masters_project).  Rate, lengths,
transform, widths, gains, loss and optimiser are its numbers.  It reports losses of
training and the author's own listening, no scores.  Ours differs where it had to, or
where that can only help: two convolutions at each level and a trained way up instead
of one and interpolation, 31.05 million parameters instead of 15.7; all columns of the
spectrogram, whose first and last it drops; a drawing that keeps the target's level,
which it loses by scaling each target to its own peak; clips of exactly the length that
they came with.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import librosa
import numpy as np

from requinto.audio import check_samples
from requinto.beats import Beats
from requinto.errors import ConfigError
from requinto.model_folder import models_folder
from requinto_lab.evaluation.librosa_beats import track
from requinto_lab.evaluation.systems import Task
from requinto_lab.networks import weights
from requinto_lab.networks.backend import prepare_keras
from requinto_lab.systems.fixed_outputs import Network

if TYPE_CHECKING:
    import keras

NAME = "bachata2020"
UNSTRETCHES = ("vocoder", "mask")

_VOCODER_FFT = 2048  # librosa's own choice for stretching
_SOUNDING = 0.01  # of the peak: where a reference begins
_CLIPS_AT_ONCE = 4  # through the network, for the memory's sake
_GAIN_CEILING = 2.0  # of the mask in the "mask" way back

# Configuration


@dataclass(frozen=True)
class Bachata2020Config:
    """Every number of the thesis' system, saved beside its weights."""

    sample_rate: int = 11025  # Hz
    beats_per_clip: int = 4  # "half a bar" in the thesis' count
    clip_frames: int = 18000  # after stretching: four beats at 147 bpm
    n_fft: int = 510  # 256 bins without dropping one
    hop: int = 71  # no hop divides 18000 into 256 columns: 105 frames are padding
    n_columns: int = 256
    n_levels: int = 5
    first_width: int = 64  # doubles with each level
    width_divisor: int = 1  # 4 makes the network 16 times smaller
    clamp: bool = True  # the output to [0, 1]
    normalise: bool = True  # spectrograms over their maximum

    def __post_init__(self) -> None:
        if self.n_levels < 1 or self.first_width % max(self.width_divisor, 1):
            raise ConfigError(
                "n_levels must be 1 or more and width_divisor divide first_width "
                f"({self.first_width}), got {self.n_levels} and {self.width_divisor}"
            )
        step = 2 ** (self.n_levels - 1)
        if self.n_bins % step or self.n_columns % step:
            raise ConfigError(
                f"bins and columns must be multiples of {step}, got {self.n_bins} "
                f"and {self.n_columns}"
            )
        if self.padded_frames < self.clip_frames:
            raise ConfigError(
                f"{self.n_columns} columns at a hop of {self.hop} end before "
                f"clip_frames ({self.clip_frames})"
            )

    @property
    def n_bins(self) -> int:
        """Frequency bins of the transform."""
        return self.n_fft // 2 + 1

    @property
    def padded_frames(self) -> int:
        """Frames up to the middle of the last column."""
        return self.hop * (self.n_columns - 1)

    @property
    def widths(self) -> tuple[int, ...]:
        """Channels of the network at each level."""
        first = self.first_width // self.width_divisor
        return tuple(first * 2**level for level in range(self.n_levels))


# Layers and graph


def build_network(
    widths: tuple[int, ...],
    n_bins: int = 256,
    n_columns: int = 256,
    dtype: str = "float32",
    *,
    clamp: bool = True,
) -> keras.Model:
    """Return the untrained U-Net, from mixture and reference to the target.

    Parameters
    ----------
    widths : tuple of int
        Channels at each level, from the full picture down; (64, ..., 1024) of
        the thesis makes 31.05 million parameters.
    n_bins, n_columns : int
        Size of the pictures, multiples of `2 ** (len(widths) - 1)`.
    dtype : str
        Keras' policy: "float32", or "mixed_bfloat16" to train where the
        processor has it.
    clamp : bool
        Limit the output to [0, 1].

    Returns
    -------
    keras.Model
        From `(batch, n_bins, n_columns, 2)`, mixture and reference, to
        `(batch, n_bins, n_columns, 1)`.

    References
    ----------
    Ronneberger, Fischer, Brox, "U-Net: Convolutional Networks for Biomedical
    Image Segmentation", MICCAI 2015, arXiv:1505.04597.  Ours pads, so that the
    picture keeps its size, and normalises each batch.
    """
    prepare_keras()
    import keras

    from requinto_lab.systems.layers import Limited, u_net

    pictures = keras.Input((n_bins, n_columns, 2), name="pictures")
    x = u_net(pictures, widths, dtype)
    # In float32 whatever the precision of the rest, so that nothing is coarse
    output = keras.layers.Conv2D(1, 1, dtype="float32")(x)
    if clamp:
        output = Limited(0.0, 1.0, dtype="float32")(output)
    return keras.Model(pictures, output, name=NAME)


def build(config: Bachata2020Config, dtype: str = "float32") -> keras.Model:
    """Return the untrained network of a configuration."""
    return build_network(
        config.widths, config.n_bins, config.n_columns, dtype, clamp=config.clamp
    )


# Signal path


class Bachata2020:
    """The thesis' system, as it is compared with others.

    Parameters
    ----------
    config : Bachata2020Config, optional
    network : Network, optional
        Without both, the committed model is loaded.
    unstretch : str
        How a clip gets its length back.  "vocoder" as the thesis did: a phase
        vocoder over the separated clip, which loses the waveform's phase, so
        that SI-SDR is low however well the network does.  "mask", kinder: the
        network's output over the mixture's spectrogram is a mask, its columns
        move to where they came from, and the unstretched mixture is masked.
    """

    uses_reference = True

    def __init__(
        self,
        config: Bachata2020Config | None = None,
        network: Network | None = None,
        *,
        unstretch: str = "vocoder",
    ) -> None:
        if unstretch not in UNSTRETCHES:
            raise ConfigError(
                f"unstretch must be one of {UNSTRETCHES}, got {unstretch!r}"
            )
        if network is None:
            saved = weights.load_network(
                models_folder(), NAME, Bachata2020Config, build
            )
            config, network = saved
        self.config = config or Bachata2020Config()
        self.unstretch = unstretch
        self.name = NAME if unstretch == "vocoder" else f"{NAME} ({unstretch})"
        self.n_parameters = int(network.count_params())
        self._network = network

    def applies(self, instrument: str) -> bool:
        """Whether it knows an instrument: always, the reference is an example of it."""
        return True

    def estimate(self, task: Task) -> np.ndarray:
        """Return the estimated target, shaped as the mixture, silent at first.

        One sound for all channels, nothing above 5.5 kHz.
        """
        rate = self.config.sample_rate
        mixture = check_samples(task.mixture, task.sample_rate, "the mixture")
        beats = task.beats or track(mixture, task.sample_rate)
        mono = to_mono(mixture, task.sample_rate, rate)
        reference = self._reference(
            to_mono(task.reference, task.sample_rate, rate), beats.tempo_bpm
        )
        separated = self._song(mono, reference, beats)
        whole = librosa.resample(separated, orig_sr=rate, target_sr=task.sample_rate)
        whole = librosa.util.fix_length(whole, size=mixture.shape[1])
        return np.tile(whole.astype(np.float32), (len(mixture), 1))

    def _song(
        self, mono: np.ndarray, reference: np.ndarray, beats: Beats
    ) -> np.ndarray:
        bounds = clip_bounds(beats, len(mono), self.config)
        separated = np.zeros(max(len(mono), bounds[-1][1]), np.float32)
        padded = np.pad(mono, (0, len(separated) - len(mono)))
        for first in range(0, len(bounds), _CLIPS_AT_ONCE):
            some = bounds[first : first + _CLIPS_AT_ONCE]
            clips = [padded[start:end] for start, end in some]
            estimates = self._clips(clips, reference)
            for (start, end), estimate in zip(some, estimates, strict=True):
                separated[start:end] = estimate
        return separated[: len(mono)]

    def _clips(
        self, clips: list[np.ndarray], reference: np.ndarray
    ) -> Iterator[np.ndarray]:
        """Yield each clip separated, at its own length."""
        cfg = self.config
        stretched = [stretch(clip, cfg.clip_frames) for clip in clips]
        spectra = spectrum(np.stack(stretched), cfg)
        logs = compress(spectra)
        scales = scale(logs, cfg, axis=(1, 2))
        mixtures = logs / scales
        references = np.broadcast_to(reference, mixtures.shape)
        inputs = np.stack([mixtures, references], axis=-1)
        outputs = np.asarray(self._network.predict_on_batch(inputs))[..., 0]
        # Where nothing is clamped the output may fall below silence
        magnitudes = expand(np.maximum(outputs * scales, 0))
        for clip, target, mixed in zip(clips, magnitudes, spectra, strict=True):
            if self.unstretch == "mask":
                yield self._mask(clip, target, np.abs(mixed))
            else:
                turned = target * np.exp(1j * np.angle(mixed))
                yield stretch(waveform(turned, cfg), len(clip))

    def _mask(
        self, clip: np.ndarray, target: np.ndarray, mixed: np.ndarray
    ) -> np.ndarray:
        """Mask an unstretched clip by the stretched target over the mixture."""
        cfg = self.config
        mask = np.minimum(target / np.maximum(mixed, 1e-9), _GAIN_CEILING)
        original = librosa.stft(clip, n_fft=cfg.n_fft, hop_length=cfg.hop)
        last = cfg.n_columns - 1
        positions = np.arange(original.shape[1]) * cfg.clip_frames / len(clip)
        positions = np.minimum(positions, last)
        before = np.minimum(positions.astype(int), last - 1)
        share = (positions - before).astype(np.float32)
        moved = mask[:, before] * (1 - share) + mask[:, before + 1] * share
        masked = librosa.istft(
            original * moved, n_fft=cfg.n_fft, hop_length=cfg.hop, length=len(clip)
        )
        return np.asarray(masked, np.float32)

    def _reference(self, mono: np.ndarray, tempo_bpm: float) -> np.ndarray:
        """Return the picture of the first sounding beats, `(n_bins, n_columns)`."""
        cfg = self.config
        loud = np.abs(mono) > _SOUNDING * np.abs(mono).max()
        begin = int(np.argmax(loud))
        size = round(cfg.beats_per_clip * 60 / tempo_bpm * cfg.sample_rate)
        clip = librosa.util.fix_length(mono[begin : begin + size], size=size)
        log = compress(spectrum(stretch(clip, cfg.clip_frames), cfg))
        return log / scale(log, cfg)


def clip_bounds(
    beats: Beats, n_frames: int, config: Bachata2020Config
) -> list[tuple[int, int]]:
    """Return the first frame of each clip and the one after its last.

    Clips of four beats follow each other from the first beat, downbeat or not;
    the last one may end after the song, at beats carried on at their interval.
    Frames are those of `config.sample_rate`, as is `n_frames`, the song's length.
    """
    step = config.beats_per_clip
    times_s = beats.extend(n_frames / config.sample_rate).times_s
    more = times_s[-1] + (times_s[-1] - times_s[-2]) * np.arange(1, step + 1)
    frames = np.round(np.append(times_s, more) * config.sample_rate).astype(int)
    edges = frames[::step]
    pairs = itertools.pairwise(edges.tolist())
    bounds = [(a, b) for a, b in pairs if a < b and a < n_frames]
    return bounds or [(n_frames, n_frames + config.clip_frames)]


def stretch(clip: np.ndarray, n_frames: int) -> np.ndarray:
    """Return a clip `(n_frames_before,)` at another length, its pitch kept.

    librosa's phase vocoder; a clip of that length already is returned as it is.
    """
    if len(clip) == n_frames:
        return clip
    n_fft = min(_VOCODER_FFT, len(clip) // 4 * 4)
    if n_fft < 4:
        return np.zeros(n_frames, np.float32)
    longer = librosa.effects.time_stretch(clip, rate=len(clip) / n_frames, n_fft=n_fft)
    return np.asarray(librosa.util.fix_length(longer, size=n_frames), np.float32)


def spectrum(clips: np.ndarray, config: Bachata2020Config) -> np.ndarray:
    """Return the spectra `(..., n_bins, n_columns)` of clips `(..., clip_frames)`."""
    padded = librosa.util.fix_length(clips, size=config.padded_frames)
    return librosa.stft(padded, n_fft=config.n_fft, hop_length=config.hop)


def waveform(spectra: np.ndarray, config: Bachata2020Config) -> np.ndarray:
    """Return the clips `(..., clip_frames)` whose spectra these are."""
    clips = librosa.istft(
        spectra,
        n_fft=config.n_fft,
        hop_length=config.hop,
        length=config.padded_frames,
    )
    return np.asarray(clips[..., : config.clip_frames], np.float32)


def compress(spectra: np.ndarray) -> np.ndarray:
    """Return log10(1 + |X|) of spectra, float32."""
    return np.log10(1 + np.abs(spectra)).astype(np.float32)


def scale(
    logs: np.ndarray,
    config: Bachata2020Config,
    axis: tuple[int, ...] | None = None,
) -> np.ndarray:
    """Return what compressed spectra are divided by, over axes that stay there."""
    peaks = np.max(logs, axis=axis, keepdims=True)
    if not config.normalise:
        return np.ones_like(peaks)
    return np.maximum(peaks, np.finfo(np.float32).tiny)


def expand(logs: np.ndarray) -> np.ndarray:
    """Return the magnitudes that `compress` made into these."""
    return np.power(10, logs).astype(np.float32) - 1


def to_mono(audio: np.ndarray, sample_rate: int, target_rate: int) -> np.ndarray:
    """Return the mean of channels `(n_frames,)`, or of one, at another rate."""
    mono = np.atleast_2d(audio).mean(axis=0)
    resampled = librosa.resample(mono, orig_sr=sample_rate, target_sr=target_rate)
    return np.asarray(resampled, np.float32)
