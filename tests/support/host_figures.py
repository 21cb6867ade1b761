# SPDX-License-Identifier: GPL-3.0-or-later
"""Print latency, memory, and how long the plugin takes until it extracts.

    python tests/support/host_figures.py [--models FOLDER]

The plain C host plays noise through the plugin in real time, in blocks of 256, once
for each length of clips.  `scan` is from loading the library until all parameters
are known, `ready` from the first block until the network has answered, `first audio`
when the first extracted sample is heard, `rss` the memory of the process, in MB, once
the plugin is scanned, and when it ends.  Then instances are added one by one in
pedalboard, each with a bounce of ten seconds: what a further one adds to the memory.
"""

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

import requinto
from shell import run_host
from sounds import RATE, noise

BLOCK = 256
AFTER_READY_S = 8.0
CLIPS = ("4 beats", "2 beats", "1 beat")
HEAD = (
    f"{'clip':>8} {'latency':>15} {'scan ms':>8} {'ready s':>8} {'first audio s':>14}"
    f" {'late blocks':>12} {'rss scanned':>12} {'rss running':>12}"
)

INSTANCES = """
import resource, sys
import pedalboard, requinto
from sounds import RATE, noise
sound, plugins, sizes = 0.3 * noise(10 * RATE), [], []
for _ in range(int(sys.argv[1])):
    plugins.append(pedalboard.load_plugin(str(requinto.plugin_path())))
    plugins[-1].process(sound, RATE)
    pages = int(open("/proc/self/statm").read().split()[1])
    sizes.append(pages * resource.getpagesize() / 1e6)
print((sizes[-1] - sizes[0]) / (len(sizes) - 1))
"""


def measure_instances(n_instances: int, environment: dict[str, str]) -> float:
    """Return the memory that each instance after the first adds, in MB."""
    path = os.pathsep.join(
        [str(Path(__file__).parent), os.environ.get("PYTHONPATH", "")]
    )
    result = subprocess.run(
        [sys.executable, "-c", INSTANCES, str(n_instances)],
        env=os.environ | environment | {"PYTHONPATH": path},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
        timeout=600,
    )
    return float(result.stdout)


def measure(clip: str, environment: dict[str, str]) -> str:
    """Return a row of the table."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        state = folder / "state"
        state.write_text(f"requinto 1\nclip={clip}\n")
        output, report, _ = run_host(
            requinto.plugin_path(),
            folder,
            0.3 * noise(10 * RATE),
            *("--realtime", "--block", str(BLOCK), "--load-state", str(state)),
            *("--repeat", "30", "--after-ready", str(AFTER_READY_S)),
            environment=environment,
            timeout_s=600,
        )
    ready = next(
        int(key.split("_")[3].split(".")[0])
        for key, value in report.items()
        if key.startswith("notified_at_block_") and value == "Ready"
    )
    sounds = np.flatnonzero(output.any(axis=0))
    latency = int(report["latency"])
    return (
        f"{clip:>8} {latency:7} {latency / RATE:6.3f}s {report['scan_ms']:>8}"
        f" {ready * BLOCK / RATE:8.2f} {sounds[0] / RATE if len(sounds) else -1:14.2f}"
        f" {report['end.Dropouts']:>12} {report['rss_mb_after_scan']:>12}"
        f" {report['rss_mb_after_run']:>12}"
    )


def main() -> None:
    """Measure each length of clips."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--models", type=Path, help="instead of the released ones")
    models = parser.parse_args().models
    environment = {"REQUINTO_MODELS": str(models)} if models else {}
    print(HEAD)
    for clip in CLIPS:
        print(measure(clip, environment))
    n = 6
    print(
        f"of {n} instances, a further one: {measure_instances(n, environment):.1f} MB"
    )


if __name__ == "__main__":
    main()
