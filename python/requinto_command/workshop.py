# SPDX-License-Identifier: GPL-3.0-or-later
"""What the commands of the workshop need; nothing of it is imported to find out."""

from __future__ import annotations

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
