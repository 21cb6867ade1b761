# SPDX-License-Identifier: GPL-3.0-or-later
"""Run our path once more with clocks in it, and hold it against what it needs."""

from __future__ import annotations

import time
from typing import Any

from requinto_lab.benchmark import floor, flops
from requinto_lab.benchmark.stages import STAGES, StageTimer
from requinto_lab.benchmark.workload import Workload


def profile(system: str, workload: Workload, music: Any) -> dict[str, Any]:
    """Return where the time of one run goes, and the arithmetic that it needs.

    Returns
    -------
    dict
        Seconds of the whole run and of each stage, functions that are missing,
        multiply-adds by stage, and the peak of multiply-adds a second, measured before
        and after the run.
    """
    work = floor.Work()
    peak = flops.core_peak()
    with StageTimer(STAGES, work.observers) as timer:
        start = time.perf_counter()
        workload.run(music)
        whole_s = time.perf_counter() - start
    model, _, way = system.partition(":")
    counts = floor.multiply_adds(work, model, by_name=way != "reference")
    if timer.unobserved:
        names = ", ".join(sorted(timer.unobserved))
        counts["problem"] = f"the work of {names} is not counted: it has changed"
    return {
        "whole_s": whole_s,
        "stages_s": timer.seconds,
        "missing": timer.missing,
        "multiply_adds": counts,
        "peak_per_s": max(peak, flops.core_peak()),
    }
