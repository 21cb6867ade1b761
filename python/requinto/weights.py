# SPDX-License-Identifier: GPL-3.0-or-later
"""Find, verify, load and save a model together with its configuration.

A model is `NAME.json` (configuration, provenance, checksum), `NAME.npz` (the
weights, matrices in half precision) and, shared by all models, the folder
`references/` of sounds and the list `targets.txt`.  Beside a model there can be
another for the names of targets, `NAME-names`: see `pair.py`.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from requinto import backend
from requinto.config import ModelConfig, TrackerConfig
from requinto.errors import ConfigError, ModelError, reason_of
from requinto.exports import exports_in

if TYPE_CHECKING:
    import keras

STANDARD = "standard"
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
    if chosen := os.environ.get("REQUINTO_MODELS"):
        candidates = [Path(chosen).absolute()]  # the current folder may change
    else:
        package = Path(__file__).parent
        installed = [Path(entry) / "requinto" / "models" for entry in sys.path]
        candidates = [package / "models", package.parents[1] / "models", *installed]
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
        ModelConfig.from_dict(json.loads(record_path.read_text())["config"])
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return False
    return True


def load_networks(
    folder: Path, name: str
) -> tuple[ModelConfig, tuple[keras.Model, keras.Model]]:
    """Return a model's configuration and its U-Net and encoder, verified."""
    if name not in {path.stem for path in folder.glob("*.json")}:
        raise unknown(folder, name)
    record, arrays = read_weights(folder, name)
    try:
        config = ModelConfig.from_dict(record["config"])
    except (KeyError, TypeError, ConfigError) as error:
        raise ModelError(f"{folder / name}.json cannot be used: {error}") from error
    networks = build_networks(config)
    for network in networks:
        set_weights(network, arrays)
    return config, networks


def read_weights(folder: Path, name: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the record and the arrays of `NAME.json` and `NAME.npz`, verified.

    Raises
    ------
    ModelError
        If they cannot be read, or the checksum is another.
    """
    record_path, weights_path = folder / f"{name}.json", folder / f"{name}.npz"
    try:
        record = json.loads(record_path.read_text())
        packed = weights_path.read_bytes()
    except (OSError, ValueError) as error:  # or it is no JSON, or no UTF-8
        raise ModelError(f"model {name!r} cannot be read: {error}") from error
    if not isinstance(record, dict):
        raise ModelError(f"{record_path} holds no record of a model")
    if record.get("sha256") != hashlib.sha256(packed).hexdigest():
        raise ModelError(f"{weights_path} is damaged: its checksum is another")
    with np.load(weights_path) as arrays:
        return record, dict(arrays)


def set_weights(network: keras.Model, arrays: dict[str, Any]) -> None:
    """Give a network the arrays that were saved under its name."""
    network.set_weights(
        [
            arrays[f"{network.name}/{i}"].astype(np.float32)
            for i in range(len(network.weights))
        ]
    )


def unknown(folder: Path, name: str) -> ModelError:
    """Return the error for a model that is not there."""
    known = ", ".join(models_in(folder)) or "none"
    return ModelError(f"unknown model {name!r}; known are {known}, in {folder}")


def build_networks(config: ModelConfig) -> tuple[keras.Model, keras.Model]:
    """Return an untrained U-Net and reference encoder."""
    backend.prepare_keras()
    from requinto.reference import build_reference_encoder
    from requinto.unet import build_unet

    return (
        build_unet(config.spectra, config.unet, config.n_views, config.n_shares),
        build_reference_encoder(config.spectra, config.unet),
    )


def save_networks(
    folder: Path,
    name: str,
    config: ModelConfig | TrackerConfig,
    networks: tuple[keras.Model, ...],
    provenance: dict[str, Any],
) -> None:
    """Write a model and the record of how it was made."""
    folder.mkdir(parents=True, exist_ok=True)
    arrays = {
        f"{network.name}/{i}": _packed(weight)
        for network in networks
        for i, weight in enumerate(network.get_weights())
    }
    weights_path = folder / f"{name}.npz"
    np.savez_compressed(weights_path, **arrays)  # type: ignore[arg-type]
    record = {
        "sha256": hashlib.sha256(weights_path.read_bytes()).hexdigest(),
        "n_parameters": sum(network.count_params() for network in networks),
        "config": dataclasses.asdict(config),
        "provenance": provenance,
    }
    (folder / f"{name}.json").write_text(json.dumps(record, indent=2) + "\n")


def _packed(weight: np.ndarray) -> np.ndarray:
    """Halve the precision of matrices; biases and statistics keep theirs."""
    return weight.astype(np.float16) if weight.ndim > 1 else weight
