# SPDX-License-Identifier: GPL-3.0-or-later
"""Ward's clustering of rows that follow each other: only neighbours become one."""

from __future__ import annotations

import heapq
from typing import NamedTuple

import numpy as np


class _Run(NamedTuple):
    """Rows from `first` to before `stop`."""

    first: int
    stop: int
    total: np.ndarray  # (n_features,), sum of the rows

    def __add__(self, other: _Run) -> _Run:  # type: ignore[override]
        first, stop = min(self.first, other.first), max(self.stop, other.stop)
        return _Run(first, stop, self.total + other.total)


def merge_neighbours(features: np.ndarray, n_runs: int) -> np.ndarray:
    """Return where runs of like rows start, as `librosa.segment.agglomerative` does.

    The two neighbouring runs are merged that so add least to the squared distances of
    rows from the means of their runs, again and again until `n_runs` are left.

    Parameters
    ----------
    features : np.ndarray, shape=(n_rows, n_features)
    n_runs : int
        From 1 to `n_rows`.

    Returns
    -------
    np.ndarray of int, shape=(n_runs,)
        The first is 0.

    References
    ----------
    Ward, "Hierarchical Grouping to Optimize an Objective Function", Journal of the
    American Statistical Association 58(301), 1963, doi:10.1080/01621459.1963.10500845.
    """
    n_rows = len(features)
    runs = {i: _Run(i, i + 1, row) for i, row in enumerate(features)}
    starting = {run.first: i for i, run in runs.items()}
    ending = {run.stop: i for i, run in runs.items()}
    # Of mergers that cost the same, the one of the oldest runs is first
    mergers = [(_increase(runs[i], runs[i - 1]), i, i - 1) for i in range(1, n_rows)]
    heapq.heapify(mergers)
    for new in range(n_rows, 2 * n_rows - n_runs):
        runs[new] = run = _pop_cheapest(mergers, runs)
        starting[run.first] = ending[run.stop] = new
        for neighbour in (ending.get(run.first), starting.get(run.stop)):
            if neighbour is not None:
                cost = _increase(run, runs[neighbour])
                heapq.heappush(mergers, (cost, new, neighbour))
    return np.sort([run.first for run in runs.values()])


def _pop_cheapest(mergers: list[tuple[float, int, int]], runs: dict[int, _Run]) -> _Run:
    """Take the two runs that cost least to merge; return what they make."""
    while True:
        _, one, other = heapq.heappop(mergers)
        if one in runs and other in runs:
            return runs.pop(one) + runs.pop(other)


def _increase(one: _Run, other: _Run) -> float:
    """Return what merging adds to the squared distances from means."""
    n, n_other = one.stop - one.first, other.stop - other.first
    gap = one.total / n - other.total / n_other
    return float(gap @ gap) * n * n_other / (n + n_other)
