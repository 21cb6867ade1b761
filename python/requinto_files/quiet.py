# SPDX-License-Identifier: GPL-3.0-or-later
"""Keep off stderr what C libraries write there past every setting of their own."""

from __future__ import annotations

import contextlib
import os
import re
import sys
import tempfile
import threading
from collections.abc import Iterator
from typing import BinaryIO

# What LiteRT says when it starts
LITERT = re.compile(rb"INFO: |W\d{4} [\d:.]+ +\d+ ")
# Lines of the mp3 decoder inside libsndfile, about damaged files
MPG123 = re.compile(
    rb"\[\S+:\d+\] (error|warning): "
    rb"|Note: (Illegal Audio|Trying to resync|Skipped |Hit end of|Junk at|missing \d"
    rb"|broken frame|Could be a BMP|Input data end|Looks like a RIFF|free format)"
    rb"|Warning: (Xing |Encountered more|Real sample count|Big change)"
)


class _Redirection:
    """Where stderr goes while someone filters it; shared, for there is one stderr."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._patterns: list[re.Pattern[bytes]] = []  # of all filters in force
        self._used: set[re.Pattern[bytes]] = set()  # since stderr was redirected
        self._lines: BinaryIO | None = None
        self._user_stderr = -1

    def enter(self, pattern: re.Pattern[bytes]) -> None:
        with self._lock:
            if not self._patterns:
                self._start()
            self._patterns.append(pattern)
            self._used.add(pattern)

    def leave(self, pattern: re.Pattern[bytes]) -> None:
        with self._lock:
            self._patterns.remove(pattern)
            if not self._patterns:
                self._stop()

    def _start(self) -> None:
        with contextlib.suppress(OSError):  # no stderr, or nowhere to write: no filter
            self._user_stderr = os.dup(2)
            self._lines = tempfile.TemporaryFile()  # noqa: SIM115
            _flush()
            os.dup2(self._lines.fileno(), 2)

    def _stop(self) -> None:
        lines, self._lines = self._lines, None
        if self._user_stderr >= 0:
            _flush()
            os.dup2(self._user_stderr, 2)
            os.close(self._user_stderr)
            self._user_stderr = -1
            if lines:
                self._pass_on(lines)
        if lines:
            lines.close()
        self._used.clear()

    def _pass_on(self, lines: BinaryIO) -> None:
        lines.seek(0)
        kept = [s for s in lines if not any(p.match(s) for p in self._used)]
        with contextlib.suppress(OSError):
            os.write(2, b"".join(kept))


def _flush() -> None:
    with contextlib.suppress(OSError, ValueError, AttributeError):
        sys.stderr.flush()


_redirection = _Redirection()


@contextlib.contextmanager
def filter_stderr(pattern: re.Pattern[bytes]) -> Iterator[None]:
    """Drop the lines that a pattern begins from the process' stderr, C's included.

    All other lines written meanwhile, by any thread, follow at the end.  Where stderr
    is closed, or no temporary file can be made, nothing is dropped.
    """
    _redirection.enter(pattern)
    try:
        yield
    finally:
        _redirection.leave(pattern)
