# SPDX-License-Identifier: GPL-3.0-or-later
"""Measure whether training waits for its mixes.

    python -m requinto.training.throughput LIBRARY

prints examples a second of the training step alone, of mixing alone, and of both
together by way of Keras' own loader and of `tf.data`, once the queues are full.
"""

from __future__ import annotations

import concurrent.futures
import time
from pathlib import Path
from typing import Annotated, Any

import keras
import tensorflow as tf
import typer

from requinto.training import heap
from requinto.training.fit import TrainingConfig, compiled
from requinto.training.loader import Batches
from requinto.training.mixing import MixGenerator, MixingConfig
from requinto.weights import build_networks

_WARM_UP = 12  # batches: tracing, and the filling of queues


def main(
    library: Annotated[Path, typer.Argument(help="A folder that `data build` made.")],
    batches: Annotated[int, typer.Option(help="To measure over.")] = 96,
) -> None:
    """Print examples a second of the step, of the loaders, and of both."""
    mixes = MixGenerator(library, MixingConfig(), split="train")
    training = TrainingConfig(str(library), "", "", precision="mixed_bfloat16")
    keras.mixed_precision.set_global_policy(training.precision)
    model = compiled(build_networks(training.model), training)

    def data(**options: Any) -> Batches:
        return Batches(mixes, training.model, batch_size=training.batch_size, **options)

    def say(name: str, seconds: float) -> None:
        speed = training.batch_size * batches / seconds
        print(f"{name}: {speed:.1f} examples/s", flush=True)

    inputs, truth = data()[0]
    model.train_on_batch(inputs, truth)  # traces
    begun = time.perf_counter()
    for _ in range(batches):
        model.train_on_batch(inputs, truth)
    say("step alone", time.perf_counter() - begun)
    for n in (1, 2):
        seconds = _in_threads(data(), batches, n)
        say(f"mixing alone, {n} threads", seconds)
    for workers in (1, 2):
        rows = data(workers=workers, max_queue_size=8)
        seconds = _fitting(model, rows, batches)
        say(f"training, Keras' loader, {workers} threads", seconds)
    say("training, tf.data, 2 calls", _fitting(model, _tf_data(data()), batches))


def _fitting(model: Any, rows: Any, n_batches: int) -> float:
    """Return the seconds that `n_batches` take after the first `_WARM_UP`."""
    times = []

    class Clock(keras.callbacks.Callback):
        def on_train_batch_begin(self, batch: int, logs: Any = None) -> None:
            if batch == 0:
                heap.keep()

        def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
            times.append(time.perf_counter())

    model.fit(
        rows,
        steps_per_epoch=_WARM_UP + n_batches,
        shuffle=False,
        verbose=0,
        callbacks=[Clock()],
    )
    return times[-1] - times[_WARM_UP - 1]


def _in_threads(data: Batches, n_batches: int, n_threads: int) -> float:
    begun = time.perf_counter()
    with concurrent.futures.ThreadPoolExecutor(n_threads) as pool:
        list(pool.map(data.__getitem__, range(n_batches)))
    return time.perf_counter() - begun


def _tf_data(data: Batches) -> Any:
    first, truth = data[0]
    shapes = {name: rows.shape for name, rows in first.items()}

    def mixed(number: Any) -> Any:
        inputs, answer = data[int(number)]
        return *inputs.values(), answer

    def load(index: Any) -> Any:
        *found, answer = tf.numpy_function(
            mixed, [index], [tf.float32] * (len(shapes) + 1)
        )
        inputs = {
            name: tf.ensure_shape(rows, shapes[name])
            for name, rows in zip(shapes, found, strict=True)
        }
        return inputs, tf.ensure_shape(answer, truth.shape)

    return tf.data.Dataset.range(data.num_batches).map(load, 2).prefetch(8)


if __name__ == "__main__":
    typer.run(main)
