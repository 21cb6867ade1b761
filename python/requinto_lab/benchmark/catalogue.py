# SPDX-License-Identifier: GPL-3.0-or-later
"""Time a batch beside a plain loop over the same songs.

`python -m requinto_lab.benchmark.catalogue` prints songs an hour on one and on several
workers, and what a batch adds to each song. All systems take turns, song by song or run
by run, so that what else the machine does falls on all of them.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO, Annotated, Any

import numpy as np
import soundfile
import soxr
import typer

from requinto.arguments import DEFAULT_OPTIONS, Instrument
from requinto.file_extraction import Paths, extract_to_files
from requinto.model_folder import DEFAULT_TARGET, models_folder
from requinto.process import THREADS_VARIABLE, count_cores
from requinto.song_file import open_song
from requinto_batch import batch
from requinto_batch.catalogue import Root, Song
from requinto_batch.cluster import start_workers
from requinto_batch.runner import Runner
from requinto_batch.song_work import (
    Plan,
    PlannedInstrument,
    extract_song_files,
    model_digest,
)

_LENGTHS_S = (180.0, 240.0)
_SPEEDS = (0.92, 1.09)  # tempo and pitch together
# As Dask sets them for its workers
_ONE_THREAD = (
    *(THREADS_VARIABLE, "OMP_NUM_THREADS", "MKL_NUM_THREADS"),
    "OPENBLAS_NUM_THREADS",
)
_LOOP = "from requinto_lab.benchmark.catalogue import serve_loop; serve_loop()"


def write_songs(folder: Path, n_songs: int) -> list[Path]:
    """Write songs of 3 to 4 minutes, from the demo's: repeated, at other speeds."""
    paths = sorted((models_folder() / "demo").glob("*.flac"))
    stems = [soundfile.read(path, dtype="float32")[0] for path in paths]
    rate = soundfile.info(paths[0]).samplerate
    mix = sum(stems[1:], stems[0])
    mix *= 0.7 / np.abs(mix).max()
    written = []
    for i in range(n_songs):
        share = i / max(1, n_songs - 1)
        speed = _SPEEDS[0] + share * (_SPEEDS[1] - _SPEEDS[0])
        n_frames = round(
            rate * (_LENGTHS_S[0] + share * (_LENGTHS_S[1] - _LENGTHS_S[0]))
        )
        sound = soxr.resample(mix, rate * speed, rate)
        song = np.tile(sound, (1 + n_frames // len(sound), 1))[:n_frames]
        written.append(folder / f"song{i:02}.flac")
        soundfile.write(written[-1], song, rate, subtype="PCM_16")
    return written


def serve_loop() -> None:
    """Extract each song that a line names; print seconds, and those of the core."""
    os.nice(10)  # as workers do
    for line in sys.stdin:
        path, output = json.loads(line)
        start, core = time.perf_counter(), _core_s()
        with open_song(path) as song:
            instrument = Instrument(DEFAULT_TARGET, DEFAULT_TARGET)
            extract_to_files(song, [instrument], Paths((Path(output),)))
        print(json.dumps([time.perf_counter() - start, _core_s() - core]), flush=True)


def timed_song(song: Song, plan: Plan) -> float:
    """Extract a song as a batch does; return seconds of the core."""
    core = _core_s()
    extract_song_files(song, plan)
    return _core_s() - core


def _core_s() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


class _Loop:
    """A process that extracts one song after another, in a plain loop."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-c", _LOOP],
            env={**os.environ, **dict.fromkeys(_ONE_THREAD, "1")},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def __enter__(self) -> _Loop:
        return self

    def __exit__(self, *exception: object) -> None:
        self._process.kill()
        self._process.communicate()

    def extract(self, path: Path, output: Path) -> list[float]:
        """Return seconds, and seconds of the core."""
        to: IO[str] | None = self._process.stdin
        back = self._process.stdout
        assert to and back
        print(json.dumps([str(path), str(output)]), file=to, flush=True)
        return [float(value) for value in json.loads(back.readline())]


def compare(paths: Sequence[Path], folder: Path) -> dict[str, Any]:
    """Return what a batch with one worker adds to each song of a plain loop.

    Each song is extracted by both, one after the other; who is first alternates. The
    first song, with which models are loaded, does not count.
    """
    rows: dict[str, list[list[float]]] = {"loop": [], "batch": []}
    with _Loop() as loop, start_workers(1) as runner:
        for i, path in enumerate((paths[0], *paths)):
            output = folder / f"{i}"
            output.mkdir()
            order = sorted(rows, reverse=bool(i % 2))
            for name in order:
                if name == "loop":
                    times = loop.extract(path, output / "loop.flac")
                else:
                    times = _batch_times(runner, path, output)
                if i:
                    rows[name].append(times)
    sums = {name: np.sum(times, axis=0).tolist() for name, times in rows.items()}
    ratios = [b[0] / p[0] for b, p in zip(rows["batch"], rows["loop"], strict=True)]
    cores = [b[1] / p[1] for b, p in zip(rows["batch"], rows["loop"], strict=True)]
    return {
        "loop_s_per_song": sums["loop"][0] / len(paths),
        "batch_s_per_song": sums["batch"][0] / len(paths),
        "loop_core_s_per_song": sums["loop"][1] / len(paths),
        "batch_core_s_per_song": sums["batch"][1] / len(paths),
        "overhead_percent": 100 * (float(np.median(ratios)) - 1),
        "core_overhead_percent": 100 * (float(np.median(cores)) - 1),
        "by_song_percent": [round(100 * (ratio - 1), 2) for ratio in ratios],
    }


def _batch_times(runner: Runner, path: Path, output: Path) -> list[float]:
    song = Song(str(path), path.name, "", path.stem)
    start = time.perf_counter()
    with batch.prepared(output):
        (result,) = runner.run(timed_song, [(song, _plan(output))])
    if result.error:
        raise result.error
    return [time.perf_counter() - start, result.value]


def _plan(output: Path) -> Plan:
    return Plan(
        output=str(output),
        instruments=(PlannedInstrument(DEFAULT_TARGET, DEFAULT_TARGET),),
        has_rest=False,
        ending=".flac",
        bit_depth=None,
        options=DEFAULT_OPTIONS,
        model=model_digest(DEFAULT_OPTIONS.model),
    )


def scale(
    songs: Path, folder: Path, n_workers: Sequence[int], n_rounds: int
) -> Iterator[dict[str, Any]]:
    """Yield what whole batches come to on some numbers of workers, which take turns."""
    for i in range(n_rounds):
        for n in n_workers:
            output = folder / f"{i}-{n}"
            start = time.perf_counter()
            with batch.prepared(output), start_workers(n) as runner:
                started_s = time.perf_counter() - start
                totals = batch.run([Root(songs, "")], _plan(output), runner)
            yield {
                "workers": n,
                "start_s": started_s,
                "songs_per_hour": totals.songs_per_hour,
                "worked_s_per_song": totals.worked_s / max(1, totals.n_done),
                "real_time_factor": totals.worked_s / max(1e-9, totals.duration_s),
                "failed": len(totals.failures),
                "load": os.getloadavg()[0],
            }


def main(
    songs: Annotated[int, typer.Option(help="How many.", min=2)] = 8,
    rounds: Annotated[int, typer.Option(help="Of runs on workers.", min=0)] = 2,
    workers: Annotated[list[int] | None, typer.Option(help="1 and all cores.")] = None,
) -> None:
    """Print what is measured, as JSON."""
    with tempfile.TemporaryDirectory(prefix="requinto-") as name:
        folder = Path(name)
        (folder / "songs").mkdir()
        paths = write_songs(folder / "songs", songs)
        seconds = sum(soundfile.info(path).duration for path in paths)
        result: dict[str, Any] = {
            "songs": songs,
            "mean_duration_s": seconds / songs,
            "cores": count_cores(),
            "load": os.getloadavg()[0],
        }
        (folder / "compared").mkdir()
        result |= compare(paths, folder / "compared")
        print(json.dumps(result, indent=1), flush=True)
        numbers = workers or sorted({1, count_cores()})
        for row in scale(folder / "songs", folder, numbers, rounds):
            print(json.dumps(row), flush=True)


if __name__ == "__main__":
    typer.run(main)
