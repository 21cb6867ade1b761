# SPDX-License-Identifier: GPL-3.0-or-later
"""An earlier system that was saved is the one that is loaded, or an error says why."""

import hashlib
import json
import os
import subprocess
import sys
from dataclasses import dataclass

import numpy as np
import pytest

from requinto.errors import ModelError
from requinto_lab.networks.backend import prepare_keras
from requinto_lab.networks.weights import load_network, save_networks


@dataclass(frozen=True)
class Shape:
    """What a network is built of."""

    n_inputs: int = 3
    widths: tuple[int, ...] = (5, 2)


def build(shape):
    prepare_keras()
    import keras
    from keras import layers

    keras.utils.set_random_seed(1)
    x = inputs = keras.Input((shape.n_inputs,))
    for width in shape.widths:
        x = layers.Dense(width, bias_initializer="random_normal")(x)
        x = layers.BatchNormalization()(x)
    return keras.Model(inputs, x, name="tiny_network")


@pytest.fixture
def saved(tmp_path):
    """Return a folder with the model `tiny`, and its network."""
    network = build(Shape())
    for weight in network.weights:
        weight.assign(weight + 0.1)  # as no untrained network has them
    record = {"minutes": 3, "reached": [1.5]}
    save_networks(tmp_path, "tiny", Shape(), (network,), record)
    return tmp_path, network


def test_a_loaded_model_answers_as_the_saved_one(saved):
    folder, network = saved
    shape, loaded = load_network(folder, "tiny", Shape, build)
    assert shape == Shape()  # lists are tuples again
    for ours, theirs in zip(loaded.get_weights(), network.get_weights(), strict=True):
        # Matrices in half precision, eleven bits; the rest as it is
        tolerance = 2.0**-11 if ours.ndim > 1 else 0
        np.testing.assert_allclose(ours, theirs, rtol=tolerance)
        assert ours.dtype == np.float32
    inputs = np.random.default_rng(0).normal(size=(4, 3)).astype(np.float32)
    np.testing.assert_allclose(loaded(inputs), network(inputs), rtol=0.01, atol=0.01)


def test_released_files_without_the_networks_name_are_loaded(saved):
    folder, network = saved
    with np.load(folder / "tiny.npz") as arrays:
        unnamed = {name.partition("/")[2]: arrays[name] for name in arrays}
    assert set(unnamed) == {str(i) for i in range(len(network.weights))}
    np.savez_compressed(folder / "tiny.npz", **unnamed)
    digest = hashlib.sha256((folder / "tiny.npz").read_bytes()).hexdigest()
    spoil(folder, lambda record: record.update(sha256=digest))
    _, loaded = load_network(folder, "tiny", Shape, build)
    for ours, theirs in zip(loaded.get_weights(), network.get_weights(), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=2.0**-11)


def test_the_record_says_what_and_how(saved):
    folder, network = saved
    record = json.loads((folder / "tiny.json").read_text())
    assert record["config"] == {"n_inputs": 3, "widths": [5, 2]}
    assert record["n_parameters"] == network.count_params()
    assert record["provenance"] == {"minutes": 3, "reached": [1.5]}


def spoil(folder, change):
    """Change the record of `tiny`."""
    record = json.loads((folder / "tiny.json").read_text())
    change(record)
    (folder / "tiny.json").write_text(json.dumps(record))


def lengthen(path):
    path.write_bytes(path.read_bytes() + b"!")


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda f: (f / "tiny.json").unlink(), "`requinto train` makes it"),
        (lambda f: (f / "tiny.npz").unlink(), "`requinto train` makes it"),
        (lambda f: (f / "tiny.json").write_text("{"), "cannot be read"),
        (lambda f: (f / "tiny.json").write_text("[]"), "no record"),
        (lambda f: spoil(f, lambda r: r.pop("config")), "cannot be used"),
        (lambda f: spoil(f, lambda r: r["config"].update(depth=3)), "depth"),
        (lambda f: spoil(f, lambda r: r.pop("sha256")), "damaged"),
        (lambda f: lengthen(f / "tiny.npz"), "damaged"),
        (lambda f: (f / "tiny.npz").write_bytes(b""), "damaged"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_missing_or_damaged_is_said(saved, damage, message):
    folder, _ = saved
    damage(folder)
    with pytest.raises(ModelError, match=message):
        load_network(folder, "tiny", Shape, build)


@pytest.mark.parametrize(
    ("given", "backend"), [({}, "tensorflow"), ({"KERAS_BACKEND": "jax"}, "jax")]
)
def test_tensorflow_is_a_default_that_can_be_overruled(given, backend):
    """And nothing is imported by choosing."""
    script = (
        "import os, sys\nfrom requinto_lab.networks.backend import prepare_keras\n"
        "prepare_keras()\nassert 'keras' not in sys.modules\n"
        "print(os.environ['KERAS_BACKEND'])"
    )
    kept = {k: v for k, v in os.environ.items() if k != "KERAS_BACKEND"}
    result = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        text=True,
        check=True,
        env=kept | given,
    )
    assert result.stdout.strip() == backend and not result.stderr
