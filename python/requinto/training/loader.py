# SPDX-License-Identifier: GPL-3.0-or-later
"""Batches mixed on the fly, as a Keras data set: any backend, any number of threads."""

from __future__ import annotations

from typing import Any

import keras

from requinto.config import ModelConfig
from requinto.training.batches import Batch, BatchMaker
from requinto.training.examples import ExampleGenerator

_ENDLESS = 10**9


class Batches(keras.utils.PyDataset):
    """What a `BatchMaker` makes, whichever thread does.

    Parameters
    ----------
    mixes : ExampleGenerator
    config : ModelConfig
    batch_size, seed, first : int
        See `BatchMaker`.
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
        self._make = BatchMaker(mixes, config, batch_size, seed, first)

    @property
    def num_batches(self) -> int:
        """Batches, by the name that Keras asks for: without end.

        So `fit` must be told its steps an epoch; each epoch goes on where the
        last one ended.
        """
        return _ENDLESS

    def __getitem__(self, index: int) -> Batch:
        return self._make(index)
