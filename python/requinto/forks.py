# SPDX-License-Identifier: GPL-3.0-or-later
"""Know of forks, which TensorFlow does not survive."""

from __future__ import annotations

import os
import sys

from requinto.errors import ForkError


class _Process:
    """What this process has been through."""

    has_started = False  # a network on TensorFlow, or is about to
    is_forked = False  # from a process that had


def note_start() -> None:
    """Remember that a network runs on TensorFlow in this process."""
    _Process.has_started = True


def has_started() -> bool:
    """Return whether TensorFlow has run in this process, so that forks are useless."""
    return _Process.has_started or _runs_tensorflow()


def check_process() -> None:
    """Raise `ForkError` where a network would hang for ever."""
    if _Process.is_forked:
        raise ForkError(
            "this process was forked from one in which a network had run already, and "
            "TensorFlow does not survive that: start processes with "
            'multiprocessing.get_context("spawn"), or fork before the first extract, '
            "separate or beats"
        )


def _runs_tensorflow() -> bool:
    module = sys.modules.get("tensorflow.python.eager.context")
    return bool(getattr(getattr(module, "_context", None), "_initialized", False))


def _note_fork() -> None:
    _Process.is_forked = _Process.is_forked or has_started()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_note_fork)
