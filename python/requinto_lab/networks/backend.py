# SPDX-License-Identifier: GPL-3.0-or-later
"""Run networks on Keras in whatever process and environment we are a guest."""

from __future__ import annotations

# Keras imports both, and they cannot be imported first by a thread that goes on after
# the main thread's last line; they take 10 ms
import concurrent.futures.process
import concurrent.futures.thread  # noqa: F401 (imported for its own sake)
import contextlib
import importlib
import logging
import os
import random
import re
import sys
import tempfile
import threading
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from requinto import process
from requinto.errors import ModelError
from requinto_files.environment import changed_variables, is_installed, prepare_folders
from requinto_files.quiet import filter_stderr
from requinto_lab.matplotlib_setup import hide_matplotlib, import_or_hide, set_backend
from requinto_lab.stderr_patterns import TENSORFLOW

if TYPE_CHECKING:
    import keras

_LOG_LEVEL = "TF_CPP_MIN_LOG_LEVEL"
_FLAGS = re.compile("(TF|XLA)_(.*_)?FLAGS")
_DATA_FORMAT, _PRECISION = "channels_last", "float32"  # what our networks are made for


_importing = threading.Lock()
_calls = threading.local()  # whether a thread is inside a network of this package


def prepare_keras() -> None:
    """Say how Keras is to run, before it is imported; `KERAS_BACKEND` is heeded."""
    _set_variables()
    limit_threads()


def _set_variables() -> None:
    # A guest in somebody's process says nothing on stderr unless asked to
    os.environ.setdefault(_LOG_LEVEL, "3")
    os.environ.setdefault("KERAS_BACKEND", "tensorflow")


def limit_threads() -> None:
    """Keep TensorFlow to as many threads as `REQUINTO_THREADS` says.

    Unset, it takes one for each core.  To be called before TensorFlow first runs; once
    a host has run it, its threads are the host's business, and nothing changes.

    Raises
    ------
    ConfigError
        If the variable holds anything but a number from 1 to 1024.
    """
    n_threads = process.given_threads()
    if n_threads is None:
        return
    if os.environ.get("KERAS_BACKEND", "tensorflow") != "tensorflow":
        return
    import tensorflow as tf

    try:
        tf.config.threading.set_intra_op_parallelism_threads(n_threads)
        tf.config.threading.set_inter_op_parallelism_threads(n_threads)
    except RuntimeError:
        return  # it runs already


def import_for_training() -> None:
    """Import Keras quietly on the backend that `KERAS_BACKEND` names."""
    prepare_folders()
    with _quiet():
        prepare_keras()
        _import_keras()
    _configure(_DATA_FORMAT, _PRECISION, _PRECISION)


def prepare_inference() -> None:
    """Import Keras on TensorFlow, whatever the user's environment says.

    A program that has imported Keras already keeps it as it is, and our networks run
    on its backend.  Where there is no TensorFlow, `KERAS_BACKEND` is heeded.

    Raises
    ------
    ForkError
        If this process was forked from one in which a network has run.
    ModelError
        If Keras or TensorFlow cannot be imported.
    ConfigError
        If `REQUINTO_THREADS` is not a number of threads.
    RequintoError
        If no folder can be written, not even for temporary files.
    """
    process.check_fork()
    process.given_threads()  # says what is wrong with it before anything is imported
    prepare_folders()
    logging.getLogger("tensorflow").addFilter(_is_users)
    process.note_tensorflow()  # before the lock, which a fork might find taken
    with _importing:
        if "keras" in sys.modules:
            return
        with changed_variables(_inference_settings()), _quiet(), _keep_random_state():
            _set_variables()
            _import_keras()
            # Which imports TensorFlow, and that Keras: with the user's settings for it
            limit_threads()


def prepare_own_process() -> None:
    """Do as `prepare_inference`, and configure Keras for good: no one else uses it."""
    with hide_matplotlib():
        prepare_inference()
    _configure(_DATA_FORMAT, _PRECISION, _PRECISION)


def check_installed() -> None:
    """Raise `ModelError` where there is no Keras to be imported."""
    if "keras" not in sys.modules and not is_installed("keras"):
        raise ModelError(
            "TensorFlow and Keras are not installed: pip install 'requinto[train]' "
            "brings them"
        )


@contextlib.contextmanager
def our_defaults() -> Iterator[None]:
    """Build networks as they were trained, whatever the user configured in Keras."""
    with _eager(), _default_configuration(), _keep_random_state():
        yield


@contextlib.contextmanager
def _default_configuration() -> Iterator[None]:
    config = importlib.import_module("keras").config
    user = (config.image_data_format(), config.floatx(), config.dtype_policy())
    if user[:2] == (_DATA_FORMAT, _PRECISION) and user[2].name == _PRECISION:
        yield
        return
    _configure(_DATA_FORMAT, _PRECISION, _PRECISION)
    try:
        yield
    finally:
        _configure(*user)


def predict(network: keras.Model, inputs: Any) -> np.ndarray:
    """Return what a network answers to a batch, without warnings of new shapes."""
    process.check_fork()
    _calls.is_ours = True
    try:
        with _eager():
            return np.asarray(network.predict_on_batch(inputs))
    finally:
        _calls.is_ours = False


@contextlib.contextmanager
def _keep_random_state() -> Iterator[None]:
    """Put back Python's random numbers, of which Keras takes seeds for each layer."""
    state = random.getstate()
    try:
        yield
    finally:
        random.setstate(state)


@contextlib.contextmanager
def _eager() -> Iterator[None]:
    """Leave the graph that a program of TensorFlow 1's kind may be building.

    Raises
    ------
    ModelError
        If the program has given up eager execution for good.
    """
    tensorflow = sys.modules.get("tensorflow")
    if tensorflow is None:
        yield
        return
    with tensorflow.init_scope():
        if not tensorflow.executing_eagerly():
            raise ModelError(
                "this program called tf.compat.v1.disable_eager_execution(), with "
                "which no network of ours runs: call us in a process of its own"
            )
        yield


def _configure(data_format: str, precision: str, policy: Any) -> None:
    config = importlib.import_module("keras").config
    config.set_image_data_format(data_format)
    config.set_floatx(precision)
    config.set_dtype_policy(policy)


def _inference_settings() -> dict[str, str | None]:
    if not is_installed("tensorflow"):
        return {}
    return {"KERAS_BACKEND": "tensorflow"} | dict.fromkeys(_flags())


def _flags() -> list[str]:
    """Return the variables of flags on one of which, if unknown, TensorFlow exits."""
    return [name for name in os.environ if _FLAGS.fullmatch(name)]


def _import_with_any_settings() -> None:
    try:
        importlib.import_module("keras")
    except ImportError:
        raise
    except Exception:  # of a damaged keras.json, or a variable with an odd value
        with tempfile.TemporaryDirectory() as folder, changed_variables(_clean(folder)):
            importlib.import_module("keras")


def _import_keras() -> None:
    try:
        with import_or_hide():
            _import_with_any_settings()
    except Exception as error:
        raise ModelError(
            f"Keras cannot be imported: {error}; pip install 'requinto[train]' brings "
            "it, and TensorFlow"
        ) from error
    set_backend()
    if tensorflow := sys.modules.get("tensorflow"):
        tensorflow.config.list_physical_devices()  # complains of absent ones


def _clean(folder: str) -> dict[str, str | None]:
    """Return the environment of a user who has configured nothing in Keras."""
    names = [name for name in os.environ if name.startswith("KERAS_")]
    backend = os.environ["KERAS_BACKEND"]
    ours = {"KERAS_BACKEND": backend, "KERAS_HOME": folder}
    return dict.fromkeys(names) | ours


def _quiet() -> contextlib.AbstractContextManager[None]:
    """Return what silences TensorFlow, unless the user wants all of its lines.

    Nothing is held back beside flags: the last words of C, which exits on unknown
    ones, would be lost.
    """
    if os.environ.get(_LOG_LEVEL) == "0" or _flags():
        return contextlib.nullcontext()
    return filter_stderr(TENSORFLOW)


def _is_users(record: logging.LogRecord) -> bool:
    """Return whether a line of TensorFlow's logger is about networks of the user."""
    return not getattr(_calls, "is_ours", False)
