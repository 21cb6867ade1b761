# SPDX-License-Identifier: GPL-3.0-or-later
"""Run exported networks on LiteRT, TensorFlow's runtime for devices."""

from __future__ import annotations

import collections
import contextlib
import functools
import importlib
import os
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from requinto import threads
from requinto.errors import ModelError
from requinto_files.quiet import LITERT, filter_stderr

_N_KEPT = 2  # graphs that stay allocated: about 25 MB each, and 10 ms to begin

_ANY = "any"  # number of columns: the graph for those that have none of their own

_forked: list[Any] = []  # graphs of a parent process: their threads are not here


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
        self._n_threads = threads.count()
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
            name = graph_name(_n_columns(inputs))
            name = name if name in self._names else _ANY
            with self._naming():
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
            graph = self._interpreter().get_signature_runner(name)
        self._graphs[name] = graph
        return graph

    def _interpreter(self) -> Any:
        if self._content is None:
            self._content = self._read()
        return _import_litert().Interpreter(
            model_content=self._content, num_threads=self._n_threads
        )

    @contextlib.contextmanager
    def _naming(self) -> Iterator[None]:
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


def _n_columns(inputs: Mapping[str, np.ndarray]) -> int:
    """Return the columns of the input that has any: the others are vectors."""
    return next(value.shape[1] for value in inputs.values() if value.ndim > 2)


class _Start:
    """What LiteRT has said in this process."""

    is_told = False  # that it has fast kernels: it says so once, with the first graph


@contextlib.contextmanager
def _quiet_start() -> Iterator[None]:
    if _Start.is_told:
        yield
        return
    with filter_stderr(LITERT):
        yield
    _Start.is_told = True


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
