# SPDX-License-Identifier: GPL-3.0-or-later
"""The plugin is put where hosts look, whole, and knows its Python."""

import os
import shutil
from pathlib import Path
from types import SimpleNamespace

import pedalboard
import pytest

from requinto import plugin
from requinto.errors import PluginError
from requinto.plugin_table import built_path
from requinto_command import installing, plugin_status

pytestmark = pytest.mark.plugin


def files(folder):
    return {str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file()}


def test_each_format_is_whole_and_knows_its_python(tmp_path):
    paths = installing.install(tmp_path)
    assert list(paths) == ["VST3", "CLAP", "LV2"]
    for form in installing.FORMATS:
        path = paths[form.name]
        assert path == tmp_path / form.folder
        assert files(path) == files(built_path(form.built)) | {form.conf}
        assert installing.is_current(form, path)
        notices = next(path.rglob("THIRD_PARTY.md")).read_text()
        assert "Bitstream Vera" in notices  # whose licence goes with each copy
        home = installing.read_conf(form, path)
        assert set(home) == {"executable", "libpython", "site"}
        assert all(Path(path).exists() for path in home.values())
    installing.install(tmp_path)  # again, over the first
    assert {p.name for p in tmp_path.iterdir()} == {
        f.folder for f in installing.FORMATS
    }


@pytest.mark.parametrize("form", installing.FORMATS, ids=lambda form: form.name)
def test_what_has_changed_is_seen(tmp_path, form):
    path = installing.install(tmp_path)[form.name]
    library = max(path.rglob("*"), key=lambda path: path.stat().st_size)
    library.write_bytes(b"another build")
    assert not installing.is_current(form, path)
    library.unlink()
    assert not installing.is_current(form, path)


def test_hosts_look_in_the_users_folders(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setattr("sys.platform", "linux")
    folders = [
        installing.user_folder(form).relative_to(tmp_path)
        for form in installing.FORMATS
    ]
    assert list(map(str, folders)) == [".vst3", ".clap", ".lv2"]
    monkeypatch.setattr("sys.platform", "darwin")
    folders = [
        installing.user_folder(form).relative_to(tmp_path)
        for form in installing.FORMATS
    ]
    assert {path.parent.name for path in folders} == {"Plug-Ins"}
    assert not any(installing.find_installed(form) for form in installing.FORMATS)


@pytest.mark.parametrize("chosen", ["", "relative", "/absolute"])
def test_references_go_where_the_plugin_looks(tmp_path, monkeypatch, chosen):
    monkeypatch.delenv("REQUINTO_REFERENCES")
    monkeypatch.setenv("HOME", str(tmp_path))
    data = f"{tmp_path}{chosen}" if chosen.startswith("/") else chosen
    monkeypatch.setenv("XDG_DATA_HOME", data)
    folder = installing.references_folder()
    folder.mkdir(parents=True)
    (folder / "laud.wav").write_bytes(b"not read yet")
    loaded = pedalboard.load_plugin(str(plugin.plugin_path()))
    assert loaded.parameters["target"].valid_values[-1] == "laud"


def test_a_path_that_cannot_be_written_is_reported_and_left(tmp_path):
    blocked = tmp_path / "file"
    blocked.write_text("in the way")
    with pytest.raises(PluginError, match="cannot be written"):
        installing.install(blocked)
    assert blocked.read_text() == "in the way"


def test_installing_again_leaves_files_of_others(tmp_path):
    paths = installing.install(tmp_path)
    own = [path / name for path in paths.values() for name in ("a", "mypresets/b")]
    own.append(tmp_path / "Requinto.vst3.new" / "c")
    for file in own:
        file.parent.mkdir(exist_ok=True)
        file.write_text("mine")
    libraries = [
        max(p.rglob("*"), key=lambda f: f.stat().st_size) for p in [*paths.values()]
    ]
    for library in libraries:
        library.write_bytes(b"another build")
    installing.install(tmp_path)
    assert [file.read_text() for file in own] == ["mine"] * len(own)
    assert all(installing.is_current(f, paths[f.name]) for f in installing.FORMATS)
    left = installing.uninstall(tmp_path).left
    assert set(left) == set(own[:-1])


def test_a_folder_in_the_way_of_our_file_stays(tmp_path):
    form = installing.CLAP
    path = installing.install(tmp_path)[form.name]
    library = max(path.rglob("*"), key=lambda f: f.stat().st_size)
    library.unlink()
    library.mkdir()
    (library / "notes.txt").write_text("mine")
    with pytest.raises(PluginError, match=r"is a folder; installed already: .*vst3"):
        installing.install(tmp_path)
    assert (library / "notes.txt").read_text() == "mine"
    assert {p.name for p in tmp_path.iterdir()} == {
        f.folder for f in installing.FORMATS
    }


def test_a_full_disk_leaves_the_installed_plugin_whole(tmp_path, monkeypatch):
    path = installing.install(tmp_path)["VST3"]

    def fail(*arguments, **options):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(shutil, "copytree", fail)
    with pytest.raises(PluginError, match="No space left"):
        installing.install(tmp_path)
    assert installing.is_current(installing.VST3, path)
    assert "executable" in installing.read_conf(installing.VST3, path)


@pytest.mark.parametrize("variable", ["", "relative", "~", "./here", None])
def test_a_home_that_is_no_absolute_path_is_not_used(tmp_path, monkeypatch, variable):
    pwd = pytest.importorskip("pwd")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.delenv("REQUINTO_REFERENCES", raising=False)
    monkeypatch.delenv("XDG_DATA_HOME", raising=False)
    monkeypatch.delenv("HOME")
    if variable is not None:
        monkeypatch.setenv("HOME", variable)
    known = SimpleNamespace(pw_dir=str(tmp_path / "user"))
    monkeypatch.setattr(pwd, "getpwuid", lambda user: known)
    assert installing.user_folder(installing.VST3) == tmp_path / "user/.vst3"
    assert installing.references_folder().is_relative_to(tmp_path / "user")
    known.pw_dir = ""
    with pytest.raises(PluginError, match="HOME must be the absolute path"):
        installing.user_folder(installing.VST3)
    with pytest.raises(PluginError, match="HOME must be the absolute path"):
        installing.references_folder()
    assert not any(tmp_path.iterdir())


@pytest.mark.parametrize("variable", [None, "", "relative"])
def test_windows_without_its_folders_is_reported(monkeypatch, variable):
    for name in ("APPDATA", "LOCALAPPDATA"):
        monkeypatch.delenv(name, raising=False)
        if variable is not None:
            monkeypatch.setenv(name, variable)
    with pytest.raises(PluginError, match="APPDATA must be an absolute path"):
        installing._windows_folder("APPDATA")


@pytest.mark.parametrize(
    "content", [b"executable=\xff\xfe\n", b"executable=a\0b", b"\xff\xfe executable="]
)
def test_a_damaged_conf_does_not_stop_uninstall(tmp_path, content):
    paths = installing.install(tmp_path)
    (paths["LV2"] / installing.LV2.conf).write_bytes(content)
    assert installing.is_current(installing.LV2, paths["LV2"])
    removal = installing.uninstall(tmp_path)
    assert {*removal.removed, *removal.left} == {*paths.values()}


def test_a_damaged_conf_does_not_stop_status(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    path = installing.install()["LV2"]
    for content in (b"executable=\xff\xfe\n", b"executable=a\0b", b"\xff"):
        (path / installing.LV2.conf).write_bytes(content)
        assert (
            plugin_status._describe_installed(installing.LV2)["python_works"] is False
        )


def test_a_plugin_without_a_window_is_reported(tmp_path, monkeypatch):
    bundle = tmp_path / "Requinto.vst3"
    shutil.copytree(plugin.plugin_path(), bundle)
    monkeypatch.setattr("requinto.plugin_path", lambda: bundle)
    monkeypatch.setattr("sys.platform", "linux")
    (library,) = bundle.rglob("requinto_window.so")
    assert plugin_status._has_window()
    library.unlink()
    assert not plugin_status._has_window()
    form = dict.fromkeys(("built", "references", "window"))
    kept = {"folder": None, "problem": "none"}
    test = {"passed": True, "seconds": 1.0}
    report = {**form, "installed": {}, "models": kept, "self_test": test}
    assert "window: none" in plugin_status.lines(report)[1]
    assert "window" not in str(plugin_status.lines({**report, "window": True}))


def test_a_python_in_a_folder_of_odd_bytes_is_kept(tmp_path, monkeypatch):
    executable = os.fsdecode(b"/opt/caf\xe9/python")
    monkeypatch.setattr("sys.executable", executable)
    path = installing.install(tmp_path)["CLAP"]
    assert installing.read_conf(installing.CLAP, path)["executable"] == executable
    assert b"/opt/caf\xe9/python\n" in (path / installing.CLAP.conf).read_bytes()


def test_what_was_removed_before_a_failure_is_reported(tmp_path, monkeypatch):
    paths = installing.install(tmp_path)
    remove = installing._remove_files

    def fail(form, path):
        if form is installing.LV2:
            raise PermissionError(13, "Permission denied", str(path))
        return remove(form, path)

    monkeypatch.setattr(installing, "_remove_files", fail)
    with pytest.raises(PluginError) as caught:
        installing.uninstall(tmp_path)
    removed = f"removed already: {paths['VST3']}, {paths['CLAP']}"
    assert f"{paths['LV2']} cannot be removed" in str(caught.value)
    assert removed in str(caught.value)


@pytest.mark.parametrize("function", [installing.install, installing.uninstall])
@pytest.mark.parametrize("folder", [5, "", b"/x", ["/x"], "a\0b", False])
def test_a_folder_that_is_none_is_refused(tmp_path, monkeypatch, function, folder):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    with pytest.raises(PluginError, match="path of a folder, as str or Path, got"):
        function(folder)


def test_a_folder_may_be_a_string(tmp_path):
    assert installing.install(str(tmp_path))["CLAP"] == tmp_path / "Requinto"
    assert len(installing.uninstall(str(tmp_path)).removed) == len(installing.FORMATS)


SEEN = "{'status': 'Ready', 'whole': True, 'finite': True, 'taken_s': 1.0}"


@pytest.mark.parametrize(
    ("program", "report"),
    [
        (f"import json, random; print(json.dumps({SEEN}))", {"passed": True}),
        ("", {"passed": False, "problem": "the host ended without a result"}),
        ("raise SystemExit('broken')", {"passed": False, "problem": "broken"}),
    ],
)
def test_the_self_test_runs_no_file_of_the_user(tmp_path, monkeypatch, program, report):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "random.py").write_text("raise SystemExit(1)\n")
    monkeypatch.setattr(plugin_status, "_SELF_TEST", program)
    assert report.items() <= plugin_status._self_test().items()
