# SPDX-License-Identifier: GPL-3.0-or-later
"""The linters have nothing to say, and every file names its licence."""

import sys
from importlib.util import find_spec

import pytest

from shell import ROOT, run, tool

C_FILES = [
    path
    for folder in ("plugin", "tests/plugin")
    for path in sorted((ROOT / folder).rglob("*.[ch]"))
    if path.name != "bridge.h"  # cffi reads it too
]


@pytest.mark.parametrize("linter", ["ruff check", "ruff format --check", "mypy"])
def test_python(linter):
    name, *options = linter.split()
    assert find_spec(name), f"pip install '{name}', or -e '.[test]'"
    result = run(sys.executable, "-m", name, *options, cwd=ROOT)
    assert result.returncode == 0, result.stdout + result.stderr


def test_c_is_formatted():
    result = run(tool("clang-format"), "--dry-run", "-Werror", *C_FILES, cwd=ROOT)
    assert result.returncode == 0, result.stderr


def test_every_file_names_its_licence():
    for pattern in (
        "plugin/**/*.*",
        "python/**/*.py",
        "tests/**/*.*",
        "CMakeLists.txt",
    ):
        for path in ROOT.glob(pattern):
            if path.suffix not in (".pyc",):
                assert "SPDX-License-Identifier: GPL-3.0-or-later" in path.read_text()


def test_files_and_functions_are_short():
    for path in [*ROOT.glob("plugin/**/*.[ch]"), *ROOT.glob("python/**/*.py")]:
        assert len(path.read_text().splitlines()) <= 400, path
