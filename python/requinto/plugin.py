# SPDX-License-Identifier: GPL-3.0-or-later
"""The built plugin: where it is, what its parameters are, and presets that it loads."""

from __future__ import annotations

from pathlib import Path

from requinto.plugin_table import built_path
from requinto.plugin_table import parameters as parameters
from requinto.presets import preset as preset


def plugin_path() -> Path:
    """Return the built `Requinto.vst3` bundle.

    Raises
    ------
    PluginError
        If it was not built with this package.
    """
    return built_path("Requinto.vst3")
