# SPDX-License-Identifier: GPL-3.0-or-later
"""A sampler: notes and strokes to sound from single recordings, dry."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import soxr

from requinto.errors import ConfigError
from requinto_files import output_files
from requinto_lab.material.finishing import add_at, let_go
from requinto_lab.material.soundfonts import SAMPLE_RATE

_SOFTEST = 0.15  # of full level, at velocity 0
_FADE_S = 0.003  # of what is cut at the end of a recording


class Sample(NamedTuple):
    """One recorded note."""

    sound: np.ndarray  # (n_channels, n_frames), from where the note begins
    pitch: float  # what it sounds, as a MIDI note with its fraction


class SampleSet:
    """Recorded notes of one instrument, played at any pitch by resampling."""

    def __init__(self, samples: Sequence[Sample], release_s: float = 0.06) -> None:
        if not samples:
            raise ConfigError("a sample set needs at least one sample")
        self._samples = tuple(samples)
        self._release_s = release_s
        self._cache: dict[int, np.ndarray] = {}

    def render(
        self, notes: Iterable[tuple[int, int, int, float]], n_frames: int
    ) -> np.ndarray:
        """Return notes as sound.

        Parameters
        ----------
        notes : iterable of (first frame, end frame, MIDI note, velocity 0 to 1)
            A note that is not ended before ends with its recording.
        n_frames : int
            Length of the result.

        Returns
        -------
        np.ndarray, shape=(n_channels, n_frames)
        """
        n_channels = max(len(s.sound) for s in self._samples)
        out = np.zeros((n_channels, n_frames), np.float32)
        for start, end, pitch, velocity in notes:
            sound = let_go(self._at(pitch), max(end - start, 1), self._release_s)
            add_at(out, sound * level(velocity), start)
        return out

    def _at(self, pitch: int) -> np.ndarray:
        """Return the nearest recording, resampled to a pitch."""
        if pitch not in self._cache:
            best = min(self._samples, key=lambda s: abs(s.pitch - pitch))
            ratio = 2.0 ** ((best.pitch - pitch) / 12)
            sound = soxr.resample(best.sound.T, 1.0, ratio).T.astype(np.float32)
            n_fade = min(int(_FADE_S * SAMPLE_RATE), sound.shape[1])
            sound[:, -n_fade:] *= np.linspace(1, 0, n_fade, dtype=np.float32)
            self._cache[pitch] = sound
        return self._cache[pitch]


class StrokeSet:
    """Recorded strokes by name, each in one or more layers from soft to loud."""

    def __init__(self, strokes: Mapping[str, Sequence[np.ndarray]]) -> None:
        if not strokes or not all(strokes.values()):
            raise ConfigError("a stroke set needs a recording of every stroke")
        self._strokes = {name: tuple(layers) for name, layers in strokes.items()}

    @property
    def strokes(self) -> tuple[str, ...]:
        """Names of the strokes it has."""
        return tuple(self._strokes)

    def render(
        self, strokes: Iterable[tuple[int, str, float]], n_frames: int
    ) -> np.ndarray:
        """Return strokes as sound.

        Parameters
        ----------
        strokes : iterable of (first frame, name, velocity 0 to 1)
            What to play; a stroke sounds until its recording ends.
        n_frames : int
            Length of the result.

        Returns
        -------
        np.ndarray, shape=(n_channels, n_frames)

        Raises
        ------
        ConfigError
            If it has no stroke of that name.
        """
        n_channels = max(len(x) for layers in self._strokes.values() for x in layers)
        out = np.zeros((n_channels, n_frames), np.float32)
        for start, name, velocity in strokes:
            if name not in self._strokes:
                known = ", ".join(self._strokes)
                raise ConfigError(f"no stroke {name!r}; there are {known}")
            layers = self._strokes[name]
            layer = layers[min(int(velocity * len(layers)), len(layers) - 1)]
            add_at(out, layer * level(velocity), start)
        return out


def level(velocity: float) -> np.float32:
    """Return the factor at which a velocity of 0 to 1 sounds."""
    return np.float32(_SOFTEST + (1 - _SOFTEST) * min(max(velocity, 0.0), 1.0))


def load_or_make(
    name: str, make: Callable[[], dict[str, np.ndarray]]
) -> dict[str, np.ndarray]:
    """Return sounds by name, made once and then read from the cache folder.

    That is `requinto` under XDG_CACHE_HOME or ~/.cache.

    Parameters
    ----------
    name : str
        Of a file there; it must be unique to all that `make` depends on.
    make : callable
        Returns the sounds.
    """
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    path = Path(base, "requinto", f"{name}.npz")
    if not path.exists():
        sounds = make()
        path.parent.mkdir(parents=True, exist_ok=True)
        # Whoever reads it at the same time sees all of it or nothing
        with output_files.whole_file(path, overwrite=True) as unfinished:
            np.savez(unfinished, **sounds)  # type: ignore[arg-type]
    with np.load(path) as stored:
        return {key: stored[key] for key in stored.files}
