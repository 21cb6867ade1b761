# SPDX-License-Identifier: GPL-3.0-or-later
"""Rows of a bench, made up."""

RUN = {"wall_s": 2.0, "cpu_s": 1.0}

STARTUP = dict(
    interpreter_s=0.1, import_s=0.2, load_s=0.3, first_s=0.4, total_s=1.0, cpu_s=0.8
)


def made_up_row(system="standard", seconds=10.0, threads=1, **values):
    return {
        "system": system,
        "what": "a system",
        "seconds": seconds,
        "threads": threads,
        "note": "",
        "startup": STARTUP,
        "runs": [RUN],
        "factor": 0.02,
        "cpu_factor": 0.01,
        "peak_bytes": 100e6,
        "load_average": 0.5,
        **values,
    }


def problem_row(problem, system="umxhq", seconds=10.0):
    return {
        "system": system,
        "what": "another",
        "seconds": seconds,
        "threads": 1,
        "problem": problem,
    }
