# SPDX-License-Identifier: GPL-3.0-or-later
"""Our models, through the public functions and the command alone."""

from __future__ import annotations

import importlib.metadata
import inspect
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

import requinto
from requinto.errors import ConfigError
from requinto_lab.benchmark import music
from requinto_lab.benchmark.workload import Options, Workload

_TARGET = "guitar"
_REFERENCE_S = 4.0


class Function:
    """A public function of the package, called with music and its rate."""

    note = ""

    def __init__(self, function: Callable[..., Any], **arguments: Any) -> None:
        self._function = function
        self._arguments = arguments

    def input_for(self, duration_s: float) -> np.ndarray:
        """Return `music.song`."""
        return music.song(duration_s)

    def run(self, music_: np.ndarray) -> None:
        """Call it."""
        self._function(music_, music.RATE, **self._arguments)


class GridExtraction(Function):
    """`requinto.extract` with the beats that the music was made on."""

    def run(self, music_: np.ndarray) -> None:
        """Extract; to lay the grid is a part of it."""
        duration_s = music_.shape[1] / music.RATE
        beats = requinto.Beats.grid(
            music.TEMPO_BPM, duration_s, beats_per_bar=music.BEATS_PER_BAR
        )
        self._function(music_, music.RATE, beats=beats, **self._arguments)


class Command:
    """`requinto extract`, from a 16-bit wav file to a wav file."""

    note = ""

    def __init__(self, model: str, folder: Path) -> None:
        self._options = ["--model", model, "--target", _TARGET, "--overwrite"]
        self._folder = folder

    def input_for(self, duration_s: float) -> Path:
        """Write `music.song`, and return the file."""
        path = self._folder / f"song-{duration_s:g}.wav"
        music.write_song(path, duration_s)
        return path

    def run(self, music_: Path) -> None:
        """Run the command in this process, or raise `ConfigError` if it fails."""
        output = self._folder / "extracted.wav"
        sys.argv = ["requinto", "extract", str(music_), "-o", str(output)]
        sys.argv += self._options
        try:
            _command()()
        except SystemExit as end:
            if end.code:
                raise ConfigError(f"the command ended with {end.code}") from end


def workload(model: str, way: str, options: Options) -> Workload:
    """Return our model, run in a way of `systems.WAYS`, or the tracker of beats.

    Raises
    ------
    ConfigError
        If a runtime is given and this version of `requinto.extract` takes none.
    """
    if model == "beats":
        chosen = options.runtime if _has_runtime(requinto.beats) else None
        return Function(requinto.beats, **_runtime(requinto.beats, chosen))
    if way == "file":
        _runtime(requinto.extract, options.runtime)
        return Command(model, Path(options.folder))
    arguments = {"model": model, **_runtime(requinto.extract, options.runtime)}
    if way == "reference":
        reference = music.guitar(_REFERENCE_S)
        return Function(requinto.extract, reference=reference, **arguments)
    if way == "live":
        return Function(requinto.extract, target=_TARGET, live=True, **arguments)
    kind = GridExtraction if way == "grid" else Function
    return kind(requinto.extract, target=_TARGET, **arguments)


def _runtime(function: Callable[..., Any], runtime: str | None) -> dict[str, str]:
    """Return the argument that chooses a runtime, where a function takes one."""
    if runtime is None:
        return {}
    if not _has_runtime(function):
        raise ConfigError(
            "this version of Requinto has one runtime: leave out --runtime"
        )
    return {"runtime": runtime}


def _has_runtime(function: Callable[..., Any]) -> bool:
    return "runtime" in inspect.signature(function).parameters


def _command() -> Callable[[], None]:
    """Return the command `requinto`, as it is installed."""
    (command,) = importlib.metadata.entry_points(
        group="console_scripts", name="requinto"
    )
    function: Callable[[], None] = command.load()
    return function
