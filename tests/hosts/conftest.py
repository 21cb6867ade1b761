# SPDX-License-Identifier: GPL-3.0-or-later
"""The plugin in pedalboard, its bridge alone, and windows on our own X servers."""

import ctypes

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


@pytest.fixture
def open_door():
    """Return the compiled bridge."""
    import requinto

    path = next(requinto.plugin_path().glob("Contents/*/requinto_bridge.so"))
    library = ctypes.CDLL(str(path))
    assert library.requinto_start(b"", b"") == 1  # Python runs already
    return library


@pytest.fixture
def door(open_door, monkeypatch, unchanged):
    """Return the compiled bridge, in front of a model that changes nothing."""
    from requinto import bridge

    monkeypatch.setattr(bridge, "load_separator", lambda *_: unchanged)
    return open_door
