# SPDX-License-Identifier: GPL-3.0-or-later
"""Let a command clean up before a signal ends it."""

from __future__ import annotations

import signal
import threading
from types import FrameType

# Those that end a process and are sent to be obeyed; SIGINT is Python's own. Windows
# has no SIGHUP
_SIGNALS = ("SIGTERM", "SIGHUP")


class Terminated(SystemExit):
    """The command was ended by a signal; the exit status is 128 + its number."""

    def __init__(self, signum: int) -> None:
        super().__init__(128 + signum)
        self.signum = signum

    def __str__(self) -> str:
        """Return what happened, for the user."""
        return f"ended by {signal.Signals(self.signum).name}"


def install_signal_handlers() -> None:
    """Have SIGTERM and SIGHUP raise `Terminated` in the main thread.

    So files that are not finished are removed and the terminal is put right. A signal
    that is ignored stays so, as `nohup` needs it. Does nothing in another thread, where
    Python takes no signals.
    """
    if threading.current_thread() is not threading.main_thread():
        return
    for name in _SIGNALS:
        signum = getattr(signal, name, None)
        if signum is not None and signal.getsignal(signum) == signal.SIG_DFL:
            signal.signal(signum, _terminate)


def ignore_signals() -> None:
    """Let the process end as the command did, whatever signal comes now.

    Only signals that would still raise something are ignored: after "stopped" a second
    Ctrl-C ends the process at once.
    """
    for name in ("SIGINT", *_SIGNALS):
        signum = getattr(signal, name, None)
        raising = (signal.default_int_handler, _terminate)
        if signum is not None and signal.getsignal(signum) in raising:
            signal.signal(signum, signal.SIG_IGN)


def _terminate(signum: int, frame: FrameType | None) -> None:
    del frame
    for name in _SIGNALS:  # a second one must not interrupt the cleaning up
        if other := getattr(signal, name, None):
            signal.signal(other, signal.SIG_IGN)
    raise Terminated(signum)
