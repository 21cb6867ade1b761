# SPDX-License-Identifier: GPL-3.0-or-later
"""Processes that the server starts, and lines of JSON to and from them."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from requinto_web.tasks import Message

_MAX_LINE = 1 << 20  # bytes
# Isolated from the current folder, whose files could bear the names of modules
_START = (
    "import json, sys; sys.path[:] = json.loads(sys.argv[2]); "
    "from importlib import import_module; "
    "import_module(f'requinto_web.{sys.argv[1]}').main()"
)
_NAMES = ("PATH", "LANG", "LC_ALL", "SYSTEMROOT", "LD_LIBRARY_PATH")


def clean_environment(tmp: Path) -> dict[str, str]:
    """Return variables for a process that reads what strangers send."""
    kept = {name: os.environ[name] for name in _NAMES if name in os.environ}
    threads = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
    return {**kept, **threads, **_folders(tmp), "HOME": str(tmp)}


def worker_environment(tmp: Path) -> dict[str, str]:
    """Return variables for a process that reads only what we wrote."""
    # What Matplotlib knows of fonts takes it a second to know again
    return {**os.environ, **_folders(tmp), "MPLCONFIGDIR": str(tmp.parent)}


def _folders(tmp: Path) -> dict[str, str]:
    """Let libraries write nowhere else."""
    return dict.fromkeys(("TMPDIR", "TEMP", "TMP"), str(tmp))


class Child:
    """A process of a module with a `main`, in a session of its own.

    It ends when its standard input does, so also if this process is killed.
    """

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdin and process.stdout
        self._process, self._in, self._out = process, process.stdin, process.stdout
        self._is_killed = False

    @classmethod
    async def start(
        cls, module: str, folder: Path, environment: Mapping[str, str]
    ) -> Child:
        """Start a module of `requinto_web`, in a folder."""
        is_loud = bool(os.environ.get("REQUINTO_DEBUG"))
        arguments = [module, json.dumps([p for p in sys.path if os.path.isabs(p)])]
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-I", "-c", _START, *arguments),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=None if is_loud else subprocess.DEVNULL,
            cwd=folder,
            env=dict(environment),
            start_new_session=True,  # Ctrl-C is the server's alone
            limit=_MAX_LINE,
        )
        return cls(process)

    async def send(self, message: Message) -> None:
        """Send a message; to a process that has ended, nothing."""
        with contextlib.suppress(ConnectionError):
            self._in.write(json.dumps(message).encode() + b"\n")
            await self._in.drain()

    async def receive(self) -> Message | None:
        """Return the next message, or None if the process ends or says none."""
        try:
            message = json.loads(await self._out.readline())
        except (ValueError, RecursionError):  # nothing, half a line, too long a line
            return None
        return message if isinstance(message, dict) else None

    async def end(self, limit_s: float = 1.0) -> int:
        """Let it end, kill what has not in so many seconds, and return its status."""
        self._in.close()
        with contextlib.suppress(asyncio.TimeoutError):
            await asyncio.wait_for(self._process.wait(), limit_s)
        return await self.kill()

    async def kill(self) -> int:
        """Kill it with all processes that it started, and return its status."""
        if not self._is_killed:  # once: another could get its number
            self._is_killed = True
            with contextlib.suppress(ProcessLookupError, PermissionError):
                if sys.platform == "win32":
                    self._process.kill()
                else:
                    os.killpg(self._process.pid, signal.SIGKILL)
        with contextlib.suppress(ConnectionError, BrokenPipeError):
            self._in.close()
        return await self._process.wait()
