# SPDX-License-Identifier: GPL-3.0-or-later
"""What the build wrote of the plugin's parameters is read, or an error names it."""

import json

import pytest

from requinto import plugin_table
from requinto.errors import PluginError
from requinto.plugin import parameters, preset

ROW = {"key": "tempo", "kind": "number", "min": 40, "max": 240, "labels": []}
TABLE = {
    "parameters": [ROW | {"saved": True}],
    "max_reference_bytes": 1 << 20,
    "learned_target": "Learned",
}


@pytest.fixture
def path(monkeypatch, tmp_path):
    monkeypatch.setattr(plugin_table, "built_path", lambda name: tmp_path / name)
    plugin_table._table.cache_clear()
    yield tmp_path / "params.json"
    plugin_table._table.cache_clear()


def without(name, table=TABLE):
    return {key: value for key, value in table.items() if key != name}


def test_a_table_is_read(path):
    path.write_text(json.dumps(TABLE))
    assert parameters()["tempo"].range == (40, 240)
    assert b"tempo=93.5" in preset("bass", tempo=93.5)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "cannot be read"),
        (json.dumps(TABLE).encode()[:-5], "cannot be read"),
        (b"\xff\xfe", "cannot be read"),
        (b"[]", "cannot be read"),
        (b"[" * 100_000, "cannot be read"),
        (json.dumps(TABLE | {"parameters": 3}).encode(), "cannot be read"),
        (json.dumps(without("parameters")).encode(), "lacks 'parameters'"),
        (json.dumps(without("learned_target")).encode(), "lacks 'learned_target'"),
        (json.dumps(TABLE | {"parameters": [ROW]}).encode(), "lacks 'saved'"),
    ],
)
def test_a_damaged_table_is_named(path, content, reason):
    path.write_bytes(content)
    for call in (parameters, lambda: preset("bass", tempo=93.5)):
        with pytest.raises(PluginError) as refusal:
            call()
        assert str(refusal.value).startswith(f"{path} {reason}")
        assert "the plugin is built by `pip install`" in str(refusal.value)
    assert preset("bass").startswith(b"VST3")  # which needs no table
