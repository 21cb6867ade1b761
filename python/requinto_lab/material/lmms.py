# SPDX-License-Identifier: GPL-3.0-or-later
"""Run LMMS without a screen."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from requinto_lab.material.soundfonts import SAMPLE_RATE, BankError

_PATIENCE_S = 600
_TRIES = 5  # LMMS 1.2.2 dies now and then near the end of a song


def render(project: Path, result: Path, *options: str) -> None:
    """Render a project file to a WAV file of floats at 44100 Hz.

    Parameters
    ----------
    project : Path
        `.mmp` or `.mmpz`.
    result : Path
        Where to write.
    *options : str
        More of the command line.

    Raises
    ------
    BankError
        If LMMS is not installed, or fails.
    """
    if shutil.which("lmms") is None:
        raise BankError("LMMS is not installed: Debian has it in lmms and lmms-common")
    command = ["lmms", "--allowroot", "render", str(project), "-o", str(result)]
    command += ["-f", "wav", "-s", str(SAMPLE_RATE), "-a", *options]
    for _ in range(_TRIES):
        result.unlink(missing_ok=True)
        # Its settings live in the home folder: a new one has the same for everybody
        with tempfile.TemporaryDirectory() as home:
            try:
                done = subprocess.run(
                    command,
                    env={**os.environ, "HOME": home, "QT_QPA_PLATFORM": "offscreen"},
                    capture_output=True,
                    timeout=_PATIENCE_S,
                    check=False,
                )
            except subprocess.TimeoutExpired as error:
                raise BankError(f"LMMS took over {_PATIENCE_S} s") from error
        if done.returncode == 0 and result.is_file():
            return
    message = done.stderr.decode("utf-8", "replace").strip()[-300:]
    raise BankError(f"LMMS failed with status {done.returncode}: {message}")
