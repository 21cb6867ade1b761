# SPDX-License-Identifier: GPL-3.0-or-later
"""Box plots show each system's values at its name, in each instrument's panel."""

import ast

import matplotlib
import numpy as np
import pytest

from requinto.errors import AudioFileError
from requinto.spectrograms import spectrograms
from requinto_files import output_files
from requinto_lab.evaluation import report
from shell import ROOT

SYSTEMS = ("first", "second", "third")


@pytest.fixture
def plot_panels(monkeypatch, tmp_path):
    """Return a function that draws box plots and returns their panels by title."""

    def draw(rows):
        figures = []
        monkeypatch.setattr(report, "save_figure", lambda page, _: figures.append(page))
        report.box_plots(rows, SYSTEMS, "gain, dB", tmp_path / "boxes.png")
        return {axis.get_title(): axis for axis in figures[0].axes if axis.axison}

    return draw


def medians(axis):
    """Return where the medians of a panel are, by the system at their height."""
    lines = [line.get_xydata().T for line in axis.lines if line.get_color() == "black"]
    upright = [(xs, ys) for xs, ys in lines if len(xs) == 2 and xs[0] == xs[1]]
    # Whiskers' ends are black and upright too, but half as high
    return {
        SYSTEMS[round(ys.mean())]: xs[0]
        for xs, ys in upright
        if ys[1] - ys[0] == pytest.approx(0.7)
    }


@pytest.mark.parametrize("n_instruments", [1, 2, 4, 5, 7])
def test_each_instrument_has_a_panel_with_its_own_values(plot_panels, n_instruments):
    gains = {"first": 0, "second": 10, "third": -10}
    rows = {
        f"instrument {i}": {s: [g + i - 1, g + i, g + i + 1] for s, g in gains.items()}
        for i in range(n_instruments)
    }
    panels = plot_panels(rows)
    assert list(panels) == list(rows)
    names = next(iter(panels.values())).get_yticklabels()
    assert [name.get_text() for name in names] == list(SYSTEMS)
    for i, axis in enumerate(panels.values()):
        assert medians(axis) == pytest.approx({s: g + i for s, g in gains.items()})
        # The first system is uppermost
        assert axis.yaxis_inverted()


def test_a_system_without_values_leaves_its_row_empty(plot_panels):
    panels = plot_panels(
        {"bass": {"third": [1.0]}, "voice": {"first": [2.0], "third": [3.0]}}
    )
    assert medians(panels["bass"]) == {"third": 1.0}
    assert medians(panels["voice"]) == {"first": 2.0, "third": 3.0}


def test_failures_stay_at_the_edge(plot_panels):
    panels = plot_panels({"bass": {"first": [-80.0, -70.0, -60.0], "second": [-29.0]}})
    assert medians(panels["bass"]) == {"first": -30.0, "second": -29.0}
    assert panels["bass"].get_xlim()[0] > -40


def test_the_users_settings_of_matplotlib_do_not_count(tmp_path):
    rows = {"bass": {"first": [1.0, 2.0]}}
    sound = {"mix": np.sin(np.arange(8000) / 9).astype(np.float32)}

    def draw(name):
        report.box_plots(rows, SYSTEMS, "gain, dB", tmp_path / f"{name} boxes.png")
        path = tmp_path / f"{name} spectra.png"
        spectrograms(sound, 8000, path)
        return [path.read_bytes() for path in sorted(tmp_path.glob(f"{name} *"))]

    expected = draw("plain")
    own = {"text.usetex": True, "font.size": 30, "axes.facecolor": "red"}
    own |= {"savefig.facecolor": "blue", "image.origin": "lower", "axes.grid": True}
    with matplotlib.rc_context(own):
        assert draw("own") == expected
        assert {name: matplotlib.rcParams[name] for name in own} == own


def test_every_function_that_draws_uses_the_plain_style():
    n_functions = 0
    for path in (ROOT / "python").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef) and "= new_figure(" in ast.unparse(
                node
            ):
                n_functions += 1
                decorators = list(map(ast.unparse, node.decorator_list))
                assert "plain_style()" in decorators, f"{path}: {node.name}"
    assert n_functions > 5


def test_a_picture_that_cannot_be_written_is_said_to_once(tmp_path, monkeypatch):
    path = tmp_path / "x.png"
    for name, reason in [("check_output", "written"), ("whole_file", "written")]:
        error = AudioFileError(f"{path} cannot be {reason}: No space left on device")
        with monkeypatch.context() as patch:
            patch.setattr(output_files, name, lambda *_, e=error, **__: raise_(e))
            with pytest.raises(AudioFileError) as caught:
                report.save_figure(report.new_figure(2, 2), path)
        assert str(caught.value).count(str(path)) == 1


def raise_(error):
    raise error


def test_a_picture_that_cannot_be_made_is_an_error(tmp_path):
    figure = report.new_figure(2, 2)
    figure.set_size_inches(1e5, 1e5)
    with pytest.raises(AudioFileError, match=r"x\.png cannot be drawn: [^/]*$"):
        report.save_figure(figure, tmp_path / "x.png")
    assert not list(tmp_path.iterdir())
