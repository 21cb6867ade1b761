# SPDX-License-Identifier: GPL-3.0-or-later
"""The C units hold alone, and under the address, undefined and thread sanitizers."""

import pytest

from shell import ROOT, build, run


@pytest.mark.parametrize("preset", ["release", "asan", "tsan"])
def test_units(preset):
    build(preset)
    result = run("ctest", "--preset", preset, "-j2", cwd=ROOT)
    assert result.returncode == 0, result.stdout + result.stderr
    assert "tests passed" in result.stdout
