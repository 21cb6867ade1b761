# SPDX-License-Identifier: GPL-3.0-or-later
"""Compute as NumPy does by itself, whatever the caller has set."""

from __future__ import annotations

import functools
from collections.abc import Callable, Generator, Iterator
from typing import ParamSpec, TypeVar

import numpy as np

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")


def plain_arithmetic(
    function: Callable[Arguments, Result],
) -> Callable[Arguments, Result]:
    """Return a function in which overflow, underflow and the like raise nothing.

    A program that debugs its own code may have called `np.seterr(all="raise")`, which
    holds for this package too; after the call it holds as before.
    """

    # np.errstate as a decorator serves one thread at a time before NumPy 2
    @functools.wraps(function)
    def call(*arguments: Arguments.args, **options: Arguments.kwargs) -> Result:
        with np.errstate(all="ignore"):
            return function(*arguments, **options)

    return call


def plain_iterations(
    function: Callable[Arguments, Iterator[Result]],
) -> Callable[Arguments, Iterator[Result]]:
    """Return the same of a function that gives an iterator, for each of its steps.

    Between the steps, in the caller's code, what the caller has set is in force.
    """

    @functools.wraps(function)
    def call(
        *arguments: Arguments.args, **options: Arguments.kwargs
    ) -> Iterator[Result]:
        with np.errstate(all="ignore"):
            results = function(*arguments, **options)
        return _plain_steps(results)

    return call


def _plain_steps(results: Iterator[Result]) -> Iterator[Result]:
    try:
        while True:
            with np.errstate(all="ignore"):
                try:
                    result = next(results)
                except StopIteration:
                    return
            yield result
    finally:
        if isinstance(results, Generator):
            with np.errstate(all="ignore"):
                results.close()
