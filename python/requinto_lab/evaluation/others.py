# SPDX-License-Identifier: GPL-3.0-or-later
"""Songs by other people with true stems: never trained on, only tested.

The sources are demo songs and game music that Debian packages; each knows, from
its own data, what every instrument plays, so that stems are rendered, not guessed.
"""

from __future__ import annotations

import importlib
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from requinto.errors import RequintoError
from requinto_lab.material.finishing import WINDOW, sounding, window_powers
from requinto_lab.material.instrument_names import OTHER
from requinto_lab.material.instruments import INSTRUMENTS

SAMPLE_RATE = 44100  # Hz
LONGEST_S = 90.0  # seconds rendered of a song
SOURCES = ("lmms", "modules", "midi", "hydrogen")

_SOUNDING_SHARE = 0.4  # of an excerpt's windows
_FAINTEST_DB = -25.0  # target, or the rest, relative to the mixture
_SILENT = 1e-4  # peak below which a stem is left out
REFERENCE_S = 3.0
_APART_S = 3.0  # least time between excerpt and reference
_PEAK = 0.9


class OthersError(RequintoError):
    """A package or program that a source needs is missing, or fails."""


@dataclass(frozen=True)
class StemSong:
    """A song as the sum of its instruments.

    Raises
    ------
    OthersError
        If a stem is not in `INSTRUMENTS`, or shapes differ.
    """

    name: str  # unique over all sources, fit for a folder's name
    # (2, n_frames) each, by instrument, at `SAMPLE_RATE`; "other" gathers the rest.
    # None is silent
    stems: dict[str, np.ndarray]
    beats_s: tuple[float, ...]  # ascending; empty where the source does not say
    downbeats_s: tuple[float, ...]  # likewise
    source: str
    licence: str  # what Debian's copyright file says of it
    # Of the sum of the stems against the renderer's own mix, relative to the latter;
    # None where that was not rendered
    mix_error_db: float | None

    def __post_init__(self) -> None:
        unknown = set(self.stems) - {*INSTRUMENTS, OTHER}
        if unknown:
            raise OthersError(
                f"{self.name}: stems {sorted(unknown)} are not among "
                f"{', '.join((*INSTRUMENTS, OTHER))}"
            )
        shapes = {stem.shape for stem in self.stems.values()}
        if len(shapes) != 1 or len(shape := shapes.pop()) != 2 or shape[0] != 2:
            raise OthersError(f"{self.name}: stems must be (2, n_frames), all alike")

    @property
    def tempo_bpm(self) -> float | None:
        """Beats per minute, on average; None where beats are not known."""
        if len(self.beats_s) < 2:
            return None
        return round(60 / float(np.mean(np.diff(self.beats_s))), 4)

    def mix(self) -> np.ndarray:
        """Return the sum of the stems, shape `(2, n_frames)`."""
        return np.asarray(sum(self.stems.values()), np.float32)


def songs(sources: tuple[str, ...] = SOURCES) -> Iterator[StemSong]:
    """Yield songs, rendered one at a time.

    Parameters
    ----------
    sources : tuple of str
        Any of `SOURCES`.

    Raises
    ------
    OthersError
        If a source is unknown, or a package it needs is not installed.
    """
    for source in sources:
        if source not in SOURCES:
            raise OthersError(f"unknown source {source!r}; known are {SOURCES}")
        # By name, since each source builds on this module
        module = importlib.import_module(f"requinto_lab.evaluation.others_{source}")
        yield from module.songs()


def items(
    song: StemSong, seconds: float = 10.0, seed: int = 0
) -> Iterator[dict[str, Any]]:
    """Yield what `write_item` takes, one test item for each instrument that serves.

    An excerpt serves where its target sounds for 40 % of the time (50 ms windows
    within 30 dB of the stem's loudest), target and rest are each above -25 dB of
    the mixture, and 3 s of the same stem sound elsewhere, 3 s or more away.

    Parameters
    ----------
    song : StemSong
        Where to cut from.
    seconds : float
        Length of the excerpts.
    seed : int
        Chooses among the positions that serve.
    """
    mix = song.mix()
    n_frames = round(seconds * SAMPLE_RATE)
    for instrument in sorted(set(song.stems) - {OTHER}):
        stem = song.stems[instrument]
        key = zlib.crc32(f"{song.name}/{instrument}".encode())
        rng = np.random.default_rng([seed, key])
        chosen = choose_excerpt(stem, mix, n_frames, rng)
        if chosen:
            yield _item(song, instrument, *chosen, n_frames)


def choose_excerpt(
    stem: np.ndarray, mix: np.ndarray, n_frames: int, rng: np.random.Generator
) -> tuple[int, int] | None:
    """Return the first frames of an excerpt and its reference, as `items` says.

    Parameters
    ----------
    stem, mix : np.ndarray, shape=(n_channels, n_mix_frames)
        The stem is part of the mix.
    n_frames : int
        Length of the excerpt; the reference lasts `REFERENCE_S`.
    rng : np.random.Generator
        Chooses among the positions that serve.

    Returns
    -------
    tuple of int, or None
        None where no position serves.
    """
    starts = excerpt_starts(stem, mix, n_frames)
    for choice in rng.permutation(len(starts)):
        start = starts[choice]
        references = _reference_starts(stem, start, n_frames)
        if references:
            return start, int(rng.choice(references))
    return None


def audible_stems(stems: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Return the stems that are not silent."""
    return {name: stem for name, stem in stems.items() if np.abs(stem).max() > _SILENT}


def grid(
    tempo_bpm: float, duration_s: float, beats_per_bar: int | None
) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Return beats and downbeats in seconds of a steady song that begins with one."""
    n_beats = int(np.ceil(duration_s * tempo_bpm / 60))
    beats_s = tuple(round(n * 60 / tempo_bpm, 6) for n in range(n_beats))
    return beats_s, beats_s[::beats_per_bar] if beats_per_bar else ()


def _share(flags: np.ndarray, start: int, n_frames: int) -> float:
    first, last = start // WINDOW, (start + n_frames) // WINDOW
    return float(flags[first:last].mean()) if last > first else 0.0


def excerpt_starts(stem: np.ndarray, mix: np.ndarray, n_frames: int) -> list[int]:
    """Return the starts of excerpts that serve, on a grid of half a second."""
    flags, target, rest = sounding(stem), window_powers(stem), window_powers(mix - stem)
    whole, faintest = window_powers(mix), 10 ** (_FAINTEST_DB / 10)
    starts = []
    for start in range(0, stem.shape[1] - n_frames + 1, SAMPLE_RATE // 2):
        span = slice(start // WINDOW, (start + n_frames) // WINDOW)
        threshold = whole[span].sum() * faintest
        loud = target[span].sum() > threshold and rest[span].sum() > threshold
        if loud and _share(flags, start, n_frames) >= _SOUNDING_SHARE:
            starts.append(start)
    return starts


def _reference_starts(stem: np.ndarray, start: int, n_frames: int) -> list[int]:
    flags, length = sounding(stem), int(REFERENCE_S * SAMPLE_RATE)
    apart = int(_APART_S * SAMPLE_RATE)
    return [
        first
        for first in range(0, stem.shape[1] - length + 1, SAMPLE_RATE // 2)
        if (first + length + apart <= start or first >= start + n_frames + apart)
        and _share(flags, first, length) >= _SOUNDING_SHARE
    ]


def _item(
    song: StemSong, instrument: str, start: int, reference_start: int, n_frames: int
) -> dict[str, Any]:
    stem, span = song.stems[instrument], slice(start, start + n_frames)
    mixture = song.mix()[:, span]
    gain = np.float32(min(1.0, _PEAK / np.abs(mixture).max()))
    length = int(REFERENCE_S * SAMPLE_RATE)
    reference = stem[:, reference_start : reference_start + length]
    start_s = start / SAMPLE_RATE
    meta: dict[str, Any] = {
        "instrument": instrument,
        "source": song.source,
        "licence": song.licence,
        "song": song.name,
        "start_s": start_s,
        "reference_start_s": float(reference_start / SAMPLE_RATE),
        "mix_error_db": song.mix_error_db,
    }
    beats_s = _inside(song.beats_s, start_s, n_frames)
    if song.tempo_bpm is not None and beats_s:
        meta["tempo_bpm"] = song.tempo_bpm
        meta["beats_s"] = beats_s
        meta["downbeats_s"] = _inside(song.downbeats_s, start_s, n_frames)
    return {
        "mixture": mixture * gain,
        "target": stem[:, span] * gain,
        "reference": reference * min(1.0, _PEAK / np.abs(reference).max()),
        "sample_rate": SAMPLE_RATE,
        "meta": meta,
    }


def _inside(times_s: tuple[float, ...], start_s: float, n_frames: int) -> list[float]:
    end_s = start_s + n_frames / SAMPLE_RATE
    return [round(t - start_s, 6) for t in times_s if start_s <= t < end_s]
