# SPDX-License-Identifier: GPL-3.0-or-later
"""Read models as they are installed: LiteRT files, and a record that verifies them.

An export lies in the folder `litert/` of the models: `NAME.json`, a record of the
configuration, of what it was made from and of the checksum of each file; for each
network `NAME-NETWORK.tflite`; and `NAME-queries.npz`, what the model keeps of the
built-in targets' references.  `requinto export` writes them.
"""

from __future__ import annotations

import functools
import hashlib
import io
import json
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from requinto.errors import ModelError
from requinto.litert import LiteRTNetwork

FOLDER = "litert"  # of the models' folder
QUERIES = "queries"


@dataclass(frozen=True)
class Export:
    """An exported model, verified.

    Parameters
    ----------
    config : dict
        The configuration, as it was saved beside the weights.
    networks : dict of str to LiteRTNetwork
        By the names of the Keras models.
    arrays : dict of str to np.ndarray
        What was computed ahead of time.
    """

    config: dict[str, Any]
    networks: dict[str, LiteRTNetwork]
    arrays: dict[str, np.ndarray]


def record_path(folder: Path, name: str) -> Path:
    """Return where the record of a model's export lies, in a folder of models."""
    return folder / FOLDER / f"{name}.json"


def exports_in(folder: Path) -> list[Path]:
    """Return the records of all exports in a folder of models."""
    return sorted((folder / FOLDER).glob("*.json"))


def is_current(folder: Path, name: str) -> bool:
    """Return whether an export is there, of the weights that lie there, if any do."""
    try:
        source = json.loads((folder / f"{name}.json").read_text())
    except OSError:
        return record_path(folder, name).exists()
    except ValueError:
        return False
    try:
        exported = json.loads(record_path(folder, name).read_text())
    except (OSError, ValueError):
        return False
    if not isinstance(exported, dict) or not isinstance(source, dict):
        return False
    return bool(exported.get("source_sha256") == source.get("sha256"))


def read_export(folder: Path, name: str) -> Export:
    """Return an exported model.

    Raises
    ------
    ModelError
        If a file is missing or damaged, or LiteRT cannot be imported.
    """
    record = read_record(folder, name)
    try:
        networks = {
            network: _network(folder, f"{name}-{network}.tflite", values)
            for network, values in record["networks"].items()
        }
    except (KeyError, TypeError, AttributeError) as error:
        path = record_path(folder, name)
        raise ModelError(f"{path} cannot be used: {error}") from error
    arrays: dict[str, np.ndarray] = {}
    if digest := record.get("queries_sha256"):
        file = f"{name}-{QUERIES}.npz"
        packed = _read(folder, file, digest)
        try:
            with np.load(io.BytesIO(packed)) as saved:
                arrays = dict(saved)
        except (ValueError, TypeError, EOFError, zipfile.BadZipFile) as error:
            path = folder / FOLDER / file
            raise ModelError(f"{path} cannot be used: {error}") from error
    return Export(record["config"], networks, arrays)


def read_record(folder: Path, name: str) -> Mapping[str, Any]:
    """Return the record of an export, or raise `ModelError`."""
    path = record_path(folder, name)
    try:
        record = json.loads(path.read_text())
        missing = {"config", "networks", "source_sha256"} - set(record)
    except (OSError, ValueError, TypeError, RecursionError) as error:
        raise ModelError(f"{path} cannot be read: {error}") from error
    if missing:
        raise ModelError(f"{path} cannot be used: it lacks {sorted(missing)}")
    return dict(record)


def _network(folder: Path, file: str, values: Mapping[str, Any]) -> LiteRTNetwork:
    read = functools.partial(_read, folder, file, values["sha256"])
    read()  # to verify it; what it holds is kept once it is needed
    return LiteRTNetwork(
        folder / FOLDER / file,
        read,
        sizes=values["sizes"],
        n_parameters=values["n_parameters"],
    )


def _read(folder: Path, file: str, digest: str) -> bytes:
    path = folder / FOLDER / file
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ModelError(f"{path} cannot be read: {error}") from error
    if hashlib.sha256(content).hexdigest() != digest:
        raise ModelError(f"{path} is damaged: its checksum is another")
    return content
