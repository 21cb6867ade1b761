# SPDX-License-Identifier: GPL-3.0-or-later
"""Jobs give the same in one process and in several, and their errors arrive."""

import math

import pytest

from requinto_lab.material.parallel import each


@pytest.mark.parametrize("n_workers", [1, 3])
def test_every_job_is_done_once(n_workers):
    jobs = [(a, b) for a in range(1, 5) for b in range(1, 5)]
    results = each(math.gcd, jobs, "Trying", n_workers)
    assert sorted(results) == sorted(math.gcd(a, b) for a, b in jobs)
    assert each(math.gcd, [], "Trying", n_workers) == []


@pytest.mark.parametrize("n_workers", [1, 2])
def test_what_a_job_raises_is_raised(n_workers):
    with pytest.raises(TypeError):
        each(math.gcd, [(4, 2), ("a", 2)], "Trying", n_workers)
