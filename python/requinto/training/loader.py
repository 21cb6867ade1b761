# SPDX-License-Identifier: GPL-3.0-or-later
"""Batches mixed on the fly, as a Keras data set: any backend, any number of workers."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np

from requinto.config import ModelConfig
from requinto.training.examples import ExampleGenerator
from requinto.training.features import FeatureExtractor, Features

_ENDLESS = 10**9

Batch = tuple[dict[str, np.ndarray], np.ndarray]


class Batches(keras.utils.PyDataset):
    """Mixtures and references, and the moments of what is to be found.

    Batch `i` follows from the seed and `i` alone, whichever worker mixes it.

    Parameters
    ----------
    mixes : ExampleGenerator
    config : ModelConfig
        Whose transform the features are of.
    batch_size : int
    seed : int
    first : int
        Batches of earlier runs, which are not to come again.
    workers, use_multiprocessing, max_queue_size
        As Keras has them.
    """

    def __init__(
        self,
        mixes: ExampleGenerator,
        config: ModelConfig,
        *,
        batch_size: int = 16,
        seed: int = 0,
        first: int = 0,
        **options: Any,
    ) -> None:
        super().__init__(**options)
        self._mixes = mixes
        self._extract = FeatureExtractor(config)
        self._batch_size = batch_size
        self._seed = seed
        self._first = first

    @property
    def num_batches(self) -> int:
        """Batches, by the name that Keras asks for: without end.

        So `fit` must be told its steps an epoch; each epoch goes on where the
        last one ended.
        """
        return _ENDLESS

    def __getitem__(self, index: int) -> Batch:
        rng = np.random.default_rng([self._seed, self._first + index])
        rows: list[Features] = []
        while len(rows) < self._batch_size:
            rows += self._extract(self._mixes.examples(rng))
        rows = rows[: self._batch_size]
        mixture, reference, truth = (np.stack(part) for part in zip(*rows, strict=True))
        return {"mixture": mixture, "reference": reference}, truth
