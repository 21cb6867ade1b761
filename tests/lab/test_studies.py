# SPDX-License-Identifier: GPL-3.0-or-later
"""A study runs as its data says, and its report is read as it was written."""

import dataclasses
import io
import json
from pathlib import Path

import matplotlib.image
import numpy as np
import pytest
from rich.console import Console

from requinto.errors import ConfigError
from requinto_lab import studies
from requinto_lab.studies import Options, Picture, Report, Result, Study, __main__
from requinto_lab.studies.plots import Bars, Curve, Images, Panel, Panels, draw
from shell import ROOT

REPORT = Report(
    name="doors",
    title="Doors, and how they close",
    command="python -m doors -o FOLDER",
    columns=("door", "angle (°)", "remark"),
    rows=(("front", 12.3456, None), ("back [left]", 90, "open"), ("cellar", -0.5, "")),
    pictures=(("doors.png", "All three doors."),),
    figures={"doors": 3, "key [spare]": None},
    text="Two of three close; none [of them] rattles.",
)


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"pictures": ()},
        {"figures": {}},
        {"text": ""},
        {"rows": ()},
        {"title": "Türen: portes"},
        {"rows": ((None, 1e-300, 1e300),)},
    ],
)
def test_a_study_is_read_as_it_was_written(tmp_path, changes):
    written = dataclasses.replace(REPORT, **changes)
    folder = tmp_path / "some" / "where"
    assert studies.write(folder, written) == folder / "doors.json"
    assert [path.name for path in folder.iterdir()] == ["doors.json"]
    # Texts are written by hand, and stay when a study is run again
    assert studies.read(folder) == [dataclasses.replace(written, text="")]
    (folder / "doors.md").write_text(f"{written.text}\n")
    studies.write(folder, dataclasses.replace(written, text="Written by a program."))
    assert studies.read(folder) == [written]


def test_studies_are_read_by_name_and_nothing_else_is(tmp_path):
    assert studies.read(tmp_path) == []
    for name in ("windows", "doors", "attic"):
        studies.write(tmp_path, dataclasses.replace(REPORT, name=name))
    studies.write(tmp_path, dataclasses.replace(REPORT, name="doors", title="Again"))
    (tmp_path / "doors.png").write_bytes(b"no study")
    reports = studies.read(tmp_path)
    assert [one.name for one in reports] == ["attic", "doors", "windows"]
    assert reports[1].title == "Again"


def spoilt(**changes):
    values = dataclasses.asdict(REPORT) | changes
    return json.dumps({k: v for k, v in values.items() if v is not ...})


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[1, 2]",
        '"a study"',
        b"\xff\xfe\x00",
        spoilt(command=...),
        spoilt(finding="as it was once"),
        spoilt(figures=[1]),
        spoilt(rows=...),
        spoilt(colour="red"),
        spoilt(rows=3),
        spoilt(rows=[1, 2]),
        spoilt(pictures=[["a.png"]]),
        spoilt(rows=[["too", "short"]]),
    ],
)
def test_what_is_no_study_is_one_clear_error(tmp_path, text):
    studies.write(tmp_path, REPORT)
    path = tmp_path / "spoilt.json"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(ConfigError, match=r"spoilt\.json"):
        studies.read(tmp_path)


def test_a_row_has_a_cell_for_each_heading():
    with pytest.raises(ConfigError, match=r"3 columns.*2"):
        dataclasses.replace(REPORT, rows=(("front", 1.0),))


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        *((None, "-"), ("words", "words"), ("", ""), (0.0, "0"), (-2.0, "-2")),
        *((1 / 3, "0.333"), (99.96, "100"), (0.00012345, "0.000123")),
        *((1234, "1234"), (31050433.0, "31050433"), (-4096.4, "-4096")),
    ],
)
def test_cells_show_three_digits_and_whole_numbers_in_full(value, shown):
    assert studies.cell(value) == shown


def test_what_is_shown_holds_the_whole_report():
    console = Console(width=100, file=io.StringIO())
    studies.show(REPORT, console)
    shown = console.file.getvalue()
    words = (REPORT.title, REPORT.text, "key [spare]: -", "12.3", "back [left]")
    for text in (*words, *REPORT.columns):
        assert text in shown


def measure(variants, options):
    rows = tuple((name, factor * options.minutes) for name, factor in variants.items())
    bars = Bars(("a",), {name: [value] for name, value in rows}, "value")
    return Result(("variant", "value"), rows, (Picture("-bars", "All.", bars),))


STUDY = Study(
    name="doubling",
    title="Twice",
    material="library",
    variants={"once": 1, "twice": 2},
    defaults={"minutes": 3.0},
    measure=measure,
)


def test_a_study_is_measured_and_written_with_its_pictures(tmp_path):
    folder = tmp_path / "new"
    report = studies.run(STUDY, tmp_path, folder, {"minutes": 0.5})
    assert report.rows == (("once", 0.5), ("twice", 1.0))
    assert report.command == (
        "python -m requinto_lab.studies doubling library -o docs/systems --minutes 0.5"
    )
    assert report.pictures == (("doubling-bars.png", "All."),)
    assert (folder / "doubling-bars.png").stat().st_size > 1000
    assert studies.read(folder) == [report]
    (folder / "doubling.md").write_text("Twice is double.\n")
    again = studies.run(STUDY, tmp_path, folder, {})
    assert again.rows[0] == ("once", 3.0) and again.command.endswith("--minutes 3")
    assert again.text == "Twice is double."


def test_options_that_a_study_does_not_take_are_refused(tmp_path):
    with pytest.raises(ConfigError, match=r"doubling takes no seeds, only minutes"):
        studies.run(STUDY, tmp_path, tmp_path, {"seeds": 2})
    with pytest.raises(ConfigError, match="doubling needs library, got None"):
        studies.run(STUDY, None, tmp_path, {})
    bare = dataclasses.replace(STUDY, material="", defaults={})
    with pytest.raises(ConfigError, match="needs no material"):
        studies.run(bare, tmp_path, tmp_path, {})
    with pytest.raises(ConfigError, match="unknown study 'walking'; known are digits"):
        __main__.main("walking", output=tmp_path)


def test_runs_of_a_study_have_folders_of_their_own(tmp_path):
    seen = []

    def watch(variants, options):
        seen.append(options)
        return Result(("x",), ())

    spying = dataclasses.replace(STUDY, measure=watch)
    studies.run(spying, tmp_path, tmp_path, {})
    studies.run(spying, tmp_path, tmp_path, {"runs": tmp_path / "runs"})
    assert seen[0] == Options(tmp_path, Path("runs/doubling"), minutes=3.0)
    assert seen[1].run_folder("a longer name") == str(
        tmp_path / "runs" / "a-longer-name"
    )


def test_the_command_runs_a_study_by_its_name(tmp_path, monkeypatch, capsys):
    monkeypatch.setitem(__main__.STUDIES, "doubling", STUDY)
    __main__.main("doubling", tmp_path, output=tmp_path / "out", minutes=2.0)
    assert "Twice" in capsys.readouterr().out
    (report,) = studies.read(tmp_path / "out")
    assert report.rows == (("once", 2.0), ("twice", 4.0))


def test_every_report_in_the_source_is_of_a_study_and_has_its_text():
    reports = studies.read(ROOT / "docs" / "systems")
    by_name = {report.name: report for report in reports}
    suffixed = {"lstm-separator": "lstm-separator-guitar-bass"}
    names = {suffixed.get(name, name) for name in __main__.STUDIES}
    assert set(by_name) == names and len(reports) == 9
    for name, study in __main__.STUDIES.items():
        report = by_name[suffixed.get(name, name)]
        assert report.title == study.title and report.text
        words = report.command.split()
        assert words[2:5] == ["requinto_lab.studies", name, study.material or "-o"]
        # It names an option for each number that it takes
        given = {word[2:].replace("-", "_") for word in words if word[:2] == "--"}
        assert given == set(study.defaults) - {"model"}
        for file, caption in report.pictures:
            assert (ROOT / "docs" / "systems" / file).exists() and caption


def panel(**changes):
    x = np.arange(1, 41)
    curves = [Curve("a", x, np.log(x), 0.1 * x, style) for style in ("band", "bars")]
    curves.append(Curve("c", np.arange(4), np.arange(3), style="steps"))
    return Panel(curves, "x", "y", **changes)


@pytest.mark.parametrize(
    "plot",
    [
        Panels([panel(levels={"none": 1.0, "mix": 2.0}, zero=True, mark=3)]),
        Panels([panel(scales=("log", "log")), panel(ticks=(1, 2))], share_y=True),
        Panels([panel(title="t")], legend_each=True),
        Bars(("a", "b"), {"one": [1, 2], "two": [-1, 3]}, "y", legend="which"),
        Images({"in": np.eye(8)[None].repeat(3, 0), "out": np.zeros((3, 8, 8))}),
    ],
    ids=["levels", "logarithmic", "legends", "bars", "images"],
)
def test_plots_become_pictures(plot, tmp_path):
    draw(plot, tmp_path / "plot.png")
    picture = matplotlib.image.imread(tmp_path / "plot.png")[..., :3]
    ink = (picture < 0.9).any(axis=2).mean()
    assert min(picture.shape[:2]) > 200 and 0.005 < ink < 0.95
