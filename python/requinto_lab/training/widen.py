# SPDX-License-Identifier: GPL-3.0-or-later
"""Give larger networks what smaller ones have learnt, so that they begin as good."""

from __future__ import annotations

from typing import Any

import numpy as np

from requinto.errors import ConfigError
from requinto_lab.grouping import group_pairs

# Layers whose input and output have their channels on the last axis
_WIDENABLE = (
    *("Conv2D", "Conv2DTranspose", "Dense"),
    *("BatchNormalization", "FiLM", "AcrossFrequency"),
)


def widen(small: Any, large: Any) -> None:
    """Make a network compute what a smaller one of the same plan computes.

    What both have comes first in each layer of the large one.  Its further channels
    have no effect at first: the weights from them are 0, and those to them as
    initialised, so that both are learnt.  A layer that the small
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
        larger = _by_kind(large).get(kind, [])
        if len(larger) != len(layers):
            raise ConfigError(
                f"cannot widen: {len(layers)} layers {kind} have to fit into "
                f"{len(larger)}"
            )
        for layer, other in zip(layers, larger, strict=True):
            _widen_layer(layer, other)


def _by_kind(network: Any) -> dict[str, list[Any]]:
    layers = [layer for layer in network.layers if layer.weights]
    return group_pairs((type(layer).__name__, layer) for layer in layers)


def _widen_layer(small: Any, large: Any) -> None:
    if [w.shape for w in small.weights] == [w.shape for w in large.weights]:
        large.set_weights(small.get_weights())
        return
    if type(small).__name__ not in _WIDENABLE:
        raise ConfigError(f"cannot widen: {large.name} must keep its size")
    for old, new in zip(small.weights, large.weights, strict=True):
        if any(a > b for a, b in zip(old.shape, new.shape, strict=True)):
            raise ConfigError(
                f"cannot widen: {large.name} has weights {tuple(new.shape)}, fewer "
                f"than the {tuple(old.shape)} it is to begin with"
            )
        _widen_weight(small, large, old, new)


def _widen_weight(small: Any, large: Any, old: Any, new: Any) -> None:
    """Give a weight of a large layer the values of that of the small one."""
    n_axes = len(old.shape)
    is_transposed = type(small).__name__ == "Conv2DTranspose"
    axis = n_axes - 2 if is_transposed else n_axes - 1  # of outputs
    values = np.moveaxis(np.array(new), axis, -1)
    outputs = _shared(
        _output_sizes(small, old.shape[axis]), _output_sizes(large, new.shape[axis])
    )
    if n_axes == 1:
        values[outputs] = np.array(old)
    else:
        axis_in = n_axes - 1 if is_transposed else n_axes - 2
        inputs = _shared(
            _input_sizes(small, old.shape[axis_in]),
            _input_sizes(large, new.shape[axis_in]),
        )
        values[..., outputs] = 0.0
        values[..., inputs[:, None], outputs] = np.moveaxis(np.array(old), axis, -1)
    new.assign(np.moveaxis(values, -1, axis))


def _output_sizes(layer: Any, n_channels: int) -> list[int]:
    """Return of how many channels each part of a layer's output is."""
    if type(layer).__name__ == "FiLM":  # scales and shifts
        return [n_channels // 2, n_channels // 2]
    return [n_channels]


def _input_sizes(layer: Any, n_channels: int) -> list[int]:
    """Return of how many channels each part of a layer's input is."""
    if type(layer).__name__ == "FiLM":  # the embedding alone
        return [n_channels]
    before = layer.input._keras_history.operation
    if type(before).__name__ == "Concatenate":
        return [part.shape[-1] for part in before.input]
    if type(before).__name__ == "FrequencyPosition":  # views, then the height
        return [n_channels - 1, 1]
    return [n_channels]


def _shared(small: list[int], large: list[int]) -> np.ndarray:
    """Return where, among the channels of the large layer, those of the small are."""
    starts = np.cumsum([0, *large[:-1]])
    pairs = zip(starts, small, strict=True)
    return np.concatenate([start + np.arange(n) for start, n in pairs])
