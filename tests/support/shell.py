# SPDX-License-Identifier: GPL-3.0-or-later
"""Build what tests the C shell, and run the plain C host."""

from __future__ import annotations

import contextlib
import functools
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from session import made_once

SUPPORT = Path(__file__).parent
ROOT = SUPPORT.parents[1]


def run(*command: str | Path, **options) -> subprocess.CompletedProcess[str]:
    """Run a command and return what it said."""
    return subprocess.run(
        list(map(str, command)), capture_output=True, text=True, check=False, **options
    )


def tool(name: str) -> str:
    """Return the path of a program that pip installs, beside Python or elsewhere."""
    path = shutil.which(name, path=Path(sys.executable).parent) or shutil.which(name)
    assert path, f"there is no {name}: {sys.executable} -m pip install -e '.[test]'"
    return path


@functools.cache
def build(preset: str) -> Path:
    """Build a CMake preset for this Python, once a session; return its folder."""
    folder = ROOT / "build" / preset

    def make(_: Path) -> None:
        python = f"-DPython_EXECUTABLE={sys.executable}"
        for command in (
            (tool("cmake"), "--preset", preset, python),
            (tool("cmake"), "--build", folder, "-j2"),
        ):
            result = run(*command, cwd=ROOT)
            assert result.returncode == 0, result.stdout + result.stderr

    made_once(f"build-{preset}", make)
    return folder


def check_units(preset: str) -> None:
    """Check that the C tests of a preset pass."""
    build(preset)
    result = run(tool("ctest"), "--preset", preset, "-j2", cwd=ROOT)
    assert result.returncode == 0, result.stdout + result.stderr
    assert "tests passed" in result.stdout


def watcher() -> Path:
    """Return the library that, preloaded, counts what an audio thread calls."""
    return build("release") / "tests" / "plugin" / "watch.so"


def run_host(
    bundle: Path,
    folder: Path,
    sound: np.ndarray | None = None,
    *options: str,
    environment: dict[str, str] | None = None,
    sidechain: np.ndarray | None = None,
    transport: Sequence[str] = (),
    watched: bool = False,
    timeout_s: float = 300,
) -> tuple[np.ndarray, dict[str, str], str]:
    """Run a sound `(n_channels, n_frames)` through the plugin in the C host.

    `sidechain` is another such sound, `transport` the lines of a script of the
    host's song position, and `watched` counts what the plugin calls in each block.

    Returns the output, uncompensated, the host's report, and its stderr.
    """
    command = [build("release") / "tests" / "plugin" / "host", bundle, *options]
    out = folder / "out.f32"
    n_channels = 1
    if sound is not None:
        n_channels = len(sound)
        sound.T.astype(np.float32).tofile(folder / "in.f32")
        command += ["--in", folder / "in.f32", "--out", out]
        command += ["--channels", str(n_channels)]
    if sidechain is not None:
        sidechain.T.astype(np.float32).tofile(folder / "sidechain.f32")
        command += ["--sidechain", folder / "sidechain.f32"]
    if transport:
        (folder / "transport.txt").write_text(
            "".join(f"{line}\n" for line in transport)
        )
        command += ["--transport", folder / "transport.txt"]
    clean = {k: v for k, v in os.environ.items() if not k.startswith("REQUINTO_")}
    if watched:
        clean["LD_PRELOAD"] = str(watcher())
    result = run(*command, env={**clean, **(environment or {})}, timeout=timeout_s)
    assert result.returncode == 0, result.stdout + result.stderr
    assert "host=done" in result.stdout
    report = dict(line.split("=", 1) for line in result.stdout.splitlines())
    output = np.fromfile(out, np.float32) if sound is not None else np.zeros(0)
    return output.reshape(-1, n_channels).T, report, result.stderr


def notified_values(report: dict[str, str], name: str) -> list[str]:
    """Return what the plugin told of a parameter, in order."""
    return [
        text
        for key, text in report.items()
        if key.startswith("notified_at_block_") and key.endswith(f".{name}")
    ]


@contextlib.contextmanager
def busy_cores() -> Iterator[None]:
    """Keep every core busy with something that is less urgent."""
    loop = [sys.executable, "-c", "import os; os.nice(10)\nwhile True: pass"]
    loops = [subprocess.Popen(loop) for _ in range(os.cpu_count() or 1)]
    try:
        yield
    finally:
        for process in loops:
            process.kill()
            process.wait()
