# SPDX-License-Identifier: GPL-3.0-or-later
"""From what the beat network hears to beats and bars, by dynamic programming."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from requinto.config import DecodingConfig

_CERTAIN = 0.999  # farther from a half a probability is not believed


class Bars(NamedTuple):
    """Where each beat lies in its bar, and how long the bars are."""

    positions: np.ndarray  # (n_beats,), 0 on a downbeat
    beats_per_bar: int  # of most bars


def choose_beats(
    heard: np.ndarray, config: DecodingConfig, columns_per_s: float
) -> np.ndarray:
    """Return the columns on which beats fall.

    Parameters
    ----------
    heard : np.ndarray, shape=(n_columns,)
        Probability of a beat at each column, as the network gives it.
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
    worth = _log_odds(heard) - _log_odds(config.least_beat)
    n_columns, shortest, longest = len(heard), int(intervals[0]), int(intervals[-1])
    # `best[t, j]`: of the rows of beats whose last two are `intervals[j]` apart, at t
    best = np.zeros((n_columns, len(intervals)))
    # `onward[t, j]`: of the rows that go on from t by `intervals[j]`.  Those before
    # the first column, at negative places, are worth nothing.
    onward = np.zeros((n_columns + longest, len(intervals)))
    j = np.arange(len(intervals))
    step = _best_steps(costs, config.jump_cost, shortest)
    # Columns nearer than the shortest interval do not depend on each other
    for first in range(0, n_columns, shortest):
        few = slice(first, min(first + shortest, n_columns))
        t = np.arange(few.start, few.stop)[:, None]
        best[few] = worth[few, None] + onward[t - intervals, j]
        onward[few] = np.maximum(worth[few, None], step(best[few]))
    return _traced(best, worth, intervals, costs)


def _best_steps(
    costs: np.ndarray, highest: float, n_rows: int
) -> Callable[[np.ndarray], np.ndarray]:
    """Return a function that gives the best of what each step leads to.

    It takes what states are worth, `(n, n_states)` of at most `n_rows` rows, and
    returns `(values[:, :, None] - costs).max(axis=1)`.  Where a step costs the most
    there is, whatever the two states, only the best state counts; others are near
    the diagonal.
    """
    before, after = np.nonzero(costs < highest)
    n_states, reach = len(costs), int(np.abs(before - after).max(initial=0))
    near = np.full((2 * reach + 1, n_states), highest)
    near[before - after + reach, after] = costs[before, after]
    padded = np.full((n_rows, n_states + 2 * reach), -np.inf)
    neighbours = sliding_window_view(padded, n_states, axis=1)  # sees its changes
    options = np.empty(neighbours.shape)

    def step(values: np.ndarray) -> np.ndarray:
        n = len(values)
        padded[:n, reach : reach + n_states] = values
        np.subtract(neighbours[:n], near, out=options[:n])
        jumps = values.max(axis=1, keepdims=True) - highest
        return np.maximum(options[:n].max(axis=1), jumps)

    return step


def _traced(
    best: np.ndarray, worth: np.ndarray, intervals: np.ndarray, costs: np.ndarray
) -> np.ndarray:
    """Follow the best row of beats back from its end."""
    if not len(best) or best.max() <= 0:
        return np.zeros(0, int)
    t, j = (int(i) for i in np.unravel_index(int(best.argmax()), best.shape))
    columns = [t]
    while t >= intervals[j]:
        t -= int(intervals[j])
        columns.append(t)
        options = best[t] - costs[:, j]
        j = int(options.argmax())
        if options[j] < worth[t]:  # the row begins here
            break
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


def choose_bars(heard: np.ndarray, config: DecodingConfig) -> Bars:
    """Return the place of each beat in its bar.

    Parameters
    ----------
    heard : np.ndarray, shape=(n_beats,)
        Probability of a downbeat at each beat.
    config : DecodingConfig

    Returns
    -------
    Bars
        The likeliest row of bars: the first may begin anywhere, for a pickup; bars
        that are cut short and changes of metre cost what the configuration says.
    """
    if not len(heard):
        return Bars(np.zeros(0, int), 4)
    metres = np.concatenate([np.full(n, n) for n in config.bars])
    places = np.concatenate([np.arange(n) for n in config.bars])
    costs = _bar_costs(metres, places, config)
    worth = np.where(
        places == 0, (_log_odds(heard) - _log_odds(config.least_downbeat))[:, None], 0
    )
    best = worth[0].copy()
    origin = np.zeros(worth.shape, int)
    for i in range(1, len(heard)):
        options = best[:, None] - costs
        origin[i] = options.argmax(axis=0)
        best = options.max(axis=0) + worth[i]
    state = int(best.argmax())
    states = [state]
    for i in range(len(heard) - 1, 0, -1):
        state = int(origin[i, state])
        states.append(state)
    path = np.array(states[::-1])
    lengths = metres[path]
    return Bars(places[path], int(np.bincount(lengths).argmax()))


def _bar_costs(
    metres: np.ndarray, places: np.ndarray, config: DecodingConfig
) -> np.ndarray:
    """Return the cost of each state after each other, indexed `[before, after]`."""
    goes_on = (metres[:, None] == metres) & (places[:, None] + 1 == places)
    begins = places == 0
    ends = places == metres - 1
    is_half = 2 * (places + 1) == metres
    cut = np.where(
        ends, 0.0, np.where(is_half, config.half_bar_cost, config.short_bar_cost)
    )
    other = np.where(metres[:, None] == metres, 0.0, config.metre_change_cost)
    return np.where(goes_on, 0.0, np.where(begins, cut[:, None] + other, np.inf))


def refined(heard: np.ndarray, columns: np.ndarray) -> np.ndarray:
    """Return columns moved to the peaks near them, by parts of a column.

    A parabola is laid through the logarithm of three columns about each peak.
    """
    padded = np.log(np.pad(heard, 2, constant_values=1e-6) + 1e-6)
    around = columns[:, None] + np.arange(1, 4)  # places in `padded`, one off each way
    peaks = columns + np.argmax(padded[around], axis=1) - 1
    low, mid, high = (padded[peaks + 2 + side] for side in (-1, 0, 1))
    bend = low - 2 * mid + high
    shift = np.where(bend < -1e-9, (low - high) / np.minimum(2 * bend, -1e-9), 0.0)
    return np.maximum(peaks + np.clip(shift, -0.5, 0.5), 0.0)


def _log_odds(probability: np.ndarray | float) -> np.ndarray:
    p = np.clip(probability, 1 - _CERTAIN, _CERTAIN)
    return np.asarray(np.log(p / (1 - p)))
