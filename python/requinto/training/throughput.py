# SPDX-License-Identifier: GPL-3.0-or-later
"""Measure whether training waits for its mixes.

    python -m requinto.training.throughput LIBRARY

prints examples a second of the training step alone, of mixing alone, and of both
together by way of Keras' own loader and of `tf.data`.
"""

from __future__ import annotations

import concurrent.futures
import functools
import time
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import keras
import tensorflow as tf
import typer

from requinto.config import ModelConfig
from requinto.training.fit import TrainingConfig, compiled
from requinto.training.loader import Batches
from requinto.training.mixing import Mixer, MixingConfig
from requinto.weights import build_networks

_BATCH = 16


def main(
    library: Annotated[Path, typer.Argument(help="A folder that `data build` made.")],
    batches: Annotated[int, typer.Option(help="To measure over.")] = 24,
) -> None:
    """Print examples a second of the step, of the loaders, and of both."""
    mixer = Mixer(library, MixingConfig(), split="train")
    training = TrainingConfig(str(library), "", "", precision="mixed_bfloat16")
    keras.mixed_precision.set_global_policy(training.precision)
    model = compiled(build_networks(training.model), training)

    def data(n_uses: int, **options: Any) -> Batches:
        return Batches(mixer, ModelConfig(), n_uses=n_uses, **options)

    def say(name: str, run: Callable[[], Any]) -> None:
        begun = time.perf_counter()
        run()
        rate = _BATCH * batches / (time.perf_counter() - begun)
        print(f"{name}: {rate:.1f} examples/s", flush=True)

    inputs, truth = data(1)[0]
    model.train_on_batch(inputs, truth)  # traces

    def step() -> None:
        for _ in range(batches):
            model.train_on_batch(inputs, truth)

    say("step alone", step)
    for n in (1, 2):
        mix = functools.partial(_in_threads, data(1), batches, n)
        say(f"mixing alone, {n} threads", mix)
    fit = functools.partial(model.fit, steps_per_epoch=batches, verbose=0)
    for n_uses in (1, 2, 3):
        for workers in (1, 2):
            rows = data(n_uses, workers=workers, max_queue_size=8)
            name = f"training, Keras' loader, {workers} threads, {n_uses} uses"
            say(name, functools.partial(fit, rows, shuffle=False))
        rows = _tf_data(data(n_uses), batches)
        say(f"training, tf.data, 2 calls, {n_uses} uses", functools.partial(fit, rows))


def _in_threads(data: Batches, n_batches: int, n_threads: int) -> None:
    with concurrent.futures.ThreadPoolExecutor(n_threads) as pool:
        list(pool.map(data.__getitem__, range(n_batches)))


def _tf_data(data: Batches, n_batches: int) -> Any:
    first, truth = data[0]
    shapes = {name: rows.shape for name, rows in first.items()}

    def mixed(number: Any) -> Any:
        inputs, answer = data[int(number)]
        return inputs["mixture"], inputs["reference"], answer

    def load(index: Any) -> Any:
        found = tf.numpy_function(mixed, [index], [tf.float32] * 3)
        inputs = {
            name: tf.ensure_shape(rows, shapes[name])
            for name, rows in zip(("mixture", "reference"), found, strict=False)
        }
        return inputs, tf.ensure_shape(found[2], truth.shape)

    return tf.data.Dataset.range(n_batches).map(load, 2).prefetch(8)


if __name__ == "__main__":
    typer.run(main)
