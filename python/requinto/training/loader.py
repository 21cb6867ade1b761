# SPDX-License-Identifier: GPL-3.0-or-later
"""Batches mixed on the fly, as a Keras data set: any backend, any number of workers."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np

from requinto.config import ModelConfig
from requinto.spectra import Spectra
from requinto.training.features import moments, reference_view
from requinto.training.mixing import Mixer

KEPT_BATCHES = 24  # shuffled and shown again before others are mixed

_ENDLESS = 10**9

Batch = tuple[dict[str, np.ndarray], np.ndarray]


class Batches(keras.utils.PyDataset):
    """Mixtures and references, and the moments of what is to be found.

    Batch `i` follows from the seed and `i` alone, whichever worker mixes it.

    Parameters
    ----------
    mixer : Mixer
    config : ModelConfig
        Whose transform the features are of.
    batch_size : int
    n_uses : int
        Times that a batch is shown; not twice in a row.
    seed : int
    first : int
        Batches of earlier runs, which are not to come again.
    workers, use_multiprocessing, max_queue_size
        As Keras has them.
    """

    def __init__(
        self,
        mixer: Mixer,
        config: ModelConfig,
        *,
        batch_size: int = 16,
        n_uses: int = 2,
        seed: int = 0,
        first: int = 0,
        **options: Any,
    ) -> None:
        super().__init__(**options)
        self._mixer = mixer
        self._spectra = Spectra(config.spectra)
        self._batch_size = batch_size
        self._n_uses = n_uses
        self._seed = seed
        self._first = first
        self._kept: dict[int, Batch] = {}

    @property
    def num_batches(self) -> int:
        """Batches, by the name that Keras asks for: without end.

        So `fit` must be told its steps an epoch; each epoch goes on where the
        last one ended.
        """
        return _ENDLESS

    def __getitem__(self, index: int) -> Batch:
        number = self._number(self._first + index)
        if self._n_uses == 1:
            return self._mixed(number)
        if number not in self._kept:
            batch = self._mixed(number)
            self._kept[number] = batch
            for old in [n for n in self._kept if n < number - 2 * KEPT_BATCHES]:
                self._kept.pop(old, None)
            return batch
        return self._kept[number]

    def _number(self, step: int) -> int:
        """Return which batch a step shows: groups come again, shuffled anew."""
        group, place = divmod(step, KEPT_BATCHES * self._n_uses)
        use, place = divmod(place, KEPT_BATCHES)
        order = np.arange(KEPT_BATCHES)
        if use:
            rng = np.random.default_rng([self._seed, group, use])
            # What ended the last pass does not begin this one
            order = np.concatenate([rng.permutation(12), 12 + rng.permutation(12)])
        return int(group * KEPT_BATCHES + order[place])

    def _mixed(self, number: int) -> Batch:
        rng = np.random.default_rng([self._seed, number])
        seen, references, truths = [], [], []
        for _ in range(self._batch_size):
            example = self._mixer.example(rng)
            view, truth = moments(self._spectra, example.mixture, example.target)
            seen.append(view)
            truths.append(truth)
            references.append(reference_view(self._spectra, example.reference))
        inputs = {"mixture": np.stack(seen), "reference": np.stack(references)}
        return inputs, np.stack(truths)
