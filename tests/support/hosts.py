# SPDX-License-Identifier: GPL-3.0-or-later
"""Run the plain hosts of CLAP and LV2."""

from __future__ import annotations

import functools
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np

import requinto
from models import write_exported
from requinto.beats import Beats
from shell import build, run, run_host
from sounds import RATE, error_db, noise, sine


def play(
    host: str,
    plugin: Path,
    folder: Path,
    sound: np.ndarray | None = None,
    *options: str | Path,
    environment: dict[str, str] | None = None,
    sidechain: np.ndarray | None = None,
) -> tuple[np.ndarray, dict[str, str]]:
    """Run a sound `(n_channels, n_frames)` through a plugin in one of the hosts.

    Returns the output without the latency, as long as the input, and the report.
    """
    command = [build("release") / "tests" / "plugin" / host, plugin, *options]
    out = folder / "out.f32"
    if sound is not None:
        sound.T.astype(np.float32).tofile(folder / "in.f32")
        command += ["--in", folder / "in.f32", "--out", out]
        command += ["--channels", str(len(sound)), "--drain", str(sound.shape[1])]
    if sidechain is not None:
        sidechain.T.astype(np.float32).tofile(folder / "sidechain.f32")
        command += ["--sidechain", folder / "sidechain.f32"]
    clean = {k: v for k, v in os.environ.items() if not k.startswith("REQUINTO_")}
    result = run(*command, env={**clean, **(environment or {})}, timeout=300)
    assert result.returncode == 0, result.stdout + result.stderr
    assert "host=done" in result.stdout
    report = dict(line.split("=", 1) for line in result.stdout.splitlines())
    if sound is None:
        return np.zeros(0, np.float32), report
    output = np.fromfile(out, np.float32).reshape(-1, len(sound)).T
    latency = int(report["latency"])
    assert not output[:, :latency].any()
    return output[:, latency : latency + sound.shape[1]], report


def check_bounce(host: str, plugin: Path, folder: Path) -> None:
    """Check that a bounce at the host's tempo is what the library gives."""
    sound = 0.3 * noise(7 * RATE)
    options = ("--tempo", "100", "--set", "Target=bass")
    output, report = play(host, plugin, folder, sound, *options)
    grid = Beats.grid(100.0, sound.shape[1] / RATE)
    expected = requinto.extract(sound, RATE, "bass", beats=grid)
    assert report["after.Status"] == "Ready"
    assert error_db(expected, output) < -80
    assert np.abs(expected).max() > 0.01


def own_sound(folder: Path) -> dict[str, str]:
    """Return the environment of a user who has a sound, and no Python."""
    references = folder / "references"
    references.mkdir()
    (references / "laud.wav").write_bytes(b"RIFF")
    return {
        "REQUINTO_REFERENCES": str(references),
        "REQUINTO_PYTHON": str(folder / "nowhere"),
    }


@dataclass(frozen=True)
class Expected:
    """What the VST3 plugin gives, and what it was given."""

    environment: dict[str, str]
    settings: tuple[str, ...]
    sound: np.ndarray
    output: np.ndarray
    latency: str


@functools.cache
def play_vst3() -> Expected:
    """Play through the VST3 plugin, once, what other formats are compared with.

    The model halves, and 70 % of it are mixed in.
    """
    rate = 48000
    sound = sine(6 * rate, 1, rate)
    settings = ("--rate", str(rate), "--block", "0", "--set", "Amount=70")
    folder = Path(tempfile.mkdtemp(prefix="requinto-"))
    environment = {"REQUINTO_MODELS": str(write_exported(folder, gain=0.5))}
    output, report, _ = run_host(
        *(requinto.plugin_path(), folder, sound, *settings),
        *("--drain", str(sound.shape[1])),
        environment=environment,
    )
    latency = report["latency"]
    output = output[:, int(latency) :][:, : sound.shape[1]]
    return Expected(environment, settings, sound, output, latency)
