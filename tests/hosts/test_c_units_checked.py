# SPDX-License-Identifier: GPL-3.0-or-later
"""The C units hold optimised, and under address, undefined and thread sanitizers."""

import pytest

from shell import check_units


@pytest.mark.parametrize("preset", ["release", "asan", "tsan"])
def test_units(preset):
    check_units(preset)
