# SPDX-License-Identifier: GPL-3.0-or-later
"""Print how long a block takes in real time, with every core busy.

    python tests/support/realtime_figures.py [--minutes 10] [--block 64 ...]

The plain C host plays noise through the plugin, with the released model or the
one in `--models`, while as many loops as there are cores keep the machine busy.
Times are those of `process`: in microseconds, and of the time a block lasts.
They are of all blocks while Python starts, and of so many minutes after.
"""

import argparse
import math
import tempfile
from pathlib import Path

import requinto
from shell import build, busy_cores, run_host
from sounds import RATE, noise

MAX_S = 30.0  # of sound, repeated
START_S = 300.0  # within which Python has started

HEAD = (
    f"{'block':>6} {'status':>9} {'median us':>10} {'p99.9 us':>10} {'worst us':>10}"
    f" {'p99.9 %':>9} {'worst %':>9} {'scheduler':>10} {'faults':>7} {'waits':>6}"
)


def measure(block: int, duration_s: float, models: Path | None) -> str:
    """Return a row of the table."""
    sound = noise(round(min(duration_s, MAX_S) * RATE))
    n_repeats = math.ceil((duration_s + START_S) * RATE / sound.shape[1])
    with tempfile.TemporaryDirectory() as folder, busy_cores():
        _, report, _ = run_host(
            requinto.plugin_path(),
            Path(folder),
            sound,
            *("--realtime", "--block", str(block), "--repeat", str(n_repeats)),
            *("--after-ready", str(duration_s), "--set", "Beat source=Fixed tempo"),
            environment={"REQUINTO_MODELS": str(models)} if models else None,
            timeout_s=2 * (duration_s + START_S),
        )
    return (
        f"{block:6} {report['status']:>9} {report['process_median_us']:>10}"
        f" {report['process_p999_us']:>10} {report['process_worst_us']:>10}"
        f" {report['process_p999_percent']:>9} {report['process_worst_percent']:>9}"
        f" {report['scheduler']:>10} {report['process_page_faults']:>7}"
        f" {report['process_waits']:>6}"
    )


def main() -> None:
    """Measure what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--block", type=int, nargs="+", default=[64])
    parser.add_argument("--models", type=Path, help="instead of the released ones")
    options = parser.parse_args()

    build("release")
    print(HEAD)
    for block in options.block:
        print(measure(block, 60 * options.minutes, options.models), flush=True)


if __name__ == "__main__":
    main()
