# SPDX-License-Identifier: GPL-3.0-or-later
"""Measure how fast the released models are on one core, and what could be faster.

    python -m requinto.evaluation.speed

prints the real-time factor of `requinto.beats`, of tracking beats as the plugin does,
and of `requinto.extract`, beat tracking included, with a reference and with a name; and
the milliseconds that a U-Net takes for the columns of a clip: one at a time as the
plugin does, four at once as the library does, in a graph of fixed shapes, and compiled
by XLA, in single precision and in bfloat16.
"""

from __future__ import annotations

import functools
import os
import time
from collections.abc import Callable, Iterator
from typing import Annotated, Any

import numpy as np
import typer
from rich.console import Console
from rich.table import Table

from requinto.clips import ClipFrames
from requinto.config import ClipConfig, ModelConfig, SpectraConfig
from requinto.extract import extract
from requinto.follower import Follower
from requinto.song_separation import N_TOGETHER
from requinto.stream import MEMORY_S
from requinto.tracker import load_tracker
from requinto.weights import load_networks, models, models_folder

_RATE = 44100  # Hz
_REFERENCE_S = 4.0
_PRECISIONS = ("float32", "mixed_bfloat16")


def real_time_factors(
    model: str, seconds: float, n_times: int
) -> Iterator[tuple[str, float]]:
    """Yield the way to ask, and the median real-time factor, of stereo noise.

    The first call, which traces, is not counted, nor is learning a reference, which
    is remembered; both do not grow with a song.
    """
    song = _noise(seconds)
    ask = functools.partial(extract, song, _RATE, model=model)
    ways = {
        "a reference": functools.partial(ask, reference=_noise(_REFERENCE_S)),
        "a name": functools.partial(ask, target="guitar"),
    }
    for way, work in ways.items():
        yield way, _median_s(work, n_times) / seconds


def tracking_factors(seconds: float, n_times: int) -> Iterator[tuple[str, float]]:
    """Yield the way to track beats, and its median real-time factor, of noise."""
    song, tracker = _noise(seconds), load_tracker()
    yield "nothing", _median_s(lambda: tracker.track(song, _RATE), n_times) / seconds
    sizes, memory = ClipFrames.at(ClipConfig(), _RATE), round(MEMORY_S * _RATE)
    heard, n_clips = _noise((memory + sizes.lookahead) / _RATE), 10

    def follow() -> None:
        follower = Follower(tracker)
        for clip in range(n_clips):
            follower.follow(heard, _RATE, clip * sizes.longest / _RATE)

    clips_s = n_clips * sizes.longest / _RATE
    yield "nothing, live", _median_s(follow, n_times) / clips_s


def calls(
    config: ModelConfig, unet: Any, n_columns: int, n_times: int
) -> Iterator[tuple[str, float]]:
    """Yield the way to call a U-Net, and the median milliseconds for one clip."""
    import tensorflow as tf

    rng = np.random.default_rng(0)

    def batch(n: int) -> dict[str, np.ndarray]:
        shape = (n, n_columns, config.spectra.n_bands, config.n_views)
        return {
            "mixture": rng.random(shape, np.float32),
            "embedding": rng.random((n, config.unet.reference_size), np.float32),
        }

    one, many = batch(1), batch(N_TOGETHER)
    fixed = {name: tf.TensorSpec(rows.shape, tf.float32) for name, rows in one.items()}

    def graph(*, compiled: bool) -> Callable[[], Any]:
        def mask(inputs: Any) -> Any:
            return unet(inputs, training=False)

        run = tf.function(mask, input_signature=[fixed], jit_compile=compiled)
        return lambda: run(one).numpy()

    ways: dict[str, tuple[Callable[[], Any], int]] = {
        "one at a time": (lambda: unet.predict_on_batch(one), 1),
        f"{N_TOGETHER} at once": (lambda: unet.predict_on_batch(many), N_TOGETHER),
        "fixed shapes": (graph(compiled=False), 1),
        "XLA": (graph(compiled=True), 1),
    }
    for way, (work, n_clips) in ways.items():
        yield way, 1000 * _median_s(work, n_times) / n_clips


def _median_s(work: Callable[[], Any], n_times: int) -> float:
    work()
    times = []
    for _ in range(n_times):
        begun = time.perf_counter()
        work()
        times.append(time.perf_counter() - begun)
    return float(np.median(times))


def _noise(seconds: float) -> np.ndarray:
    n_frames = round(seconds * _RATE)
    rng = np.random.default_rng(0)
    return 0.1 * rng.standard_normal((2, n_frames), dtype=np.float32)


def main(
    seconds: Annotated[float, typer.Option(help="Of stereo sound.", min=1)] = 240.0,
    columns: Annotated[
        int, typer.Option(help="Of a clip, context included.", min=1)
    ] = 80,
    times: Annotated[
        int, typer.Option(help="Of which the median is taken.", min=1)
    ] = 5,
) -> None:
    """Print real-time factors of the released models, and ways to call them."""
    step = SpectraConfig().n_columns_step
    if columns % step:
        raise typer.BadParameter(f"--columns must be a multiple of {step}: {columns}")
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})  # before TensorFlow looks
    import keras

    console = Console()
    table = Table(title=f"real-time factor, one core, {seconds:.0f} s")
    for column in ("model", "asked by", "factor"):
        table.add_column(column)
    for way, factor in tracking_factors(seconds, times):
        table.add_row("beats", way, f"{factor:.4f}")
    for model in models():
        for way, factor in real_time_factors(model, seconds, times):
            table.add_row(model, way, f"{factor:.4f}")
    console.print(table)

    table = Table(title=f"a clip of {columns} columns, ms, one core")
    for column in ("model", "precision", "way", "ms"):
        table.add_column(column)
    for model in models():
        for precision in _PRECISIONS:
            keras.mixed_precision.set_global_policy(precision)
            config, (unet, _) = load_networks(models_folder(), model)
            for way, ms in calls(config, unet, columns, 4 * times):
                table.add_row(model, precision, way, f"{ms:.1f}")
    keras.mixed_precision.set_global_policy("float32")
    console.print(table)


if __name__ == "__main__":
    typer.run(main)
