# SPDX-License-Identifier: GPL-3.0-or-later
"""Training leaves its record, and goes on where it was."""

import dataclasses
import json
import sys
from pathlib import Path

import h5py
import numpy as np
import pytest

from models import SMALL
from requinto.apps import cli
from requinto.errors import ConfigError
from requinto.separator import NetworkSeparator
from requinto.training.fit import TrainingConfig, train, training_config
from requinto.training.mixing import MixingConfig
from requinto.training.validation import scores, validation_items
from requinto.weights import load_networks

MIXING = MixingConfig(n_frames=30_000, reference_frames=20_000)


@pytest.fixture
def config(loops_folder, tmp_path):
    return TrainingConfig(
        loops=str(loops_folder),
        run=str(tmp_path / "run"),
        minutes=0.02,
        batch_size=4,
        steps_per_epoch=20,
        n_validation_items=1,
        model=SMALL,
        mixing=MIXING,
    )


def log(folder):
    return [json.loads(x) for x in (folder / "log.jsonl").read_text().splitlines()]


def test_it_records_and_goes_on(config):
    run = train(config)
    first = log(run)
    assert all(np.isfinite(line["loss"]) for line in first)
    assert {"guitar", "bass", "bongo", "guira"} < set(first[0])
    record = json.loads((run / "standard.json").read_text())
    assert record["provenance"]["training"]["batch_size"] == 4
    assert record["provenance"]["steps"] % 20 == 0
    assert len(record["provenance"]["commit"]) in (0, 40)

    longer = dataclasses.replace(config, minutes=first[-1]["minutes"] + 0.02)
    train(longer, resume=True)
    lines = log(run)
    assert lines[: len(first)] == first
    assert lines[len(first)]["step"] == first[-1]["step"] + 20
    with h5py.File(run / "last.weights.h5") as checkpoint:
        # The optimiser went on too: its first variable counts its steps
        assert checkpoint["optimizer/vars/0"][()] == lines[-1]["step"]

    # What was saved is what was scored
    best = max(lines, key=lambda line: line["mean_db"])
    separator = NetworkSeparator(SMALL, *load_networks(run, "standard")[1], {})
    mixes = validation_items(Path(config.loops), config.mixing, 1, config.seed)
    found = {k: row["gain"] for k, row in scores(separator, mixes).items()}
    for name, gain in found.items():
        assert gain == pytest.approx(best[name], abs=0.2)  # half precision


def test_a_score_beside_the_ideal_mask(loops_folder):
    from requinto.weights import build_networks

    separator = NetworkSeparator(SMALL, *build_networks(SMALL), references={})
    mixes = validation_items(loops_folder, MIXING, 1)
    for row in scores(separator, mixes, ideal=True).values():
        assert row["gain"] == pytest.approx(row["extracted"] - row["mixture"])
        assert row["ideal_mask"] > row["mixture"] + 3


def test_a_bad_configuration_is_one_line(tmp_path, monkeypatch, capsys):
    path = tmp_path / "run.toml"
    for text, message in [
        ('loops = "x"\nrun = "y"\nspeed = 9', "unknown names ['speed']"),
        ("loops = ", "cannot be used"),
        ('loops = "x"', "run"),
    ]:
        path.write_text(text)
        with pytest.raises(ConfigError):
            training_config(path)
        monkeypatch.setattr(sys, "argv", ["requinto", "train", str(path)])
        with pytest.raises(SystemExit) as stop:
            cli.main()
        assert stop.value.code == 2
        err = capsys.readouterr().err
        assert message in err and err.count("\n") == 1
