# SPDX-License-Identifier: GPL-3.0-or-later
"""Draw a song: its spectrogram with beats, bars and sections."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from requinto.beats import Beats
from requinto.sections import Section
from requinto.spectrograms import ROW_S, SHOWN_HZ, draw_spectrogram
from requinto_files.figures import (
    new_figure,
    plain_style,
    save_figure,
)

_MAX_ROWS = 20


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
        The picture; its ending names the kind (`PICTURE_ENDINGS`).
    overwrite : bool
        Whether a file that is there may be replaced.

    Raises
    ------
    AudioFileError
        If the picture cannot be written.
    """
    duration_s = audio.shape[1] / sample_rate
    # A row for what is left over, unless that is hardly anything
    last_s = max(min(duration_s, _MAX_ROWS * ROW_S) - 1, 0.1)
    starts_s = np.arange(0, last_s, ROW_S)
    figure = new_figure(14, 2.4 * len(starts_s))
    axes = figure.subplots(len(starts_s), 1, squeeze=False)[:, 0]
    groups = sorted({section.group for section in sections})
    for axis, start_s in zip(axes, starts_s, strict=True):
        end_s = min(start_s + ROW_S, duration_s)
        first, last = (round(s * sample_rate) for s in (start_s, end_s))
        image = draw_spectrogram(axis, audio[:, first:last], sample_rate)
        image.set_extent((start_s, end_s, *image.get_extent()[2:]))
        top = min(sample_rate, 2 * SHOWN_HZ) / 2000
        axis.vlines(beats.downbeats_s, 0, top, color="white", linewidth=0.7)
        axis.vlines(beats.times_s, 0, top / 25, color="cyan", linewidth=1)
        for section in sections:
            colour = f"C{groups.index(section.group) % 10}"
            span = (section.start_s, section.end_s)
            axis.axvspan(*span, 0.94, 1, facecolor=colour)
            if start_s <= section.start_s < end_s:
                label = f"{section.name} ({section.group})"
                axis.text(section.start_s, top, label, va="bottom", fontsize=8)
        axis.set_xlim(start_s, start_s + min(ROW_S, duration_s))
        axis.set_ylabel("kHz")
    axes[-1].set_xlabel(
        f"seconds; {beats.tempo_bpm:.1f} bpm, {beats.beats_per_bar} beats a bar, "
        f"confidence {beats.confidence:.2f}"
    )
    save_figure(figure, path, overwrite=overwrite)
