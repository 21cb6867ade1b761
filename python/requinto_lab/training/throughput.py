# SPDX-License-Identifier: GPL-3.0-or-later
"""Measure whether training waits for its mixes.

    OMP_NUM_THREADS=1 python -m requinto_lab.training.throughput LIBRARY

prints what each stage of an example costs one core, and examples a second of the
training step alone, of mixing alone, and of both together, once the queues are full.
With --only-stages, the first of these.
"""

from __future__ import annotations

import concurrent.futures
import cProfile
import pstats
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated, Any

import keras
import typer

from requinto.spectra import Spectra
from requinto.templates import TemplateMatcher
from requinto_lab.material.augmentation import Augmentation, varispeed
from requinto_lab.material.loop_library import LoopLibrary
from requinto_lab.material.mastering import add_inaudible, master
from requinto_lab.material.new_timbres import NewTimbre
from requinto_lab.networks.weights import build_networks
from requinto_lab.training import malloc_tuning
from requinto_lab.training.batches import Batch, BatchMaker, in_threads
from requinto_lab.training.fit import TrainingConfig, compile_networks
from requinto_lab.training.mixing import MixGenerator
from requinto_lab.training.mixing_config import MixingConfig

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
    "template matching": (TemplateMatcher.templates, TemplateMatcher.view),
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
    """Print the cost of stages, and the speed of the step, of mixing, of both."""
    mixing = MixingConfig(n_targets=n_targets, reuse=reuse)
    mixes = MixGenerator(library, mixing, split="train", decoded=decoded)
    folder = str(library[0])
    training = TrainingConfig(folder, "", "", precision="mixed_bfloat16")
    make = BatchMaker(mixes, training.model, training.batch_size)
    for name, milliseconds in stage_costs(make, batches).items():
        print(f"{name}: {milliseconds:.1f} core-ms/example", flush=True)
    if not only_stages:
        _print_speeds(make, training, batches)


def stage_costs(make: BatchMaker, n_batches: int) -> dict[str, float]:
    """Return the processor's milliseconds that each stage of an example takes.

    By name of the stage, in their order; "before the features" and "all" are sums.
    Time of the process, so that a busy machine's other work does not count; that of
    threads which a library starts does, hence OMP_NUM_THREADS=1.
    """
    for index in range(_WARM_UP):
        make(index)
    profile = cProfile.Profile(time.process_time)
    begin = time.process_time()
    profile.enable()
    n_examples = sum(len(make(_WARM_UP + i)[1]) for i in range(n_batches))
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


def _print_speeds(make: BatchMaker, training: TrainingConfig, batches: int) -> None:
    """Print examples a second of the step alone, of mixing alone, and of both."""
    keras.mixed_precision.set_global_policy(training.precision)
    model = compile_networks(build_networks(training.model), training)

    def report(name: str, seconds: float) -> None:
        speed = training.batch_size * batches / seconds
        print(f"{name}: {speed:.1f} examples/s", flush=True)

    inputs, truth = make(0)
    model.train_on_batch(inputs, truth)  # traces
    begin = time.perf_counter()
    for _ in range(batches):
        model.train_on_batch(inputs, truth)
    report("step alone", time.perf_counter() - begin)
    for n in (1, 2):
        report(f"mixing alone, {n} threads", _time_mixing(make, batches, n))
    for n in (1, 2):
        seconds = _time_fit(model, in_threads(make, n), batches)
        report(f"training, {n} threads", seconds)


def _time_fit(model: Any, rows: Iterator[Batch], n_batches: int) -> float:
    """Return the seconds that `n_batches` take after the first `_WARM_UP`."""
    times: list[float] = []
    clock = keras.callbacks.LambdaCallback(
        on_train_batch_begin=lambda batch, logs: batch or malloc_tuning.keep(),
        on_train_batch_end=lambda batch, logs: times.append(time.perf_counter()),
    )
    model.fit(
        rows,
        steps_per_epoch=_WARM_UP + n_batches,
        shuffle=False,
        verbose=0,
        callbacks=[clock],
    )
    return times[-1] - times[_WARM_UP - 1]


def _time_mixing(make: BatchMaker, n_batches: int, n_threads: int) -> float:
    begin = time.perf_counter()
    with concurrent.futures.ThreadPoolExecutor(n_threads) as pool:
        list(pool.map(make, range(n_batches)))
    return time.perf_counter() - begin


if __name__ == "__main__":
    typer.run(main)
