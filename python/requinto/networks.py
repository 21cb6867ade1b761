# SPDX-License-Identifier: GPL-3.0-or-later
"""What a network is to the rest of the code, whichever library runs it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Protocol

import numpy as np

from requinto.errors import ConfigError

LITERT, TENSORFLOW = "litert", "tensorflow"
RUNTIMES = (LITERT, TENSORFLOW)
RUNTIME_VARIABLE = "REQUINTO_RUNTIME"


class Network(Protocol):
    """A trained network, ready to answer."""

    @property
    def n_parameters(self) -> int:
        """Trained numbers."""

    def predict(self, inputs: Mapping[str, np.ndarray]) -> np.ndarray:
        """Return the output for a batch.

        Parameters
        ----------
        inputs : mapping of str to np.ndarray, shape=(batch, ...)
            Each input by its name, float32.

        Returns
        -------
        np.ndarray, shape=(batch, ...), float32
        """


def choose_runtime(runtime: str | None) -> str | None:
    """Return the runtime that a caller, or else `REQUINTO_RUNTIME`, names.

    Returns
    -------
    str or None
        One of `RUNTIMES`; None where neither names one: LiteRT, or TensorFlow for
        a model that is not exported.

    Raises
    ------
    ConfigError
        If there is no such runtime.
    """
    if runtime is not None:
        return _check(runtime, "runtime")
    given = os.environ.get(RUNTIME_VARIABLE, "")
    return _check(given, RUNTIME_VARIABLE) if given else None


def _check(runtime: str, origin: str) -> str:
    if not isinstance(runtime, str) or runtime not in RUNTIMES:
        raise ConfigError(
            f"{origin} must be {' or '.join(RUNTIMES)}, got {str(runtime)[:40]!r}"
        )
    return runtime
