# SPDX-License-Identifier: GPL-3.0-or-later
"""A validation is the mean of its groups, and reads its items when it needs them."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from models import write_neutral
from requinto.errors import AudioFileError, ModelError
from requinto.metrics import si_sdr
from requinto_lab.evaluation.bench import ITEM_SETS
from requinto_lab.evaluation.items import Item, read_items, write_item
from requinto_lab.training import validation
from requinto_lab.training.validation import OWN_GROUPS, RENDERED, SCORE, ItemScore
from sounds import RATE, noise


def item(set_name: str, name: str = "x", **meta: object) -> Item:
    return Item(
        Path("nowhere") / set_name / name, set_name, {"instrument": "x", **meta}
    )


def write(
    folder: Path, set_name: str, name: str, seed: int = 0, **meta: object
) -> None:
    """Write an item of noises whose target is 6 dB below the rest."""
    target, rest, reference = (0.1 * noise(10 * RATE, seed=seed + n) for n in range(3))
    silent = meta.get("absent", False)
    write_item(
        folder / set_name / name,
        mixture=rest if silent else 0.5 * target + rest,
        target=0 * target if silent else 0.5 * target,
        reference=reference[:, : 3 * RATE],
        sample_rate=RATE,
        meta={"instrument": "guitar", "timbre": name, **meta},
    )


def test_all_groups_are_sets_and_all_that_need_material_are_groups():
    new = [name for name, q in ITEM_SETS.items() if q.splits == ("validation",)]
    assert list(OWN_GROUPS) == new


def test_the_score_is_the_mean_over_groups():
    gains = {"duets": [1.0, 3.0], "singers": [6.0], "recorded_pairs": [-2.0, 0.0, 5.0]}
    rows = [
        ItemScore(item(name), si_sdr_gain_db=gain, snr_gain_db=2 * gain)
        for name, values in gains.items()
        for gain in values
    ]
    rows += [ItemScore(item("absent_target"), level_db=x) for x in (-30, -10, -12)]
    summary = validation.summarise(rows)
    assert summary["duets"] == 2 and summary["singers"] == 6
    assert summary[RENDERED] == 4  # of two sets, however many items they have
    assert summary["recorded_pairs"] == 1
    assert summary[SCORE] == 2.5
    assert summary["snr_improvement_db"] == 5
    assert summary["absent_target"] == -12  # the median
    assert "swap_margin_db" not in summary


def test_rendered_sets_alone_score_as_the_mean_of_their_means():
    rows = [ItemScore(item(n), g, g) for n, g in (("a", 1.0), ("a", 2.0), ("b", 4.5))]
    rows.append(ItemScore(item("b"), 4.5, 4.5, swap_margin_db=3.0))
    summary = validation.summarise(rows)
    assert summary[SCORE] == summary[RENDERED] == 3
    assert summary["swap_margin_db"] == 3


@pytest.mark.parametrize("n_wanted", [1, 3, 12, 25, 96, 200])
def test_items_are_chosen_evenly(n_wanted):
    items = [item("a", f"{n:03d}") for n in range(96)] + [item("b", "only")]
    chosen = validation.choose_evenly(items, n_wanted)
    assert chosen == validation.choose_evenly(items, n_wanted)
    numbers = [int(i.name) for i in chosen if i.set_name == "a"]
    assert len(numbers) == len(set(numbers)) == min(n_wanted, 96)
    assert max(np.diff([0, *numbers, 96])) <= 2 * np.ceil(96 / n_wanted)
    assert chosen[-1].name == "only"


def test_no_instrument_is_left_out_where_each_song_has_the_same_four():
    items = [item("a", f"{n:03d}") for n in range(96)]
    chosen = validation.choose_evenly(items, 24)  # each fourth, if steps were equal
    assert {int(i.name) % 4 for i in chosen} == {0, 1, 2, 3}


def test_sounds_are_read_when_used_and_cut_to_eight_seconds(tmp_path):
    write(tmp_path, "duets", "a")
    (test_item,) = validation.read_test_items(read_items(tmp_path))
    assert not [v for v in vars(test_item).values() if isinstance(v, np.ndarray)]
    assert test_item.sample_rate == RATE
    whole = read_items(tmp_path)[0].read("target")[0]
    np.testing.assert_array_equal(test_item.target, whole[:, : 8 * RATE])
    assert test_item.mixture.shape == (2, 8 * RATE)
    assert test_item.reference.shape == (2, 3 * RATE)
    assert test_item.wrong_reference is None
    write(tmp_path, "duets", "a", seed=9)
    assert np.abs(test_item.target - whole[:, : 8 * RATE]).max() > 0.01


def test_a_damaged_sound_is_named(tmp_path):
    write(tmp_path, "duets", "a")
    (tmp_path / "duets" / "a" / "target.flac").write_bytes(b"no sound")
    with pytest.raises(AudioFileError, match=r"target\.flac cannot be read"):
        validation.read_test_items(read_items(tmp_path))


def test_recordings_have_no_queries_by_name(tmp_path):
    for set_name in ("duets", "module_stems"):
        for name in "ab":
            write(tmp_path, set_name, name)
    test_items = validation.by_name(validation.read_test_items(read_items(tmp_path)))
    assert [(t.item.name, t.reference_item.name) for t in test_items] == [
        ("a", "b"),
        ("b", "a"),
    ]
    assert {t.reference_item.set_name for t in test_items} == {"duets"}


def test_the_command_prints_groups_and_writes_each_item(tmp_path, capsys):
    folder, models = tmp_path / "sets", tmp_path / "models"
    write(folder, "duets", "a", seconds=1)
    write(folder, "recorded_pairs", "b", seconds=1)
    write(folder, "recorded_pairs", "c", seed=5, seconds=1)
    write(folder, "recorded_pairs", "e", seed=7, seconds=1)
    write(folder, "absent_target", "d", seconds=1, absent=True)
    models.mkdir()
    write_neutral(models, "mine")
    path = tmp_path / "scores.json"
    validation.main(folder, "mine", models, path, items_per_set=2)
    printed = capsys.readouterr().out
    assert all(
        n in printed for n in (RENDERED, "duets", "recorded_pairs", "all groups")
    )
    record = json.loads(path.read_text())
    rows = {row["item"]: row for row in record["items"]}
    groups = sorted(row["group"] for name, row in rows.items() if name != "d")
    assert groups == ["recorded_pairs", "recorded_pairs", RENDERED]  # one of 3 is left
    # Such a model returns the mix: no gain, and the level of the mix
    for name in rows.keys() - {"d"}:
        assert rows[name]["si_sdr_gain_db"] == pytest.approx(0, abs=1e-3)
    assert rows["d"]["level_db"] == pytest.approx(0, abs=1e-3)
    assert rows["d"]["si_sdr_gain_db"] is None
    assert record["scores"][SCORE] == pytest.approx(0, abs=1e-3)


def test_a_gain_is_over_the_untouched_mix(tmp_path):
    """A separator that knows the truth gains all there is to gain."""
    write(tmp_path, "duets", "a")
    (test_item,) = validation.read_test_items(read_items(tmp_path))

    class Oracle:
        def query(self, reference, rate):
            return reference

        def separate(self, mixture, rate, query):
            return test_item.target + 0.01 * (mixture - test_item.target)

    score = validation.score_item(Oracle(), test_item)
    assert si_sdr(test_item.target, test_item.mixture) == pytest.approx(-6, abs=0.1)
    assert score.si_sdr_gain_db == pytest.approx(40, abs=0.1)
    assert score.snr_gain_db == pytest.approx(40, abs=0.1)


def test_what_is_missing_is_named(tmp_path):
    write(tmp_path / "sets", "duets", "a")
    with pytest.raises(ModelError, match="walkman"):
        validation.main(tmp_path / "sets", "walkman")
    with pytest.raises(AudioFileError, match="not a folder of test items"):
        validation.main(tmp_path / "nowhere")
    with pytest.raises(AudioFileError, match="cannot be written"):
        validation.main(tmp_path / "sets", json_path=tmp_path / "no" / "x.json")
