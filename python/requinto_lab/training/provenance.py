# SPDX-License-Identifier: GPL-3.0-or-later
"""What the record of a run says of the code that made it."""

from __future__ import annotations

import subprocess
from pathlib import Path


def commit() -> str:
    """Return the commit of this code, or of the working folder, or ""."""
    for folder in (Path(__file__).parent, Path.cwd()):
        result = subprocess.run(
            ["git", "-C", str(folder), "rev-parse", "HEAD"],
            capture_output=True,
            text=True,
            check=False,
        )
        if result.returncode == 0:
            return result.stdout.strip()
    return ""
