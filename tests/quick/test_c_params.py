# SPDX-License-Identifier: GPL-3.0-or-later
"""params.json says what the plugin's parameters are, so that Python needs no copy."""

import json

import pedalboard
import pytest

import requinto

pytestmark = pytest.mark.plugin

KINDS = ("number", "integer", "list", "switch")


@pytest.fixture(scope="module")
def table():
    """Return what is installed beside the bundle."""
    return json.loads((requinto.plugin_path().parent / "params.json").read_text())


@pytest.fixture(scope="module")
def rows(table):
    """Return the parameters by key."""
    return {row["key"]: row for row in table["parameters"]}


def test_each_parameter_has_one_row(table, rows):
    assert len(rows) == len(table["parameters"])
    assert len({row["id"] for row in rows.values()}) == len(rows)
    for row in rows.values():
        assert row["kind"] in KINDS
        assert row["min"] <= row["default"] <= row["max"]
        has_labels = row["kind"] in ("list", "switch")
        assert len(row["labels"]) == (row["max"] + 1 if has_labels else 0)


def test_rows_are_what_a_host_shows(rows):
    plugin = pedalboard.load_plugin(str(requinto.plugin_path()))
    shown = plugin.parameters
    # pedalboard adds the unit to a name
    names = {key.removesuffix("_%"): key for key in shown}
    assert set(names) == set(rows)
    for key, row in rows.items():
        parameter = shown[names[key]]
        assert parameter.name == row["name"]
        assert (parameter.label or "") == row["unit"]
        if row["kind"] == "list" and key != "target":
            assert parameter.valid_values == row["labels"]
        elif row["kind"] in ("number", "integer"):
            assert parameter.range[:2] == pytest.approx((row["min"], row["max"]))
        if not row["read_only"]:
            default = row["labels"][row["default"]] if row["labels"] else row["default"]
            is_on = {"Off": False, "On": True}
            assert getattr(plugin, names[key]) == is_on.get(default, default)


def test_targets_are_those_of_the_library(table, rows):
    assert tuple(rows["target"]["labels"]) == tuple(requinto.targets())
    assert table["learned_target"] not in requinto.targets()


def test_clips_have_the_latency_that_a_host_is_given(table, rows):
    clips = table["clips"]
    assert [clip["label"] for clip in clips] == rows["clip"]["labels"]
    assert [clip["beats"] for clip in clips] == [4, 2, 1]
    plugin = pedalboard.load_plugin(str(requinto.plugin_path()))
    for clip in clips:
        plugin.clip = clip["label"]
        plugin.reset()
        expected = pytest.approx(clip["latency_seconds"] * 44100, abs=2)
        assert plugin.reported_latency_samples == expected
