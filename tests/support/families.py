# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether two sources of sound are independent, or share their recordings.

A bank made from another one plays the same recordings: two of its notes follow one
another sample by sample, as those of two instruments never do.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import numpy as np
import soxr
from scipy import signal

from requinto.errors import ConfigError
from requinto_lab.material.soundfonts import SAMPLE_RATE

SHARED = 0.95  # similarity from which two sources count as one
_LENGTH_S = 0.3
_LAG_S = 0.03
_CENTS = 8  # banks may tune a recording a little differently
_QUIET = 1e-6
_RATE = 22050


class Pair(NamedTuple):
    """Two sources, and how alike they are over the notes compared."""

    first: str
    second: str
    similarity: float


def similarity(a: np.ndarray, b: np.ndarray) -> float:
    """Return how far one note is the other, at another level and instant.

    The largest normalised correlation over lags within 30 ms and tunings within
    8 cents, of the first 0.3 s of both, differentiated so that the fundamental does
    not decide.  Notes of one pitch from independent instruments also correlate, the
    more so the fewer partials they have; so compare several pitches (`shared_pairs`).

    Parameters
    ----------
    a, b : np.ndarray, shape=(n_channels, n_frames)
        Two notes of the same pitch, at 44100 frames a second.

    Returns
    -------
    float
        0 to 1; 0 where one is silent.
    """
    first, second = _beginning(a, 1.5), _beginning(b, 1.5)
    if min(np.abs(first).max(), np.abs(second).max()) < _QUIET:
        return 0.0
    return max(_best_correlation(first, second), _best_correlation(second, first))


def matrix(
    families: Mapping[str, Callable[[int], np.ndarray]], pitches: Sequence[int]
) -> list[Pair]:
    """Return how alike each pair of sources is.

    Parameters
    ----------
    families : mapping from name to callable
        Each returns its note of a MIDI pitch, shape `(n_channels, n_frames)`.
    pitches : sequence of int
        Notes to compare, three or more for an answer to rely on.

    Returns
    -------
    list of Pair
        The median over pitches, most alike first.

    Raises
    ------
    ConfigError
        If there are no pitches.
    """
    if not pitches:
        raise ConfigError("comparing sources needs at least one pitch")
    notes = {name: [play(p) for p in pitches] for name, play in families.items()}
    pairs = []
    for one, other in itertools.combinations(notes, 2):
        both = zip(notes[one], notes[other], strict=True)
        alike = np.median([similarity(a, b) for a, b in both])
        pairs.append(Pair(one, other, float(alike)))
    return sorted(pairs, key=lambda pair: -pair.similarity)


def shared_pairs(
    families: Mapping[str, Callable[[int], np.ndarray]],
    pitches: Sequence[int],
    threshold: float = SHARED,
) -> list[Pair]:
    """Return the pairs of sources that are one family, as `matrix` compares them."""
    return [p for p in matrix(families, pitches) if p.similarity >= threshold]


def _beginning(sound: np.ndarray, seconds: float) -> np.ndarray:
    """Return a note in one channel from where it begins."""
    mono = np.atleast_2d(sound).mean(axis=0, dtype=np.float64)
    mono = soxr.resample(mono, SAMPLE_RATE, _RATE, quality="HQ")
    loud = np.abs(mono)
    start = int(np.argmax(loud > 0.03 * loud.max())) if loud.max() > 0 else 0
    return mono[max(start - 20, 0) :][: round(seconds * _RATE)]


def _best_correlation(first: np.ndarray, second: np.ndarray) -> float:
    """Return the best correlation of the beginning of one note with another."""
    n, reach = round(_LENGTH_S * _RATE), round(_LAG_S * _RATE)
    pattern = np.diff(first)[:n]
    best = 0.0
    for cents in range(-_CENTS, _CENTS + 1):
        tuned = second
        if cents:
            tuned = soxr.resample(second, 1.0, 2 ** (cents / 1200), quality="HQ")
        # Silence before it, for lags to either side
        field = np.pad(np.diff(tuned), (reach, 0))[: n + 2 * reach]
        if len(field) < len(pattern):
            field = np.pad(field, (0, len(pattern) - len(field)))
        products = np.abs(signal.correlate(field, pattern, "valid"))
        sums = np.concatenate([[0.0], np.cumsum(field**2)])
        power = sums[len(pattern) :] - sums[: -len(pattern)]
        floor = 1e-3 * power.max() + 1e-20
        scale = np.sqrt(np.maximum(power, floor) * np.sum(pattern**2))
        best = max(best, float((products / scale).max()))
    return min(best, 1.0)
