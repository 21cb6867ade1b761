# SPDX-License-Identifier: GPL-3.0-or-later
"""What is measured: our models in several ways, and other systems, by name."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import NamedTuple

from requinto.errors import ConfigError
from requinto_lab.benchmark.workload import Options, Workload

RUNTIMES = ("litert", "tensorflow")
PEER_INSTALL = "pip install 'requinto[bench]'"
# How a model is run: its name with this behind it, and what that means
WAYS = {
    "": "by name, beats tracked",
    ":grid": "by name, beats given",
    ":reference": "by reference, beats tracked",
    ":file": "`requinto extract`, from file to file",
    ":live": "by name, as the plugin runs it",
}
_SELDOM = (":live", "umxl")  # measured when they are named only
_NOT_QUICK = (":reference", ":file", *_SELDOM, "htdemucs")


class System(NamedTuple):
    """A system, before anything of it is imported."""

    name: str
    what: str  # it is, in a few words
    modules: tuple[str, ...]  # imported before it is loaded
    load: Callable[[Options], Workload]
    is_ours: bool
    install: str  # the command that brings the modules


def names(models: Sequence[str]) -> tuple[str, ...]:
    """Return the names of all systems, given those of our models."""
    ours = [model + way for model in models for way in WAYS]
    return ("beats", *ours, *_PEERS)


def default_names(models: Sequence[str], *, quick: bool = False) -> tuple[str, ...]:
    """Return the names of the systems that are measured where none is named."""
    left_out = _NOT_QUICK if quick else _SELDOM
    return tuple(name for name in names(models) if not name.endswith(left_out))


def check_names(given: Sequence[str], models: Sequence[str]) -> tuple[str, ...]:
    """Return names without repetition; raise `ConfigError` if one is unknown."""
    known = names(models)
    for name in given:
        if name not in known:
            raise ConfigError(f"unknown system {name!r}; known are {', '.join(known)}")
    return tuple(dict.fromkeys(given))


def check_runtime(runtime: str | None) -> str | None:
    """Return the runtime, or raise `ConfigError` if there is none of that name."""
    if runtime is not None and runtime not in RUNTIMES:
        raise ConfigError(
            f"--runtime must be one of {', '.join(RUNTIMES)}, got {runtime!r}"
        )
    return runtime


def system(name: str) -> System:
    """Return the system of that name, one of `names`."""
    if name in _PEERS:
        what, modules, install = _PEERS[name]
        load = functools.partial(_load_peer, name)
        return System(name, what, modules, load, False, install)
    model, _, way = name.partition(":")
    what = "beats and downbeats alone" if name == "beats" else WAYS[name[len(model) :]]
    modules = ("requinto", *(_COMMAND if way == "file" else ()))
    load = functools.partial(_load_ours, model, way)
    return System(name, what, modules, load, True, "")


_COMMAND = ("requinto_command", "requinto_command.cli")
_PEERS = {
    "spleeter": (
        "2 stems",
        ("tensorflow", "keras", "requinto_lab.systems.spleeter"),
        "pip install 'requinto[train]'",
    ),
    "umxhq": ("Open-Unmix, 4 stems", ("torch", "openunmix"), PEER_INSTALL),
    "umxl": ("Open-Unmix, large, 4 stems", ("torch", "openunmix"), PEER_INSTALL),
    "htdemucs": (
        "Hybrid Transformer Demucs, 4 stems",
        ("torch", "demucs.htdemucs", "demucs.apply"),
        PEER_INSTALL,
    ),
}


def _load_peer(name: str, options: Options) -> Workload:
    from requinto_lab.benchmark import peers  # only now: memory is measured

    del options
    return peers.LOADERS[name]()


def _load_ours(model: str, way: str, options: Options) -> Workload:
    from requinto_lab.benchmark import ours

    return ours.workload(model, way, options)
