# SPDX-License-Identifier: GPL-3.0-or-later
"""From the beat network's activations to beats and bars, by dynamic programming."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.lib.stride_tricks import as_strided, sliding_window_view

from requinto.config import DecodingConfig

_CERTAIN = 0.999  # farther from a half a probability is not believed
_N_BLOCKS = 16  # of columns, whose sums stay in the processor's cache


class Bars(NamedTuple):
    """Where each beat lies in its bar, and how long the bars are."""

    positions: np.ndarray  # (n_beats,), 0 on a downbeat
    beats_per_bar: int  # of most bars


def choose_beats(
    activations: np.ndarray, config: DecodingConfig, columns_per_s: float
) -> np.ndarray:
    """Return the columns on which beats fall.

    Parameters
    ----------
    activations : np.ndarray, shape=(n_columns,)
        Probability of a beat at each column, as the network predicts it.
    config : DecodingConfig
    columns_per_s : float

    Returns
    -------
    np.ndarray of int, shape=(n_beats,)
        The row of columns with the most likely beats, counted as log odds, less
        what changes of tempo cost; empty where none is likely.

    References
    ----------
    In the manner of Ellis, "Beat Tracking by Dynamic Programming", Journal of New
    Music Research 36(1), 2007, doi:10.1080/09298210701653344; but the tempo is
    part of the state, as in Krebs, Böck, Widmer, "An Efficient State-Space Model
    for Joint Tempo and Meter Tracking", ISMIR 2015.
    """
    intervals, costs = _tempi(config, columns_per_s)
    worth = _log_odds(activations) - _log_odds(config.min_beat)
    paths = _search(worth, intervals, costs, config.jump_cost)
    if not len(activations) or paths.best.max() <= 0:
        return np.zeros(0, int)
    return _trace(paths, intervals)


class _Paths(NamedTuple):
    """The best rows of beats; a state is an index of an interval."""

    best: np.ndarray  # (n_columns,), what the best row that ends at a column is worth
    states: np.ndarray  # (n_columns,), its last interval
    # (n_columns, n_states): where a row continues by an interval, the one before it, or
    # -1 where the row begins
    origins: np.ndarray


def _search(
    worth: np.ndarray, intervals: np.ndarray, costs: np.ndarray, jump_cost: float
) -> _Paths:
    """Return the best rows of beats that end at each column.

    All that is kept of a whole song are small integers: sums of worth are needed no
    longer than the longest interval.
    """
    n_together, n_states = int(intervals[0]), len(intervals)
    n_columns = -(-len(worth) // n_together) * n_together
    alone = np.pad(worth, (0, n_columns - len(worth)), constant_values=-np.inf)[:, None]
    kind = np.min_scalar_type(-2 * n_states)
    best, states = np.empty((n_columns, 1)), np.empty((n_columns, 1), kind)
    origins = np.empty((n_columns, n_states), kind)
    sums = _RecentSums(intervals, n_together)
    step = _near_steps(costs, jump_cost, n_together, kind)
    nearest = np.empty((_N_BLOCKS * n_together, n_states))
    for start in range(0, n_columns, len(nearest)):
        stop = min(start + len(nearest), n_columns)
        # Columns nearer than the shortest interval do not depend on each other
        for first in range(start, stop, n_together):
            few = slice(first, first + n_together)
            near = nearest[first - start : first - start + n_together]
            values = alone[few] + sums.before()
            values.max(axis=1, keepdims=True, out=best[few])
            states[few, 0] = values.argmax(axis=1)
            step(values, near, origins[few])
            sums.append(np.maximum(near, np.maximum(alone[few], best[few] - jump_cost)))
        chunk = slice(start, stop)
        jumps = best[chunk] - jump_cost
        near = nearest[: stop - start]
        # Rows come from the best state of all where that is better; of two that are
        # alike the first counts
        some = origins[chunk]
        np.minimum(some, states[chunk], out=some, where=jumps == near)
        np.copyto(some, states[chunk], where=jumps > near)
        after = np.maximum(near, jumps)
        np.copyto(some, -1, where=after < alone[chunk])
    return _Paths(best[:, 0], states[:, 0], origins)


class _RecentSums:
    """What rows are worth that continue from a column by each interval, for a while.

    Those before the first column are worth nothing.
    """

    def __init__(self, intervals: np.ndarray, n_together: int) -> None:
        shortest, self._longest = int(intervals[0]), int(intervals[-1])
        n_rows = _N_BLOCKS * n_together
        self._n_together = n_together
        self._sums = np.zeros((self._longest + n_rows, len(intervals)))
        # Of each column those from which an interval leads to it: a diagonal
        column, state = self._sums.strides
        self._before = as_strided(
            self._sums[self._longest - shortest :],
            (n_rows, len(intervals)),
            (column, state - column),
            writeable=False,
        )
        self._row = self._longest  # of the next column

    def before(self) -> np.ndarray:
        """Return what leads to the next columns, `(n_together, n_states)`."""
        first = self._row - self._longest
        return self._before[first : first + self._n_together]

    def append(self, sums: np.ndarray) -> None:
        """Add the next columns."""
        self._sums[self._row : self._row + len(sums)] = sums
        self._row += len(sums)
        if self._row == len(self._sums):
            self._sums[: self._longest] = self._sums[-self._longest :]
            self._row = self._longest


def _near_steps(
    costs: np.ndarray, highest: float, n_rows: int, kind: np.dtype[Any]
) -> Callable[[np.ndarray, np.ndarray, np.ndarray], None]:
    """Return a function that finds the best of what each step comes from.

    It takes what states are worth, `(n_rows, n_states)`, and writes the largest of
    `values[:, :, None] - costs` along the middle axis and its index, among states
    that are so near each other that a step does not cost the most there is.
    """
    before, after = np.nonzero(costs < highest)
    n_states, reach = len(costs), int(np.abs(before - after).max(initial=0))
    near = np.full((2 * reach + 1, 1, n_states), highest)
    near[before - after + reach, 0, after] = costs[before, after]
    padded = np.full((n_rows, n_states + 2 * reach), -np.inf)
    neighbours = sliding_window_view(padded, n_states, axis=1).swapaxes(0, 1)
    options = np.empty(neighbours.shape)
    is_best = np.empty(neighbours.shape, bool)
    ranks = np.empty(neighbours.shape, kind)
    # The first of those that are alike ranks highest
    order = np.arange(len(near), 0, -1, dtype=kind)[:, None, None]
    last = np.arange(n_states, dtype=kind) + kind.type(reach + 1)

    def step(values: np.ndarray, largest: np.ndarray, indices: np.ndarray) -> None:
        padded[:, reach : reach + n_states] = values
        np.subtract(neighbours, near, out=options)
        options.max(axis=0, out=largest)
        np.equal(options, largest, out=is_best)
        np.multiply(is_best.view(np.int8), order, out=ranks)
        np.subtract(last, ranks.max(axis=0), out=indices)

    return step


def _trace(paths: _Paths, intervals: np.ndarray) -> np.ndarray:
    """Follow the best row of beats back from its end."""
    t = int(paths.best.argmax())
    state = int(paths.states[t])
    columns = [t]
    while state >= 0 and t >= intervals[state]:
        t -= int(intervals[state])
        columns.append(t)
        state = int(paths.origins[t, state])
    return np.array(columns[::-1])


@functools.lru_cache(maxsize=4)
def _tempi(
    config: DecodingConfig, columns_per_s: float
) -> tuple[np.ndarray, np.ndarray]:
    """Return intervals in columns, and what each costs after another.

    Costs are indexed `[before, after]`; a step of one column is free, since no
    interval is a whole number of columns.
    """
    shortest = int(columns_per_s * 60 / config.fastest_bpm)
    longest = int(np.ceil(columns_per_s * 60 / config.slowest_bpm))
    intervals = np.arange(shortest, longest + 1)
    apart = np.maximum(np.abs(intervals[:, None] - intervals) - 1, 0)
    nearer = np.minimum(intervals[:, None], intervals)
    octaves = np.log2(1 + apart / nearer)
    costs = np.minimum(config.tempo_change_cost * octaves**2, config.jump_cost)
    return intervals, costs


def choose_bars(activations: np.ndarray, config: DecodingConfig) -> Bars:
    """Return the position of each beat in its bar.

    Parameters
    ----------
    activations : np.ndarray, shape=(n_beats,)
        Probability of a downbeat at each beat.
    config : DecodingConfig

    Returns
    -------
    Bars
        The likeliest row of bars: the first may begin anywhere, for a pickup; bars
        that are cut short and changes of metre cost what the configuration says.
    """
    if not len(activations):
        return Bars(np.zeros(0, int), 4)
    metres = np.concatenate([np.full(n, n) for n in config.bars])
    positions = np.concatenate([np.arange(n) for n in config.bars])
    costs = _bar_costs(metres, positions, config)
    gains = _log_odds(activations) - _log_odds(config.min_downbeat)
    worth = np.where(positions == 0, gains[:, None], 0)
    best = worth[0].copy()
    origin = np.zeros(worth.shape, int)
    for i in range(1, len(activations)):
        options = best[:, None] - costs
        origin[i] = options.argmax(axis=0)
        best = options.max(axis=0) + worth[i]
    state = int(best.argmax())
    states = [state]
    for i in range(len(activations) - 1, 0, -1):
        state = int(origin[i, state])
        states.append(state)
    path = np.array(states[::-1])
    lengths = metres[path]
    return Bars(positions[path], int(np.bincount(lengths).argmax()))


def _bar_costs(
    metres: np.ndarray, positions: np.ndarray, config: DecodingConfig
) -> np.ndarray:
    """Return the cost of each state after each other, indexed `[before, after]`."""
    goes_on = (metres[:, None] == metres) & (positions[:, None] + 1 == positions)
    begins = positions == 0
    ends = positions == metres - 1
    is_half = 2 * (positions + 1) == metres
    cut = np.where(
        ends, 0.0, np.where(is_half, config.half_bar_cost, config.short_bar_cost)
    )
    other = np.where(metres[:, None] == metres, 0.0, config.metre_change_cost)
    return np.where(goes_on, 0.0, np.where(begins, cut[:, None] + other, np.inf))


def refine_peaks(activations: np.ndarray, columns: np.ndarray) -> np.ndarray:
    """Return columns moved to the peaks near them, by parts of a column.

    A parabola is laid through the logarithm of three columns about each peak.
    """
    padded = np.log(np.pad(activations, 2, constant_values=1e-6) + 1e-6)
    around = columns[:, None] + np.arange(1, 4)  # in `padded`
    peaks = columns + np.argmax(padded[around], axis=1) - 1
    low, mid, high = (padded[peaks + 2 + side] for side in (-1, 0, 1))
    bend = low - 2 * mid + high
    shift = np.where(bend < -1e-9, (low - high) / np.minimum(2 * bend, -1e-9), 0.0)
    return np.maximum(peaks + np.clip(shift, -0.5, 0.5), 0.0)


def _log_odds(probability: np.ndarray | float) -> np.ndarray:
    p = np.clip(probability, 1 - _CERTAIN, _CERTAIN)
    return np.asarray(np.log(p / (1 - p)))
