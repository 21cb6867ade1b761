# SPDX-License-Identifier: GPL-3.0-or-later
"""Have one measurement made in a new process, and read what it answers."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, NamedTuple

from requinto import process

CHILD = Path(__file__).with_name("child.py")
_THREADS = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
    "TF_NUM_INTRAOP_THREADS",
    "TF_NUM_INTEROP_THREADS",
    process.THREADS_VARIABLE,
)


class Job(NamedTuple):
    """One measurement."""

    system: str  # one of `systems.names`
    seconds: float  # of music
    threads: int
    folder: str  # for files
    runtime: str | None = None
    n_times: int = 5  # runs, of which the median counts
    budget_s: float = 20.0  # after which no further run is begun
    with_profile: bool = False


def measure(job: Job, limit_s: float) -> dict[str, Any]:
    """Return what a child measured, or one line under "problem".

    Parameters
    ----------
    job : Job
    limit_s : float
        Seconds after which the child is ended.
    """
    text = json.dumps(job._asdict() | {"started": time.monotonic()})
    try:
        child = subprocess.run(
            [sys.executable, str(CHILD), text],
            env=environment(job),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=limit_s,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return {"problem": f"stopped after {limit_s:.0f} s"}
    return read_answer(child.returncode, child.stdout, child.stderr)


def environment(job: Job) -> dict[str, str]:
    """Return the environment of a child: quiet, with the threads of its job."""
    settings = dict.fromkeys(_THREADS, str(job.threads))
    settings |= {"TF_CPP_MIN_LOG_LEVEL": "3", "KERAS_BACKEND": "tensorflow"}
    if job.runtime:
        settings["REQUINTO_RUNTIME"] = job.runtime
    return os.environ | settings


def read_answer(status: int, output: bytes, errors: bytes) -> dict[str, Any]:
    """Return the record that a child printed, or why there is none.

    Parameters
    ----------
    status : int
        How it ended; negative where a signal ended it.
    output, errors : bytes
        What it printed.
    """
    if status < 0:
        return {"problem": f"ended by {_signal_name(-status)}{_hint(-status)}"}
    lines = output.decode(errors="replace").strip().splitlines()
    try:
        record = json.loads(lines[-1])
    except (IndexError, ValueError):
        printed = errors.decode(errors="replace").strip().splitlines() or ["nothing"]
        return {"problem": f"ended with {status}; its last line: {printed[-1]}"}
    if not isinstance(record, dict) or not ({"problem", "runs"} & set(record)):
        return {"problem": f"answered what is no record: {lines[-1][:80]}"}
    return record


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def _hint(number: int) -> str:
    return ", as where memory runs out" if number == signal.SIGKILL else ""
