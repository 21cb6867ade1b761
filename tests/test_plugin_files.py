# SPDX-License-Identifier: GPL-3.0-or-later
"""The plugin is put where hosts look, whole, and knows its Python."""

from pathlib import Path

import pedalboard
import pytest

from requinto import plugin
from requinto.errors import PluginError

pytestmark = pytest.mark.plugin


def files(folder):
    return {str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file()}


def test_each_format_is_whole_and_knows_its_python(tmp_path):
    places = plugin.install(tmp_path)
    assert list(places) == ["VST3", "CLAP", "LV2"]
    for form in plugin.FORMATS:
        place = places[form.name]
        assert place == tmp_path / form.place
        assert files(place) == files(plugin._built(form)) | {form.conf}
        assert plugin.is_current(form, place)
        home = plugin.installed_home(form, place)
        assert set(home) == {"executable", "libpython", "site"}
        assert all(Path(path).exists() for path in home.values())
    plugin.install(tmp_path)  # again, over the first
    assert {p.name for p in tmp_path.iterdir()} == {f.place for f in plugin.FORMATS}


@pytest.mark.parametrize("form", plugin.FORMATS, ids=lambda form: form.name)
def test_what_has_changed_is_seen(tmp_path, form):
    place = plugin.install(tmp_path)[form.name]
    library = max(place.rglob("*"), key=lambda path: path.stat().st_size)
    library.write_bytes(b"another build")
    assert not plugin.is_current(form, place)
    library.unlink()
    assert not plugin.is_current(form, place)


def test_hosts_look_in_the_users_folders(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setattr("sys.platform", "linux")
    found = [plugin.user_folder(form).relative_to(tmp_path) for form in plugin.FORMATS]
    assert list(map(str, found)) == [".vst3", ".clap", ".lv2"]
    monkeypatch.setattr("sys.platform", "darwin")
    found = [plugin.user_folder(form).relative_to(tmp_path) for form in plugin.FORMATS]
    assert {path.parent.name for path in found} == {"Plug-Ins"}
    assert not any(plugin.installed(form) for form in plugin.FORMATS)


@pytest.mark.parametrize("chosen", ["", "relative", "/absolute"])
def test_references_go_where_the_plugin_looks(tmp_path, monkeypatch, chosen):
    monkeypatch.delenv("REQUINTO_REFERENCES")
    monkeypatch.setenv("HOME", str(tmp_path))
    data = f"{tmp_path}{chosen}" if chosen.startswith("/") else chosen
    monkeypatch.setenv("XDG_DATA_HOME", data)
    folder = plugin.references_folder()
    folder.mkdir(parents=True)
    (folder / "laud.wav").write_bytes(b"not read yet")
    loaded = pedalboard.load_plugin(str(plugin.plugin_path()))
    assert loaded.parameters["target"].valid_values[-1] == "laud"


def test_a_place_that_cannot_be_written_is_told_and_left(tmp_path):
    blocked = tmp_path / "file"
    blocked.write_text("in the way")
    with pytest.raises(PluginError, match="cannot be written"):
        plugin.install(blocked)
    assert blocked.read_text() == "in the way"
