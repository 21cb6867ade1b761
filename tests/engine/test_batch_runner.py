# SPDX-License-Identifier: GPL-3.0-or-later
"""Which worker has which job, where a cluster does as a test says."""

from types import SimpleNamespace

import pytest

from requinto_batch import runner as runners
from requinto_batch.errors import BatchError
from requinto_batch.runner import Runner


class DoneFuture:
    """The future of a job that was done at once."""

    def __init__(self, function, arguments):
        self._job = function, arguments

    def done(self):
        """Return whether the job has ended."""
        return True

    def cancelled(self):
        """Return whether the job was stopped."""
        return False

    def add_done_callback(self, function):
        """Call a function, for the job has ended."""
        function(self)

    def result(self, timeout):
        """Return what the job gives, or raise what it raises."""
        function, arguments = self._job
        return function(*arguments)


class Cluster:
    """A client of workers that are there; notes which had which job."""

    dashboard_link = ""

    def __init__(self, *workers):
        self.workers, self.submitted = workers, []

    def nthreads(self):
        """Return the number of threads of each worker."""
        return dict.fromkeys(self.workers, 1)

    def submit(self, function, *arguments, key, workers=(), pure):
        """Do a job."""
        assert not pure
        if workers:  # it is a job
            self.submitted.append((*arguments, *workers))
        return DoneFuture(function, arguments)


@pytest.fixture(autouse=True)
def short_waits(monkeypatch):
    monkeypatch.setattr(runners, "_POLL_S", 0.001)


@pytest.mark.parametrize(
    ("workers", "tried"),
    [(("a", "b"), ["a", "b", "a"]), (("a",), ["a", "a", "a"])],
    ids=["another is free", "none other"],
)
def test_a_job_that_failed_is_done_by_another_worker_at_the_end(workers, tried):
    def fail(index):
        if index == 0:
            raise ValueError("as ever")
        return index

    cluster = Cluster(*workers)
    results = list(Runner(cluster).run(fail, [(i,) for i in range(4)], retries=2))
    assert [worker for index, worker in cluster.submitted if index == 0] == tried
    assert [index for index, _ in cluster.submitted[-2:]] == [0, 0]
    assert results[-1].n_attempts == 3
    assert str(results[-1].error) == "as ever"
    assert sorted(result.value for result in results[:-1]) == [1, 2, 3]


@pytest.mark.parametrize("is_late", [False, True])
def test_a_run_waits_five_minutes_for_a_worker(monkeypatch, is_late):
    now = 0.0

    class Empty(Cluster):
        def nthreads(self):
            nonlocal now
            now += 1.0
            self.workers = ("a",) if is_late and now > 299 else ()
            return super().nthreads()

    monkeypatch.setattr(runners, "time", SimpleNamespace(monotonic=lambda: now))
    monkeypatch.setattr(runners, "_POLL_S", 0.0)
    results = Runner(Empty()).run(abs, [(-1,)])
    if is_late:
        assert [result.value for result in results] == [1]
        return
    with pytest.raises(BatchError, match="no worker is left, and none came in 300 s;"):
        list(results)
    assert 300 < now < 305
