# SPDX-License-Identifier: GPL-3.0-or-later
"""Neighbours are merged as scikit-learn merges them, through librosa."""

import librosa
import numpy as np
import pytest

from requinto.ward import merge_neighbours


def check(rows, n_runs):
    expected = librosa.segment.agglomerative(rows.T, n_runs)
    np.testing.assert_array_equal(merge_neighbours(rows, n_runs), expected)


@pytest.mark.parametrize("seed", range(10))
@pytest.mark.parametrize("n_rows", [2, 6, 31, 200])
@pytest.mark.parametrize("n_features", [1, 25])
def test_runs_are_librosas(seed, n_rows, n_features):
    rng = np.random.default_rng(seed)
    rows = rng.standard_normal((n_rows, n_features))
    if seed % 2:  # a walk, whose neighbours are alike
        rows = np.cumsum(rows, axis=0)
    for n_runs in {1, 2, max(2, n_rows // 4), n_rows}:
        check(rows, n_runs)


@pytest.mark.parametrize("seed", range(10))
def test_of_mergers_that_cost_the_same_the_same_is_first(seed):
    """As in music that repeats to the sample, or is silent."""
    rng = np.random.default_rng(seed)
    few = rng.integers(0, 2, (9, 2)).astype(float)
    for rows in (np.repeat(few, rng.integers(1, 9, 9), axis=0), np.zeros((40, 3))):
        for n_runs in range(1, len(rows) + 1):
            check(rows, n_runs)
