# SPDX-License-Identifier: GPL-3.0-or-later
"""Measure one system on music of one length, alone in this process.

    python child.py JOB

with a job as `jobs.measure` writes it prints one line of JSON.  To be run as a file, so
that nothing of the package is imported before the clock runs.
"""

import contextlib
import importlib
import json
import os
import sys
import time
from typing import Any

_ENTERED = time.monotonic()
_BYTES_PER_MAXRSS = 1 if sys.platform == "darwin" else 1024
FIRST_S = 1.0  # seconds of music that are separated at first
WARM_S = 10.0  # at most, before what counts: new shapes are traced in the first run
PROFILED_S = 60.0  # at most: the share of each stage hardly changes with more


def main() -> None:
    """Print what was measured, and send what others print to stderr."""
    job = json.loads(sys.argv[1])
    answer = os.dup(1)
    os.dup2(2, 1)
    record = _measure_or_explain(job)
    os.write(answer, (json.dumps(record) + "\n").encode())


def _measure_or_explain(job: dict[str, Any]) -> dict[str, Any]:
    _keep_to_cores(job["threads"])
    _go_first_without_memory()
    own_start = time.monotonic()
    from requinto.errors import RequintoError
    from requinto_lab.benchmark import systems

    own_s = time.monotonic() - own_start
    system = systems.system(job["system"])
    start = time.monotonic()
    try:
        for name in system.modules:
            importlib.import_module(name)
    except (ImportError, OSError) as error:  # OSError where a library is missing
        return {"problem": _import_problem(error, system)}
    import_s = time.monotonic() - start + (own_s if system.is_ours else 0.0)
    try:
        return _measure(job, system, import_s)
    except RequintoError as error:
        return {"problem": str(error)}


def _import_problem(error: Exception, system: Any) -> str:
    if isinstance(error, ModuleNotFoundError) and system.install:
        return f"{error.name} is not installed: {system.install}"
    return f"it cannot be imported: {error}"


def _measure(job: dict[str, Any], system: Any, import_s: float) -> dict[str, Any]:
    from requinto_lab.benchmark.stages import LOADING, StageTimer
    from requinto_lab.benchmark.workload import Options

    start = time.monotonic()
    workload = system.load(Options(job["runtime"], job["folder"]))
    load_s = time.monotonic() - start
    second = workload.input_for(FIRST_S)
    with StageTimer(LOADING if system.is_ours else {}) as timer:
        first = _time_run(workload, second)
    inside_s = timer.seconds.get("load", 0.0)
    startup = {
        "interpreter_s": _ENTERED - job["started"],
        "import_s": import_s,
        "load_s": load_s + inside_s,
        "first_s": first["wall_s"] - inside_s,
    }
    cpu_s = time.process_time()
    music = workload.input_for(job["seconds"])
    workload.run(workload.input_for(min(job["seconds"], WARM_S)))
    runs = _repeat(workload, music, job["n_times"], job["budget_s"])
    record = {
        "startup": startup | {"total_s": sum(startup.values()), "cpu_s": cpu_s},
        "runs": runs,
        "peak_bytes": peak_bytes(),
        "note": workload.note,
    }
    if job["with_profile"] and system.is_ours:
        from requinto_lab.benchmark.profiling import profile

        seconds = min(job["seconds"], PROFILED_S)
        shorter = workload.input_for(seconds)
        record["profile"] = profile(job["system"], workload, shorter)
        record["profile"]["seconds"] = seconds
    return record


def _repeat(
    workload: Any, music: Any, n_times: int, budget_s: float
) -> list[dict[str, float]]:
    """Return the runs; the first does not count unless it is too long for another."""
    first = _time_run(workload, music)
    if first["wall_s"] > budget_s:
        return [first]
    runs: list[dict[str, float]] = []
    while len(runs) < n_times and sum(run["wall_s"] for run in runs) < budget_s:
        runs.append(_time_run(workload, music))
    return runs


def _time_run(workload: Any, music: Any) -> dict[str, float]:
    cpu_start, start = time.process_time(), time.perf_counter()
    workload.run(music)
    return {
        "wall_s": time.perf_counter() - start,
        "cpu_s": time.process_time() - cpu_start,
    }


def _keep_to_cores(n_cores: int) -> None:
    """Keep this process, and all threads that it starts, to so many cores."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:n_cores])


def _go_first_without_memory() -> None:
    """Have Linux end this process, and no other, where memory runs out."""
    with contextlib.suppress(OSError), open("/proc/self/oom_score_adj", "w") as file:
        file.write("1000")


def peak_bytes() -> int:
    """Return the most memory that this process had resident so far."""
    try:
        with open("/proc/self/status") as status:
            line = next(line for line in status if line.startswith("VmHWM:"))
        return int(line.split()[1]) * 1024
    except (OSError, StopIteration):
        import resource  # which counts a parent's memory too, before it was replaced

        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * _BYTES_PER_MAXRSS


if __name__ == "__main__":
    sys.path.pop(0)  # this folder, whose files must not pass for other packages
    main()
