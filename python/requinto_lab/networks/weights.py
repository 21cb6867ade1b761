# SPDX-License-Identifier: GPL-3.0-or-later
"""Load, verify and save trained networks together with their configuration.

A model is `NAME.json` (configuration, provenance, checksum) and `NAME.npz` (the
weights, matrices in half precision).
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from requinto.config import ModelConfig, from_values
from requinto.errors import ConfigError, ModelError
from requinto.model_folder import unknown_model_error
from requinto_lab.networks import backend

if TYPE_CHECKING:
    import keras

C = TypeVar("C")


def load_networks(
    folder: Path, name: str
) -> tuple[ModelConfig, tuple[keras.Model, keras.Model]]:
    """Return a model's configuration and its U-Net and encoder, verified."""
    if name not in {path.stem for path in folder.glob("*.json")}:
        raise unknown_model_error(folder, name)
    record, arrays = read_weights(folder, name)
    try:
        config = from_values(ModelConfig, record["config"], name)
    except (KeyError, TypeError, ConfigError) as error:
        raise ModelError(f"{folder / name}.json cannot be used: {error}") from error
    networks = build_networks(config)
    for network in networks:
        set_weights(network, arrays)
    return config, networks


def load_network(
    folder: Path, name: str, kind: type[C], build: Callable[[C], keras.Model]
) -> tuple[C, keras.Model]:
    """Return the configuration and the network of an earlier system, verified.

    Parameters
    ----------
    folder : Path
    name : str
    kind : type
        The configuration's dataclass.
    build : callable
        Returns the untrained network of a configuration.

    Raises
    ------
    ModelError
        If they are missing, or are not as they were when saved.
    """
    for path in (folder / f"{name}.json", folder / f"{name}.npz"):
        if not path.exists():
            raise ModelError(
                f"model {name!r} is not there, {path} is missing; `requinto train` "
                "makes it, as CONTRIBUTING.md tells"
            )
    record, arrays = read_weights(folder, name)
    try:
        config: C = from_values(kind, record["config"], name)
    except (KeyError, TypeError, ConfigError) as error:
        raise ModelError(f"model {name!r} cannot be used: {error}") from error
    network = build(config)
    set_weights(network, arrays)
    return config, network


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
    """Give a network the arrays that were saved under its name.

    Earlier systems were released when files held one network, without its name.
    """
    prefix = "" if "0" in arrays else f"{network.name}/"
    network.set_weights(
        [arrays[f"{prefix}{i}"].astype(np.float32) for i in range(len(network.weights))]
    )


def build_networks(config: ModelConfig) -> tuple[keras.Model, keras.Model]:
    """Return an untrained U-Net and reference encoder."""
    backend.prepare_keras()
    from requinto_lab.networks.reference_encoder import build_reference_encoder
    from requinto_lab.networks.unet import build_unet

    return (
        build_unet(config.spectra, config.unet, config.n_views, config.n_shares),
        build_reference_encoder(config.spectra, config.unet),
    )


def save_networks(
    folder: Path,
    name: str,
    config: Any,
    networks: tuple[keras.Model, ...],
    provenance: dict[str, Any],
) -> None:
    """Write a model and the record of how it was made.

    Parameters
    ----------
    folder : Path
    name : str
    config : dataclass
        What the networks are built of.
    networks : tuple of keras.Model
    provenance : dict
        How it was made, for the record.
    """
    folder.mkdir(parents=True, exist_ok=True)
    arrays = {
        f"{network.name}/{i}": _pack(weight)
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


def _pack(weight: np.ndarray) -> np.ndarray:
    """Halve the precision of matrices; biases and statistics keep theirs."""
    return weight.astype(np.float16) if weight.ndim > 1 else weight
