# SPDX-License-Identifier: GPL-3.0-or-later
"""Complete the words of a command line, without importing what does the work."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from requinto_command.workshop import read_systems
from requinto_files.environment import model_folders

FORMATS = ("wav", "flac", "mp3", "ogg", "aiff")
CHANNELS = ("downmix", "keep")
_TARGETS = "targets.txt"
_EXPORTS = "litert"  # of the models' folder
_BEATS, _FOR_NAMES = "beats", "-names"  # no models that `--model` takes
_NEED_TRUTH = ("mix", "ideal ratio mask", "ideal binary mask")


def complete_target(incomplete: str) -> list[str]:
    """Return the built-in targets that begin so."""
    return _starting(incomplete, _read_targets())


def complete_model(incomplete: str) -> list[str]:
    """Return the exported models that begin so."""
    return _starting(incomplete, _read_models())


def complete_system(incomplete: str) -> list[str]:
    """Return the earlier systems that begin so; those of several words are left out."""
    return _starting(
        incomplete,
        (
            name
            for name in read_systems()
            if " " not in name and name not in _NEED_TRUTH
        ),
    )


def complete_format(incomplete: str) -> list[str]:
    """Return the kinds of sound file that begin so."""
    return _starting(incomplete, FORMATS)


def complete_channels(incomplete: str) -> list[str]:
    """Return what can be done with more than two channels, where it begins so."""
    return _starting(incomplete, CHANNELS)


def _starting(incomplete: str, names: Iterable[str]) -> list[str]:
    return [name for name in names if name.startswith(incomplete)]


def _find_models() -> Path | None:
    return next((f for f in model_folders() if (f / _TARGETS).is_file()), None)


def _read_targets() -> list[str]:
    folder = _find_models()
    try:
        return (folder / _TARGETS).read_text("utf-8").split() if folder else []
    except (OSError, ValueError):  # nothing to complete; the command says what is wrong
        return []


def _read_models() -> list[str]:
    folder = _find_models()
    paths = (folder / _EXPORTS).glob("*.json") if folder else ()
    names = {path.stem for path in paths} - {_BEATS}
    return sorted(name for name in names if not name.endswith(_FOR_NAMES))
