# SPDX-License-Identifier: GPL-3.0-or-later
"""Count the multiply-adds of networks and of NMF, and time a core's peak.

What is counted is products of matrices: convolutions, dense and recurrent layers and
attention.  All else of a network grows with its feature maps alone, and is left out.
"""

from __future__ import annotations

import contextlib
import functools
import math
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, NamedTuple
from unittest import mock

import numpy as np

if TYPE_CHECKING:
    import keras

_KERNEL = "kernel"  # how the names of matrices end


class Count(NamedTuple):
    """Multiply-adds of one call of a network."""

    total: int
    by_layer: dict[str, int]  # by the layer's class
    uncounted: tuple[str, ...]  # matrices that no rule knows


def multiply_adds(network: keras.Model, inputs: Any) -> Count:
    """Count the multiply-adds of a call of a network, layers inside layers too.

    Parameters
    ----------
    network : keras.Model
        Of layers whose channels are last.
    inputs : np.ndarray, or dict of them
        A batch as the network takes it.  The network runs once, layer by layer.
    """
    totals: dict[str, int] = {}
    counted: set[int] = set()

    def note(layer: Any, first: Any, output: Any) -> None:
        name = type(layer).__name__
        totals[name] = totals.get(name, 0) + _rules()[type(layer)](layer, first, output)
        counted.update(id(weight) for weight in layer.weights)

    with _noting_calls(note):
        network(inputs, training=False)
    uncounted = [
        weight.path
        for weight in network.weights
        if weight.name.endswith(_KERNEL) and id(weight) not in counted
    ]
    return Count(sum(totals.values()), totals, tuple(uncounted))


@contextlib.contextmanager
def _noting_calls(note: Callable[[Any, Any, Any], None]) -> Iterator[None]:
    """Have each call of a layer that has a rule noted: layer, first input, output."""
    with contextlib.ExitStack() as stack:
        for kind in _rules():
            original = kind.call

            def call(
                layer: Any, first: Any, *args: Any, _call: Any = original, **kwargs: Any
            ) -> Any:
                output = _call(layer, first, *args, **kwargs)
                note(layer, first, output)
                return output

            noting = functools.wraps(original)(call)
            stack.enter_context(mock.patch.object(kind, "call", noting))
        yield


@functools.cache
def _rules() -> dict[Any, Callable[[Any, Any, Any], int]]:
    """Return how to count each layer from itself, its first input and its output."""
    from keras import layers

    return {
        layers.Dense: lambda layer, _, output: _size(output) * layer.kernel.shape[0],
        layers.EinsumDense: _einsum,
        layers.Conv1D: _convolution,
        layers.Conv2D: _convolution,
        layers.Conv1DTranspose: _transposed_convolution,
        layers.Conv2DTranspose: _transposed_convolution,
        layers.GRU: _recurrence,
        layers.LSTM: _recurrence,
        layers.MultiHeadAttention: _attention,
    }


def _size(tensor: Any) -> int:
    return math.prod(tensor.shape)


def _einsum(layer: Any, first: Any, output: Any) -> int:
    """Multiply the sizes of all axes that the equation names."""
    del output
    operands, _, _ = layer.equation.partition("->")
    sizes: dict[str, int] = {}
    shapes = (first.shape, layer.kernel.shape)
    for axes, shape in zip(operands.split(","), shapes, strict=True):
        names = axes.replace("...", "")
        n_free = len(shape) - len(names) if "..." in axes else 0
        sizes |= {f"free {i}": size for i, size in enumerate(shape[:n_free])}
        sizes |= dict(zip(names, shape[n_free:], strict=True))
    return math.prod(sizes.values())


def _convolution(layer: Any, first: Any, output: Any) -> int:
    del first
    return _size(output) * math.prod(layer.kernel.shape[:-1])


def _transposed_convolution(layer: Any, first: Any, output: Any) -> int:
    del output
    return _size(first) * math.prod(layer.kernel.shape[:-1])


def _recurrence(layer: Any, first: Any, output: Any) -> int:
    del output
    n_steps = first.shape[0] * first.shape[1]
    return n_steps * (_size(layer.cell.kernel) + _size(layer.cell.recurrent_kernel))


def _attention(layer: Any, query: Any, output: Any) -> int:
    """Count the comparisons of a sequence with itself, and their sums.

    The projections are layers of their own.
    """
    del output
    batch, n_positions = query.shape[0], query.shape[1]
    depth = layer.key_dim + (layer.value_dim or layer.key_dim)
    return int(batch * layer.num_heads * n_positions**2 * depth)


def nmf_multiply_adds(
    n_bands: int, n_columns: int, n_spectra: int, n_iterations: int, n_fixed: int
) -> int:
    """Return the multiply-adds of the products in `nmf.factorise`.

    An iteration multiplies spectra and gains, and what they miss with the spectra; then
    the same for the spectra that are free.  What fixed spectra give is known until
    their gains change.
    """
    product = n_bands * n_columns
    n_free = n_spectra - n_fixed
    return product * (n_fixed * (1 + 2 * n_iterations) + n_free * 4 * n_iterations)


def core_peak(n_rows: int = 512, duration_s: float = 0.5) -> float:
    """Return multiply-adds a second of the fastest of many float32 matrix products.

    They use as many threads as NumPy's library of linear algebra is set to.  Each takes
    a few milliseconds, so that some are not interrupted on a busy machine.
    """
    rng = np.random.default_rng(0)
    left, right = rng.standard_normal((2, n_rows, n_rows), np.float32)
    product = left @ right
    fastest_s, end = math.inf, time.perf_counter() + duration_s
    while (start := time.perf_counter()) < end:
        np.matmul(left, right, out=product)
        fastest_s = min(fastest_s, time.perf_counter() - start)
    return n_rows**3 / fastest_s
