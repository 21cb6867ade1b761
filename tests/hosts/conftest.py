# SPDX-License-Identifier: GPL-3.0-or-later
"""The plugin in pedalboard, and windows on X servers of the tests' own."""

import pytest


@pytest.fixture
def load(monkeypatch, unchanged):
    """Return a function that loads the plugin, over a model that changes nothing."""
    import pedalboard

    import requinto
    from requinto import bridge

    monkeypatch.setattr(bridge, "load_separator", lambda *_: unchanged)
    return lambda: pedalboard.load_plugin(str(requinto.plugin_path()))


@pytest.fixture
def server():
    """Return an X server's DISPLAY, and its process."""
    from x_server import x_server

    with x_server() as (name, process):
        yield name, process


@pytest.fixture
def client(server):
    """Return another program on that server."""
    from x_server import XClient

    client = XClient(server[0])
    yield client
    client.close()


@pytest.fixture
def program(server):
    """Return the program under test there, which opens windows."""
    from window_program import WindowProgram

    with WindowProgram(server[0]) as program:
        yield program
