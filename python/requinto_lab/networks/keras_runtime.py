# SPDX-License-Identifier: GPL-3.0-or-later
"""Load trained networks and run them in Keras: the runtime "tensorflow"."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from requinto.config import ModelConfig, TrackerConfig
from requinto.model_folder import tracker_config
from requinto_lab.networks import backend
from requinto_lab.networks.weights import load_networks, read_weights, set_weights

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


def load_separator(
    folder: Path, name: str
) -> tuple[ModelConfig, KerasNetwork, KerasNetwork]:
    """Return a model's configuration, U-Net and reference encoder.

    Raises
    ------
    ModelError
        If it cannot be read, is damaged, or Keras cannot be imported.
    """
    backend.prepare_inference()
    with backend.our_defaults():
        config, (unet, encoder) = load_networks(folder, name)
    return config, KerasNetwork(unet), KerasNetwork(encoder)


def load_tracker(folder: Path, name: str) -> tuple[TrackerConfig, KerasNetwork]:
    """Return the beat tracker's configuration and network; errors as above."""
    record, arrays = read_weights(folder, name)
    config = tracker_config(folder, record.get("config"))
    backend.prepare_inference()
    from requinto_lab.networks.beat_network import build_beat_network

    with backend.our_defaults():
        network = build_beat_network(config.rhythm, config.network)
        set_weights(network, arrays)
    return config, KerasNetwork(network)
