# SPDX-License-Identifier: GPL-3.0-or-later
"""Test sets hold what they say, and nothing that is trained on."""

from __future__ import annotations

import json

import numpy as np
import pytest

from requinto.errors import ConfigError
from requinto_lab.evaluation import bench as benches
from requinto_lab.evaluation.arranging import Voice
from requinto_lab.evaluation.items import read_items
from requinto_lab.evaluation.level_scores import level_db
from requinto_lab.evaluation.scoring import read_task
from requinto_lab.material import splits, timbres
from requinto_lab.material.instruments import BACHATA, UNSEEN
from requinto_lab.material.songs import plan_loop
from requinto_lab.material.style import style

QUICK = [
    name
    for name, item_set in benches.ITEM_SETS.items()
    if item_set.n_quick and "test" in item_set.splits
]


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """Return one song of each set of the test split."""
    folder = tmp_path_factory.mktemp("sets")
    for name in QUICK:
        benches.build_song(folder, name, "test", 0)
    return folder


def items(built, name):
    return read_items(built / name)


@pytest.mark.parametrize("name", QUICK)
def test_items_are_whole(built, name):
    for item in items(built, name):
        task = read_task(item)
        assert task.sample_rate == 44100 and len(task.mixture) == 2
        assert np.abs(task.mixture).max() < 0.999
        assert np.abs(task.reference).max() > 0.01
        assert item.meta["licence"] and item.meta["source"]
        assert item.meta["split"] == splits.split_of_seed(item.meta["seed"]) == "test"
        family = item.meta["timbre"].split(":")[0]
        assert splits.split_of_family(item.instrument, family) == "test"
        if not item.absent:
            # Neither alone nor beyond hearing
            assert -40 < level_db(task.mixture, task.truth) < -0.1
            assert level_db(task.mixture, task.mixture - task.truth) > -40


@pytest.mark.parametrize("name", QUICK)
def test_references_are_other_material(built, name):
    """The reference is no part of the target it stands for."""
    for item in items(built, name):
        task = read_task(item)
        if item.absent:
            continue
        reference = task.reference.mean(axis=0)[:44100]
        target = task.truth.mean(axis=0)
        size = 1 << int(np.ceil(np.log2(len(target) + len(reference))))
        product = np.fft.rfft(target, size) * np.conj(np.fft.rfft(reference, size))
        products = np.abs(np.fft.irfft(product, size))[: len(target) - 44100 + 1]
        energy = np.cumsum(np.concatenate([[0], target.astype(float) ** 2]))
        there = energy[44100:] - energy[:-44100]
        there = np.maximum(there, 1e-3 * there.max())
        # The same second would give 1
        alike = products / np.sqrt(there) / np.linalg.norm(reference)
        assert alike.max() < 0.95


def test_clips_ask_for_the_four(built):
    clips = items(built, "bachata_clips")
    assert {i.instrument for i in clips} == set(BACHATA)
    assert all(i.beats().times_s[0] == pytest.approx(0.05) for i in clips)


@pytest.mark.parametrize("index", [0, 3, 7])
def test_songs_begin_with_pickups(index):
    row = next(benches.ITEM_SETS["bachata_songs"].make("test", index))
    meta = row["meta"]
    assert meta["pickup_beats"] == index
    beat_s = 60 / meta["tempo_bpm"]
    first = meta["beats_s"].index(meta["downbeats_s"][0])
    assert first == index % 4
    assert meta["beats_given"] is False
    # Only the guitar plays the pickup
    if index:
        bass = next(
            r
            for r in benches.ITEM_SETS["bachata_songs"].make("test", index)
            if r["meta"]["instrument"] == "bass"
        )
        end = round((0.05 + (index - 0.5) * beat_s) * 44100)
        # But for what taking the mean out of the whole stem leaves
        assert np.abs(bass["target"][:, :end]).max() < 1e-4
        assert np.abs(bass["mixture"][:, :end]).max() > 0.01


@pytest.mark.parametrize("split", ["validation", "test"])
def test_unseen_instruments_are_unseen(split):
    make = benches.ITEM_SETS["unseen_instruments"].make
    targets = [row["meta"]["instrument"] for i in (0, 3) for row in make(split, i)]
    assert targets == [UNSEEN[split][0], UNSEEN[split][3]]
    assert not set(targets) & set(splits.families("train"))


def test_absent_targets_are_silent(built):
    for item in items(built, "absent_target"):
        assert item.absent and item.instrument in BACHATA
        assert not read_task(item).truth.any()


def test_rivals_are_of_a_kind_and_differ(built):
    for item in items(built, "two_of_a_kind"):
        assert item.instrument in ("guitar", "bass")
        assert item.meta["rival"] != item.meta["timbre"]
        wrong, _ = item.read("wrong_reference")
        song = plan_loop(style("bachata"), item.meta["seed"], 4)
        part = song.style.part("segunda" if item.instrument == "guitar" else "bajo")
        timbre = timbres.find(item.instrument, item.meta["rival"])
        rival = Voice(part, timbre, song).reference(song.seed + 501)
        np.testing.assert_allclose(wrong, rival.clip(-1, 1), atol=2 / 32767)


def test_duets_are_of_two_and_add_up(built):
    duets = items(built, "duets")
    assert {i.instrument for i in duets} == set(benches.DUETS[0])
    first, second = (read_task(i) for i in duets)
    # Of one song; each file is rounded on its own
    np.testing.assert_allclose(first.mixture, second.mixture, atol=2 / 32767)
    np.testing.assert_allclose(
        first.truth + second.truth, first.mixture, atol=3 / 32767
    )


@pytest.mark.parametrize("index", [0, 1, 23])
@pytest.mark.parametrize("split", ["validation", "test"])
def test_singers_sing_and_pairs_take_turns(split, index):
    (row,) = benches.ITEM_SETS["singers"].make(split, index)
    assert row["meta"]["instrument"] == "voice"
    targets = [
        r["meta"]["instrument"] for r in benches.ITEM_SETS["duets"].make(split, index)
    ]
    assert sorted(targets) == sorted(benches.DUETS[index % len(benches.DUETS)])


def test_a_build_is_the_same_each_time_and_goes_on(built, tmp_path):
    benches.build_song(tmp_path, "bachata_clips", "test", 0)
    for file in sorted(tmp_path.glob("bachata_clips/*/*")):
        other = built / file.relative_to(tmp_path)
        assert file.read_bytes() == other.read_bytes()
    stamps = {p.name for p in (tmp_path / ".built").iterdir()}
    assert stamps == {"bachata_clips-0000"}
    untouched = min(tmp_path.glob("bachata_clips/*/mix.flac"))
    untouched.write_bytes(b"")
    benches.build(tmp_path, quick=True, sets=("bachata_clips",), n_workers=2)
    assert untouched.read_bytes() == b""
    assert len(list((tmp_path / ".built").iterdir())) == 3


def test_what_cannot_be_built_is_refused(tmp_path):
    with pytest.raises(ConfigError, match="not 'train'"):
        benches.build(tmp_path, "train")
    with pytest.raises(ConfigError, match=r"unknown sets \['quiz'\]"):
        benches.build(tmp_path, sets=("quiz",))


def test_the_command_builds_scores_and_draws(tmp_path, run_command):
    folder = tmp_path / "bench"
    benches.build_song(folder, "bachata_clips", "test", 1)
    status, _, err = run_command("data", "bench", "-o", folder, "--set", "quiz")
    assert status == 2 and "unknown sets" in err and err.count("\n") == 1

    result = tmp_path / "evaluation.json"
    status, out, err = run_command("evaluate", folder, "--json", result)
    assert (status, err) == (0, "")
    assert "bongo" in out
    report = json.loads(result.read_text())
    assert {i["instrument"] for i in report["items"]} == set(BACHATA)
    for item in report["items"]:
        assert item["si_sdr_db"]["ideal_ratio_mask"] > item["si_sdr_db"]["mix"]

    result = tmp_path / "comparison.json"
    names = ("mix", "requinto", "harmonic-percussive", "ideal ratio mask")
    systems = [word for name in names for word in ("--system", name)]
    status, out, err = run_command(
        *("compare", folder, *systems, "--json", result),
        *("--pictures", tmp_path / "pictures"),
        *("--page", tmp_path / "systems.md"),
    )
    assert (status, err) == (0, "")
    report = json.loads(result.read_text())
    assert set(report["systems"]) == set(names)
    assert report["systems"]["requinto"]["n_parameters"] > 1e6
    for name in names:
        assert report["sets"]["bachata_clips"][name]["all"]["n"] == 4
        assert "sdr" in report["sets"]["bachata_clips"][name]["all"]
    page = (tmp_path / "systems.md").read_text()
    assert all(f"| {name} |" in page for name in names)
    assert (tmp_path / "systems" / "bachata_clips-boxes.png").is_file()
    pictures = {p.name for p in (tmp_path / "pictures").iterdir()}
    assert pictures == {
        f"bachata_clips-{end}.png" for end in ("boxes", "best", "median", "worst")
    }
    status, _, err = run_command("compare", folder, "--system", "walkman")
    assert status == 2 and "unknown system 'walkman'" in err
