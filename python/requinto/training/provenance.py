# SPDX-License-Identifier: GPL-3.0-or-later
"""What a run's record says of where it came from."""

from __future__ import annotations

import subprocess


def commit() -> str:
    """Return the commit of the repository in the working folder, or ""."""
    return subprocess.run(
        ["git", "rev-parse", "HEAD"], capture_output=True, text=True, check=False
    ).stdout.strip()
