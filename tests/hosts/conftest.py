# SPDX-License-Identifier: GPL-3.0-or-later
"""The plugin in pedalboard, and its bridge alone."""

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
