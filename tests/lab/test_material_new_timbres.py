# SPDX-License-Identifier: GPL-3.0-or-later
"""A random timbre is new, and the same for whatever is played in it."""

import dataclasses

import numpy as np
import pytest

from requinto.errors import ConfigError
from requinto_lab.material.new_timbres import NewTimbre, NewTimbreConfig
from sounds import noise

PLAIN = NewTimbreConfig(
    equaliser_db=0.0, drive=0.0, envelope=0.0, body=0.0, backwards=0.0
)
SOUND = 0.1 * noise(30_000, seed=3)
# One change at a time
CHANGES = {
    name: dataclasses.replace(PLAIN, **change)
    for name, change in {
        "equaliser": {"equaliser_db": 9.0},
        "drive": {"drive": 1.0},
        "envelope": {"envelope": 1.0},
        "body": {"body": 1.0},
        "backwards": {"backwards": 1.0},
        "all": {"equaliser_db": 7.0, "drive": 1.0, "envelope": 1.0, "body": 1.0},
    }.items()
}


def sample_timbre(config, seed=0):
    return NewTimbre(config, np.random.default_rng(seed))


def level(sound):
    return np.sqrt(np.mean(np.square(sound)))


def test_the_plain_configuration_changes_nothing():
    np.testing.assert_allclose(sample_timbre(PLAIN)(SOUND), SOUND, atol=1e-6)


@pytest.mark.parametrize("name", CHANGES)
@pytest.mark.parametrize("n_channels", [1, 2])
def test_it_changes_the_sound_but_not_its_level(name, n_channels):
    sound = SOUND[:n_channels]
    for seed in range(5):
        changed = sample_timbre(CHANGES[name], seed)(sound)
        assert changed.shape == sound.shape and changed.dtype == np.float32
        assert np.isfinite(changed).all()
        assert level(changed) == pytest.approx(level(sound), rel=1e-3)
        assert level(changed - sound) > 0.003 * level(sound)


@pytest.mark.parametrize("name", CHANGES)
def test_a_timbre_is_the_same_however_often_it_plays(name):
    timbre = sample_timbre(CHANGES[name])
    first = timbre(SOUND)
    timbre(noise(20_000, seed=4))
    np.testing.assert_array_equal(timbre(SOUND), first)
    if name != "backwards":  # of which there is one
        assert level(sample_timbre(CHANGES[name], 6)(SOUND) - first) > 0.003 * level(
            first
        )


def test_silence_stays_silent():
    silence = np.zeros((2, 10_000), np.float32)
    assert not sample_timbre(CHANGES["all"])(silence).any()


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"drive": 1.5}, r"drive must be in \[0, 1\]"),
        ({"body": -0.1}, r"body must be in \[0, 1\]"),
        ({"longest_body_s": 0.001}, "longest_body_s no less"),
    ],
)
def test_bad_numbers_are_refused(values, message):
    with pytest.raises(ConfigError, match=message):
        NewTimbreConfig(**values)
