# SPDX-License-Identifier: GPL-3.0-or-later
"""Hand tests to processes by the file, and at the end those that must run alone."""

from __future__ import annotations

from xdist.scheduler import LoadFileScheduling
from xdist.workermanage import WorkerController

from session import tests_alone

ALONE = "alone"


class AloneAtTheEnd(LoadFileScheduling):
    """A schedule whose last group runs when every other process has ended its tests.

    A process runs a test when it knows the next one, or that there is none.
    """

    def schedule(self) -> None:
        """Begin, when every process has said which tests there are."""
        self._tests_alone = tests_alone()
        super().schedule()

    def _split_scope(self, nodeid: str) -> str:
        # Not by a mark `xdist_group`: xdist 3.8 loses it with pytest 9.2
        return ALONE if nodeid in self._tests_alone else super()._split_scope(nodeid)

    def _only_those_alone_are_left(self) -> bool:
        if ALONE in self.workqueue:
            self.workqueue.move_to_end(ALONE)
        return next(iter(self.workqueue), None) == ALONE

    def _assign_work_unit(self, node: WorkerController) -> None:
        if self._only_those_alone_are_left():
            others = (work for n, work in self.assigned_work.items() if n is not node)
            if any(self._pending_of(work) for work in others):
                return
        super()._assign_work_unit(node)

    def _reschedule(self, node: WorkerController) -> None:
        others = any(n is not node and not n.shutting_down for n in self.nodes)
        if others and self._only_those_alone_are_left():
            node.shutdown()
            return
        n_files = len(self.workqueue)
        super()._reschedule(node)
        has_more = len(self.workqueue) < n_files
        if has_more and self._pending_of(self.assigned_work[node]) < 2:
            self._reschedule(node)  # one test alone would wait for its next

    def mark_test_complete(
        self, node: WorkerController, item_index: int, duration: float = 0
    ) -> None:
        """Note that a test has ended, for which the last process may have waited."""
        super().mark_test_complete(node, item_index, duration)
        if self._only_those_alone_are_left():
            for other in self.nodes:
                if other is not node:
                    self._reschedule(other)

    def remove_node(self, node: WorkerController) -> str | None:
        """Forget a process that has ended; return the test that it died of.

        xdist 3.8 would run that test again, and wait for ever for files without
        tests left.
        """
        workload = self.assigned_work.pop(node)
        pending = [
            (scope, nodeid)
            for scope, unit in workload.items()
            for nodeid, is_done in unit.items()
            if not is_done
        ]
        if not pending:
            return None
        for scope, nodeid in pending[1:]:
            self.workqueue.setdefault(scope, {})[nodeid] = False
        for other in self.nodes:
            self._reschedule(other)
        return pending[0][1]
