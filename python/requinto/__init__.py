# SPDX-License-Identifier: GPL-3.0-or-later
"""Point at an instrument, get it out of the mix.

Separation
    `extract`, `separate`, `targets`, `models`

Beats
    `beats`, `Beats`, `sections`

Plugin
    `plugin_path`

Errors
    `RequintoError` is the parent of all.

Sound is float32, shaped `(n_channels, n_frames)`; mono may be `(n_frames,)`.
"""

from requinto.beats import Beats
from requinto.errors import (
    AudioError,
    AudioFileError,
    BeatsError,
    ConfigError,
    ForkError,
    ModelError,
    PluginError,
    RequintoError,
    TargetError,
)
from requinto.extract import beats, extract, sections, separate
from requinto.model_folder import models, targets
from requinto.plugin import plugin_path

__all__ = [
    "AudioError",
    "AudioFileError",
    "Beats",
    "BeatsError",
    "ConfigError",
    "ForkError",
    "ModelError",
    "PluginError",
    "RequintoError",
    "TargetError",
    "beats",
    "extract",
    "models",
    "plugin_path",
    "sections",
    "separate",
    "targets",
]
