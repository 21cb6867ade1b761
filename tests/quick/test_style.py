# SPDX-License-Identifier: GPL-3.0-or-later
"""The linters have nothing to say, files are short, and each names its licence."""

import ast
import os
import re
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


@pytest.mark.parametrize("linter", ["ruff check", "ruff format --check"])
def test_python(linter):
    name, *options = linter.split()
    result = run(sys.executable, "-m", installed(name), *options, cwd=ROOT)
    assert result.returncode == 0, result.stdout + result.stderr


def test_types():
    mypy = (sys.executable, "-m", installed("mypy"))
    result = run(*mypy, cwd=ROOT)
    assert result.returncode == 0, result.stdout + result.stderr
    # Tests have no types: what is checked is that the names which they use exist
    folders = os.pathsep.join(map(str, (ROOT / "tests").iterdir()))
    environment = {**os.environ, "MYPYPATH": folders}
    conftests = ("--exclude", r"conftest\.py$")
    result = run(*mypy, *conftests, "tests", cwd=ROOT, env=environment)
    assert "checked" in result.stdout.splitlines()[-1], result.stdout + result.stderr
    unknown = r"error: Module .*has no attribute|error: Name .* is not defined"
    assert not [row for row in result.stdout.splitlines() if re.search(unknown, row)]


def installed(name):
    """Return the name of a package that must be installed."""
    assert find_spec(name), f"pip install '{name}', or -e '.[test]'"
    return name


def test_c_is_formatted():
    result = run(tool("clang-format"), "--dry-run", "-Werror", *C_FILES, cwd=ROOT)
    assert result.returncode == 0, result.stderr


def test_every_file_names_its_licence():
    for pattern in (
        "plugin/**/*.*",
        "python/**/*.py",
        "python/requinto_web/page/*.*",
        "tests/**/*.*",
        "CMakeLists.txt",
    ):
        for path in ROOT.glob(pattern):
            if path.suffix not in (".pyc", ".png"):
                assert "SPDX-License-Identifier: GPL-3.0-or-later" in path.read_text()


def test_files_are_short():
    for pattern in ("plugin/**/*.[ch]", "python/**/*.py", "tests/**/*.py"):
        for path in ROOT.glob(pattern):
            assert len(path.read_text().splitlines()) <= 400, path


def n_lines(function):
    """Return how many lines a function has, without its docstring."""
    first = function.body[0]
    has_docstring = ast.get_docstring(function) is not None
    n_described = first.end_lineno - first.lineno + 1 if has_docstring else 0
    return function.end_lineno - function.lineno + 1 - n_described


def test_functions_are_short():
    n_functions = 0
    for path in [*ROOT.glob("python/**/*.py"), *ROOT.glob("tests/**/*.py")]:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
                assert n_lines(node) <= 60, f"{path}: {node.name}"
                n_functions += 1
    assert n_functions > 1000


def test_the_guide_formats_the_same_files():
    guide = (ROOT / "CONTRIBUTING.md").read_text()
    (command,) = re.findall(r"^find .*clang-format.*$", guide, re.M)
    listing = command.replace(".venv/bin/clang-format -i", "echo")
    assert listing != command
    paths = run("sh", "-c", listing, cwd=ROOT).stdout.split()
    assert sorted(ROOT / path for path in paths) == sorted(C_FILES)
