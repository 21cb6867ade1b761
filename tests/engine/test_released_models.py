# SPDX-License-Identifier: GPL-3.0-or-later
"""Each model that we ship extracts each target, by name and by example."""

import time
from pathlib import Path

import pytest

import requinto
from requinto.config import read_toml
from requinto.metrics import si_sdr
from requinto_command.demo import load_song
from requinto_lab.networks.weights import load_networks
from requinto_lab.training.fit import training_config

MODELS = Path(__file__).parents[2] / "models"


@pytest.fixture(scope="module")
def song():
    stems, rate, _ = load_song()
    return stems, sum(stems.values()), rate


def test_both_qualities_of_the_plugin_are_there():
    assert requinto.models() == ("standard", "fast")
    assert size(MODELS / "litert") < 30e6  # what a producer installs, and little else
    assert size(MODELS) < 80e6


def size(folder):
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


@pytest.mark.parametrize("name", ["standard", "fast", "fast-names"])
def test_what_is_said_of_its_training_makes_this_network(name):
    said = read_toml(MODELS / f"{name}.toml")
    config, _ = load_networks(MODELS, name)
    assert training_config(said).model == config


@pytest.mark.parametrize("model", requinto.models())
@pytest.mark.parametrize("name", requinto.targets())
def test_each_target_gains_by_name_and_by_example(song, name, model):
    stems, mixture, rate = song
    queries = {
        "name": {"target": name},
        "example": {"reference": stems[name], "reference_sample_rate": rate},
    }
    before = si_sdr(stems[name], mixture)
    for kind, query in queries.items():
        extracted = requinto.extract(mixture, rate, model=model, **query)
        gain = si_sdr(stems[name], extracted) - before
        assert gain > 4, kind


@pytest.mark.alone
@pytest.mark.parametrize("model", requinto.models())
def test_it_takes_far_less_than_real_time(song, model):
    _, mixture, rate = song
    requinto.extract(mixture, rate, target="bass", model=model)  # loads
    begun = time.process_time()  # of all cores
    requinto.extract(mixture, rate, target="bass", model=model)
    spent = time.process_time() - begun
    assert spent < 0.25 * mixture.shape[1] / rate
