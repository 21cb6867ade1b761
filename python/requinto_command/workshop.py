# SPDX-License-Identifier: GPL-3.0-or-later
"""What the commands of the workshop need; nothing of it is imported to find out."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

from requinto_files.environment import is_installed
from requinto_files.errors import RequintoError

OWN_SYSTEM = "requinto"  # what the product runs, among the systems of the workshop
_WORKSHOP = ("keras", "librosa", "mido", "mir_eval", "sklearn")


def check_workshop() -> None:
    """Fail before the work, not in the midst of it, where training packages lack.

    Raises
    ------
    RequintoError
        If a package is not installed.
    """
    missing = [name for name in _WORKSHOP if not is_installed(name)]
    if missing:
        raise RequintoError(
            f"not installed: {', '.join(missing)}; pip install 'requinto[train]' "
            "brings what training and measuring need"
        )


def read_systems() -> tuple[str, ...]:
    """Return the names of all systems, none where the workshop is not there."""
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib
    workshop = importlib.util.find_spec("requinto_lab")
    if workshop is None or workshop.origin is None:
        return ()
    path = Path(workshop.origin).parent / "systems" / "registry.toml"
    try:
        return tuple(tomllib.loads(path.read_text("utf-8")))
    except (OSError, ValueError):
        return ()
