# SPDX-License-Identifier: GPL-3.0-or-later
"""What can go wrong, in one small tree."""

from requinto_files.errors import AudioFileError as AudioFileError
from requinto_files.errors import RequintoError as RequintoError
from requinto_files.errors import reason_of as reason_of


class ConfigError(RequintoError, ValueError):
    """A value that a configuration or an option does not accept."""


class AudioError(RequintoError, ValueError):
    """Sound that is empty, not finite, too short, silent or of the wrong shape."""


class TargetError(RequintoError, ValueError):
    """A target that is not one of the built-in instruments, or has no sound yet."""


class BeatsError(RequintoError, ValueError):
    """Beats that do not ascend, or a tempo out of range."""


class ModelError(RequintoError, ValueError):
    """A model that is unknown, missing, damaged, or of another version."""


class ForkError(RequintoError, RuntimeError):
    """A process that was forked from one in which a network had run already."""


class PluginError(RequintoError):
    """The built plugin cannot be found, installed or loaded."""
