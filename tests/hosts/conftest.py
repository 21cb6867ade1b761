# SPDX-License-Identifier: GPL-3.0-or-later
"""The plugin in pedalboard."""

import pytest


@pytest.fixture
def load(monkeypatch, unchanged):
    """Return a function that loads the plugin, over a model that changes nothing."""
    import pedalboard

    import requinto
    from requinto import bridge

    monkeypatch.setattr(bridge, "load_separator", lambda *_: unchanged)
    return lambda: pedalboard.load_plugin(str(requinto.plugin_path()))
