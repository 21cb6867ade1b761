# SPDX-License-Identifier: GPL-3.0-or-later
"""Import Matplotlib, or do without it, whatever the user's settings for it hold.

It reads a `matplotlibrc` of the current folder or the user's when it is imported. One
that is no UTF-8 stops the import, and one with unknown settings talks on stderr.
"""

from __future__ import annotations

import contextlib
import importlib
import logging
import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from requinto.environment import changed_variables

_BACKEND = "MPLBACKEND"
_NAME = "matplotlib"
_SETTINGS = "matplotlibrc"


def import_without_settings() -> None:
    """Import Matplotlib as if the user had configured nothing; for our own process."""
    if _NAME in sys.modules:
        return
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / _SETTINGS).touch()
        variables = {"MATPLOTLIBRC": folder, _BACKEND: None}
        with silence(), changed_variables(variables), _current_folder(folder):
            importlib.import_module(_NAME)


@contextlib.contextmanager
def usable_or_hidden() -> Iterator[None]:
    """Import Matplotlib as the user has set it up, and hide it if that fails.

    To be entered before libraries that import it: half imported, they are lost.
    """
    with silence():
        with contextlib.suppress(Exception), changed_variables({_BACKEND: None}):
            importlib.import_module(_NAME)
        with hide():
            yield


@contextlib.contextmanager
def silence() -> Iterator[None]:
    """Drop what Matplotlib logs about settings and fonts while it is imported."""
    loggers = [logging.getLogger(name) for name in (_NAME, f"{_NAME}.font_manager")]
    for logger in loggers:
        logger.addFilter(_refuse)
    try:
        yield
    finally:
        for logger in loggers:
            logger.removeFilter(_refuse)


@contextlib.contextmanager
def hide() -> Iterator[None]:
    """Let an import of Matplotlib fail as if it were not installed.

    Libraries that draw when asked to are imported without it then. What an import that
    failed left of it goes; where it was imported, it is not hidden.
    """
    if _is_usable():
        yield
        return
    for name in [n for n in sys.modules if n.split(".")[0] == _NAME]:
        del sys.modules[name]
    sys.modules[_NAME] = None  # type: ignore[assignment]
    try:
        yield
    finally:
        sys.modules.pop(_NAME, None)


def set_backend() -> None:
    """Let Matplotlib, where it was imported, have the user's backend if it knows it."""
    name, module = os.environ.get(_BACKEND), sys.modules.get(_NAME)
    if name and module:
        with contextlib.suppress(ValueError):
            module.rcParams["backend"] = name


def _is_usable() -> bool:
    """Return whether Matplotlib was imported, to its end."""
    return hasattr(sys.modules.get(_NAME), "rcParams")


def _refuse(record: logging.LogRecord) -> bool:
    return False


@contextlib.contextmanager
def _current_folder(folder: str) -> Iterator[None]:
    """Go to a folder, where the current one has settings that come before all."""
    if not os.path.exists(_SETTINGS):
        yield
        return
    before = os.getcwd()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)
