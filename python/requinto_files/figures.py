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
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np

from requinto_files import output_files
from requinto_files.environment import changed_variables, prepare_folders
from requinto_files.errors import AudioFileError

LONGEST_S = 60.0  # on one row; more cannot be told apart
SHOWN_HZ = 11025  # what lies above is mostly air
_BACKEND = "MPLBACKEND"
_NAME = "matplotlib"
_SETTINGS = "matplotlibrc"

Transform = Callable[[np.ndarray], np.ndarray]


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


@plain_style()
def spectrograms(
    rows: dict[str, np.ndarray],
    sample_rate: float,
    path: Path,
    transform: Transform,
    joins_s: Sequence[float] = (),
    *,
    overwrite: bool = True,
) -> None:
    """Draw spectrograms one above the other and write them to a picture.

    Parameters
    ----------
    rows : dict of str to np.ndarray, shape=(n_channels, n_frames)
        Title and sound of each; the first minute is drawn.
    sample_rate : float
        Hz.
    path : Path
        The picture; its ending names the kind (png, svg, pdf).
    transform : callable
        Returns levels in dB, `(n_bins, n_columns)`, of a sound `(n_frames,)`.
    joins_s : sequence of float
        Where clips begin, in seconds, drawn as lines.
    overwrite : bool
        Whether a file that is there may be replaced.

    Raises
    ------
    AudioFileError
        If the picture cannot be written.
    """
    figure = new_figure(12, 2.4 * len(rows))
    axes = figure.subplots(len(rows), 1, sharex=True, squeeze=False)[:, 0]
    for axis, (title, audio) in zip(axes, rows.items(), strict=True):
        image = draw_spectrogram(axis, audio, sample_rate, transform)
        axis.set_title(title, loc="left")
        axis.set_ylabel("kHz")
        for join_s in joins_s:
            axis.axvline(join_s, color="white", linewidth=0.5, alpha=0.7)
    axes[-1].set_xlabel("seconds")
    figure.colorbar(image, ax=list(axes), label="dB", pad=0.01)
    save_figure(figure, path, overwrite=overwrite)


def draw_spectrogram(  # type: ignore[no-untyped-def]
    axis, audio: np.ndarray, sample_rate: float, transform: Transform
):
    """Draw the first minute of a sound; return Matplotlib's image."""
    shown = np.atleast_2d(audio)[:, : int(LONGEST_S * sample_rate)].mean(axis=0)
    top_khz = sample_rate / 2000
    image = axis.imshow(
        transform(shown),
        origin="lower",
        aspect="auto",
        extent=(0, len(shown) / sample_rate, 0, top_khz),
        vmin=-40,
        vmax=40,
        cmap="magma",
    )
    axis.set_ylim(0, min(top_khz, SHOWN_HZ / 1000))
    return image


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
def import_or_hide() -> Iterator[None]:
    """Import Matplotlib as the user has set it up, and hide it if that fails.

    To be entered before libraries that import it: half imported, they are lost.
    """
    with silence():
        with contextlib.suppress(Exception), changed_variables({_BACKEND: None}):
            importlib.import_module(_NAME)
        with hide_matplotlib():
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
def hide_matplotlib() -> Iterator[None]:
    """Let an import of Matplotlib fail as if it were not installed.

    Libraries that draw when asked to are imported without it then. What an import that
    failed left of it goes; where it was imported, it is not hidden.
    """
    if hasattr(sys.modules.get(_NAME), "rcParams"):  # imported, to its end
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
