# SPDX-License-Identifier: GPL-3.0-or-later
"""Columns show levels in dB, at their frames, however the sound comes."""

import numpy as np
import pytest

from requinto.columns import (
    HIGHEST_HZ,
    LOWEST_HZ,
    MARK_BAR,
    MARK_BEAT,
    MARK_SEAM,
    N_BANDS,
    RANGE_DB,
    ColumnMaker,
    column_frames,
)
from requinto.reference_summary import summarise
from sounds import noise

DB = 255 / RANGE_DB  # steps in a dB


def made(mixture, extracted, rate, sizes=(5000,), start=0):
    """Return the columns of two sounds that come in pieces."""
    maker = ColumnMaker(rate, len(mixture), start)
    parts, first, turn = [], 0, 0
    while first < mixture.shape[1]:
        piece = slice(first, first + sizes[turn % len(sizes)])
        parts.append(maker.add(mixture[:, piece], extracted[:, piece]))
        first, turn = piece.stop, turn + 1
    return np.concatenate(parts)


def wave(hz, rate, n_channels=1, duration_s=1.0):
    """Return a sine at full scale."""
    phase = 2 * np.pi * hz * np.arange(round(duration_s * rate)) / rate
    return np.tile(np.sin(phase), (n_channels, 1)).astype(np.float32)


@pytest.mark.parametrize("rate", [22050, 44100, 192000])
@pytest.mark.parametrize("n_channels", [1, 2])
@pytest.mark.parametrize("hz", [45, 100, 440, 1000, 3150, 9000])
def test_a_sine_has_its_level_in_its_band(hz, n_channels, rate):
    """An edge of two bands halves its power, and a bin's edge takes 1.4 dB of it."""
    sound = wave(hz, rate, n_channels, 0.7)
    band = int(N_BANDS * np.log(hz / LOWEST_HZ) / np.log(HIGHEST_HZ / LOWEST_HZ))
    for gain_db in (0.0, -30.0, -60.0):
        scaled = np.float32(10 ** (gain_db / 20)) * sound
        columns = made(sound, scaled, rate)
        inner = columns[8:-8]
        assert len(inner) > 5
        levels = inner["extracted"][:, max(0, band - 1) : band + 2].max(axis=1)
        np.testing.assert_allclose(levels, 255 + gain_db * DB, atol=3.2 * DB)
        far = np.abs(np.arange(N_BANDS) - band) > 20
        assert inner["extracted"][:, far].max() <= max(0, 255 + (gain_db - 45) * DB)


@pytest.mark.parametrize("rate", [8000, 44100])
def test_powers_are_those_of_their_frames(rate):
    mixture, extracted = noise(3 * rate), 0.3 * noise(3 * rate, seed=1)
    columns = made(mixture, extracted, rate)
    n = column_frames(rate)
    assert len(columns) > 100
    for column in columns:
        frames = slice(int(column["frame"]), int(column["frame"]) + n)
        for name, sound in (
            ("mixture_power", mixture),
            ("extracted_power", extracted),
            ("rest_power", mixture - extracted),
        ):
            expected = np.mean(np.square(sound[:, frames]))
            np.testing.assert_allclose(column[name], expected, rtol=1e-4)


@pytest.mark.parametrize("rate", [8000, 44100])
@pytest.mark.parametrize("start", [0, 1, 777, 123456])
@pytest.mark.parametrize("sizes", [(1 << 20,), (64, 3), (1102,), (40000, 1)])
def test_columns_do_not_depend_on_pieces(sizes, start, rate):
    duration = 3 * rate if 64 not in sizes else rate // 2
    mixture = 0.2 * noise(duration)
    extracted = 0.1 * wave(220, rate, 2, 3.0)[:, :duration]
    whole = made(mixture, extracted, rate, start=start)
    columns = made(mixture, extracted, rate, sizes, start)
    n = column_frames(rate)
    assert columns["frame"][0] == -(-start // n) * n
    assert (np.diff(columns["frame"].astype(int)) == n).all()
    assert (columns["n_frames"] == n).all()
    assert columns["frame"][-1] + n > start + duration - 0.15 * rate
    for name in ("frame", "n_frames", "marks", "tempo_bpm", "register_shift"):
        np.testing.assert_array_equal(columns[name], whole[name])
    for name in ("mixture", "extracted"):  # sums of another order may round otherwise
        np.testing.assert_allclose(columns[name].astype(int), whole[name], atol=1)


def test_columns_have_the_same_frames_whenever_one_begins_to_watch():
    sound, rate = noise(2 * 44100), 44100
    first = made(sound, sound, rate)
    later = made(sound[:, 30000:], sound[:, 30000:], rate, start=30000)
    same = first[np.isin(first["frame"], later["frame"])]
    assert len(same) == len(later) > 20
    np.testing.assert_array_equal(same["mixture"][4:], later["mixture"][4:])


@pytest.mark.parametrize("size", [300, 1102, 50000])
def test_marks_and_values_are_at_their_frames(size):
    rate = 44100
    n = column_frames(rate)
    maker, columns = ColumnMaker(rate, 1, 100), []
    beats = np.array([0, 99, n - 1, n, 2 * n - 1, 2 * n, 9 * n + 5, 30000, 80000])
    seams = np.array([5 * n, 70001])
    silence = np.zeros((1, size), np.float32)
    position = 100
    while position < 120000:  # each comes just before its sound
        end = position + size
        for mark, frames in ((MARK_BEAT, beats), (MARK_SEAM, seams)):
            maker.mark(mark, frames[(frames >= position) & (frames < end)])
        if position <= 40000 < end:
            maker.mark(MARK_BAR, [40000, 99000])
            maker.set_tempo(40000, 98.5)
            maker.set_register_shift(50000, -12.5)
        columns.append(maker.add(silence, silence))
        position = end
    columns = np.concatenate(columns)
    for mark, frames in (
        (MARK_BEAT, beats[beats >= n]),  # the first column begins there
        (MARK_BAR, [40000, 99000]),
        (MARK_SEAM, seams),
    ):
        marked = columns["frame"][columns["marks"] & mark > 0]
        assert sorted(marked) == sorted({frame // n * n for frame in frames})
    expected = np.where(columns["frame"] >= 40000, np.float32(98.5), 0)
    np.testing.assert_array_equal(columns["tempo_bpm"], expected)
    expected = np.where(columns["frame"] >= 50000, np.float32(-12.5), 0)
    np.testing.assert_array_equal(columns["register_shift"], expected)
    assert not columns["extracted"].any()


@pytest.mark.parametrize("rate", [8000, 44100])
def test_a_summary_has_duration_shape_and_register(rate):
    low, high = (0.5 * wave(hz, rate, 2, 2.0) for hz in (110.0, 440.0))
    silence = np.zeros((2, rate), np.float32)
    summary = summarise(np.concatenate([low, silence, 0.25 * high], axis=1), rate)
    assert summary.duration_s == pytest.approx(5)
    assert summary.low_pitch == pytest.approx(45, abs=0.5)
    assert summary.high_pitch == pytest.approx(69, abs=0.5)
    assert summary.peaks[:51].min() >= 254
    assert not summary.peaks[52:76].any()
    np.testing.assert_allclose(summary.peaks[77:], 64, atol=2)


def test_a_summary_of_what_has_no_pitch_has_no_register():
    for n_frames in (44100, 22050, 130):
        summary = summarise(0.1 * noise(n_frames), 44100)
        assert summary.low_pitch == summary.high_pitch == 0
        assert summary.peaks.max() == 255
    assert not summarise(np.zeros((1, 44100), np.float32), 44100).peaks.any()
