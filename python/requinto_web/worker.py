# SPDX-License-Identifier: GPL-3.0-or-later
"""The one process that holds the models, and what it does when it ends."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import sys
from pathlib import Path

from requinto_web.children import Child, worker_environment
from requinto_web.tasks import Message, Notify

_CANCELLING_S = 1.5  # for which a task that is cancelled may go on


class TaskError(Exception):
    """A task failed; the message is for the user."""


class Worker:
    """A process that works on one task at a time; started again when it ends.

    Parameters
    ----------
    tmp : Path
        A folder for what libraries write.
    """

    def __init__(self, tmp: Path) -> None:
        self._tmp = tmp
        self._child: Child | None = None
        self._number = 0
        self._is_stopping = False

    async def start(self) -> Child:
        """Start the process, unless it is there, so that it loads the models."""
        if self._child is None:
            environment = worker_environment(self._tmp)
            self._child = await Child.start("working", self._tmp, environment)
        return self._child

    async def run(self, name: str, arguments: Message, notify: Notify) -> Message:
        """Run a task and return its result; cancelling this cancels the task.

        Parameters
        ----------
        name : str
            Of a function of `working`.
        arguments : dict
            As JSON holds them.
        notify : callable
            Called with the share of the work that is done, from 0 to 1.

        Raises
        ------
        TaskError
            If the task fails, or the process ends.
        """
        child = await self.start()
        self._number += 1
        try:
            await child.send({"number": self._number, "task": name, **arguments})
            while "progress" in (message := await self._receive(child)):
                notify(float(message["progress"]))
        except asyncio.CancelledError:
            await self._cancel(child)
            raise
        if "error" in message:
            raise TaskError(message["error"])
        return message["done"]

    async def _receive(self, child: Child) -> Message:
        """Return the next message of the task that runs."""
        while (message := await child.receive()) is not None:
            if message.get("number") == self._number:
                return message
        raise TaskError(describe_end(await self._replace(child)))

    async def _cancel(self, child: Child) -> None:
        """Have the task end; if it does not at once, the process does."""
        await child.send({"cancel": self._number})
        with contextlib.suppress(asyncio.TimeoutError, TaskError):
            await asyncio.wait_for(self._drain(child), _CANCELLING_S)
            return
        if self._child is child:
            await self._replace(child)

    async def _replace(self, child: Child) -> int:
        """Kill a process, start the next, and return the status of the first."""
        self._child = None
        status = await child.kill()
        if not self._is_stopping:
            await (
                self.start()
            )  # now, so that the models are loaded when they are needed
        return status

    async def _drain(self, child: Child) -> None:
        while "progress" in await self._receive(child):
            pass

    async def stop(self) -> None:
        """End the process, whatever it is doing."""
        self._is_stopping = True
        child, self._child = self._child, None
        if child is not None:
            await child.end()


def describe_end(status: int) -> str:
    """Return what a user reads when a process ended in the midst of its work."""
    if sys.platform != "win32" and status < 0:
        name = signal.Signals(-status).name
        memory = ": there may not be enough memory" if -status == signal.SIGKILL else ""
        return f"the process that worked on it was ended by {name}{memory}; try again"
    return f"the process that worked on it ended with status {status}; try again"
