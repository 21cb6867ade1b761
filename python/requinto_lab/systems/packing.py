# SPDX-License-Identifier: GPL-3.0-or-later
"""Weights of an earlier system and the record of how they were made, as two files.

A record holds the configuration, the number of parameters, what the training was,
and the checksum of the weights.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from requinto.config import from_values
from requinto.errors import ModelError

if TYPE_CHECKING:
    import keras

C = TypeVar("C")


def save(
    folder: Path,
    name: str,
    config: Any,
    network: keras.Model,
    provenance: dict[str, Any],
) -> None:
    """Write `NAME.npz`, matrices in half precision, and its record `NAME.json`.

    Parameters
    ----------
    folder : Path
    name : str
    config : dataclass
        What `load` builds the network of.
    network : keras.Model
    provenance : dict
        How it was made, for the record.
    """
    arrays = {
        str(i): weight.astype(np.float16) if weight.ndim > 1 else weight
        for i, weight in enumerate(network.get_weights())
    }
    weights_path = folder / f"{name}.npz"
    np.savez_compressed(weights_path, **arrays)
    record = {
        "sha256": hashlib.sha256(weights_path.read_bytes()).hexdigest(),
        "n_parameters": int(network.count_params()),
        "config": dataclasses.asdict(config),
        "provenance": provenance,
    }
    (folder / f"{name}.json").write_text(json.dumps(record, indent=2) + "\n")


def load(
    folder: Path, name: str, kind: type[C], build: Callable[[C], keras.Model]
) -> tuple[C, keras.Model]:
    """Return the configuration and network that `save` wrote, verified.

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
    record_path, weights_path = folder / f"{name}.json", folder / f"{name}.npz"
    try:
        record = json.loads(record_path.read_text())
        packed = weights_path.read_bytes()
        config = from_values(kind, record["config"], name)
    except FileNotFoundError as error:
        raise ModelError(
            f"model {name!r} is not there, {error.filename} is missing; `requinto "
            "train` makes it, as CONTRIBUTING.md tells"
        ) from error
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ModelError(f"model {name!r} cannot be used: {error}") from error
    if record.get("sha256") != hashlib.sha256(packed).hexdigest():
        raise ModelError(f"{weights_path} is damaged: its checksum is another")

    network = build(config)
    with np.load(weights_path) as arrays:
        n_weights = len(network.weights)
        network.set_weights(
            [arrays[str(i)].astype(np.float32) for i in range(n_weights)]
        )
    return config, network
