# SPDX-License-Identifier: GPL-3.0-or-later
"""Run networks in Keras, as they are trained."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from requinto import backend

if TYPE_CHECKING:
    import keras


class KerasNetwork:
    """A Keras model as a `Network`.

    Parameters
    ----------
    model : keras.Model
        With inputs that are known by name.
    """

    def __init__(self, model: keras.Model) -> None:
        self.model = model
        self._lock = threading.Lock()  # Keras does not promise to be re-entrant

    @property
    def n_parameters(self) -> int:
        """Trained numbers."""
        return int(self.model.count_params())

    def predict(self, inputs: Mapping[str, np.ndarray]) -> np.ndarray:
        """Return the output for a batch, as `Network.predict` does."""
        batch = dict(inputs) if len(inputs) > 1 else next(iter(inputs.values()))
        with self._lock:
            return backend.predict(self.model, batch)
