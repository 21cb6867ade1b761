# SPDX-License-Identifier: GPL-3.0-or-later
"""Find what models and built-in targets there are.

A model is an export (`exports.py`), or weights beside a record of their configuration
(`NAME.npz` and `NAME.json`, as training saves them); all models share the folder
`references/` of sounds and the list `targets.txt`.  Beside a model there can be another
for the names of targets, `NAME-names`: see `separator.Pair`.
"""

from __future__ import annotations

import json
from pathlib import Path

from requinto.config import ModelConfig, TrackerConfig, from_values
from requinto.errors import ConfigError, ModelError, reason_of
from requinto.exports import exports_in
from requinto_files.environment import model_folders

STANDARD = "standard"
DEFAULT_TARGET = "guitar"  # of an extraction without a reference
BEATS = "beats"  # the model that tracks them
FOR_NAMES = "-names"  # ends the name of a model that answers to targets


def models_folder() -> Path:
    """Return the folder that holds the models.

    The environment variable REQUINTO_MODELS names another one.

    Raises
    ------
    ModelError
        If there is no such folder.
    """
    candidates = model_folders()
    for folder in candidates:
        if (folder / "targets.txt").is_file():
            return folder
    raise ModelError(f"no models in {', '.join(map(str, candidates[:2]))}")


def targets() -> tuple[str, ...]:
    """Return the names of the built-in targets.

    Raises
    ------
    ModelError
        If the list of them cannot be read.
    """
    path = models_folder() / "targets.txt"
    try:
        return tuple(path.read_text(encoding="utf-8").split())
    except (OSError, ValueError) as error:  # or it is no UTF-8
        raise ModelError(f"{path} cannot be read: {reason_of(error)}") from error


def models() -> tuple[str, ...]:
    """Return the names of the models, the standard one first.

    A model is a record of an export, or one of a `ModelConfig` with weights beside it:
    other systems keep theirs in the same folder.  What a model has for the names of
    targets is a part of it.
    """
    return models_in(models_folder())


def models_in(folder: Path) -> tuple[str, ...]:
    """Return the same of a folder of models."""
    weights = [p for p in folder.glob("*.json") if p.with_suffix(".npz").is_file()]
    exported = {path.stem for path in exports_in(folder)} - {BEATS}
    names = {path.stem for path in weights if _is_model(path)} | exported
    models = [name for name in names if not name.endswith(FOR_NAMES)]
    return tuple(sorted(models, key=lambda name: (name != STANDARD, name)))


def _is_model(record_path: Path) -> bool:
    try:
        record = json.loads(record_path.read_text())
        from_values(ModelConfig, record["config"], record_path.stem)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return False
    return True


def unknown_model_error(folder: Path, name: str) -> ModelError:
    """Return the error for a model that is not there."""
    known = ", ".join(models_in(folder)) or "none"
    return ModelError(f"unknown model {name!r}; known are {known}, in {folder}")


def tracker_config(folder: Path, values: object) -> TrackerConfig:
    """Return the configuration that a record of the tracker holds, or raise."""
    try:
        if not isinstance(values, dict):
            raise ConfigError("it has no configuration")
        return from_values(TrackerConfig, values, BEATS)
    except (KeyError, TypeError, ConfigError) as error:
        raise ModelError(f"{BEATS!r} in {folder} cannot be used: {error}") from error
