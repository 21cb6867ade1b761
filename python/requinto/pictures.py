# SPDX-License-Identifier: GPL-3.0-or-later
"""Pictures of sound: spectrograms, with clips, beats and sections on them."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from requinto import plots
from requinto.beats import Beats
from requinto.errors import AudioFileError
from requinto.scratch import prepare_folders
from requinto.sections import Section
from requinto.stft import hann, stft
from requinto_files import output_files

_SHOWN_HZ = 11025  # what lies above is mostly air
_LONGEST_S = 60.0  # more than this cannot be told apart on a page
_MOST_ROWS = 20
_N_FFT, _HOP = 2048, 512


@contextlib.contextmanager
def plain_style() -> Iterator[None]:
    """Draw with Matplotlib's defaults, whatever the user's matplotlibrc says.

    Every function that draws is decorated with it, since settings count both where
    something is drawn and where it is saved.
    """
    prepare_folders()
    plots.import_without_settings()
    import matplotlib

    with matplotlib.rc_context():
        matplotlib.rcdefaults()
        yield


@plain_style()
def spectrograms(
    rows: dict[str, np.ndarray],
    sample_rate: float,
    path: Path,
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
        image = _draw(axis, audio, sample_rate)
        axis.set_title(title, loc="left")
        axis.set_ylabel("kHz")
        for join_s in joins_s:
            axis.axvline(join_s, color="white", linewidth=0.5, alpha=0.7)
    axes[-1].set_xlabel("seconds")
    figure.colorbar(image, ax=list(axes), label="dB", pad=0.01)
    save_figure(figure, path, overwrite=overwrite)


@plain_style()
def song_map(
    audio: np.ndarray,
    sample_rate: float,
    beats: Beats,
    sections: Sequence[Section],
    path: Path,
    *,
    overwrite: bool = True,
) -> None:
    """Draw a song's spectrogram with its beats, bars and sections.

    Parameters
    ----------
    audio : np.ndarray, shape=(n_channels, n_frames)
        The whole song; it is drawn in rows of a minute.
    sample_rate : float
        Hz.
    beats : Beats
        Beats are short marks below, downbeats lines.
    sections : sequence of Section
        Named above, a colour for each group.
    path : Path
        The picture; its ending names the kind (png, svg, pdf).
    overwrite : bool
        Whether a file that is there may be replaced.

    Raises
    ------
    AudioFileError
        If the picture cannot be written.
    """
    duration_s = audio.shape[1] / sample_rate
    # A row for what is left over, unless that is hardly anything
    last_s = max(min(duration_s, _MOST_ROWS * _LONGEST_S) - 1, 0.1)
    starts_s = np.arange(0, last_s, _LONGEST_S)
    figure = new_figure(14, 2.4 * len(starts_s))
    axes = figure.subplots(len(starts_s), 1, squeeze=False)[:, 0]
    groups = sorted({section.group for section in sections})
    for axis, start_s in zip(axes, starts_s, strict=True):
        end_s = min(start_s + _LONGEST_S, duration_s)
        first, last = (round(s * sample_rate) for s in (start_s, end_s))
        image = _draw(axis, audio[:, first:last], sample_rate)
        image.set_extent((start_s, end_s, *image.get_extent()[2:]))
        top = min(sample_rate, 2 * _SHOWN_HZ) / 2000
        axis.vlines(beats.downbeats_s, 0, top, color="white", linewidth=0.7)
        axis.vlines(beats.times_s, 0, top / 25, color="cyan", linewidth=1)
        for section in sections:
            colour = f"C{groups.index(section.group) % 10}"
            span = (section.start_s, section.end_s)
            axis.axvspan(*span, 0.94, 1, facecolor=colour)
            if start_s <= section.start_s < end_s:
                label = f"{section.name} ({section.group})"
                axis.text(section.start_s, top, label, va="bottom", fontsize=8)
        axis.set_xlim(start_s, start_s + min(_LONGEST_S, duration_s))
        axis.set_ylabel("kHz")
    axes[-1].set_xlabel(
        f"seconds; {beats.tempo_bpm:.1f} bpm, {beats.beats_per_bar} beats a bar, "
        f"confidence {beats.confidence:.2f}"
    )
    save_figure(figure, path, overwrite=overwrite)


def _draw(axis, audio: np.ndarray, sample_rate: float):  # type: ignore[no-untyped-def]
    shown = np.atleast_2d(audio)[:, : int(_LONGEST_S * sample_rate)].mean(axis=0)
    top_khz = sample_rate / 2000
    image = axis.imshow(
        levels_db(shown),
        origin="lower",
        aspect="auto",
        extent=(0, len(shown) / sample_rate, 0, top_khz),
        vmin=-40,
        vmax=40,
        cmap="magma",
    )
    axis.set_ylim(0, min(top_khz, _SHOWN_HZ / 1000))
    return image


def levels_db(mono: np.ndarray) -> np.ndarray:
    """Return the spectrogram that is drawn of a sound.

    Parameters
    ----------
    mono : np.ndarray, shape=(n_frames,)
        Float32.

    Returns
    -------
    np.ndarray, shape=(1025, 1 + n_frames // 512), float32
        In dB, -100 or more; columns are centred on multiples of 512 frames.
    """
    spectrum = stft(np.pad(mono, _N_FFT // 2), hann(_N_FFT), _HOP)
    return np.asarray(20 * np.log10(np.abs(spectrum.T) + 1e-5))


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
