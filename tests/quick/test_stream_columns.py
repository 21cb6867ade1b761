# SPDX-License-Identifier: GPL-3.0-or-later
"""A stream that is watched shows what it extracts, and any other computes nothing."""

import numpy as np
import pytest

import requinto.stream
from requinto.columns import (
    MARK_BAR,
    MARK_BEAT,
    MARK_CLIP,
    MARK_SEAM,
    ColumnMaker,
    column_frames,
)
from requinto.host_position import Position
from requinto.separator import Extraction
from requinto.stream import Stream
from requinto.timeline import BeatSettings
from sounds import noise

RATE = 8000
N = column_frames(RATE)


def watched(stream, audio, sizes, *, since=0, seam=None):
    """Return all columns of a stream that is watched from a frame of the input on."""
    columns, start, turn = [], 0, 0
    while start < audio.shape[1]:
        size = sizes[turn % len(sizes)]
        for cut in (since, seam):
            if cut is not None and start < cut < start + size:
                size = cut - start
        if start == since:
            stream.watch(True)
        if start == seam:
            stream.locate(None, is_seam=True)
        stream.exchange(audio[:, start : start + size])
        columns.append(stream.take_columns(3))
        columns.append(stream.take_columns(1 << 20))
        start, turn = start + size, turn + 1
    return np.concatenate(columns)


def stream_of(separator, tempo_bpm=97.0, n_channels=2):
    stream = Stream(separator.clips, sample_rate=RATE, n_channels=n_channels)
    beats = BeatSettings("fixed", tempo_bpm)
    stream.configure(Extraction.of("guitar", separator), beats)
    return stream


def marked(columns, mark):
    """Return the frames of the columns that have a mark."""
    return columns["frame"][columns["marks"] & mark > 0]


@pytest.mark.parametrize("sizes", [(64,), (1000, 1), (8192,), (100000,)])
@pytest.mark.parametrize("since", [0, 20000, 61234])
def test_columns_do_not_depend_on_blocks(unchanged, since, sizes):
    audio = 0.3 * noise(12 * RATE)
    expected = watched(stream_of(unchanged), audio, (333,), since=since)
    columns = watched(stream_of(unchanged), audio, sizes, since=since)
    np.testing.assert_array_equal(columns, expected)
    assert (np.diff(columns["frame"].astype(int)) == N).all()
    assert columns["frame"][0] % N == 0
    last = columns["frame"][-1] + N
    assert audio.shape[1] - last < stream_of(unchanged).latency_frames + 0.2 * RATE


@pytest.mark.parametrize("n_channels", [1, 2])
def test_mixture_and_extracted_are_of_the_same_frames(unchanged, n_channels):
    """What changes nothing leaves nothing, at each frame of its loudness."""
    audio = noise(12 * RATE, n_channels)
    audio *= np.sin(np.arange(12 * RATE) / 3000).astype(np.float32) ** 2
    columns = watched(stream_of(unchanged, n_channels=n_channels), audio, (700,))
    assert columns["rest_power"].max() < 1e-12
    np.testing.assert_array_equal(columns["mixture"], columns["extracted"])
    for column in columns:
        frames = slice(int(column["frame"]), int(column["frame"]) + N)
        power = np.mean(np.square(audio[:, frames]))
        np.testing.assert_allclose(column["mixture_power"], power, rtol=1e-4)


@pytest.mark.parametrize("tempo_bpm", [61.0, 97.0, 150.0])
def test_beats_bars_and_clips_are_at_their_frames(unchanged, tempo_bpm):
    audio = noise(14 * RATE)
    columns = watched(stream_of(unchanged, tempo_bpm), audio, (700,))
    end = columns["frame"][-1] + N
    period = 60 * RATE / tempo_bpm
    beats = np.round(np.arange(40) * period).astype(int)
    for mark, frames in ((MARK_BEAT, beats), (MARK_BAR, beats[::4])):
        expected = frames[frames < end] // N * N
        np.testing.assert_array_equal(marked(columns, mark), expected)
    clips = marked(columns, MARK_CLIP)
    assert clips[0] == 0 and len(clips) >= 3
    assert set(clips) <= set(marked(columns, MARK_BEAT))
    np.testing.assert_array_equal(marked(columns, MARK_SEAM), [0])
    np.testing.assert_allclose(columns["tempo_bpm"], tempo_bpm, rtol=1e-3)


@pytest.mark.parametrize("seam", [3 * RATE, 40001, 52345])
def test_seams_are_at_their_frames(unchanged, seam):
    audio = noise(14 * RATE)
    columns = watched(stream_of(unchanged), audio, (700,), seam=seam)
    np.testing.assert_array_equal(marked(columns, MARK_SEAM), [0, seam // N * N])
    assert seam // N * N in marked(columns, MARK_CLIP)
    assert (np.diff(columns["frame"].astype(int)) == N).all()


def test_a_host_gives_the_tempo(unchanged):
    stream = Stream(unchanged.clips, sample_rate=RATE, n_channels=1)
    stream.configure(Extraction.of("guitar", unchanged), BeatSettings("host"))
    stream.watch(True)
    stream.locate(Position(0.0, 120.0, 0.0, 4, 4))
    stream.exchange(noise(9 * RATE, 1))
    stream.locate(Position(18.0, 80.0, 16.0, 4, 4))
    stream.exchange(noise(9 * RATE, 1))
    columns = stream.take_columns(1 << 20)
    tempos = columns["tempo_bpm"]
    np.testing.assert_allclose(tempos[columns["frame"] < 7 * RATE], 120, rtol=1e-3)
    np.testing.assert_allclose(tempos[columns["frame"] > 11 * RATE], 80, rtol=1e-3)


def test_before_it_is_configured_the_mixture_shows(unchanged, monkeypatch):
    stream = Stream(unchanged.clips, sample_rate=RATE, n_channels=1)
    monkeypatch.setattr(Stream, "_detect", lambda *_: requinto.stream.NO_BEATS)
    stream.watch(True)
    stream.exchange(noise(9 * RATE, 1))
    columns = stream.take_columns(1 << 20)
    assert columns["mixture"].any() and not columns["extracted"].any()
    np.testing.assert_array_equal(columns["rest_power"], columns["mixture_power"])


def test_nothing_is_made_unless_watched(unchanged, monkeypatch):
    n_made = 0

    class Counting(ColumnMaker):
        def __init__(self, *arguments):
            nonlocal n_made
            n_made += 1
            super().__init__(*arguments)

    monkeypatch.setattr(requinto.stream, "ColumnMaker", Counting)
    stream = stream_of(unchanged)
    stream.exchange(noise(9 * RATE))
    assert not len(stream.take_columns(100)) and not n_made
    stream.watch(False)
    stream.exchange(noise(9 * RATE))
    assert not n_made
    for _ in range(3):
        stream.watch(True)
        stream.watch(True)
        stream.exchange(noise(9 * RATE))
        stream.watch(False)
        assert not len(stream.take_columns(100))
        stream.exchange(noise(9 * RATE))
        assert not len(stream.take_columns(100))
    assert n_made == 3


def test_watching_changes_no_sound(unchanged):
    audio = noise(12 * RATE)
    plain, shown = stream_of(unchanged), stream_of(unchanged)
    shown.watch(True)
    np.testing.assert_array_equal(plain.exchange(audio), shown.exchange(audio))
