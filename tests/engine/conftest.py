# SPDX-License-Identifier: GPL-3.0-or-later
"""What tests of the command share."""

import pytest


@pytest.fixture
def run(run_command, monkeypatch, tmp_path):
    """Return a function that runs the command in a folder of its own."""
    monkeypatch.chdir(tmp_path)
    return run_command
