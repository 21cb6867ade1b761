# SPDX-License-Identifier: GPL-3.0-or-later
"""Material for training, small."""

import pytest

from session import made_once


@pytest.fixture(scope="session")
def library():
    """Return a library of a few loops, synthesised."""

    def make(folder):
        from libraries import LIBRARY
        from requinto_lab.material import loops

        loops.build(folder, LIBRARY, n_workers=1)

    return made_once("library", make)
