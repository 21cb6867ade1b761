# SPDX-License-Identifier: GPL-3.0-or-later
"""Measure whether training waits for its mixes.

    OMP_NUM_THREADS=1 python -m requinto.training.throughput LIBRARY

prints what each stage of an example costs one core, and examples a second of the
training step alone, of mixing alone, and of both together by way of Keras' own loader
and of `tf.data`, once the queues are full.  With --only-stages, the first of these.
"""

from __future__ import annotations

import concurrent.futures
import cProfile
import pstats
import time
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import keras
import tensorflow as tf
import typer

from requinto.evidence import Evidence
from requinto.material.augmentation import Augmentation, varispeed
from requinto.material.loop_library import LoopLibrary
from requinto.material.mastering import add_inaudible, master
from requinto.material.new_timbres import NewTimbre
from requinto.spectra import Spectra
from requinto.training import heap
from requinto.training.fit import TrainingConfig, compiled
from requinto.training.loader import Batches
from requinto.training.mixing import MixGenerator, MixingConfig
from requinto.weights import build_networks

_WARM_UP = 12  # batches: tracing, and the filling of queues
# Functions by stage of an example
_MIXING: dict[str, tuple[Callable[..., Any], ...]] = {
    "reading and decoding": (LoopLibrary.read,),
    "varispeed": (varispeed,),
    "new timbres": (NewTimbre.__init__, NewTimbre.__call__),
    "augmentation": (Augmentation.__init__, Augmentation.__call__),
    "mastering": (master, add_inaudible),
}
_FEATURES: dict[str, tuple[Callable[..., Any], ...]] = {
    "transforms": (Spectra.analyse, Spectra.power, Spectra.in_bands),
    "template matching": (Evidence.templates, Evidence.view),
}


def main(
    library: Annotated[list[Path], typer.Argument(help="What `data build` made.")],
    batches: Annotated[int, typer.Option(help="To measure over.")] = 96,
    n_targets: Annotated[int, typer.Option(help="Examples of each mixture.")] = 2,
    reuse: Annotated[int, typer.Option(help="Mixtures that a part serves.")] = 1,
    decoded: Annotated[
        Path | None, typer.Option(help="Folder for decoded copies of stems.")
    ] = None,
    only_stages: Annotated[bool, typer.Option(help="Train nothing.")] = False,
) -> None:
    """Print the cost of stages, and the speed of the step, of the loaders, of both."""
    mixing = MixingConfig(n_targets=n_targets, reuse=reuse)
    mixes = MixGenerator(library, mixing, split="train", decoded=decoded)
    folder = str(library[0])
    training = TrainingConfig(folder, "", "", precision="mixed_bfloat16")

    def data(**options: Any) -> Batches:
        return Batches(mixes, training.model, batch_size=training.batch_size, **options)

    for name, milliseconds in stage_costs(data(), batches).items():
        print(f"{name}: {milliseconds:.1f} core-ms/example", flush=True)
    if not only_stages:
        _print_speeds(data, training, batches)


def stage_costs(data: Batches, n_batches: int) -> dict[str, float]:
    """Return the processor's milliseconds that each stage of an example takes.

    By name of the stage, in their order; "before the features" and "all" are sums.
    Time of the process, so that a busy machine's other work does not count; that of
    threads which a library starts does, hence OMP_NUM_THREADS=1.
    """
    for index in range(_WARM_UP):
        data[index]
    profile = cProfile.Profile(time.process_time)
    begin = time.process_time()
    profile.enable()
    n_examples = sum(len(data[_WARM_UP + i][1]) for i in range(n_batches))
    profile.disable()
    total = time.process_time() - begin
    stats = pstats.Stats(profile)
    mixing = {name: _seconds(stats, *calls) for name, calls in _MIXING.items()}
    features = {name: _seconds(stats, *calls) for name, calls in _FEATURES.items()}
    mixed = _seconds(stats, MixGenerator.examples)
    mixing["choosing and summing"] = mixed - sum(mixing.values())
    features["statistics, stacking"] = total - mixed - sum(features.values())
    seconds = {**mixing, "before the features": mixed, **features, "all": total}
    return {name: 1000 * value / n_examples for name, value in seconds.items()}


def _seconds(stats: pstats.Stats, *calls: Callable[..., Any]) -> float:
    """Return the time within some functions, calls of each other counted once."""
    codes = [call.__code__ for call in calls]
    keys = {(code.co_filename, code.co_firstlineno, code.co_name) for code in codes}
    rows = stats.stats  # type: ignore[attr-defined]
    return sum(
        spent[3]
        for key in keys & rows.keys()
        for caller, spent in rows[key][4].items()
        if caller not in keys
    )


def _print_speeds(
    data: Callable[..., Batches], training: TrainingConfig, batches: int
) -> None:
    """Print examples a second of the step alone, of mixing alone, and of both."""
    keras.mixed_precision.set_global_policy(training.precision)
    model = compiled(build_networks(training.model), training)

    def say(name: str, seconds: float) -> None:
        speed = training.batch_size * batches / seconds
        print(f"{name}: {speed:.1f} examples/s", flush=True)

    inputs, truth = data()[0]
    model.train_on_batch(inputs, truth)  # traces
    begin = time.perf_counter()
    for _ in range(batches):
        model.train_on_batch(inputs, truth)
    say("step alone", time.perf_counter() - begin)
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
    begin = time.perf_counter()
    with concurrent.futures.ThreadPoolExecutor(n_threads) as pool:
        list(pool.map(data.__getitem__, range(n_batches)))
    return time.perf_counter() - begin


def _tf_data(data: Batches) -> Any:
    first, truth = data[0]
    shapes = {name: rows.shape for name, rows in first.items()}

    def mixed(number: Any) -> Any:
        inputs, answer = data[int(number)]
        return *inputs.values(), answer

    def load(index: Any) -> Any:
        *arrays, answer = tf.numpy_function(
            mixed, [index], [tf.float32] * (len(shapes) + 1)
        )
        inputs = {
            name: tf.ensure_shape(rows, shapes[name])
            for name, rows in zip(shapes, arrays, strict=True)
        }
        return inputs, tf.ensure_shape(answer, truth.shape)

    return tf.data.Dataset.range(data.num_batches).map(load, 2).prefetch(8)


if __name__ == "__main__":
    typer.run(main)
