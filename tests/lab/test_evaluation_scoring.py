# SPDX-License-Identifier: GPL-3.0-or-later
"""Scores must be what their formulas say, and never nan."""

from __future__ import annotations

import dataclasses
import json
import math
import time

import numpy as np
import pytest
import soundfile

from models import write_neutral
from requinto.errors import (
    AudioError,
    AudioFileError,
    ConfigError,
    ModelError,
    RequintoError,
)
from requinto_lab.evaluation import tables
from requinto_lab.evaluation.bss_eval import bss_eval
from requinto_lab.evaluation.items import Item, read_items, write_item
from requinto_lab.evaluation.level_scores import level_db, snr
from requinto_lab.evaluation.oracles import IdealRatioMask, Mix
from requinto_lab.evaluation.scoring import Score, read_task, score
from requinto_lab.evaluation.systems import Task
from sounds import RATE, error_db, noise, sine


class Scaled:
    """Answer with the truth in some noise, or with the mix where it is wrong."""

    n_parameters = 3
    uses_reference = True

    def __init__(self, name, share, instruments=("bass", "guitar")):
        self.name, self.share, self.instruments = name, share, instruments

    def applies(self, instrument):
        return instrument in self.instruments

    def estimate(self, task):
        right = np.abs(task.reference).max() > 0.05
        if not right:
            return task.mixture
        return task.truth + self.share * (task.mixture - task.truth)


def item(folder, name, *, instrument="bass", seconds=3, wrong=False, **more):
    target = 0.3 * sine(seconds * RATE, 2, RATE)
    if more.get("absent"):
        target = 0 * target
    rest = 0.1 * noise(seconds * RATE, seed=len(name))
    write_item(
        folder / name,
        mixture=target + rest,
        target=target,
        reference=0.2 * sine(RATE, 2, RATE),
        sample_rate=RATE,
        meta={"instrument": instrument, **more},
        wrong_reference=0.01 * noise(RATE) if wrong else None,
    )


@pytest.fixture
def folder(tmp_path):
    item(tmp_path / "one", "a")
    item(tmp_path / "one", "b", instrument="guitar", wrong=True)
    item(tmp_path / "two", "silent", absent=True)
    return tmp_path


def score_all(folder, *systems, **options):
    return score(read_items(folder), lambda: list(systems), n_workers=1, **options)


def test_items_come_back_exactly(folder):
    items = read_items(folder)
    assert [(i.set_name, i.name) for i in items] == [
        ("one", "a"),
        ("one", "b"),
        ("two", "silent"),
    ]
    for one in items:
        task = read_task(one)
        # 16 bits: what is not the target is the rest, but for half of the last
        rest = 0.1 * noise(task.mixture.shape[1], seed=len(one.name))
        left = (task.mixture - task.truth) * 32768
        np.testing.assert_allclose(left, rest * 32767, atol=0.51)
    assert [i.absent for i in items] == [False, False, True]
    assert [i.has_wrong_reference for i in items] == [False, True, False]


def test_beats_are_given_or_withheld(tmp_path):
    beats = {"tempo_bpm": 120.0, "beats_s": [0.1, 0.6], "downbeats_s": [0.1]}
    given = Item(tmp_path, "x", {"instrument": "bass", **beats})
    assert given.beats().times_s.tolist() == [0.1, 0.6]
    withheld = dataclasses.replace(given, meta={**given.meta, "beats_given": False})
    assert withheld.beats() is None
    assert Item(tmp_path, "x", {"instrument": "bass"}).beats() is None


@pytest.mark.parametrize("share", [0.5, 0.1, 0.01])
def test_scores_follow_what_is_left_of_the_rest(folder, share):
    rows = score_all(folder, Scaled("half", share), Mix())
    mine = [r for r in rows if r.system == "half" and not r.absent]
    assert len(mine) == 2
    for row in mine:
        # The rest is uncorrelated with the target but for its length
        assert row.improvement == pytest.approx(-20 * math.log10(share), abs=0.3)
        assert row.snr - row.snr_mix == pytest.approx(-20 * math.log10(share), abs=0.3)
        assert row.n_parameters == 3
    assert [r.improvement for r in rows if r.system == "mix" and not r.absent] == [0, 0]


class Busy(Scaled):
    """Works for 0.1 s, then sleeps for 0.3 s, and keeps the length of each mixture."""

    def __init__(self):
        super().__init__("busy", 0)
        self.lengths = []

    def estimate(self, task):
        self.lengths.append(task.mixture.shape[1])
        end = time.process_time() + 0.1
        while time.process_time() < end:
            pass
        time.sleep(0.3)
        return task.mixture


def test_seconds_are_of_the_processor_and_not_of_the_warm_up(folder):
    busy = Busy()
    rows = score_all(folder, busy)
    assert busy.lengths[0] == 2 * RATE  # before the items, which last 3 s
    assert all(0.1 <= row.seconds < 0.3 and row.duration_s == 3 for row in rows)


def test_absent_targets_have_a_level_and_no_ratio(folder):
    rows = [r for r in score_all(folder, Scaled("tenth", 0.1)) if r.absent]
    assert [r.level for r in rows] == [pytest.approx(-20, abs=0.01)]
    assert rows[0].si_sdr is rows[0].improvement is rows[0].sdr is None


def test_a_swap_is_right_minus_wrong(folder):
    rows = score_all(folder, Scaled("tenth", 0.1))
    margins = {r.item: r.swap_margin for r in rows}
    gain = next(r.improvement for r in rows if r.item == "b")
    # With the wrong reference it answers with the mix
    assert margins == {"a": None, "b": pytest.approx(gain), "silent": None}


def test_who_does_not_apply_is_not_run(folder):
    rows = score_all(folder, Scaled("bassist", 0.1, ("bass",)))
    assert {r.instrument for r in rows} == {"bass"}


def test_silence_is_scored_but_never_nan(tmp_path):
    item(tmp_path, "a")
    silence = np.zeros((2, RATE), np.float32)
    write_item(
        tmp_path / "nothing",
        mixture=silence,
        target=silence,
        reference=0.1 * noise(RATE),
        sample_rate=RATE,
        meta={"instrument": "bass"},
    )

    class Silent(Scaled):
        def estimate(self, task):
            return np.zeros_like(task.mixture)

    rows = score_all(tmp_path, Silent("silent", 0), Mix(), bss_eval=True)
    for row in rows:
        for value in dataclasses.asdict(row).values():
            assert not isinstance(value, float) or math.isfinite(value)
    text = json.dumps(tables.comparison(rows), allow_nan=False)
    assert "silent" in text


def test_processes_give_what_one_gives(folder):
    items = read_items(folder)[::-1]  # not the order in which they are worked off
    alone, shared = (
        [
            dataclasses.replace(row, seconds=0)
            for row in score(items, _oracles, n_workers=n)
        ]
        for n in (1, 2)
    )
    assert alone == shared


def _oracles():
    return [Mix(), IdealRatioMask()]


def test_bad_answers_are_refused(folder):
    class Short(Scaled):
        def estimate(self, task):
            return task.mixture[:, 1:]

    class Broken(Scaled):
        def estimate(self, task):
            return task.mixture * np.nan

    for system in (Short("short", 0), Broken("broken", 0)):
        with pytest.raises(RequintoError, match=f"{system.name} answered"):
            score_all(folder, system)


def test_bad_items_are_refused(tmp_path):
    with pytest.raises(AudioFileError, match="not a folder of test items"):
        read_items(tmp_path / "missing")
    with pytest.raises(AudioFileError, match="holds no test item"):
        read_items(tmp_path)
    item(tmp_path, "a")
    item_folder = tmp_path / "a"
    for text in ("{", "[]", "{}", '{"instrument": 3}'):
        (item_folder / "meta.json").write_text(text)
        with pytest.raises(AudioFileError, match=r"meta\.json"):
            read_items(tmp_path)
    (item_folder / "meta.json").write_text('{"instrument": "bass"}')
    soundfile.write(item_folder / "reference.flac", np.zeros((RATE, 2)), RATE)
    with pytest.raises(AudioFileError, match=r"reference\.flac is silent"):
        score_all(tmp_path, Mix())
    short = 0.1 * noise(RATE // 2 - 1)
    soundfile.write(item_folder / "reference.flac", short.T, RATE)
    with pytest.raises(AudioFileError, match=r"shorter than 0\.5 s"):
        score_all(tmp_path, Mix())
    (item_folder / "reference.flac").unlink()
    with pytest.raises(AudioFileError, match=r"has no reference\.flac"):
        read_items(tmp_path)


def test_bss_eval_tells_interference_from_artefacts():
    """More of the rest lowers SIR, more noise of our own lowers SAR."""
    one = noise(3 * RATE, 1, seed=3)
    target = np.concatenate([one, 0.5 * one])  # panned
    rest, own = noise(3 * RATE, seed=1), noise(3 * RATE, seed=2)
    quiet = bss_eval(target, target + rest, target + 0.01 * rest + 0.01 * own)
    mixed = bss_eval(target, target + rest, target + 0.3 * rest + 0.01 * own)
    harsh = bss_eval(target, target + rest, target + 0.01 * rest + 0.3 * own)
    assert quiet.sir - mixed.sir > 20 > quiet.sar - mixed.sar
    assert quiet.sar - harsh.sar > 20
    assert harsh.sdr < harsh.sir - 10
    mix = bss_eval(target, target + rest, target + rest)
    assert mix.sdr == pytest.approx(snr(one, one + rest.mean(0)[None]), abs=6)
    silent = bss_eval(0 * target, rest, rest)
    assert all(math.isnan(value) for value in silent)


def test_level_is_of_the_mix():
    mixture = noise(1000)
    assert level_db(mixture, 0.1 * mixture) == pytest.approx(-20)
    assert level_db(mixture, 0 * mixture) == -120
    with pytest.raises(AudioError, match="silent"):
        level_db(0 * mixture, mixture)


def row(gain, **more):
    return Score("x", "s", "i", "bass", False, si_sdr=gain - 3, si_sdr_mix=-3.0, **more)


def test_summaries_are_medians_with_intervals():
    gains = [1.0, 2.0, 4.0, 8.0, 100.0]
    summary = tables.summary([row(g, duration_s=1) for g in gains])
    assert (summary["n"], summary["improvement"], summary["improvement_mean"]) == (
        5,
        4,
        23,
    )
    low, high = summary["improvement_interval"]
    assert 1 <= low < 4 < high <= 100
    assert summary["worst_improvement"] == 1
    assert "absent_level" not in summary and "sdr" not in summary
    absent = [
        Score("x", "s", "i", "bass", True, level=level) for level in (-10.0, -30.0, -50)
    ]
    summary = tables.summary(absent)
    assert summary["absent_level"] == -30
    assert summary["absent_share_silent"] == pytest.approx(2 / 3)


def test_intervals_shrink_with_more_items():
    rng = np.random.default_rng(0)
    few, many = rng.normal(0, 1, 10).tolist(), rng.normal(0, 1, 400).tolist()
    widths = [np.diff(tables.interval(values))[0] for values in (few, many)]
    assert 0 < widths[1] < widths[0] / 2
    assert tables.interval([3.0]) == (3.0, 3.0)


def test_an_evaluation_has_what_was_promised(folder):
    ideal = IdealRatioMask()
    rows = score_all(folder, Scaled("ours", 0.1), ideal)
    result = tables.evaluation(rows, "ours", ideal.name)
    keys = {"estimate", "mix", "ideal_ratio_mask"}
    first, _, silent = result["items"]
    assert set(first["si_sdr_db"]) == set(first["snr_db"]) == keys
    assert first["si_sdr_db"]["ideal_ratio_mask"] > first["si_sdr_db"]["mix"] + 3
    assert silent["absent"] and "si_sdr_db" not in silent
    assert silent["level_db"] == pytest.approx(-20, abs=0.01)
    assert set(result["instruments"]) == {"bass", "guitar"}
    assert result["instruments"]["bass"]["n"] == 2
    json.dumps(result, allow_nan=False)


def test_what_has_weights_is_compared_where_they_are_there(tmp_path, monkeypatch):
    from requinto_lab.systems import registry

    write_neutral(tmp_path)
    monkeypatch.setenv("REQUINTO_MODELS", str(tmp_path))
    without = registry.available()
    assert without == tuple(n for n in registry.SYSTEMS if n not in registry._WEIGHTS)
    assert registry.check_names(("requinto fast",))  # it can always be asked for
    with pytest.raises(ModelError, match="'fast'; known are standard"):
        registry.make_systems(("requinto fast",))

    write_neutral(tmp_path, "fast", gain=0.5)
    assert registry.available() == (*without[:2], "requinto fast", *without[2:])
    sound = noise(RATE)
    task = Task(sound, noise(RATE, seed=1), RATE, "bass", None, sound)
    for name, gain in (("requinto", 1.0), ("requinto fast", 0.5)):
        (system,) = registry.make_systems((name,))
        assert system.name == name and system.n_parameters > 1000
        assert error_db(gain * sound, system.estimate(task)) < -100


def test_nobody_knows_another_system():
    from requinto_lab.systems import registry

    with pytest.raises(ConfigError, match="unknown system 'walkman'; known are mix"):
        registry.check_names(("walkman",))
