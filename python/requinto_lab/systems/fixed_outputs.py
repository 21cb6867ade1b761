# SPDX-License-Identifier: GPL-3.0-or-later
"""What systems have in common that estimate the same few sources each time.

They cut spectrograms into pieces for a network and join its output, their estimates
are resampled, and gated where that is asked for.

The gate is for what a separator leaves where its source is silent.  The samples are
cut into short windows.  A window's level is the median of the Hilbert envelope over it
and its neighbours, which a single click does not raise; windows whose level is below a
share, the softness, of the loudest one's are silenced.  The gate opens before a window
and closes after it with a fade, so that attacks are kept.  From the 2022 report on the
Spectrogram-channels U-Net.  Its window length, its number of neighbours and what its
threshold is relative to are not known to us: ours were chosen on the validation split,
by the study `denoising-gate`.
"""

from __future__ import annotations

import abc
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import librosa
import numpy as np
import scipy.fft
import scipy.ndimage
import scipy.signal

from requinto.audio import check_samples
from requinto.errors import ConfigError, TargetError
from requinto.metrics import si_sdr
from requinto_lab.evaluation.level_scores import snr
from requinto_lab.evaluation.systems import Task
from requinto_lab.ranges import check_at_least, check_within
from requinto_lab.systems.excerpts import Excerpts

_MAX_DB = 100.0  # what a perfect estimate counts as; a silent one, as much below 0
_ALONE_DB = 40.0  # over the others there is nothing to gain, under them no source


class Network(Protocol):
    """What a system runs: a Keras model, or a stand-in."""

    def predict_on_batch(self, batch: np.ndarray, /) -> np.ndarray:
        """Return the output for inputs `(n, ...)`, `(n, ...)` too."""

    def count_params(self) -> int:
        """Return how many numbers were trained."""


class FixedOutputs(abc.ABC):
    """A system that estimates all its sources at once, and uses no reference.

    Parameters
    ----------
    name : str
        As the tables show it.
    sources : sequence of str
        What it estimates, in order.
    sample_rate : int
        Hz; mixtures at another rate are resampled, and the estimates back.
    n_parameters : int
    """

    uses_reference = False

    def __init__(
        self, name: str, sources: Sequence[str], sample_rate: int, n_parameters: int
    ) -> None:
        self.name = name
        self.sources = tuple(sources)
        self.sample_rate = sample_rate
        self.n_parameters = n_parameters

    @abc.abstractmethod
    def separate(self, samples: np.ndarray) -> np.ndarray:
        """Return the sources of a mixture.

        Parameters
        ----------
        samples : np.ndarray, shape=(n_channels, n_frames)
            float32, at `sample_rate`, one or two channels.

        Returns
        -------
        np.ndarray, shape=(n_sources, n_channels, n_frames)
        """

    def applies(self, instrument: str) -> bool:
        """Whether an instrument is one of its sources."""
        return instrument in self.sources

    def estimate(self, task: Task) -> np.ndarray:
        """Return the source that a task asks for, shaped as its mixture.

        Raises
        ------
        TargetError
            If it is none of the system's sources.
        """
        if not self.applies(task.instrument):
            raise TargetError(
                f"{self.name} knows {', '.join(self.sources)}, not {task.instrument!r}"
            )
        mixture = check_samples(task.mixture, task.sample_rate, "the mixture")
        samples = librosa.resample(
            mixture, orig_sr=task.sample_rate, target_sr=self.sample_rate
        )
        estimates = self.separate(np.asarray(samples, np.float32))
        whole = librosa.resample(
            estimates[self.sources.index(task.instrument)],
            orig_sr=self.sample_rate,
            target_sr=task.sample_rate,
        )
        whole = librosa.util.fix_length(whole, size=mixture.shape[1])
        return np.asarray(whole, np.float32)


def gains_db(system: FixedOutputs, excerpts: Excerpts, n: int) -> dict[str, float]:
    """Return the mean improvement of SI-SDR over `n` mixtures, by source.

    Sources that are silent or alone in an excerpt, 40 dB below or above the others,
    are not counted there.  The names end with `_gain_db`, `mean_gain_db` is that of
    all; there are none where nothing could be counted.
    """
    by_source: dict[str, list[float]] = {}
    for i in range(n):
        stems = excerpts.draw(np.random.default_rng([2, i]))
        mixture = stems.sum(axis=0)
        estimates = system.separate(mixture)
        for source, truth, estimate in zip(
            system.sources, stems, estimates, strict=True
        ):
            if not truth.any() or abs(snr(truth, mixture)) > _ALONE_DB:
                continue
            after = float(np.clip(si_sdr(truth, estimate), -_MAX_DB, _MAX_DB))
            by_source.setdefault(source, []).append(after - si_sdr(truth, mixture))
    gains = {f"{name}_gain_db": float(np.mean(x)) for name, x in by_source.items()}
    everything = [gain for rows in by_source.values() for gain in rows]
    return {**gains, "mean_gain_db": float(np.mean(everything))} if gains else {}


# Spectrograms in pieces


def predict(network: Network, inputs: np.ndarray, n_at_once: int) -> np.ndarray:
    """Return the output for inputs `(n, ...)`, in batches for the memory's sake."""
    return np.concatenate(
        [
            np.asarray(network.predict_on_batch(inputs[i : i + n_at_once]))
            for i in range(0, len(inputs), n_at_once)
        ]
    )


def cut(columns: np.ndarray, size: int, hop: int) -> np.ndarray:
    """Return the pieces of a spectrogram, the last one filled up with zeros.

    Parameters
    ----------
    columns : np.ndarray, shape=(..., n_columns)
    size, hop : int
        Columns of a piece, and between the beginnings of two; `hop` up to `size`.

    Returns
    -------
    np.ndarray, shape=(n_pieces, ..., size)
    """
    n_columns = columns.shape[-1]
    n_pieces = 1 + max(0, -(-(n_columns - size) // hop))
    after = (n_pieces - 1) * hop + size - n_columns
    padded = np.pad(columns, [(0, 0)] * (columns.ndim - 1) + [(0, after)])
    pieces = np.lib.stride_tricks.sliding_window_view(padded, size, axis=-1)
    return np.moveaxis(pieces[..., ::hop, :], -2, 0)


def join(pieces: np.ndarray, hop: int, n_columns: int) -> np.ndarray:
    """Return pieces `(n_pieces, ..., size)` as one spectrogram `(..., n_columns)`.

    Where pieces overlap they are averaged, each the less the nearer to its ends, so
    that joins are smooth.
    """
    size = pieces.shape[-1]
    columns = np.arange(size)
    weights = np.minimum(columns + 1, size - columns).astype(np.float32)
    n_whole = (len(pieces) - 1) * hop + size
    total = np.zeros((*pieces.shape[1:-1], n_whole), pieces.dtype)
    weight = np.zeros(n_whole, np.float32)
    for i, piece in enumerate(pieces):
        total[..., i * hop : i * hop + size] += piece * weights
        weight[i * hop : i * hop + size] += weights
    return (total / weight)[..., :n_columns]


# The denoising gate


@dataclass(frozen=True)
class GateConfig:
    """When the gate is open."""

    window_s: float = 0.02
    n_neighbours: int = 1  # windows on either side that the median is taken with
    softness: float = 0.1  # of the loudest window's level: what is below is silenced
    fade_s: float = 0.02

    def __post_init__(self) -> None:
        if self.window_s <= 0:
            raise ConfigError(f"window_s must be above 0, got {self.window_s}")
        check_at_least(self, 0, "n_neighbours", "fade_s")
        check_within(self, 0, 1, "softness")


def apply_gate(
    samples: np.ndarray, sample_rate: float, config: GateConfig | None = None
) -> np.ndarray:
    """Return samples with their quiet windows silenced, in all channels alike.

    Parameters
    ----------
    samples : np.ndarray, shape=(n_channels, n_frames)
    sample_rate : float
        Hz.
    config : GateConfig, optional

    Returns
    -------
    np.ndarray, shape=(n_channels, n_frames)
        float32; where the gate is open, the samples to the last bit.
    """
    cfg = config or GateConfig()
    size = max(1, round(cfg.window_s * sample_rate))
    levels = window_levels(envelope(samples), size, cfg.n_neighbours)
    is_open = levels >= cfg.softness * levels.max(initial=0.0)
    gain = _gain(np.repeat(is_open, size)[: samples.shape[1]], cfg, sample_rate)
    return np.asarray(samples * gain, np.float32)


def envelope(samples: np.ndarray) -> np.ndarray:
    """Return the mean over channels of the Hilbert envelope, `(n_frames,)`."""
    n_frames = samples.shape[1]
    # A prime number of frames would take minutes
    n_fft = scipy.fft.next_fast_len(n_frames)
    total = np.zeros(n_frames, np.float32)
    for channel in samples:
        total += np.abs(scipy.signal.hilbert(channel, n_fft)[:n_frames])
    return total / max(len(samples), 1)


def window_levels(envelope: np.ndarray, size: int, n_neighbours: int) -> np.ndarray:
    """Return the median of each window of `size` frames and its neighbours.

    The last window may be shorter, and at the ends there are fewer neighbours.
    """
    starts = size * np.arange(-(-len(envelope) // size))
    reach = size * n_neighbours
    levels = [
        np.median(envelope[max(start - reach, 0) : start + size + reach])
        for start in starts
    ]
    return np.array(levels)


def _gain(is_open: np.ndarray, config: GateConfig, sample_rate: float) -> np.ndarray:
    """Return the gain of each frame: 1 where open, falling to 0 next to that."""
    if is_open.all() or not is_open.any():
        return is_open.astype(np.float32)
    away_s = scipy.ndimage.distance_transform_edt(~is_open) / sample_rate
    share = np.clip(away_s / max(config.fade_s, 1 / sample_rate), 0, 1)
    return (0.5 + 0.5 * np.cos(np.pi * share)).astype(np.float32)
