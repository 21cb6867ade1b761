# SPDX-License-Identifier: GPL-3.0-or-later
"""What systems have in common that answer with the same few sources each time."""

from __future__ import annotations

import abc
from collections.abc import Sequence

import librosa
import numpy as np

from requinto.audio import check_samples
from requinto.errors import TargetError
from requinto.metrics import si_sdr, snr
from requinto_lab.evaluation.systems import Task
from requinto_lab.systems.excerpts import Windows

_MOST_DB = 100.0  # what a perfect answer counts as; a silent one, as much below 0
_ALONE_DB = 40.0  # over the others there is nothing to gain, under them nothing heard


class FixedOutputs(abc.ABC):
    """A system that draws all its sources at once, and looks at no reference.

    Parameters
    ----------
    name : str
        As the tables show it.
    sources : sequence of str
        What it answers with, in order.
    sample_rate : int
        Hz; mixtures at another rate are resampled, and the answers back.
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
    def separated(self, sound: np.ndarray) -> np.ndarray:
        """Return the sources of a mixture.

        Parameters
        ----------
        sound : np.ndarray, shape=(n_channels, n_frames)
            float32, at `sample_rate`, one or two channels.

        Returns
        -------
        np.ndarray, shape=(n_sources, n_channels, n_frames)
        """

    def applies(self, instrument: str) -> bool:
        """Whether it can be asked: for its own sources only."""
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
        sound = librosa.resample(
            mixture, orig_sr=task.sample_rate, target_sr=self.sample_rate
        )
        answers = self.separated(np.asarray(sound, np.float32))
        wanted = answers[self.sources.index(task.instrument)]
        whole = librosa.resample(
            wanted, orig_sr=self.sample_rate, target_sr=task.sample_rate
        )
        whole = librosa.util.fix_length(whole, size=mixture.shape[1])
        return np.asarray(whole, np.float32)


def gains_db(system: FixedOutputs, moments: Windows, n: int) -> dict[str, float]:
    """Return the mean improvement of SI-SDR over `n` mixtures, by source.

    Sources that are silent or alone at a moment, 40 dB below or above the others,
    are not counted there.  The names end with `_gain_db`, `mean_gain_db` is that of
    all; there are none where nothing could be counted.
    """
    found: dict[str, list[float]] = {}
    for i in range(n):
        stems = moments.draw(np.random.default_rng([2, i]))
        mixture = stems.sum(axis=0)
        answers = system.separated(mixture)
        for source, truth, answer in zip(system.sources, stems, answers, strict=True):
            if not truth.any() or abs(snr(truth, mixture)) > _ALONE_DB:
                continue
            after = float(np.clip(si_sdr(truth, answer), -_MOST_DB, _MOST_DB))
            found.setdefault(source, []).append(after - si_sdr(truth, mixture))
    gains = {f"{name}_gain_db": float(np.mean(rows)) for name, rows in found.items()}
    everything = [gain for rows in found.values() for gain in rows]
    return {**gains, "mean_gain_db": float(np.mean(everything))} if found else {}
