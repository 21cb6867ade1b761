# SPDX-License-Identifier: GPL-3.0-or-later
"""At what level sounds are written, so that files which end at full scale hold them."""

from __future__ import annotations

from collections.abc import Iterable

from requinto_files.sound_kinds import kind_of


def gain_of(peaks: Iterable[float], ending: str) -> float:
    """Return one factor for sounds of these peaks, 1 or less.

    Parameters
    ----------
    peaks : iterable of float
    ending : str
        Of the files, such as "flac".
    """
    peak, limit = max(peaks), kind_of(f"sound.{ending}").peak
    return 1.0 if limit is None or peak <= 1.0 else limit / peak
