# SPDX-License-Identifier: GPL-3.0-or-later
"""The C units hold alone, in a plain build."""

from shell import check_units


def test_units():
    check_units("debug")
