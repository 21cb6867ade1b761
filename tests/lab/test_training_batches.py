# SPDX-License-Identifier: GPL-3.0-or-later
"""Batches follow one another, whoever mixes them, in memory that is kept."""

import itertools
import subprocess
import sys

import keras
import numpy as np
import pytest

from models import SMALL
from requinto_lab.training.batches import BatchMaker, in_threads
from requinto_lab.training.mixing import MixGenerator
from requinto_lab.training.mixing_config import MixingConfig

MIXING = MixingConfig(n_frames=30_000, reference_frames=20_000)


@pytest.mark.parametrize("n_threads", [1, 2, 3])
def test_no_epoch_learns_from_the_batches_of_another(n_threads):
    """They follow one another, however many are mixed ahead and whoever mixes them."""
    n_steps, n_epochs = 12, 4
    seen = []

    def make(index):
        # Nothing is learnt: the loss tells the batch
        return np.full((1, 1), index, np.float32), np.zeros((1, 1))

    number = keras.Input((1,))
    model = keras.Model(
        number, keras.layers.Dense(1, kernel_initializer="ones")(number)
    )
    model.compile(keras.optimizers.SGD(0.0), loss="mae")
    listen = keras.callbacks.LambdaCallback(
        on_train_batch_end=lambda batch, logs: seen.append(logs["loss"] * (batch + 1))
    )
    model.fit(
        in_threads(make, n_threads),
        steps_per_epoch=n_steps,
        epochs=n_epochs,
        shuffle=False,
        verbose=0,
        callbacks=[listen],
    )
    # Keras tells means over the epoch so far
    sums = np.reshape(seen, (n_epochs, n_steps))
    numbers = np.diff(sums, prepend=0, axis=1).ravel()
    np.testing.assert_allclose(numbers, np.arange(n_epochs * n_steps), atol=1e-3)


@pytest.mark.parametrize("n_threads", [1, 2])
def test_batches_do_not_depend_on_who_mixes_them(library, n_threads):
    mixes = MixGenerator(library, MIXING, split="train")
    make = BatchMaker(mixes, SMALL, batch_size=2)
    batches = in_threads(make, n_threads)
    for index, (inputs, truth) in enumerate(itertools.islice(batches, 4)):
        wanted, answer = make(index)
        np.testing.assert_array_equal(truth, answer)
        for name, rows in inputs.items():
            np.testing.assert_array_equal(rows, wanted[name])
    batches.close()


@pytest.mark.skipif(sys.platform != "linux", reason="glibc's allocator")
def test_freed_memory_is_kept_for_the_next_batch():
    program = """if True:
        import ctypes, resource
        import numpy as np
        from requinto_lab.training import malloc_tuning
        mallopt = ctypes.CDLL(None).mallopt
        mallopt(-1, 128 * 1024)  # what TensorFlow does
        def faults():
            begun = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
            for _ in range(20):
                np.ones(2_000_000, np.float32)
            return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - begun
        before = faults()
        assert malloc_tuning.keep()
        print(before, faults())
    """
    run = [sys.executable, "-c", program]
    done = subprocess.run(run, capture_output=True, text=True, check=True)
    before, after = map(int, done.stdout.split())
    assert after < before / 5
