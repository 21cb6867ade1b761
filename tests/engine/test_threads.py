# SPDX-License-Identifier: GPL-3.0-or-later
"""TensorFlow keeps to the threads it is left."""

import os
import subprocess
import sys
from contextlib import nullcontext

import pytest

from requinto import process
from requinto.errors import ConfigError
from requinto_lab import librosa_setup
from requinto_lab.networks import backend

PROGRAM = """if True:
    from requinto_lab.networks import backend
    backend.{}()
    import tensorflow as tf
    of = tf.config.threading
    print(of.get_intra_op_parallelism_threads(), of.get_inter_op_parallelism_threads())
"""


@pytest.mark.parametrize(
    ("function", "given", "expected"),
    [
        ("limit_threads", "", "0 0"),
        ("prepare_keras", "1", "1 1"),
        ("prepare_inference", "1", "1 1"),
    ],
)
def test_tensorflow_takes_as_many_threads_as_it_may(function, given, expected):
    environment = {**os.environ, process.THREADS_VARIABLE: given}
    run = [sys.executable, "-c", PROGRAM.format(function)]
    done = subprocess.run(
        run, env=environment, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == expected  # 0: as many as there are cores


@pytest.mark.parametrize("given", ["0", "-1", "two", "1.5", 30 * "9"])
def test_what_is_no_number_of_threads_is_refused(monkeypatch, given):
    monkeypatch.setenv(process.THREADS_VARIABLE, given)
    with pytest.raises(
        ConfigError, match=f"THREADS must be a number from 1 to 1024, got '{given}'"
    ):
        backend.limit_threads()


@pytest.mark.parametrize(("given", "is_refused"), [("0", 1), ("-2", 1), ("2", 0)])
def test_what_numba_refuses_is_named(monkeypatch, given, is_refused):
    monkeypatch.delitem(sys.modules, "numba", raising=False)
    monkeypatch.setenv("NUMBA_NUM_THREADS", given)
    message = f"NUMBA_NUM_THREADS must be a number above 0, got '{given}'"
    with pytest.raises(ConfigError, match=message) if is_refused else nullcontext():
        librosa_setup.check_numba()


def test_a_tensorflow_that_runs_is_left_alone(monkeypatch):
    import tensorflow as tf

    tf.zeros(1)
    before = tf.config.threading.get_intra_op_parallelism_threads()
    monkeypatch.setenv(process.THREADS_VARIABLE, "7")
    backend.limit_threads()
    assert tf.config.threading.get_intra_op_parallelism_threads() == before
