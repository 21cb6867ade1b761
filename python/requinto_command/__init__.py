# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the `requinto` command begins, before the seconds that its imports take."""

from __future__ import annotations

import sys


def main() -> None:
    """Import the command and run it; Ctrl-C ends it at any time with one line."""
    try:
        from requinto_command.cli import main as run
        from requinto_command.signals import ignore_signals
    except KeyboardInterrupt:
        if sys.stderr:  # else print would take stdout
            print("requinto: stopped", file=sys.stderr)
        sys.exit(130)
    try:
        run()
    finally:  # the outcome is printed; the interpreter takes a moment more
        ignore_signals()
