# SPDX-License-Identifier: GPL-3.0-or-later
"""What a study found is read as it was written."""

import dataclasses
import io
import json

import pytest
from rich.console import Console

from requinto.errors import ConfigError
from requinto_lab.systems import study
from requinto_lab.systems.study import Study

FOUND = Study(
    name="doors",
    title="Doors, and how they close",
    command="python -m doors -o FOLDER",
    finding="Two of three close; none [of them] rattles.",
    columns=("door", "angle (°)", "remark"),
    rows=(("front", 12.3456, None), ("back [left]", 90, "open"), ("cellar", -0.5, "")),
    pictures=(("doors.png", "All three doors."),),
)


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"pictures": ()},
        {"rows": ()},
        {"title": "Türen: portes"},
        {"rows": ((None, 1e-300, 1e300),)},
    ],
)
def test_a_study_is_read_as_it_was_written(tmp_path, changes):
    written = dataclasses.replace(FOUND, **changes)
    folder = tmp_path / "some" / "where"
    assert study.write(folder, written) == folder / "doors.json"
    assert study.read(folder) == [written]
    assert [place.name for place in folder.iterdir()] == ["doors.json"]


def test_studies_are_read_by_name_and_nothing_else_is(tmp_path):
    assert study.read(tmp_path) == []
    for name in ("windows", "doors", "attic"):
        study.write(tmp_path, dataclasses.replace(FOUND, name=name))
    study.write(tmp_path, dataclasses.replace(FOUND, name="doors", title="Again"))
    (tmp_path / "doors.png").write_bytes(b"no study")
    found = study.read(tmp_path)
    assert [one.name for one in found] == ["attic", "doors", "windows"]
    assert found[1].title == "Again"


def spoilt(**changes):
    values = dataclasses.asdict(FOUND) | changes
    return json.dumps({k: v for k, v in values.items() if v is not ...})


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[1, 2]",
        '"a study"',
        b"\xff\xfe\x00",
        spoilt(finding=...),
        spoilt(rows=...),
        spoilt(colour="red"),
        spoilt(rows=3),
        spoilt(rows=[1, 2]),
        spoilt(pictures=[["a.png"]]),
        spoilt(rows=[["too", "short"]]),
    ],
)
def test_what_is_no_study_is_one_clear_error(tmp_path, text):
    study.write(tmp_path, FOUND)
    place = tmp_path / "spoilt.json"
    place.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(ConfigError, match=r"spoilt\.json"):
        study.read(tmp_path)


def test_a_row_has_a_cell_for_each_heading():
    with pytest.raises(ConfigError, match=r"3 columns.*2"):
        dataclasses.replace(FOUND, rows=(("front", 1.0),))


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        *((None, "-"), ("words", "words"), ("", ""), (0.0, "0"), (-2.0, "-2")),
        *((1 / 3, "0.333"), (99.96, "100"), (0.00012345, "0.000123")),
        *((1234, "1234"), (31050433.0, "31050433"), (-4096.4, "-4096")),
    ],
)
def test_cells_show_three_digits_and_whole_numbers_in_full(value, shown):
    assert study.cell(value) == shown


def test_what_is_shown_holds_all_that_was_found():
    console = Console(width=100, file=io.StringIO())
    study.show(FOUND, console)
    shown = console.file.getvalue()
    for words in (FOUND.title, FOUND.finding, *FOUND.columns, "12.3", "back [left]"):
        assert words in shown
