# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the time of our path goes: functions of it, timed from outside.

Functions are named, not imported, and replaced for a while by ones with a clock.  A
name that leads nowhere is reported, so that a renamed function costs its stage and
nothing else.
"""

from __future__ import annotations

import functools
import importlib
import inspect
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from requinto.config import read_toml

Observer = Callable[[Mapping[str, Any], Any], None]  # of arguments and result

NETWORK, BEAT_NETWORK = "network", "beat network"
MATCHING = "template matching"
_FUNCTIONS = read_toml(Path(__file__).with_name("stages.toml"))
LOADING: dict[str, list[str]] = _FUNCTIONS["loading"]
STAGES: dict[str, list[str]] = _FUNCTIONS["running"]


class _Function(NamedTuple):
    """A function, and everything that it is called through."""

    original: Callable[..., Any]
    holders: list[tuple[Any, str]]  # modules or a class, and its name there


class StageTimer:
    """Time functions while it is entered.

    Parameters
    ----------
    stages : mapping of str to sequence of str
        Functions of each stage, as in `STAGES`.
    observers : mapping of str to callable, optional
        By function, called with the arguments by name and the result of each call.

    Attributes
    ----------
    seconds : dict of str to float
        Of each stage, without what other stages took inside it; over all threads.
    missing : list of str
        Functions that are not there.
    unobserved : set of str
        Functions whose observers failed.
    """

    def __init__(
        self,
        stages: Mapping[str, Sequence[str]],
        observers: Mapping[str, Observer] | None = None,
    ) -> None:
        self.seconds = dict.fromkeys(stages, 0.0)
        self.missing: list[str] = []
        self.unobserved: set[str] = set()
        self._stages = stages
        self._observers = observers or {}
        self._threads = threading.local()  # of each, seconds inside the calls it is in
        self._replaced: list[_Function] = []

    def __enter__(self) -> StageTimer:
        for stage, paths in self._stages.items():
            for path in paths:
                function = _function(path)
                if function is None:
                    self.missing.append(path)
                    continue
                timed = self._add_clock(function.original, stage, path)
                self._replaced.append(function)
                for holder, name in function.holders:
                    setattr(holder, name, timed)
        return self

    def __exit__(self, *exception: object) -> None:
        for function in reversed(self._replaced):
            for holder, name in function.holders:
                setattr(holder, name, function.original)
        self._replaced.clear()

    def _add_clock(
        self, original: Callable[..., Any], stage: str, path: str
    ) -> Callable[..., Any]:
        observer = self._observers.get(path)

        @functools.wraps(original)
        def call(*args: Any, **kwargs: Any) -> Any:
            inner = self._threads.__dict__.setdefault("inner", [])
            inner.append(0.0)
            start = time.perf_counter()
            try:
                result = original(*args, **kwargs)
            finally:
                taken = time.perf_counter() - start
                self.seconds[stage] += taken - inner.pop()
                if inner:
                    inner[-1] += taken
            if observer:
                self._observe(observer, path, original, args, kwargs, result)
            return result

        return call

    def _observe(
        self,
        observer: Observer,
        path: str,
        original: Callable[..., Any],
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
        result: Any,
    ) -> None:
        try:
            bound = inspect.signature(original).bind(*args, **kwargs)
            bound.apply_defaults()
            observer(bound.arguments, result)
        except Exception:  # a parameter or a result is another now
            self.unobserved.add(path)


def _function(path: str) -> _Function | None:
    """Return the function at `path`, or None where there is none."""
    module_name, _, names = path.partition(":")
    *classes, name = names.split(".")
    try:
        module = importlib.import_module(module_name)
        owner = functools.reduce(getattr, classes, module)
        original = getattr(owner, name)
    except (ImportError, AttributeError):
        return None
    if classes:
        return _Function(original, [(owner, name)])
    return _Function(original, [(module, name), *_importers(original, module)])


def _importers(original: Callable[..., Any], module: Any) -> list[tuple[Any, str]]:
    """Return which other modules of ours hold a function, and its name there."""
    return [
        (other, name)
        for key, other in list(sys.modules.items())
        if key.startswith("requinto") and other is not module
        for name, value in list(vars(other).items())
        if value is original
    ]
