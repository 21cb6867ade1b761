# SPDX-License-Identifier: GPL-3.0-or-later
"""What each local worker does first; Dask calls `dask_setup`.

A worker ends with the process that started it: Dask sees to that. What the worker has
started (ffmpeg, a synthesizer) ends with the worker, however that ends.
"""

from __future__ import annotations

import logging
import os
import signal
import subprocess
from typing import IO, Any

_NICE = 10
# Those that Dask gives a level, and so a handler
_LOGGERS = (
    *("distributed", "distributed.client", "distributed.gc", "bokeh"),
    *("tornado", "tornado.application", "asyncio"),
)
# Ends its process group, itself included, when the pipe's other end is closed
_GUARD = "read -r line; kill -9 0"
_guards: list[IO[bytes]] = []  # pipes that close when this process ends


def dask_setup(worker: Any) -> None:
    """Prepare the process of a Dask worker."""
    del worker
    silence_logs()
    # A group of its own: the terminal's Ctrl-C is for the parent, which ends us
    if hasattr(os, "setpgrp"):
        os.setpgrp()
        _start_guard()
    if hasattr(os, "nice"):
        os.nice(_NICE)
    for name in ("SIGTERM", "SIGHUP"):
        if number := getattr(signal, name, None):
            signal.signal(number, signal.SIG_DFL)


def silence_logs() -> None:
    """Keep what Dask logs away from stderr: whatever matters is raised."""
    import distributed  # noqa: F401 - sets the levels of these loggers

    for name in _LOGGERS:
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)


def _start_guard() -> None:
    guard = subprocess.Popen(
        ["/bin/sh", "-c", _GUARD],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    assert guard.stdin is not None
    _guards.append(guard.stdin)
