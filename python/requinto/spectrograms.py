# SPDX-License-Identifier: GPL-3.0-or-later
"""Draw the spectrograms of sounds."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from requinto.stft import hann, stft
from requinto_files.figures import new_figure, plain_style, save_figure

ROW_S = 60.0  # seconds on one row; more would blur
SHOWN_HZ = 11025  # there is little but noise above
_N_FFT, _HOP = 2048, 512


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
        The picture; its ending names the kind (`PICTURE_ENDINGS`).
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
        image = draw_spectrogram(axis, audio, sample_rate)
        axis.set_title(title, loc="left")
        axis.set_ylabel("kHz")
        for join_s in joins_s:
            axis.axvline(join_s, color="white", linewidth=0.5, alpha=0.7)
    axes[-1].set_xlabel("seconds")
    figure.colorbar(image, ax=list(axes), label="dB", pad=0.01)
    save_figure(figure, path, overwrite=overwrite)


def draw_spectrogram(  # type: ignore[no-untyped-def]
    axis, audio: np.ndarray, sample_rate: float
):
    """Draw the first minute of a sound; return Matplotlib's image."""
    shown = np.atleast_2d(audio)[:, : int(ROW_S * sample_rate)].mean(axis=0)
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
    axis.set_ylim(0, min(top_khz, SHOWN_HZ / 1000))
    return image


def levels_db(mono: np.ndarray) -> np.ndarray:
    """Return the levels of a spectrogram, as `librosa.stft` has it by default.

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
