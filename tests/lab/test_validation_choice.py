# SPDX-License-Identifier: GPL-3.0-or-later
"""Validation sets choose parts, songs and levels evenly."""

from __future__ import annotations

import types

import numpy as np
import pytest

from requinto_lab.evaluation import (
    levels,
    recorded_sets,
    stem_sets,
)
from requinto_lab.evaluation.levels import HOP


@pytest.mark.parametrize("seed", range(5))
def test_each_part_of_a_song_plays_once_and_each_timbre(seed):
    config = [("a", 0), ("a", 1), ("b", 0), ("b", 1), ("c", 2), ("d", 2)]
    stems = [types.SimpleNamespace(part=p, timbre=t) for p, t in config]
    chosen = stem_sets._one_timbre_each(stems, np.random.default_rng(seed))
    assert [stem.part for stem in chosen] == ["a", "b", "c"]
    assert len({stem.timbre for stem in chosen}) == 3


def test_songs_of_all_groups_come_before_any_comes_again():
    rows = ["a1", "a2", "a3", "b1", "c1", "c2"]
    order = recorded_sets.spread(rows, lambda row: row[0], np.random.default_rng(1))
    assert sorted(order) == rows
    assert {row[0] for row in order[:3]} == set("abc")
    assert {row[0] for row in order[3:5]} == set("ac")


@pytest.mark.parametrize(
    ("target", "rest", "reference", "serves"),
    [
        (0.1, 0.1, 0.1, True),
        (0.1, 0.1 * 10 ** (-24 / 20), 0.1, True),
        (0.1, 0.1 * 10 ** (-26 / 20), 0.1, False),
        (0.1, 0.1, 0.0, False),
        (0.0, 0.1, 0.1, False),
    ],
)  # fmt: skip
def test_what_hardly_sounds_is_no_item(target, rest, reference, serves):
    rng = np.random.default_rng(0)
    noise = rng.standard_normal((3, 2, 4 * HOP)).astype(np.float32)
    sounds = [
        n * np.float32(x) for n, x in zip(noise, (target, rest, reference), strict=True)
    ]
    row = levels.mix_row("x", *sounds, {})
    assert (row is not None) == serves


def test_a_sound_that_rests_for_most_of_it_does_not_sound_throughout():
    sound = np.full((2, 8 * HOP), 0.1, np.float32)
    assert levels.sounds_throughout(sound)
    sound[:, : 2 * HOP] = 0.001
    assert levels.sounds_throughout(sound)
    sound[:, : 3 * HOP] = 0.001
    assert not levels.sounds_throughout(sound)
