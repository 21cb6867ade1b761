# SPDX-License-Identifier: GPL-3.0-or-later
"""Draw figures with Matplotlib, whatever the user's settings for it are.

Matplotlib reads a `matplotlibrc` of the current folder, or the user's, when it is
imported. One that is not UTF-8 stops the import, and one with unknown settings writes
to stderr.
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

import numpy as np

from requinto_files import output_files
from requinto_files.environment import changed_variables, prepare_folders
from requinto_files.errors import AudioFileError

BACKEND_VARIABLE = "MPLBACKEND"
MATPLOTLIB = "matplotlib"
_SETTINGS = "matplotlibrc"


@contextlib.contextmanager
def plain_style() -> Iterator[None]:
    """Draw with Matplotlib's defaults, whatever the user's matplotlibrc says.

    Every function that draws is decorated with it, since settings count both where
    something is drawn and where it is saved.
    """
    prepare_folders()
    import_without_settings()
    import matplotlib

    with matplotlib.rc_context():
        matplotlib.rcdefaults()
        yield


def new_figure(width: float, height: float):  # type: ignore[no-untyped-def]
    """Return an empty page, in inches; no window is ever opened."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), layout="constrained")
    FigureCanvasAgg(figure)
    return figure


def save_figure(  # type: ignore[no-untyped-def]
    figure, path: Path, *, overwrite: bool = True
) -> None:
    """Write a page to a picture, or raise `AudioFileError`."""
    output_files.check_output(path, output_files.PICTURE_ENDINGS, overwrite=overwrite)
    kind = path.suffix[1:].lower()
    with output_files.whole_file(path, overwrite=overwrite) as unfinished:
        try:
            figure.savefig(unfinished, dpi=100, format=kind)
        except ValueError as error:
            raise AudioFileError(f"{path} cannot be drawn: {error}") from error


def save_pixels(levels: np.ndarray, path: Path, *, overwrite: bool = True) -> None:
    """Write a picture with a pixel for each level, or raise `AudioFileError`.

    Parameters
    ----------
    levels : np.ndarray, shape=(n_rows, n_columns), uint8
        From 0, black, to 255, nearly white; the lowest row first.
    path : Path
        Ends in ".png".
    overwrite : bool
        Whether a file that is there may be replaced.
    """
    output_files.check_output(path, (".png",), overwrite=overwrite)
    prepare_folders()
    import_without_settings()
    from matplotlib import colormaps
    from matplotlib.image import imsave

    colours = colormaps["magma"](levels[::-1], bytes=True)[..., :3]
    with output_files.whole_file(path, overwrite=overwrite) as unfinished:
        imsave(unfinished, np.ascontiguousarray(colours), format="png", origin="upper")


def import_without_settings() -> None:
    """Import Matplotlib as if the user had configured nothing; for our own process."""
    if MATPLOTLIB in sys.modules:
        return
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / _SETTINGS).touch()
        variables = {"MATPLOTLIBRC": folder, BACKEND_VARIABLE: None}
        with silence(), changed_variables(variables), _current_folder(folder):
            importlib.import_module(MATPLOTLIB)


@contextlib.contextmanager
def silence() -> Iterator[None]:
    """Drop what Matplotlib logs about settings and fonts while it is imported."""
    loggers = [
        logging.getLogger(name) for name in (MATPLOTLIB, f"{MATPLOTLIB}.font_manager")
    ]
    for logger in loggers:
        logger.addFilter(_refuse)
    try:
        yield
    finally:
        for logger in loggers:
            logger.removeFilter(_refuse)


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
