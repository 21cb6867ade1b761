# SPDX-License-Identifier: GPL-3.0-or-later
"""The page of systems says what was measured, and is well-formed."""

import json
import re

import pytest

from requinto.errors import ConfigError
from requinto_lab import studies
from requinto_lab.evaluation import tables
from requinto_lab.evaluation.bench import ITEM_SETS
from requinto_lab.evaluation.scoring import Score
from requinto_lab.studies import page
from requinto_lab.systems.registry import ABOUT, About
from requinto_lab.systems.registry import SYSTEMS as REGISTERED
from shell import ROOT

SYSTEMS = ("mix", "first", "second (half)")


def row(system, set_name, item, gain, *, instrument="bass", **more):
    known = {"si_sdr": -3.0 + gain, "si_sdr_mix": -3.0, "sdr": gain, "level": -3.0}
    return Score(
        system, set_name, item, instrument, **{"absent": False, **known, **more},
        duration_s=10.0, seconds=0.5, n_parameters=1234,
    )  # fmt: skip


@pytest.fixture
def rows():
    known = [
        row(system, "pairs", f"{i}-{instrument}", gain + i, instrument=instrument)
        for system, gain in zip(SYSTEMS, (0, 5, 7), strict=True)
        for instrument in ("bass", "guitar")
        for i in range(3)
    ]
    return [
        *known,
        *(
            row(s, "nobody", "x", 0, si_sdr=None, si_sdr_mix=None, sdr=None,
                absent=True, level=-40.0)
            for s in SYSTEMS
        ),
    ]  # fmt: skip


@pytest.fixture
def about(monkeypatch):
    text = About("Somebody, 1999.", "Smaller.", "bass", "pairs", "3 dB")
    monkeypatch.setitem(ABOUT, "first", text)


def tables_of(text):
    """Return the tables of a page, each a list of rows of cells."""
    blocks = re.findall(r"(?:^\|.*\|\n)+", text, re.MULTILINE)
    return [
        [[c.strip() for c in line.strip("|").split("|")] for line in t.splitlines()]
        for t in blocks
    ]


def test_it_holds_what_was_measured(rows, about, tmp_path):
    path = tmp_path / "systems.md"
    written = page.write(path, rows)
    assert written == [path, tmp_path / "systems" / "pairs-boxes.png"]
    text = path.read_text()
    assert "](systems/pairs-boxes.png)" in text and "Somebody, 1999." in text
    shown = tables_of(text)
    for table in shown:
        assert len({len(cells) for cells in table}) == 1
    own = shown[0]
    assert own[2][:6] == ["first", "bass", "pairs", "6", "+6.0", "+6.0"]
    speeds = {cells[0]: cells[1:] for cells in shown[1]}
    assert speeds["first"] == ["1,234", "0.050"]
    # A column that says nothing is not there
    absent = next(t for t in shown if "absent" in t[0])
    assert absent[0] == ["system", "items", "absent"]
    assert absent[2:] == [[name, "1", "-40.0"] for name in SYSTEMS]
    pairs = next(t for t in shown if t[0][:2] == ["system", "items"] and t != absent)
    assert pairs[0] == ["system", "items", "gain", "mean gain", "95 %", "SI-SDR", "SDR"]
    by_instrument = next(t for t in shown if t[0][1:] == ["bass (3)", "guitar (3)"])
    assert by_instrument[3][1] == "3.0 / 6.0 / - / -"


def test_it_is_written_again_from_files(rows, tmp_path):
    halves = (rows[:9], rows[9:])
    paths = [tmp_path / f"{i}.json" for i in range(2)]
    for path, some in zip(paths, halves, strict=True):
        path.write_text(json.dumps(tables.comparison(some)))
    assert page.read_scores(paths) == rows


@pytest.mark.parametrize(
    "text",
    [None, "no", "[]", "{}", '{"items": [{}]}', '{"items": [{"improvement": 1}]}'],
)
def test_files_that_hold_no_scores_are_named(tmp_path, text):
    path = tmp_path / "other.json"
    if text is not None:
        path.write_text(text)
    with pytest.raises(ConfigError, match=r"other\.json is not what `requinto compare"):
        page.read_scores([path])


def test_systems_measured_apart_are_put_in_order(tmp_path):
    apart = [("spleeter", "b"), ("nmf", "a"), ("mix", "b"), ("requinto", "a")]
    paths = [tmp_path / f"{i}.json" for i in range(4)]
    for path, (system, name) in zip(paths, apart, strict=True):
        path.write_text(json.dumps(tables.comparison([row(system, name, "x", 1)])))
    page.write(tmp_path / "systems.md", page.read_scores(paths))
    shown = tables_of((tmp_path / "systems.md").read_text())
    by_set = [t for t in shown if t[0][:2] == ["system", "items"]]
    assert [[cells[0] for cells in t[2:]] for t in by_set] == [
        *(["mix", "spleeter"], ["requinto", "nmf"]),
    ]
    speeds = shown[1]
    assert [cells[0] for cells in speeds[2:]] == ["mix", "requinto", "nmf", "spleeter"]


def test_it_says_what_our_sets_ask_for(tmp_path):
    path = tmp_path / "systems.md"
    page.write(path, [row("mix", name, "x", 0) for name in ("singers", "one's own")])
    text = path.read_text()
    assert "### singers\n\nAsked for: the voice in a band.\n" in text
    assert text.count("Asked for") == 1


def test_experiments_are_shown_with_their_texts(rows, tmp_path):
    folder = tmp_path / "systems"
    report = studies.Report(
        "heat", "Does it get hot?", "python -m heat", ("loop", "K"),
        (("first", 3.14159), ("second", None)), (("heat.png", "curve"),),
        {"room": 21.5},
    )  # fmt: skip
    studies.write(folder, report)
    (folder / "heat.md").write_text("It does, by 3 K.\n")
    page.write(tmp_path / "systems.md", rows)
    text = (tmp_path / "systems.md").read_text()
    assert "### Does it get hot?" in text and "It does, by 3 K." in text
    assert "![curve](systems/heat.png)" in text and "- room: 21.5\n" in text
    assert tables_of(text)[-1][2:] == [["first", "3.14"], ["second", "-"]]


def test_the_page_in_the_source_shows_the_reports_beside_it():
    text = (ROOT / "docs" / "systems.md").read_text()
    shown = "\n".join(page.experiments(ROOT / "docs" / "systems"))
    assert text[text.index("## Experiments") :] == shown


def test_texts_are_of_systems_and_sets_that_are_there():
    assert list(ABOUT) == [name for name in REGISTERED if name != "mix"]
    for about in ABOUT.values():
        assert about.own_set in (*ITEM_SETS, "")
        assert bool(about.own_set) == bool(about.task) == bool(about.reported)
        assert about.source.endswith(".") and about.differs.endswith(".")
