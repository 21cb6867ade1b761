# SPDX-License-Identifier: GPL-3.0-or-later
"""Import libraries that import Matplotlib, whatever the user's settings for it are."""

from __future__ import annotations

import contextlib
import importlib
import os
import sys
from collections.abc import Iterator

from requinto_files.environment import changed_variables
from requinto_files.figures import BACKEND_VARIABLE, MATPLOTLIB, silence


@contextlib.contextmanager
def import_or_hide() -> Iterator[None]:
    """Import Matplotlib as the user has set it up, and hide it if that fails.

    To be entered before libraries that import it: half imported, they are lost.
    """
    with silence():
        with (
            contextlib.suppress(Exception),
            changed_variables({BACKEND_VARIABLE: None}),
        ):
            importlib.import_module(MATPLOTLIB)
        with hide_matplotlib():
            yield


@contextlib.contextmanager
def hide_matplotlib() -> Iterator[None]:
    """Let an import of Matplotlib fail as if it were not installed.

    Libraries that draw when asked to are imported without it then. What an import that
    failed left of it goes; where it was imported, it is not hidden.
    """
    if hasattr(sys.modules.get(MATPLOTLIB), "rcParams"):  # imported, to its end
        yield
        return
    for name in [n for n in sys.modules if n.split(".")[0] == MATPLOTLIB]:
        del sys.modules[name]
    sys.modules[MATPLOTLIB] = None  # type: ignore[assignment]
    try:
        yield
    finally:
        sys.modules.pop(MATPLOTLIB, None)


def set_backend() -> None:
    """Let Matplotlib, where it was imported, have the user's backend if it knows it."""
    name, module = os.environ.get(BACKEND_VARIABLE), sys.modules.get(MATPLOTLIB)
    if name and module:
        with contextlib.suppress(ValueError):
            module.rcParams["backend"] = name
