# SPDX-License-Identifier: GPL-3.0-or-later
"""The measurement of training's speed feeds the networks all that they need."""

import functools

import keras
import pytest

from models import SMALL
from requinto_lab.training import throughput
from requinto_lab.training.fit import TrainingConfig
from requinto_lab.training.mixing_config import MixingConfig


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
    throughput.main([library], batches=2)
    lines = [line.rpartition(": ") for line in capsys.readouterr().out.splitlines()]
    ways = {name: float(speed.split()[0]) for name, _, speed in lines[-5:]}
    assert {"step alone", "mixing alone, 2 threads", "training, 2 threads"} < set(ways)
    assert min(ways.values()) > 0


def test_stages_add_up_to_the_whole(small, library, tmp_path, capsys):
    throughput.main([library], batches=2, decoded=tmp_path, only_stages=True)
    lines = [line.rpartition(": ") for line in capsys.readouterr().out.splitlines()]
    costs = {name: float(cost.split()[0]) for name, _, cost in lines}
    mixed, total = costs.pop("before the features"), costs.pop("all")
    names = list(costs)
    before = names.index("choosing and summing") + 1
    assert names[:2] == ["reading and decoding", "varispeed"] and len(names) == 9
    # Rounded to a tenth of a millisecond each
    assert sum(list(costs.values())[:before]) == pytest.approx(mixed, abs=0.5)
    assert sum(costs.values()) == pytest.approx(total, abs=0.6)
    assert min(costs.values()) >= 0 and list(tmp_path.glob("*.s16"))
