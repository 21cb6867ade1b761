# SPDX-License-Identifier: GPL-3.0-or-later
"""The linters have nothing to say, and every file names its licence."""

import subprocess
import sys

import pytest

from shell import ROOT


@pytest.mark.parametrize(
    "tool", [("ruff", "check"), ("ruff", "format", "--check"), ("mypy",)]
)
def test_python(tool):
    result = subprocess.run(
        [sys.executable, "-m", *tool],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stdout + result.stderr


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
