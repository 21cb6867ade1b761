# SPDX-License-Identifier: GPL-3.0-or-later
"""The measurement of training's speed feeds the networks all that they need."""

import functools

import keras
import pytest

from models import SMALL
from requinto.training import throughput
from requinto.training.fit import TrainingConfig
from requinto.training.mixing import MixingConfig


@pytest.fixture
def small(monkeypatch):
    config = functools.partial(TrainingConfig, model=SMALL, batch_size=2)
    mixing = functools.partial(MixingConfig, n_frames=9_000, reference_frames=9_000)
    monkeypatch.setattr(throughput, "TrainingConfig", config)
    monkeypatch.setattr(throughput, "MixingConfig", mixing)
    monkeypatch.setattr(throughput, "_WARM_UP", 1)
    policy = keras.mixed_precision.global_policy()
    yield
    keras.mixed_precision.set_global_policy(policy)


def test_every_way_to_feed_is_timed(small, library, capsys):
    throughput.main(library, batches=2)
    lines = [line.rpartition(": ") for line in capsys.readouterr().out.splitlines()]
    ways = {name: float(speed.split()[0]) for name, _, speed in lines}
    assert len(ways) == len(lines) == 6
    assert {"step alone", "mixing alone, 2 threads"} < set(ways)
    assert sum(name.startswith("training, tf.data") for name in ways) == 1
    assert min(ways.values()) > 0
