# SPDX-License-Identifier: GPL-3.0-or-later
"""Nothing that is tested on may be trained on."""

from __future__ import annotations

import itertools

import pytest

from requinto.errors import ConfigError
from requinto_lab.evaluation import arranging, bench
from requinto_lab.evaluation.validation_sets import FIRST_SEEDS, VALIDATION_SETS
from requinto_lab.material import loops, splits
from requinto_lab.material.instruments import BACHATA, INSTRUMENTS, UNSEEN
from requinto_lab.material.songs import plan_loop
from requinto_lab.material.style import style
from requinto_lab.material.timbres import find, timbres

PAIRS = list(itertools.combinations(splits.SPLITS, 2))
# Sources that DESIGN keeps for tests: no family of training may be one
TEST_ONLY = {"freepats", "opl3"}


@pytest.mark.parametrize(("one", "other"), PAIRS)
def test_splits_share_no_seed_and_no_family(one, other):
    assert not set(splits.seeds(one)) & set(splits.seeds(other))
    for instrument in INSTRUMENTS:
        families = [set(splits.families(s).get(instrument, ())) for s in (one, other)]
        assert not families[0] & families[1], instrument


def test_each_seed_and_family_has_one_split():
    for split in splits.SPLITS:
        ends = splits.seeds(split)[0], splits.seeds(split)[-1]
        assert [splits.split_of_seed(seed) for seed in ends] == [split] * 2
        for instrument, families in splits.families(split).items():
            for family in families:
                assert splits.split_of_family(instrument, family) == split
    with pytest.raises(ConfigError):
        splits.split_of_seed(-1)
    with pytest.raises(ConfigError):
        splits.split_of_family("guitar", "theremin")
    with pytest.raises(ConfigError, match="unknown split 'holiday'"):
        splits.seeds("holiday")


def test_training_has_nothing_that_is_kept_for_tests():
    trained = timbres("train")
    assert not {*UNSEEN["validation"], *UNSEEN["test"]} & set(trained)
    assert not set(UNSEEN["validation"]) & set(UNSEEN["test"])
    trained_on = {t.family for rows in trained.values() for t in rows}
    assert not trained_on & TEST_ONLY


@pytest.mark.parametrize("split", splits.SPLITS)
def test_every_family_has_timbres_and_every_timbre_a_family(split):
    for instrument, families in splits.families(split).items():
        present = {t.family for t in timbres(split)[instrument]}
        assert present == set(families), instrument
        for timbre in timbres(split)[instrument]:
            assert timbre.split == split
            assert timbre.licence


@pytest.mark.parametrize("instrument", INSTRUMENTS)
def test_every_instrument_has_five_families(instrument):
    families = {
        t.family for split in splits.SPLITS for t in timbres(split).get(instrument, ())
    }
    assert len(families) >= 5


def test_timbres_have_names_of_their_own():
    for split in splits.SPLITS:
        for instrument, rows in timbres(split).items():
            assert len({t.id for t in rows}) == len(rows), instrument
    assert find("guitar", "fluid:nylon").instrument == "guitar"
    with pytest.raises(ConfigError):
        find("guitar", "fluid:kazoo")


@pytest.mark.parametrize("split", ["train", "validation"])
def test_a_library_keeps_to_its_split(split):
    config = loops.LibraryConfig(
        loops={split: {"bachata": 3, "salsa": 2}}, songs={split: {"rock": 2}}
    )
    jobs = loops.jobs(config)
    assert len({(job.style, job.seed) for job in jobs}) == len(jobs) == 7
    for job in jobs:
        assert splits.split_of_seed(job.seed) == split
        song = plan_loop(style(job.style), job.seed)
        for _, timbre in loops.choose(song, split, 3):
            assert timbre.split == split


@pytest.mark.parametrize("split", ["validation", "test"])
def test_a_bench_keeps_to_its_split(split):
    seeds = set()
    for name, item_set in bench.ITEM_SETS.items():
        if name.startswith("others_"):  # not our patterns
            continue
        if name in VALIDATION_SETS and name not in FIRST_SEEDS:  # nor these
            continue
        for index in range(item_set.n_full):
            if name in FIRST_SEEDS:
                seed = splits.seeds(split)[FIRST_SEEDS[name] + index]
            else:
                seed = bench._seed(split, name, index)
            # Rivals and references play other seeds, at these distances
            for used in (seed, seed + 250, seed + 500, seed + 539):
                assert splits.split_of_seed(used) == split
            seeds.add((name, seed))
    assert len({seed for _, seed in seeds}) == len(seeds)
    song = plan_loop(style("bachata"), bench._seed(split, "bachata_clips", 0))
    for voice in arranging.voices(song, split):
        assert voice.timbre.split == split
    assert {v.instrument for v in arranging.quartet(song, split)} == set(BACHATA)
