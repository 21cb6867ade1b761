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
from requinto.material.soundfonts import SAMPLE_RATE

_SOFTEST = 0.15  # of full level, at velocity 0
_FADE_S = 0.003  # of what is cut at the end of a recording


class Sample(NamedTuple):
    """One recorded note.

    Attributes
    ----------
    sound : np.ndarray, shape=(n_channels, n_frames)
        From where the note begins.
    pitch : float
        What it sounds, as a MIDI note with its fraction.
    loop : (int, int) or None
        First and end frame of the part that is repeated while the note lasts.
    lowest, highest : float
        Notes it is meant for.
    """

    sound: np.ndarray
    pitch: float
    loop: tuple[int, int] | None = None
    lowest: float = -1000.0
    highest: float = 1000.0


class SampleSet:
    """Recorded notes of one instrument, played at any pitch by resampling."""

    def __init__(self, samples: Sequence[Sample], release_s: float = 0.06) -> None:
        if not samples:
            raise ConfigError("a sample set needs at least one sample")
        self._samples = tuple(samples)
        self._release_s = release_s
        self._cache: dict[int, tuple[np.ndarray, tuple[int, int] | None]] = {}

    def render(
        self, notes: Iterable[tuple[int, int, int, float]], n_frames: int
    ) -> np.ndarray:
        """Return notes as sound.

        Parameters
        ----------
        notes : iterable of (first frame, end frame, MIDI note, velocity 0 to 1)
            A note ends with its recording, if that has no loop, when it is not
            ended before.
        n_frames : int
            Length of the result.

        Returns
        -------
        np.ndarray, shape=(n_channels, n_frames)
        """
        n_channels = max(len(s.sound) for s in self._samples)
        out = np.zeros((n_channels, n_frames), np.float32)
        for start, end, pitch, velocity in notes:
            sound = self._held(pitch, max(end - start, 1))
            _mix(out, sound * level(velocity), start)
        return out

    def _held(self, pitch: int, length: int) -> np.ndarray:
        """Return a note that is let go after `length` frames."""
        sound, loop = self._at(pitch)
        size = length + int(5 * self._release_s * SAMPLE_RATE)
        if loop is not None and size > loop[1]:
            again = np.arange(size - loop[1]) % (loop[1] - loop[0]) + loop[0]
            sound = np.concatenate([sound[:, : loop[1]], sound[:, again]], axis=1)
        sound = sound[:, :size].copy()
        after = np.arange(max(sound.shape[1] - length, 0), dtype=np.float32)
        sound[:, length:] *= np.exp(-after / np.float32(self._release_s * SAMPLE_RATE))
        return sound

    def _at(self, pitch: int) -> tuple[np.ndarray, tuple[int, int] | None]:
        """Return the nearest recording and its loop, resampled to a pitch."""
        if pitch not in self._cache:
            fit = [s for s in self._samples if s.lowest <= pitch <= s.highest]
            best = min(fit or self._samples, key=lambda s: abs(s.pitch - pitch))
            self._cache[pitch] = _resampled(best, pitch)
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
            _mix(out, layer * level(velocity), start)
        return out


def level(velocity: float) -> np.float32:
    """Return the factor at which a velocity of 0 to 1 sounds."""
    return np.float32(_SOFTEST + (1 - _SOFTEST) * min(max(velocity, 0.0), 1.0))


def cache_folder() -> Path:
    """Return where rendered notes are kept: under XDG_CACHE_HOME or ~/.cache."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "requinto"


def cached(
    name: str, make: Callable[[], dict[str, np.ndarray]]
) -> dict[str, np.ndarray]:
    """Return sounds by name, made once and then read from the cache folder.

    Parameters
    ----------
    name : str
        Of a file there; it must tell apart whatever `make` depends on.
    make : callable
        Returns the sounds.
    """
    path = cache_folder() / f"{name}.npz"
    if not path.exists():
        sounds = make()
        path.parent.mkdir(parents=True, exist_ok=True)
        # Whoever reads it at the same time sees all of it or nothing
        part = path.with_name(f"{path.name}.{os.getpid()}.part")
        with part.open("wb") as file:
            np.savez(file, **sounds)  # type: ignore[arg-type]
        part.replace(path)
    with np.load(path) as stored:
        return {key: stored[key] for key in stored.files}


def _resampled(
    sample: Sample, pitch: float
) -> tuple[np.ndarray, tuple[int, int] | None]:
    """Return a sample at another pitch, and where its loop is then."""
    ratio = 2.0 ** ((sample.pitch - pitch) / 12)
    sound, loop = sample.sound, sample.loop
    if loop is not None:
        # Several turns, so that the filter meets no edge within the one we keep
        first, end = loop
        turns = 2 + 2048 // (end - first)
        size = turns * (end - first)
        again = np.arange(2 * size) % (end - first) + first
        sound = np.concatenate([sound[:, :end], sound[:, again]], axis=1)
        loop = (end, end + size)
    if abs(ratio - 1) > 1e-6:
        sound = soxr.resample(sound.T.astype(np.float32), 1.0, ratio, quality="HQ").T
    sound = np.ascontiguousarray(sound, np.float32)
    if loop is not None:
        first, end = (round(frame * ratio) for frame in loop)
        return sound, (first, end)
    n_fade = min(int(_FADE_S * SAMPLE_RATE), sound.shape[1])
    sound = sound.copy()
    sound[:, -n_fade:] *= np.linspace(1, 0, n_fade, dtype=np.float32)
    return sound, None


def _mix(out: np.ndarray, sound: np.ndarray, start: int) -> None:
    """Add a sound from frame `start` on; what lies outside is dropped."""
    sound = sound[:, max(-start, 0) :]
    start = max(start, 0)
    n = min(sound.shape[1], out.shape[1] - start)
    if n > 0:
        out[:, start : start + n] += sound[:, :n]
