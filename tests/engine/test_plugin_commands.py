# SPDX-License-Identifier: GPL-3.0-or-later
"""`requinto plugin` installs, removes and tests what is Requinto's alone."""

from pathlib import Path

import pytest

from requinto_command import installing


@pytest.mark.plugin
def test_uninstall_removes_what_install_put_there(run, tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path / "user"))
    assert run("plugin", "uninstall") == (0, "nothing is installed\n", "")
    paths = run("plugin", "install")[1].split()
    assert run("plugin", "uninstall") == (
        0,
        "".join(f"removed {path}\n" for path in paths),
        "",
    )
    assert not any(Path(path).exists() for path in paths)
    assert run("plugin", "uninstall") == (0, "nothing is installed\n", "")


@pytest.mark.plugin
def test_uninstall_and_install_leave_what_is_not_ours(run, tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path / "user"))
    run("plugin", "install")
    form = installing.CLAP
    mine = installing.user_folder(form) / form.folder / "mine/notes.txt"
    mine.parent.mkdir()
    mine.write_text("mine\n")
    theirs = installing.user_folder(installing.LV2) / installing.LV2.folder
    for path in theirs.rglob("*.conf"):
        path.unlink()
    status, out, err = run("plugin", "uninstall")
    assert (status, err) == (0, "")
    assert f"left {mine}" in out and f"left {theirs}" in out
    assert mine.read_text() == "mine\n"
    assert [p for p in mine.parents[1].rglob("*") if p.is_file()] == [mine]
    assert any(theirs.iterdir())
    status, out, err = run("plugin", "install")
    assert status == 2 and "move it away first" in err
    assert mine.read_text() == "mine\n"


@pytest.mark.plugin
def test_uninstall_follows_no_link(run, tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path / "user"))
    elsewhere = installing.install(tmp_path / "elsewhere")["VST3"]
    link = installing.user_folder(installing.VST3) / elsewhere.name
    link.parent.mkdir(parents=True)
    link.symlink_to(elsewhere)
    status, out, _ = run("plugin", "uninstall")
    assert status == 0 and f"left {link}" in out
    assert link.is_symlink() and any(elsewhere.iterdir())


@pytest.mark.plugin
def test_status_fails_where_the_installed_python_is_gone(
    run, tmp_path, monkeypatch, two_models
):
    monkeypatch.setenv("HOME", str(tmp_path / "user"))
    run("plugin", "install")
    path = installing.find_installed(installing.VST3) / installing.VST3.conf
    path.write_text("executable=/nowhere/bin/python\n")
    status, _, err = run("plugin", "status")
    assert status == 2
    assert "the installed VST3 starts /nowhere/bin/python" in err
    assert err.count("\n") == 1
