# SPDX-License-Identifier: GPL-3.0-or-later
"""Which packages are installed; nothing is imported to find out."""

from __future__ import annotations

import importlib.util

from requinto.errors import RequintoError

_WORKSHOP = ("keras", "librosa", "mido", "mir_eval", "sklearn")


def is_installed(name: str) -> bool:
    """Return whether a package can be found."""
    try:
        return importlib.util.find_spec(name) is not None
    except (ModuleNotFoundError, ValueError):  # refused, or half imported
        return False


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
