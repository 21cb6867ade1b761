# SPDX-License-Identifier: GPL-3.0-or-later
"""Give larger networks what smaller ones have learnt, so that they begin as good."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import numpy as np

from requinto.errors import ConfigError

# Where channels are the last axis of what is heard and of what is made
_GROWING = (
    *("Conv2D", "Conv2DTranspose", "Dense"),
    *("BatchNormalization", "FiLM", "AcrossFrequency"),
)


def grow(small: Any, large: Any) -> None:
    """Make a network compute what a smaller one of the same plan computes.

    What both have comes first in each layer of the large one.  Channels that it has
    beside those are heard by nobody at first: the weights from them are 0, and
    those to them as initialised, so that both are learnt.  A layer that the small
    one lacks keeps its weights, and must begin by changing nothing.

    Source: after Chen et al., "Net2Net: Accelerating Learning via Knowledge
    Transfer", ICLR 2016, arXiv:1511.05641, which doubles channels instead.

    Parameters
    ----------
    small, large : keras.Model
        `large` is changed.

    Raises
    ------
    ConfigError
        If a layer of `large` is smaller, or has to keep its size and does not, or
        if the plans differ.
    """
    for kind, layers in _by_kind(small).items():
        larger = _by_kind(large)[kind]
        if len(larger) != len(layers):
            raise ConfigError(
                f"cannot grow: {len(layers)} layers {kind} have to fit into "
                f"{len(larger)}"
            )
        for layer, other in zip(layers, larger, strict=True):
            _grow_layer(layer, other)


def _by_kind(network: Any) -> dict[str, list[Any]]:
    found = defaultdict(list)
    for layer in network.layers:
        if layer.weights:
            found[type(layer).__name__].append(layer)
    return found


def _grow_layer(small: Any, large: Any) -> None:
    if [w.shape for w in small.weights] == [w.shape for w in large.weights]:
        large.set_weights(small.get_weights())
        return
    if type(small).__name__ not in _GROWING:
        raise ConfigError(f"cannot grow: {large.name} must keep its size")
    for old, new in zip(small.weights, large.weights, strict=True):
        if any(a > b for a, b in zip(old.shape, new.shape, strict=True)):
            raise ConfigError(
                f"cannot grow: {large.name} has weights {tuple(new.shape)}, fewer "
                f"than the {tuple(old.shape)} it is to begin with"
            )
        if len(old.shape) == 1:
            to, from_ = 0, None
        elif type(small).__name__ == "Conv2DTranspose":
            to, from_ = len(old.shape) - 2, len(old.shape) - 1
        else:
            to, from_ = len(old.shape) - 1, len(old.shape) - 2
        values = np.moveaxis(np.array(new), to, -1)
        known = _known(_made(small, old.shape[to]), _made(large, new.shape[to]))
        if from_ is None:
            values[known] = np.array(old)
        else:
            heard = _known(_heard(small, old, from_), _heard(large, new, from_))
            values[..., known] = 0.0
            values[..., heard[:, None], known] = np.moveaxis(np.array(old), to, -1)
        new.assign(np.moveaxis(values, -1, to))


def _made(layer: Any, n_channels: int) -> list[int]:
    """Return of how many channels each part of a layer's output is."""
    if type(layer).__name__ == "FiLM":  # scales and shifts
        return [n_channels // 2, n_channels // 2]
    return [n_channels]


def _heard(layer: Any, weight: Any, axis: int) -> list[int]:
    """Return of how many channels each part of a layer's input is."""
    if type(layer).__name__ == "FiLM":  # the embedding alone
        return [weight.shape[axis]]
    before = layer.input._keras_history.operation
    if type(before).__name__ == "Concatenate":
        return [part.shape[-1] for part in before.input]
    if type(before).__name__ == "FrequencyPosition":  # views, then the height
        return [weight.shape[axis] - 1, 1]
    return [weight.shape[axis]]


def _known(small: list[int], large: list[int]) -> np.ndarray:
    """Return where, among the channels of the large layer, those of the small are."""
    starts = np.cumsum([0, *large[:-1]])
    pairs = zip(starts, small, strict=True)
    return np.concatenate([start + np.arange(n) for start, n in pairs])
