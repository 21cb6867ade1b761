# SPDX-License-Identifier: GPL-3.0-or-later
"""Pictures of networks that learn to pull digits out of clutters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from requinto_files.figures import new_figure, plain_style, save_figure

_N_BARS = 16  # error bars along a curve


@plain_style()
def evolution(
    seen: np.ndarray, truth: np.ndarray, drawn: Mapping[int, np.ndarray], path: Path
) -> None:
    """Draw what a network answered after more and more steps.

    Parameters
    ----------
    seen : np.ndarray, shape=(n, 32, 32, 2)
        A row of the picture each: clutter and reference come first.
    truth : np.ndarray, shape=(n, 32, 32, 1)
        Comes last.
    drawn : dict of int to np.ndarray, shape=(n, 32, 32)
        Answers by the number of steps.
    path : Path
        The picture; its ending names the kind.
    """
    columns = {"clutter": seen[..., 0], "reference": seen[..., 1]}
    columns |= {
        f"step {step}" if step == min(drawn) else f"{step}": answers
        for step, answers in sorted(drawn.items())
    }
    columns["truth"] = truth[..., 0]
    figure = new_figure(1.1 * len(columns), 1.1 * len(seen) + 0.3)
    axes = figure.subplots(len(seen), len(columns), squeeze=False)
    for column, (title, images) in zip(axes.T, columns.items(), strict=True):
        column[0].set_title(title)
        for axis, image in zip(column, images, strict=True):
            axis.imshow(image, cmap="gray", vmin=0, vmax=1)
            axis.set_axis_off()
    save_figure(figure, path)


@plain_style()
def curves(
    steps: Sequence[float],
    losses: Mapping[str, np.ndarray],
    levels: Mapping[str, float],
    path: Path,
) -> None:
    """Draw losses over steps: means over seeds, bars of one standard deviation.

    Parameters
    ----------
    steps : sequence of float
    losses : dict of str to np.ndarray, shape=(n_seeds, n_steps)
        By name of the curve.
    levels : dict of str to float
        Losses of what learns nothing, drawn as lines.
    path : Path
        The picture; its ending names the kind.
    """
    figure = new_figure(8, 4.5)
    axis = figure.subplots()
    # As far apart on a logarithmic axis as there are steps for it
    places = np.geomspace(1, len(steps), _N_BARS).round().astype(int) - 1
    shown = np.unique(places)
    for i, (name, rows) in enumerate(losses.items()):
        mean, deviation = rows.mean(axis=0), rows.std(axis=0)
        colour = f"C{i}"
        axis.plot(steps, mean, color=colour, linewidth=0.8)
        axis.errorbar(
            np.asarray(steps)[shown],
            mean[shown],
            yerr=deviation[shown],
            color=colour,
            linestyle="none",
            marker="o",
            markersize=3,
            capsize=3,
            label=name,
        )
    for i, (name, level) in enumerate(levels.items()):
        axis.axhline(level, color="grey", linestyle=("--", ":")[i % 2], label=name)
    axis.set_xscale("log")
    axis.set_ylim(bottom=0)
    axis.set_xlabel("steps")
    axis.set_ylabel("mean squared error")
    axis.legend()
    save_figure(figure, path)
