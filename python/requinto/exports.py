# SPDX-License-Identifier: GPL-3.0-or-later
"""Exported models: LiteRT files that run, and a record that verifies them.

An export lies in the folder `litert/` of the models: `NAME.json`, a record of the
configuration, of what it was made from and of the checksum of each file; for each
network `NAME-NETWORK.tflite`; and `NAME-queries.npz`, what the model keeps of the
built-in targets' references.  `requinto export` writes them.
"""

from __future__ import annotations

import collections
import contextlib
import functools
import hashlib
import importlib
import io
import json
import os
import threading
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from requinto.errors import ModelError
from requinto.process import count_threads
from requinto_files.quiet import LITERT, filter_stderr

FOLDER = "litert"  # of the models' folder
QUERIES = "queries"
_N_KEPT = 2  # graphs that stay allocated: about 25 MB each, and 10 ms to begin
_ANY = "any"  # number of columns: the graph for those that have none of their own

_forked: list[Any] = []  # graphs of a parent process: their threads are not here
_has_started = threading.Event()  # LiteRT: it prints a line with the first graph


def graph_name(n_columns: int | None) -> str:
    """Return the name of the graph for inputs of so many columns, or of any number."""
    return _ANY if n_columns is None else f"columns_{n_columns}"


class LiteRTNetwork:
    """An exported network.

    A file holds the network as several graphs that share their weights, one for any
    number of columns and others for the numbers that clips have: LiteRT is five times
    faster where it knows all shapes ahead.

    Parameters
    ----------
    path : Path
        A LiteRT file, for batches of one.
    read : callable
        Returns what the file holds, verified; called when that is first needed. It is
        kept: where LiteRT maps a file, one that is changed in place ends the process.
    sizes : sequence of int
        Numbers of columns that it has a graph for, beside the one for any.
    n_parameters : int
        Trained numbers.

    Raises
    ------
    ModelError
        If LiteRT cannot be imported.
    ConfigError
        If `REQUINTO_THREADS` is not a number of threads.
    """

    def __init__(
        self,
        path: Path,
        read: Callable[[], bytes],
        *,
        sizes: Sequence[int],
        n_parameters: int,
    ) -> None:
        _import_litert()
        self.n_parameters = n_parameters
        self._path = path
        self._read = read
        self._content: bytes | None = None
        self._names = frozenset(map(graph_name, sizes))
        self._n_threads = count_threads()
        self._graphs: collections.OrderedDict[str, Any] = collections.OrderedDict()
        self._process = os.getpid()
        self._lock = threading.Lock()

    def predict(self, inputs: Mapping[str, np.ndarray]) -> np.ndarray:
        """Return the output for a batch, as `Network.predict` does.

        Raises
        ------
        ModelError
            If LiteRT cannot use the file.
        """
        self._leave_parent()
        with self._lock:
            # Inputs without columns are vectors
            n_columns = next(v.shape[1] for v in inputs.values() if v.ndim > 2)
            name = graph_name(n_columns)
            name = name if name in self._names else _ANY
            with self._name_in_errors():
                graph = self._graph(name)
                with _quiet_start():
                    rows = [
                        graph(
                            **{key: value[i : i + 1] for key, value in inputs.items()}
                        )
                        for i in range(len(next(iter(inputs.values()))))
                    ]
        return np.concatenate([row["output"] for row in rows])

    def _graph(self, name: str) -> Any:
        graph = self._graphs.pop(name, None)
        if graph is None:
            while len(self._graphs) >= _N_KEPT:
                self._graphs.popitem(last=False)
            if self._content is None:
                self._content = self._read()
            interpreter = _import_litert().Interpreter(
                model_content=self._content, num_threads=self._n_threads
            )
            graph = interpreter.get_signature_runner(name)
        self._graphs[name] = graph
        return graph

    @contextlib.contextmanager
    def _name_in_errors(self) -> Iterator[None]:
        try:
            yield
        except ModelError:
            raise
        except (ValueError, RuntimeError) as error:
            raise ModelError(f"LiteRT cannot use {self._path}: {error}") from error

    def _leave_parent(self) -> None:
        """After a fork begin anew: a thread of the parent may hold our lock."""
        if self._process != os.getpid():
            _forked.append(self._graphs)  # freeing them would wait for threads
            self._graphs = collections.OrderedDict()
            self._lock = threading.Lock()
            self._process = os.getpid()


@contextlib.contextmanager
def _quiet_start() -> Iterator[None]:
    if _has_started.is_set():
        yield
        return
    with filter_stderr(LITERT):
        yield
    _has_started.set()


def is_available() -> bool:
    """Return whether LiteRT can be imported."""
    try:
        _import_litert()
    except ModelError:
        return False
    return True


@functools.cache
def _import_litert() -> Any:
    try:
        return importlib.import_module("ai_edge_litert.interpreter")
    except ImportError as error:
        raise ModelError(
            f"LiteRT cannot be imported ({error}): install ai-edge-litert, or "
            "requinto[train] and set REQUINTO_RUNTIME=tensorflow"
        ) from error


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
    digest : str
        Checksum of the record, which holds those of all files.
    """

    config: dict[str, Any]
    networks: dict[str, LiteRTNetwork]
    arrays: dict[str, np.ndarray]
    digest: str


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
    exact = json.dumps(record, sort_keys=True).encode()
    return Export(record["config"], networks, arrays, hashlib.sha256(exact).hexdigest())


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
