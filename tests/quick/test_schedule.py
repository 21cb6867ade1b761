# SPDX-License-Identifier: GPL-3.0-or-later
"""Every test runs once, and those that must run alone run while nothing else does."""

import itertools
from types import SimpleNamespace

import numpy as np
import pytest

import schedule
from schedule import AloneAtTheEnd

FILES = {"a.py": 5, "b.py": 1, "c.py": 1, "d.py": 9, "e.py": 2}
TESTS = [f"{name}::{i}" for name, n in FILES.items() for i in range(n)]
ALONE = ["c.py::slow", "e.py::slow", "f.py::slow"]


class Process:
    """A process that runs a test when it knows the next, or that there is none."""

    numbers = itertools.count()

    def __init__(self):
        self.queue, self.shutting_down = [], False
        self.gateway = SimpleNamespace(id=f"gw{next(self.numbers)}")

    def send_runtest_some(self, indices):
        self.queue.extend(indices)

    def shutdown(self):
        self.shutting_down = True

    def can_run(self):
        return len(self.queue) > 1 or (self.shutting_down and self.queue)


def run_all(monkeypatch, n_processes, seed, tests, alone, crashing=()):
    """Return which tests ran, in order, each with what else ran meanwhile."""
    rng = np.random.default_rng(seed)
    monkeypatch.setattr(schedule, "tests_alone", lambda: set(alone))
    option = SimpleNamespace(loadscopereorder=True)
    config = SimpleNamespace(getvalue=lambda _: ["popen"] * n_processes, option=option)
    config.getoption = config.getvalue
    scheduler, collection = AloneAtTheEnd(config), [*tests, *alone]

    def start():
        process = Process()
        scheduler.add_node(process)
        scheduler.add_node_collection(process, collection)
        return process

    processes = [start() for _ in range(n_processes)]
    scheduler.schedule()
    running, history = {}, []
    while processes:
        idle = [p for p in processes if p not in running and p.can_run()]
        ended = [p for p in processes if p.shutting_down and not p.queue]
        moves = [*idle, *running, *ended]
        assert moves, "every process waits for ever"
        process = moves[rng.integers(len(moves))]
        if process in ended:
            processes.remove(process)
            if process in scheduler.nodes:
                assert scheduler.remove_node(process) is None
        elif process not in running:
            running[process] = collection[process.queue[0]]
            history.append((running[process], set(running.values())))
        elif running[process] in crashing:
            assert scheduler.remove_node(process) == running.pop(process)
            processes.remove(process)
            processes.append(start())
            scheduler.schedule()
        else:
            running.pop(process)
            scheduler.mark_test_complete(process, process.queue.pop(0))
    return history


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("n_processes", [1, 2, 3, 8])
@pytest.mark.parametrize("crashing", [(), ("d.py::3",), ("b.py::0", "e.py::slow")])
def test_each_test_runs_once_and_some_alone(monkeypatch, seed, n_processes, crashing):
    history = run_all(monkeypatch, n_processes, seed, TESTS, ALONE, crashing)
    assert sorted(name for name, _ in history) == sorted([*TESTS, *ALONE])
    for name, running in history:
        if name in ALONE or running & set(ALONE):
            assert running == {name}


@pytest.mark.parametrize("n_processes", [1, 2])
@pytest.mark.parametrize(("tests", "alone"), [(TESTS, []), ([], ALONE)])
def test_either_kind_may_be_missing(monkeypatch, n_processes, tests, alone):
    history = run_all(monkeypatch, n_processes, 0, tests, alone)
    assert sorted(name for name, _ in history) == sorted([*tests, *alone])
