# SPDX-License-Identifier: GPL-3.0-or-later
"""Batches mixed on the fly, here or in processes of their own; no backend needed."""

from __future__ import annotations

import collections
import concurrent.futures
import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from requinto.config import ModelConfig
from requinto_lab.material.parallel import worker_pool
from requinto_lab.training.examples import ExampleGenerator
from requinto_lab.training.features import FeatureExtractor, Features

_AHEAD = 2  # batches that each worker may have mixed, and nobody has taken
_MIN_AHEAD = 8  # the same of all threads together: validation takes minutes

Batch = tuple[dict[str, np.ndarray], np.ndarray]


@dataclass(frozen=True)
class BatchMaker:
    """Mixtures and references, and the statistics of what is to be extracted.

    Parameters
    ----------
    mixes : ExampleGenerator
    config : ModelConfig
        Whose transform the features are of.
    batch_size : int
    seed : int
    first : int
        Batches of earlier runs, which are not to come again.
    """

    mixes: ExampleGenerator
    config: ModelConfig
    batch_size: int = 16
    seed: int = 0
    first: int = 0

    def __post_init__(self) -> None:
        object.__setattr__(self, "_extract", FeatureExtractor(self.config))

    def __call__(self, index: int) -> Batch:
        """Return a batch, which follows from the seed and its index alone."""
        rng = np.random.default_rng([self.seed, self.first + index])
        rows: list[Features] = []
        while len(rows) < self.batch_size:
            rows += self._extract(self.mixes.examples(rng))  # type: ignore[attr-defined]
        rows = rows[: self.batch_size]
        mixture, reference, truth = (np.stack(part) for part in zip(*rows, strict=True))
        return {"mixture": mixture, "reference": reference}, truth


def in_threads(make: Callable[[int], Batch], n_threads: int) -> Iterator[Batch]:
    """Yield batches in order without end, mixed ahead by threads.

    An iterator, not a `keras.utils.PyDataset`: Keras 3.15 begins such a data set anew
    after each epoch, so that all epochs learn from the batches of the first.

    Parameters
    ----------
    make : callable
        A `BatchMaker`, or whatever returns the batch of an index.
    n_threads : int
    """
    with concurrent.futures.ThreadPoolExecutor(n_threads) as pool:
        yield from _ahead(pool, make, max(_AHEAD * n_threads, _MIN_AHEAD))


def in_processes(
    build: Callable[..., BatchMaker], arguments: tuple[Any, ...], n_processes: int
) -> Iterator[Batch]:
    """Yield the same batches without end, mixed by processes of their own.

    Where there are many cores, threads wait for Python's lock.

    Parameters
    ----------
    build : callable
        A function of a module that makes a `BatchMaker`; each process calls it once.
    arguments : tuple
        Of `build`.
    n_processes : int
    """
    with worker_pool(
        n_processes, _start, (build, arguments), start_method="spawn"
    ) as pool:
        yield from _ahead(pool, _make, _AHEAD * n_processes)


def _ahead(
    pool: concurrent.futures.Executor, make: Callable[[int], Batch], n_ahead: int
) -> Iterator[Batch]:
    """Yield what `make` returns of 0, 1, ..., of which `n_ahead` are under way."""
    indices = itertools.count()
    waiting = collections.deque(
        pool.submit(make, next(indices)) for _ in range(n_ahead)
    )
    try:
        while True:
            batch = waiting.popleft().result()
            waiting.append(pool.submit(make, next(indices)))
            yield batch
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


_maker: BatchMaker | None = None  # of this process


def _start(build: Callable[..., BatchMaker], arguments: tuple[Any, ...]) -> None:
    global _maker
    _maker = build(*arguments)


def _make(index: int) -> Batch:
    assert _maker is not None
    return _maker(index)
