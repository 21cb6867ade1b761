# SPDX-License-Identifier: GPL-3.0-or-later
"""Read times of a song as people write them."""

from __future__ import annotations

import re

from requinto.errors import ConfigError

_TIME = re.compile(r"(?:(?:(\d{1,9}):)?(\d{1,9}):)?(\d{1,9}(?:\.\d*)?|\.\d+)", re.ASCII)


def parse_time_s(text: str, option: str) -> float:
    """Return the seconds of 90, 1:30, 0:01:30 or 90.25.

    Parameters
    ----------
    text : str
        Seconds, m:ss or h:mm:ss, with a fraction or without.
    option : str
        For errors.

    Raises
    ------
    ConfigError
        If it is no time.
    """
    match = _TIME.fullmatch(text.strip())
    if match:
        hours, minutes = match[1], match[2]
        seconds = float(match[3])
        # Below the first number of a clock, each runs to 59
        is_clock = (minutes is None or seconds < 60) and (
            hours is None or int(minutes) < 60
        )
        if is_clock:
            return 3600 * int(hours or 0) + 60 * int(minutes or 0) + seconds
    raise ConfigError(
        f"{option} must be a time in seconds, m:ss or h:mm:ss, such as 90, 1:30 or "
        f"0:01:30.5, got {text!r}"
    )
