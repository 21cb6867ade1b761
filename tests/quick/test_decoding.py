# SPDX-License-Identifier: GPL-3.0-or-later
"""Beats and bars are those of perfect activations, and of poor ones."""

import dataclasses
import tracemalloc

import numpy as np
import pytest

from requinto.config import DecodingConfig
from requinto.decoding import choose_bars, choose_beats, refine_peaks

PER_S = 50.0
CONFIG = DecodingConfig()


def activations_at(times_s, duration_s, peak=0.8, floor=0.03):
    """Return activations that peak at these times."""
    activations = np.full(round(duration_s * PER_S) + 1, floor)
    columns = np.round(np.asarray(times_s) * PER_S).astype(int)
    for side, share in ((-1, 0.4), (1, 0.4), (0, 1.0)):
        positions = columns + side
        positions = positions[(positions >= 0) & (positions < len(activations))]
        activations[positions] = np.maximum(activations[positions], share * peak)
    return activations


def beats_of(tempo_bpm, duration_s, first_s=0.3):
    return np.arange(first_s, duration_s, 60 / tempo_bpm)


def beats_in(activations):
    return choose_beats(activations, CONFIG, PER_S) / PER_S


@pytest.mark.parametrize("tempo_bpm", [45, 60, 77.7, 100, 128, 160, 200, 225])
def test_beats_are_tracked_at_any_tempo(tempo_bpm):
    true = beats_of(tempo_bpm, 30)
    estimate = beats_in(activations_at(true, 30))
    assert len(estimate) == len(true)
    # Half a column
    assert np.abs(estimate - true).max() <= 0.5 / PER_S + 1e-9


@pytest.mark.parametrize("tempo_bpm", [70, 120, 190])
def test_weak_beats_are_kept_and_strays_are_not(tempo_bpm):
    rng = np.random.default_rng(1)
    true = beats_of(tempo_bpm, 40)
    weak = rng.random(len(true)) < 0.25
    weak[[0, -1]] = False
    activations = activations_at(true[~weak], 40)
    strays = rng.uniform(0, 40, 12)
    activations = np.maximum(activations, activations_at(strays, 40, 0.35))
    estimate = beats_in(activations)
    near = np.abs(estimate[:, None] - true).min(axis=1)
    missed = np.abs(estimate[:, None] - true).min(axis=0)
    # Where it begins or ends with gaps, a few are not worth their doubt
    assert np.mean(near < 0.05) > 0.97 and np.mean(missed < 0.05) > 0.93


def test_drift_and_ritardando_are_followed():
    lengths = 0.5 * np.linspace(1, 1.25, 60)
    lengths[-8:] *= np.linspace(1.05, 1.5, 8)
    true = 0.4 + np.cumsum(lengths)
    estimate = beats_in(activations_at(true, true[-1] + 0.5))
    assert len(estimate) == len(true) and np.abs(estimate - true).max() < 0.03


def test_a_held_beat_costs_no_beat_after_it():
    true = np.concatenate([beats_of(120, 15), 16.3 + beats_of(120, 15)])
    estimate = beats_in(activations_at(true, 32))
    missed = np.abs(estimate[:, None] - true).min(axis=0)
    assert np.all(missed < 0.05)


def test_silence_around_a_song_has_no_beats():
    true = 10 + beats_of(110, 20)
    estimate = beats_in(activations_at(true, 45))
    assert estimate[0] >= true[0] - 0.05 and estimate[-1] <= true[-1] + 0.05


@pytest.mark.parametrize("floor", [0.0, 0.05, 0.15])
@pytest.mark.parametrize("n_columns", [0, 1, 5, 500])
def test_low_activations_have_no_beats(floor, n_columns):
    assert len(choose_beats(np.full(n_columns, floor), CONFIG, PER_S)) == 0


def bars_from(n_beats, metre, first, cuts=()):
    """Return the position of each beat in its bar; after a cut the next one begins."""
    positions, position = [], (-first) % metre
    for i in range(n_beats):
        if i in cuts:
            position = 0
        positions.append(position)
        position = (position + 1) % metre
    return np.array(positions)


@pytest.mark.parametrize("metre", CONFIG.bars)
@pytest.mark.parametrize("first", range(4))
@pytest.mark.parametrize("peak", [0.9, 0.5])
def test_bars_are_right_after_any_pickup(metre, first, peak):
    positions = bars_from(60, metre, first % metre)
    rng = np.random.default_rng(first)
    activations = np.where(positions == 0, peak, 0.04) * rng.uniform(0.6, 1.1, 60)
    bars = choose_bars(activations, CONFIG)
    np.testing.assert_array_equal(bars.positions, positions)
    assert bars.beats_per_bar == metre


def test_a_half_bar_moves_what_follows():
    positions = bars_from(66, 4, 0, cuts=(30, 48))  # 30 is half a bar, 48 is not
    activations = np.where(positions == 0, 0.8, 0.05)
    np.testing.assert_array_equal(choose_bars(activations, CONFIG).positions, positions)


def test_a_single_stray_downbeat_moves_nothing():
    positions = bars_from(64, 4, 1)
    activations = np.where(positions == 0, 0.7, 0.05)
    activations[30] = 0.8
    np.testing.assert_array_equal(choose_bars(activations, CONFIG).positions, positions)


def test_no_beats_have_no_bars():
    bars = choose_bars(np.zeros(0), CONFIG)
    assert len(bars.positions) == 0 and bars.beats_per_bar == 4


@pytest.mark.parametrize("offset", [-0.4, 0.0, 0.3])
def test_peaks_lie_between_columns(offset):
    true = 20 + offset
    activations = np.exp(-0.5 * ((np.arange(40) - true) / 0.8) ** 2)
    for column in (19, 20, 21):
        if abs(round(true) - column) <= 1:
            assert refine_peaks(activations, np.array([column]))[0] == pytest.approx(
                true, abs=0.01
            )


def test_refinement_stays_within_a_sound():
    activations = np.array([0.9, 0.2, 0.1, 0.3, 0.8])
    estimate = refine_peaks(activations, np.array([0, 4]))
    assert 0 <= estimate[0] < 0.6 and 3.4 < estimate[1] <= 4.5


def beats_one_by_one(activations, config, per_s=PER_S):
    """Return the beats, one column and one step after the other."""
    lengths = [per_s * 60 / bpm for bpm in (config.fastest_bpm, config.slowest_bpm)]
    intervals = np.arange(int(lengths[0]), int(np.ceil(lengths[1])) + 1)
    apart = np.maximum(np.abs(intervals[:, None] - intervals) - 1, 0)
    octaves = np.log2(1 + apart / np.minimum(intervals[:, None], intervals))
    costs = np.minimum(config.tempo_change_cost * octaves**2, config.jump_cost)
    odds = [np.log(p / (1 - p)) for p in np.clip([*activations], 0.001, 0.999)]
    neutral = np.clip(config.min_beat, 0.001, 0.999)
    worth = np.array(odds) - np.log(neutral / (1 - neutral))
    best = np.zeros((len(activations), len(intervals)))
    onward, origin = np.zeros_like(best), np.full(best.shape, -1)
    for t in range(len(activations)):
        for j, interval in enumerate(intervals):
            before = onward[t - interval, j] if t >= interval else 0.0
            best[t, j] = worth[t] + before
        options = best[t][:, None] - costs
        goes_on = options.max(axis=0) >= worth[t]
        onward[t] = np.where(goes_on, options.max(axis=0), worth[t])
        origin[t] = np.where(goes_on, options.argmax(axis=0), -1)
    if not len(activations) or best.max() <= 0:
        return []
    t, j = np.unravel_index(best.argmax(), best.shape)
    columns = [t]
    while t >= intervals[j] and j >= 0:
        t = t - intervals[j]
        columns.append(t)
        j = origin[t, j]
        if j < 0:
            break
    return columns[::-1]


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("jump_cost", [0.0, 8.0, 1e6])
def test_many_columns_at_once_are_chosen_as_one_by_one(seed, jump_cost):
    config = dataclasses.replace(CONFIG, jump_cost=jump_cost)
    rng = np.random.default_rng(seed)
    activations = rng.random(rng.integers(1, 500)) ** (1 + seed % 4)
    activations[:: 20 + seed] = 0.8
    if seed % 3 == 0:  # so that many rows are worth the same
        activations = np.round(activations * 3) / 3
    expected = beats_one_by_one(activations, config)
    np.testing.assert_array_equal(choose_beats(activations, config, PER_S), expected)


@pytest.mark.parametrize("per_s", [25.0, 50.0, 120.0])  # of ever larger integers
@pytest.mark.parametrize("n_columns", [207, 208, 209, 3000])
def test_long_sounds_are_chosen_as_one_by_one(per_s, n_columns):
    rng = np.random.default_rng(n_columns)
    activations = rng.random(n_columns) ** 3
    activations[:: int(per_s / 2)] = 0.8
    activations[n_columns // 3 : n_columns // 2] = 0.0  # a pause
    result = choose_beats(activations, CONFIG, per_s)
    np.testing.assert_array_equal(result, beats_one_by_one(activations, CONFIG, per_s))
    assert len(result) > 1


def test_little_is_kept_of_a_long_song():
    """A byte for each tempo, and a few numbers, of each column."""
    peaks = []
    for n_columns in (50_000, 100_000):
        activations = np.full(n_columns, 0.03)
        activations[::25] = 0.8
        tracemalloc.start()
        try:
            assert len(choose_beats(activations, CONFIG, PER_S)) == n_columns // 25
            peaks.append(tracemalloc.get_traced_memory()[1])
        finally:
            tracemalloc.stop()
    assert (peaks[1] - peaks[0]) / 50_000 < 60 + 50
