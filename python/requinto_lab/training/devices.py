# SPDX-License-Identifier: GPL-3.0-or-later
"""Share each batch among the devices of a machine, whatever the backend."""

from __future__ import annotations

import contextlib
from typing import Any

import keras

from requinto.errors import ConfigError


def device_scope(n_devices: int) -> contextlib.AbstractContextManager[Any]:
    """Return the context in which networks are built to be trained on devices.

    Each device takes an equal part of every batch, and their gradients are averaged
    before a step: `tf.distribute` with TensorFlow, `keras.distribution` with JAX.

    Parameters
    ----------
    n_devices : int
        How many, the first ones; GPUs where there are any, else CPUs.

    Raises
    ------
    ConfigError
        If there are fewer, or the backend cannot share.
    """
    if n_devices == 1:
        return contextlib.nullcontext()
    if keras.backend.backend() == "tensorflow":
        return _tensorflow(n_devices)
    if keras.backend.backend() == "jax":
        names = _first(keras.distribution.list_devices(), n_devices)
        parallel = keras.distribution.DataParallel(devices=names)
        keras.distribution.set_distribution(parallel)
        return contextlib.nullcontext()
    raise ConfigError(f"{keras.backend.backend()} trains on 1 device, not {n_devices}")


def _tensorflow(n_devices: int) -> contextlib.AbstractContextManager[Any]:
    import tensorflow as tf

    kind = "GPU" if tf.config.list_logical_devices("GPU") else "CPU"
    names = [device.name for device in tf.config.list_logical_devices(kind)]
    strategy = tf.distribute.MirroredStrategy(_first(names, n_devices))
    scope: contextlib.AbstractContextManager[Any] = strategy.scope()
    return scope


def _first(names: list[str], n_devices: int) -> list[str]:
    if len(names) < n_devices:
        raise ConfigError(f"{n_devices} devices are asked for, there are {names}")
    return names[:n_devices]
