# SPDX-License-Identifier: GPL-3.0-or-later
"""Load models, ready to work, on the runtime that is wanted or at hand."""

from __future__ import annotations

import functools
import hashlib
import importlib
from pathlib import Path
from typing import Any

import numpy as np
import soundfile

from requinto import exports, process
from requinto.config import ModelConfig, from_values
from requinto.errors import ConfigError, ModelError, reason_of
from requinto.model_folder import (
    BEATS,
    FOR_NAMES,
    STANDARD,
    models_folder,
    targets,
    tracker_config,
    unknown_model_error,
)
from requinto.networks import LITERT, TENSORFLOW, choose_runtime
from requinto.separator import NetworkSeparator, Pair, Query
from requinto.tracker import Tracker
from requinto_files.environment import is_installed


def load_separator(
    name: str = STANDARD, runtime: str | None = None
) -> NetworkSeparator | Pair:
    """Return the named model, ready to separate; the same object each time.

    Parameters
    ----------
    name : str
        One of `models()`.
    runtime : str, optional
        "litert" or "tensorflow"; `REQUINTO_RUNTIME` unless given, else LiteRT, or
        TensorFlow for a model that is not exported.

    Raises
    ------
    ModelError
        If there is no such model, or it or its references are missing, or are
        not as they were when it was saved, or the runtime cannot be imported.
    ConfigError
        If there is no such runtime.
    ForkError
        If this process was forked from one in which TensorFlow has run.
    """
    folder = models_folder()
    return _separator(folder, name, model_runtime(folder, name, runtime))


def load_tracker(runtime: str | None = None) -> Tracker:
    """Return the beat tracker; parameters and errors as of `load_separator`."""
    folder = models_folder()
    return _tracker(folder, model_runtime(folder, BEATS, runtime))


def model_runtime(folder: Path, name: str, runtime: str | None = None) -> str:
    """Return the runtime that a model of a folder will run on.

    Raises
    ------
    ModelError
        If LiteRT is wanted, and the export is of other weights.
    ConfigError
        If there is no such runtime.
    """
    runtime = choose_runtime(runtime)
    # Others may be no names of files
    paths = (*folder.glob("*.json"), *exports.exports_in(folder))
    if name not in {BEATS, *(path.stem for path in paths)}:
        raise unknown_model_error(folder, name)
    if runtime == TENSORFLOW:
        process.check_fork()
        _keras_runtime().backend.check_installed()
        _check_trained(folder, name)
        return runtime
    if exports.is_current(folder, name) and (runtime or _prefers_litert(folder, name)):
        return LITERT
    if runtime is None and (folder / f"{name}.json").is_file():
        process.check_fork()
        return TENSORFLOW
    if exports.record_path(folder, name).is_file():
        raise ModelError(
            f"the export of {name!r} in {folder} is of other weights than lie there: "
            "run `requinto export`"
        )
    if (folder / f"{name}.json").is_file():
        raise ModelError(f"{name!r} in {folder} is not exported: run `requinto export`")
    if name == BEATS:
        raise ModelError(
            f"model {name!r} cannot be read: {folder} holds neither its weights nor "
            "its export"
        )
    raise unknown_model_error(folder, name)


def _check_trained(folder: Path, name: str) -> None:
    """Raise `ModelError` where only the export of a model is installed."""
    is_exported = exports.record_path(folder, name).is_file()
    if is_exported and not (folder / f"{name}.json").is_file():
        raise ModelError(
            f"{folder} holds no weights of {name!r} for TensorFlow, only its export: "
            "REQUINTO_MODELS may name the folder models of the source"
        )


def _prefers_litert(folder: Path, name: str) -> bool:
    """Return whether LiteRT is there, or nothing else is."""
    has_weights = (folder / f"{name}.npz").is_file()
    return exports.is_available() or not has_weights or not is_installed("keras")


@functools.lru_cache(maxsize=4)
def _separator(folder: Path, name: str, runtime: str) -> NetworkSeparator | Pair:
    if name.endswith(FOR_NAMES):
        raise unknown_model_error(folder, name)
    examples = load_single(folder, name, runtime)
    for_names = f"{name}{FOR_NAMES}"
    if not _has(folder, for_names, runtime):
        return examples
    return Pair(examples, load_single(folder, for_names, runtime))


def load_single(
    folder: Path, name: str, runtime: str | None = None
) -> NetworkSeparator:
    """Return one model of a folder, without the other one that answers to names.

    Parameters and errors are those of `load_separator`.
    """
    if model_runtime(folder, name, runtime) == LITERT:
        return _load_export(folder, name)
    return _load_trained(folder, name)


def _has(folder: Path, name: str, runtime: str) -> bool:
    if runtime == LITERT:
        return exports.record_path(folder, name).is_file()
    return (folder / f"{name}.json").exists()


def _load_export(folder: Path, name: str) -> NetworkSeparator:
    export = exports.read_export(folder, name)
    try:
        config = from_values(ModelConfig, export.config, name)
        unet, encoder = (export.networks[n] for n in ("unet", "reference_encoder"))
        queries = _queries(export.arrays)
        identity = f"{LITERT} {export.digest}"
        return NetworkSeparator(
            config, unet, encoder, queries=queries, identity=identity
        )
    except (KeyError, TypeError, ValueError, ArithmeticError, ConfigError) as error:
        path = exports.record_path(folder, name)
        raise ModelError(f"{path} cannot be used: {error}") from error


def _queries(arrays: dict[str, np.ndarray]) -> dict[str, Query]:
    """Return the queries for built-in targets that an export holds."""
    names = {key.split("/")[0] for key in arrays}
    return {
        name: Query(
            arrays[f"{name}/embedding"],
            arrays[f"{name}/templates"],
            arrays.get(f"{name}/balance"),
        )
        for name in names
    }


def _load_trained(folder: Path, name: str) -> NetworkSeparator:
    if name not in {path.stem for path in folder.glob("*.json")}:
        raise unknown_model_error(folder, name)
    config, unet, encoder = _keras_runtime().load_separator(folder, name)
    rate = config.spectra.sample_rate
    references = {t: _references(folder, t, rate) for t in targets()}
    identity = f"{TENSORFLOW} {_digest(folder / f'{name}.json')}"
    return NetworkSeparator(config, unet, encoder, references, identity=identity)


def _digest(path: Path) -> str:
    """Return the checksum of a model's record, which holds that of its weights."""
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        raise ModelError(f"{path} cannot be read: {reason_of(error)}") from error


def _references(folder: Path, target: str, sample_rate: int) -> list[np.ndarray]:
    paths = sorted((folder / "references").glob(f"{target}-*.flac"))
    if not paths:
        raise ModelError(f"no reference sounds for {target!r} in {folder}")
    sounds = []
    for path in paths:
        try:
            sound, rate = soundfile.read(path, dtype="float32", always_2d=True)
        except (OSError, soundfile.LibsndfileError) as error:
            raise ModelError(f"{path} cannot be read: {reason_of(error)}") from error
        if rate != sample_rate:
            raise ModelError(f"{path} is at {rate} Hz, the model at {sample_rate} Hz")
        sounds.append(np.ascontiguousarray(sound.T))
    return sounds


@functools.lru_cache(maxsize=4)
def _tracker(folder: Path, runtime: str) -> Tracker:
    if runtime == LITERT:
        export = exports.read_export(folder, BEATS)
        config = tracker_config(folder, export.config)
        if BEATS not in export.networks:
            path = exports.record_path(folder, BEATS)
            raise ModelError(f"{path} cannot be used: it has no network {BEATS!r}")
        return Tracker(config, export.networks[BEATS])
    return Tracker(*_keras_runtime().load_tracker(folder, BEATS))


def _keras_runtime() -> Any:
    """Import the one part of the workshop that the product may need."""
    return importlib.import_module("requinto_lab.networks.keras_runtime")
