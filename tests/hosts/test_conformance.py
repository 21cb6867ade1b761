# SPDX-License-Identifier: GPL-3.0-or-later
"""The plugin does what hosts and their validators ask, and survives what they do."""

import functools
import os
import re
import subprocess
from pathlib import Path

import pytest

import requinto
from models import write_exported
from shell import ROOT, build, run

pytestmark = pytest.mark.plugin

SOURCES = ROOT / "tests" / "plugin"
NAMES = [
    name
    for path in sorted(SOURCES.glob("conform_*.c"))
    for name in re.findall(r"\bROW\((\w+)\)", path.read_text())
]
MODES = ("no python", "asan", "tsan", "neutral model")


def write_comma_locale(folder: Path) -> None:
    """Write a locale named `comma`, in which decimals follow a comma."""
    codes = "\n".join(f"<U{i:04X}> /x{i:02x} CHARACTER" for i in range(128))
    (folder / "ascii").write_text(
        "<code_set_name> ASCII\n<escape_char> /\n<comment_char> %\n"
        f"<mb_cur_min> 1\n<mb_cur_max> 1\nCHARMAP\n{codes}\nEND CHARMAP\n"
    )
    (folder / "source").write_text(
        "comment_char %\nescape_char /\n"
        'LC_NUMERIC\ndecimal_point ","\nthousands_sep "."\ngrouping 3;3\n'
        "END LC_NUMERIC\n"
    )
    # It complains about all that is not written here, and goes on
    command = ["localedef", "-c", "-i", "source", "-f", "./ascii", "./comma"]
    subprocess.run(command, cwd=folder, capture_output=True, check=False)
    assert (folder / "comma" / "LC_NUMERIC").is_file()


@functools.cache
def results(mode: str, folder: Path) -> dict[str, str]:
    """Run all checks once and return what each results, by name."""
    preset = mode if mode in ("asan", "tsan") else "release"
    program = build(preset) / "tests" / "plugin" / "conform"
    bundle = requinto.plugin_path()
    options = ["--locale", "comma"]
    environment = {"REQUINTO_PYTHON": "/nowhere/bin/python"}
    if preset != "release":
        bundle = build(preset) / "Requinto.vst3"
    if mode == "neutral model":
        models = folder / "models"
        models.mkdir()
        write_exported(models)
        write_exported(models, "fast")
        environment = {"REQUINTO_MODELS": str(models)}
        options.append("--together")  # Python and its libraries are loaded once
    references = folder / "references"  # of nobody's
    references.mkdir()
    write_comma_locale(folder)
    clean = {k: v for k, v in os.environ.items() if not k.startswith("REQUINTO_")}
    result = run(
        *(program, bundle, *options),
        env={
            **clean,
            **environment,
            "LOCPATH": str(folder),
            "REQUINTO_REFERENCES": str(references),
        },
        timeout=900,
    )
    results = dict(re.findall(r"^check=(\w+) ms=\d+ result=(.*)$", result.stdout, re.M))
    failed = [name for name, text in results.items() if text != "ok"]
    assert (result.returncode == 0) == (not failed and set(results) == set(NAMES))
    return results


@pytest.fixture(scope="session")
def folders(tmp_path_factory):
    """Return a folder for each mode."""
    return {mode: tmp_path_factory.mktemp("conformance") for mode in MODES}


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("mode", MODES)
def test_check(folders, mode, name):
    assert results(mode, folders[mode]).get(name, "did not run") == "ok"


def test_every_check_runs_once():
    program = build("release") / "tests" / "plugin" / "conform"
    listed = run(program, requinto.plugin_path(), "--list").stdout.split()
    assert len(set(NAMES)) == len(NAMES)
    assert sorted(listed) == sorted(NAMES)


def test_the_table_of_validators_names_checks():
    head = (SOURCES / "conform.c").read_text().split("*/", 1)[0]
    named = set(re.findall(r"\b[a-z0-9]+(?:_[a-z0-9]+)+\b", head))
    assert len(named) > 30
    assert named <= set(NAMES)


def test_a_check_that_fails_is_reported():
    # Without the locale there is one
    program = build("release") / "tests" / "plugin" / "conform"
    name = "state_under_another_locale"
    result = run(program, requinto.plugin_path(), name)
    assert result.returncode == 1
    assert f"check={name}" in result.stdout
    assert "result=failed: conform_state.c" in result.stdout
