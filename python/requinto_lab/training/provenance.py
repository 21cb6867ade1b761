# SPDX-License-Identifier: GPL-3.0-or-later
"""What the record of a run says, and what older records call it."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

_EARLIER_NAMES = {
    "unheard": "embedding_drop",
    "n_heard": "n_eval",
    "epochs_per_hearing": "epochs_per_eval",
    "moment_s": "excerpt_s",
    "n_places": "n_positions",
    "pieces_per_moment": "pieces_per_excerpt",
}


def rename_earlier(values: dict[str, Any]) -> dict[str, Any]:
    """Return the numbers of a recipe or a record by their names of today."""
    return {_EARLIER_NAMES.get(name, name): value for name, value in values.items()}


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
