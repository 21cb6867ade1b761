# SPDX-License-Identifier: GPL-3.0-or-later
"""Grids are compared fairly, and joins of the released models do not stand out."""

import importlib
import json

import numpy as np
import pytest
from rich.console import Console

import requinto
from requinto.beats import Beats
from requinto.clips import ClipFrames
from requinto.loader import load_separator
from requinto.song_separation import plan
from requinto_lab.evaluation import joins
from requinto_lab.evaluation.items import read_items
from sounds import RATE, noise

SECONDS = 24


def test_a_model_that_changes_nothing_gains_nothing_on_any_grid(
    bench, monkeypatch, unchanged, capsys
):
    for module in ("requinto.extract", "requinto_lab.evaluation.joins"):
        monkeypatch.setattr(
            importlib.import_module(module), "load_separator", lambda *_: unchanged
        )
    item = read_items(bench)[0]
    rows = list(joins.on_grids(item, "standard"))
    assert [row.grid for row in rows] == [
        *("true bars", "tracked bars", "true beats alone", "1 late", "2 late"),
        *("3 late", "even, 2 s", "even, 4 s"),
        *("true bars, 2 beats a clip", "true bars, 1 beat a clip"),
    ]
    for row in rows:
        assert row.gain_db == pytest.approx(0, abs=1e-3)
        assert row.whole_db == pytest.approx(rows[0].whole_db, abs=1e-3)
    by_grid = {row.grid: row for row in rows}
    # On true bars all downbeats are joins, two beats later none is
    assert np.isnan(by_grid["true bars"].unjoined_db)
    assert np.isnan(by_grid["2 late"].joined_db)
    assert by_grid["true bars"].joined_db == pytest.approx(
        by_grid["2 late"].unjoined_db, abs=0.01
    )
    joins.show(rows, Console(width=200))
    assert "true beats alone" in capsys.readouterr().out


def test_late_grids_are_late_by_whole_beats(bench):
    item = read_items(bench)[0]
    mixture, rate = item.read("mix")
    grids = joins.grids(item, mixture, rate)
    meta = json.loads((item.path / "meta.json").read_text())
    beat_s = 60 / meta["tempo_bpm"]
    for n in (1, 2, 3):
        apart = grids[f"{n} late"].downbeats_s[0] - meta["downbeats_s"][0]
        assert apart == pytest.approx(n * beat_s, abs=1e-3)


def chord():
    """Return a steady chord that is rich in partials, and steady noise beside it."""
    time_s = np.arange(SECONDS * RATE) / RATE
    rng = np.random.default_rng(0)
    saws = [
        np.sin(2 * np.pi * f * k * time_s + rng.uniform(0, 6.28)) / k
        for f in (220.0, 277.2, 329.6)
        for k in range(1, 20)
    ]
    target = np.tile(0.05 * np.sum(saws, axis=0), (2, 1)).astype(np.float32)
    spectrum = np.fft.rfft(noise(SECONDS * RATE, 1)[0])
    rest = np.fft.irfft(spectrum / np.sqrt(np.arange(len(spectrum)) + 50))
    rest = np.tile(0.03 * rest / rest.std(), (2, 1)).astype(np.float32)
    return target, target + rest


@pytest.mark.parametrize("model", ["standard", "fast"])
@pytest.mark.parametrize("tempo_bpm", [120.0, 93.0])
def test_the_level_around_joins_is_that_elsewhere(model, tempo_bpm):
    target, mixture = chord()
    grid = Beats.grid(tempo_bpm, SECONDS, 0.3)
    extracted = requinto.extract(
        mixture, RATE, reference=target[:, : 3 * RATE], beats=grid, model=model
    )
    sizes = ClipFrames.at(load_separator(model).clips, RATE)
    clips = plan(SECONDS * RATE, RATE, grid, sizes)
    starts = [c.start for c in clips if RATE < c.start < (SECONDS - 1) * RATE]
    power = (extracted**2).mean(axis=0)
    near = 2 * sizes.half_fade
    at_joins = np.mean([power[s - near : s + near].mean() for s in starts])
    apart = np.ones(len(power), bool)
    apart[:RATE] = apart[-RATE:] = False
    for start in starts:
        apart[start - 2 * near : start + 2 * near] = False
    assert len(starts) >= 8
    assert abs(10 * np.log10(at_joins / power[apart].mean())) < 0.2
