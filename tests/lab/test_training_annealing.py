# SPDX-License-Identifier: GPL-3.0-or-later
"""A branch of a run falls to rest; the run is as it was."""

import itertools
import json
import math
from pathlib import Path

import pytest
from typer.testing import CliRunner

from requinto.errors import ConfigError
from requinto_command.cli import app
from requinto_lab.training.annealing import branch
from requinto_lab.training.fit import TrainingConfig, build_plan
from requinto_lab.training.loop import CHECKPOINT, PROGRESS, Progress

AT = {"minutes": 3.5, "step": 2000, "best": 5.0, "epochs_since_best": 6}


@pytest.fixture
def config(tmp_path):
    run = tmp_path / "run"
    run.mkdir()
    (run / CHECKPOINT).write_bytes(b"weights")
    (run / PROGRESS).write_text(json.dumps(AT))
    return TrainingConfig("library", str(run), "validation", minutes=1e6, decay=0.0)


def epoch_rates(config):
    """Return the learning rate of each epoch that is left of a run."""
    progress = Progress(config_path(config, PROGRESS), resume=True)
    plan = build_plan(config)
    rates = []
    while plan.share(progress) < 1:
        rates.append(plan.rate(plan.share(progress)))
        progress.step += config.steps_per_epoch
    return rates


def config_path(config, name):
    return Path(config.run) / name


@pytest.mark.parametrize("n_steps", [1, 6, 100, 720, 5000])
def test_its_rate_falls_from_that_of_the_run(config, tmp_path, n_steps):
    branched = branch(config, n_steps, tmp_path / "branch")
    falling = epoch_rates(branched)
    assert falling[0] == pytest.approx(config.learning_rate)
    assert len(falling) == min(6, n_steps)
    assert all(late < early for early, late in itertools.pairwise(falling))
    if n_steps >= 6:
        assert falling[-1] < 0.1 * falling[0]


def test_it_has_the_weights_and_the_run_keeps_its_own(config, tmp_path):
    branched = branch(config, 100, tmp_path / "branch")
    assert config_path(branched, CHECKPOINT).read_bytes() == b"weights"
    assert json.loads(config_path(config, PROGRESS).read_text()) == AT
    progress = Progress(config_path(branched, PROGRESS), resume=True)
    assert progress.step == 2000
    assert progress.best == -math.inf  # its own first epoch is its best


def test_it_goes_on_where_it_was_though_the_run_went_on(config, tmp_path):
    first = branch(config, 100, tmp_path / "branch")
    config_path(first, CHECKPOINT).write_bytes(b"fallen weights")
    config_path(config, PROGRESS).write_text(json.dumps(AT | {"step": 3000}))
    again = branch(config, 100, tmp_path / "branch")
    assert again == first
    assert config_path(again, CHECKPOINT).read_bytes() == b"fallen weights"


def test_what_cannot_be_branched_off_is_an_error(config, tmp_path):
    with pytest.raises(ConfigError, match="1 step or more, got 0"):
        branch(config, 0, tmp_path / "branch")
    with pytest.raises(ConfigError, match="another run"):
        branch(config, 100, config.run)
    config_path(config, CHECKPOINT).unlink()
    with pytest.raises(ConfigError, match="no checkpoint"):
        branch(config, 100, tmp_path / "branch")
    assert not (tmp_path / "branch").exists()


@pytest.mark.parametrize(
    ("system", "options", "message"),
    [
        ("requinto", ["--anneal", "5"], "both --anneal STEPS and --output FOLDER"),
        ("requinto", ["--output", "folder"], "both --anneal STEPS and --output FOLDER"),
        ("beats", ["--anneal", "5", "--output", "folder"], "not for beats"),
    ],
)
def test_the_command_says_what_is_missing(tmp_path, system, options, message):
    path = tmp_path / "config.toml"
    path.write_text(f'system = "{system}"\n')
    result = CliRunner().invoke(app, ["train", str(path), *options])
    assert isinstance(result.exception, ConfigError)
    assert message in str(result.exception)
