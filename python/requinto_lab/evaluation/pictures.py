# SPDX-License-Identifier: GPL-3.0-or-later
"""Pictures of scores: box plots."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from requinto_files.figures import new_figure, plain_style, save_figure

_MOST_ABREAST = 4  # panels
_LEFT_EDGE_DB = -30.0


@plain_style()
def box_plots(
    rows: Mapping[str, Mapping[str, Sequence[float]]],
    systems: Sequence[str],
    label: str,
    path: Path,
) -> None:
    """Draw a box plot of each system, one below the other, for each instrument.

    Parameters
    ----------
    rows : dict of str to dict
        Values in dB by instrument, then by system; those of less than -30 dB are drawn
        at the left edge, so that a few failures do not press all else together.
    systems : sequence of str
        From above downwards.
    label : str
        What the values are, and their unit.
    path : Path
        The picture; its ending names the kind (png, svg, pdf).

    Raises
    ------
    AudioFileError
        If the picture cannot be written.
    """
    n_lines = math.ceil(len(rows) / _MOST_ABREAST)
    n_abreast = math.ceil(len(rows) / n_lines)
    figure = new_figure(2 + 3 * n_abreast, n_lines * (1 + 0.22 * len(systems)))
    axes = figure.subplots(n_lines, n_abreast, sharex=True, sharey=True, squeeze=False)
    # Panels that no instrument is left for stay empty
    for axis in axes.flat[len(rows) :]:
        axis.set_axis_off()
    for axis, (instrument, found) in zip(axes.flat, rows.items(), strict=False):
        shown = [place for place, system in enumerate(systems) if system in found]
        axis.boxplot(
            [np.maximum(found[systems[place]], _LEFT_EDGE_DB) for place in shown],
            positions=shown,
            orientation="horizontal",
            widths=0.7,
            patch_artist=True,
            boxprops={"facecolor": "lightsteelblue"},
            flierprops={"markersize": 2},
            medianprops={"color": "black"},
        )
        axis.axvline(0, color="grey", linewidth=0.5)
        axis.grid(visible=True, axis="x", alpha=0.3)
        axis.set_yticks(range(len(systems)), systems)
        axis.set_ylim(len(systems) - 0.5, -0.5)
        axis.set_title(instrument, fontsize="medium")
    edge = f"{_LEFT_EDGE_DB:.0f} stands for less too"
    figure.supxlabel(f"{label}; {edge}", fontsize="medium")
    save_figure(figure, path)
