# SPDX-License-Identifier: GPL-3.0-or-later
"""Draw what studies measure: curves, bars and images, given as data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from requinto_files.figures import new_figure, plain_style, save_figure

_N_BARS = 16  # error bars along a curve of many points


@dataclass(frozen=True)
class Curve:
    """One line of a panel."""

    label: str
    x: Sequence[float] | np.ndarray
    y: Sequence[float] | np.ndarray
    margin: Sequence[float] | np.ndarray | None = None  # either way of y
    style: str = "."  # the marker; "band", "bars" or "steps" for other kinds


@dataclass(frozen=True)
class Panel:
    """Curves on one pair of axes."""

    curves: Sequence[Curve]
    x_label: str
    y_label: str = ""
    title: str = ""
    scales: tuple[str, str] = ("linear", "linear")
    levels: Mapping[str, float] = field(default_factory=dict)  # of no curve, by name
    zero: bool = False  # whether a line is drawn there
    mark: float | None = None  # where a vertical line is drawn
    ticks: Sequence[float] | None = None


@dataclass(frozen=True)
class Panels:
    """Panels side by side; the legend is on the first, or on each."""

    panels: Sequence[Panel]
    size: tuple[float, float] = (8, 4.5)  # inches
    legend: str = ""  # its title
    share_y: bool = False
    legend_each: bool = False  # above each panel


@dataclass(frozen=True)
class Bars:
    """A group of bars for each name, a bar in each for each series."""

    groups: Sequence[str]
    series: Mapping[str, Sequence[float]]
    y_label: str
    size: tuple[float, float] = (8, 4)
    legend: str = ""


@dataclass(frozen=True)
class Images:
    """Grey images in [0, 1], `(n, height, width)` in each column."""

    columns: Mapping[str, np.ndarray]


Plot = Panels | Bars | Images


@plain_style()
def draw(plot: Plot, path: Path) -> None:
    """Draw a plot to a picture, whose ending names the kind."""
    if isinstance(plot, Panels):
        figure = _draw_panels(plot)
    elif isinstance(plot, Bars):
        figure = _draw_bars(plot)
    else:
        figure = _draw_images(plot)
    save_figure(figure, path)


@plain_style()
def _draw_panels(plot: Panels) -> Any:
    figure = new_figure(*plot.size)
    n = len(plot.panels)
    axes = figure.subplots(1, n, squeeze=False, sharey=plot.share_y)[0]
    for axis, panel in zip(axes, plot.panels, strict=True):
        for i, curve in enumerate(panel.curves):
            _draw_curve(axis, curve, f"C{i}")
        _draw_lines(axis, panel)
        axis.set(title=panel.title, xlabel=panel.x_label, ylabel=panel.y_label)
        axis.grid(visible=True, which="both", alpha=0.2)
        if panel.ticks is not None:
            axis.set_xticks(panel.ticks)
        _set_scales(axis, panel)
        if plot.legend_each:
            axis.legend(loc="lower center", bbox_to_anchor=(0.5, 1), fontsize="small")
    if not plot.legend_each:
        axes[0].legend(title=plot.legend or None, fontsize="small")
    return figure


def _draw_curve(axis: Any, curve: Curve, colour: str) -> None:
    if curve.style == "steps":
        axis.stairs(curve.y, curve.x, color=colour, label=curve.label)
        return
    x, y = np.asarray(curve.x), np.asarray(curve.y)
    if curve.style == "bars":
        # As far apart on a logarithmic axis as there are points for it
        steps = np.geomspace(1, len(x), _N_BARS).round().astype(int) - 1
        shown = np.unique(steps) if len(x) > _N_BARS else np.arange(len(x))
        axis.plot(x, y, color=colour, linewidth=0.8)
        options = {"color": colour, "marker": "o", "markersize": 3, "capsize": 3}
        margin = np.asarray(curve.margin)[shown]
        axis.errorbar(
            *(x[shown], y[shown], margin), linestyle="", label=curve.label, **options
        )
        return
    marker = "." if curve.style == "band" else curve.style
    axis.plot(x, y, color=colour, marker=marker, label=curve.label)
    if curve.margin is not None:
        margin = np.asarray(curve.margin)
        axis.fill_between(x, y - margin, y + margin, color=colour, alpha=0.15)


def _draw_lines(axis: Any, panel: Panel) -> None:
    for i, (name, level) in enumerate(panel.levels.items()):
        axis.axhline(level, color="grey", linestyle=("--", ":")[i % 2], label=name)
    if panel.zero:
        axis.axhline(0, color="grey", linewidth=0.8)
    if panel.mark is not None:
        axis.axvline(panel.mark, color="grey", linewidth=0.8)


def _set_scales(axis: Any, panel: Panel) -> None:
    x_scale, y_scale = panel.scales
    axis.set_xscale(x_scale)
    if y_scale == "log":
        axis.set_yscale("log", nonpositive="clip")
        axis.yaxis.set_major_formatter("{x:g}")
        axis.yaxis.set_minor_formatter("{x:g}")


@plain_style()
def _draw_bars(plot: Bars) -> Any:
    figure = new_figure(*plot.size)
    axis = figure.subplots()
    width = 0.8 / len(plot.series)
    for i, (label, heights) in enumerate(plot.series.items()):
        centres = np.arange(len(heights)) + (i - (len(plot.series) - 1) / 2) * width
        axis.bar(centres, heights, width, label=label)
    axis.axhline(0, color="grey", linewidth=0.5)
    axis.set_xticks(range(len(plot.groups)), list(plot.groups))
    axis.set_ylabel(plot.y_label)
    axis.legend(title=plot.legend or None, fontsize="small")
    return figure


@plain_style()
def _draw_images(plot: Images) -> Any:
    n_rows = len(next(iter(plot.columns.values())))
    figure = new_figure(1.1 * len(plot.columns), 1.1 * n_rows + 0.3)
    axes = figure.subplots(n_rows, len(plot.columns), squeeze=False)
    for column, (title, images) in zip(axes.T, plot.columns.items(), strict=True):
        column[0].set_title(title)
        for axis, image in zip(column, images, strict=True):
            axis.imshow(image, cmap="gray", vmin=0, vmax=1)
            axis.set_axis_off()
    return figure
