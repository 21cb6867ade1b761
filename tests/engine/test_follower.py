# SPDX-License-Identifier: GPL-3.0-or-later
"""Beats of a stream are decided once, lie where they should, and stay in phase."""

import importlib

import numpy as np
import pytest

from requinto.clips import ClipFrames, next_end
from requinto.config import ClipConfig, TrackerConfig
from requinto.follower import Follower
from requinto.separator import Extraction
from requinto.stream import Stream
from requinto.timeline import BeatSettings
from requinto.tracker import Tracker
from requinto_lab.evaluation import beat_scores

RATE = 500  # Hz: ten frames are one column of the tracker
CONFIG = TrackerConfig()
SIZES = ClipFrames.at(ClipConfig(), RATE)


class Known(Tracker):
    """A tracker that reads its probabilities off the sound itself."""

    def __init__(self):
        super().__init__(CONFIG, None)

    def predict_activations(self, audio, sample_rate, recent, column):
        """Return what `sounding` wrote."""
        assert sample_rate == RATE
        return audio[:, ::10].T.copy()


def sounding(beats_s, bars_s, duration_s, peak=0.8):
    """Return a sound that holds probabilities, two channels."""
    columns = np.full((2, round(duration_s * 50)), 0.03, np.float32)
    for channel, times_s in enumerate((beats_s, bars_s)):
        peaks = np.round(np.asarray(times_s) * 50).astype(int)
        columns[channel, peaks[peaks < columns.shape[1]]] = peak
    return np.repeat(columns, 10, axis=1)


def clip_starts(audio):
    """Return where clips begin, in seconds, as a stream would cut them."""
    follower, start, starts = Follower(Known()), 0, []
    while start < audio.shape[1]:
        first = max(0, start - 12 * RATE)
        memory = audio[:, first : start + SIZES.lookahead]
        beats = follower.follow(memory, RATE, first / RATE)
        frames = np.round(beats.times_s * RATE).astype(int)
        bars = np.round(beats.downbeats_s * RATE).astype(int)
        end = next_end(start, frames, bars, SIZES)
        follower.decide(beats, end / RATE)
        starts.append(start / RATE)
        start = end
    return np.array(starts)


def song(tempo_bpm=120.0, duration_s=90.0, first_s=0.4, pickup=0, metre=4):
    beats_s = np.arange(first_s, duration_s - 0.2, 60 / tempo_bpm)
    return beats_s, beats_s[pickup::metre]


@pytest.mark.parametrize("tempo_bpm", [70, 96.5, 120, 180])
@pytest.mark.parametrize("pickup", range(4))
def test_clips_begin_on_downbeats_whatever_the_pickup(tempo_bpm, pickup):
    beats_s, bars_s = song(tempo_bpm, pickup=pickup)
    starts = clip_starts(sounding(beats_s, bars_s, 90))
    later = starts[(starts > 8) & (starts < 85)]
    assert len(later) > 15
    assert np.abs(later[:, None] - bars_s).min(axis=1).max() < 0.03


def test_a_weak_stretch_does_not_move_the_bars():
    beats_s, bars_s = song()
    sound = sounding(beats_s, bars_s, 90)
    weak = slice(30 * RATE, 40 * RATE)
    sound[:, weak] = 0.03 + 0.3 * (sound[:, weak] - 0.03)
    # As likely as the true ones, and wrong by two beats
    wrong = sounding(beats_s, beats_s[2::4], 90, 0.26)
    sound[1, weak] = np.maximum(sound[1, weak], wrong[1, weak])
    starts = clip_starts(sound)
    later = starts[(starts > 8) & (starts < 85)]
    assert np.abs(later[:, None] - bars_s).min(axis=1).max() < 0.03


def test_silence_goes_on_with_the_last_tempo():
    beats_s, bars_s = song(duration_s=40.0)
    starts = clip_starts(sounding(beats_s, bars_s, 80))
    later = starts[starts > 8]
    phase = (later - bars_s[0]) / 2.0
    assert np.abs(phase - np.round(phase)).max() < 0.05


def test_bars_are_right_again_after_a_real_change():
    first_s, first_bars_s = song(120.0, 40.0)
    then_s = first_s[-1] + 0.7 + np.arange(0, 50, 60 / 100)
    sound = sounding(
        np.concatenate([first_s, then_s]),
        np.concatenate([first_bars_s, then_s[::4]]),
        90,
    )
    starts = clip_starts(sound)
    late = starts[(starts > 60) & (starts < 85)]
    assert np.abs(late[:, None] - then_s[::4]).min(axis=1).max() < 0.03


def test_without_beats_clips_are_even():
    starts = clip_starts(np.full((2, 60 * RATE), 0.02, np.float32))
    np.testing.assert_allclose(np.diff(starts), 2.0, atol=2 / RATE)


def test_bars_are_right_after_a_pause_between_calls():
    beats_s, bars_s = song(110.0, pickup=2)
    audio, follower = sounding(beats_s, bars_s, 90), Follower(Known())
    for end_s in (10, 14, 60, 64):  # as a user switches to a fixed tempo and back
        first = (end_s - 10) * RATE
        beats = follower.follow(audio[:, first : end_s * RATE], RATE, first / RATE)
    later = beats.downbeats_s[(beats.downbeats_s > 52) & (beats.downbeats_s < 63)]
    assert len(later) >= 4
    assert np.abs(later[:, None] - bars_s).min(axis=1).max() < 0.03


def test_what_is_scored_as_live_is_what_a_stream_decides(monkeypatch):
    monkeypatch.setattr(beat_scores, "load_tracker", lambda *_: Known())
    beats_s, bars_s = song(100.0, pickup=1)
    beats = beat_scores.live(sounding(beats_s, bars_s, 90), RATE)
    assert beats.beats_per_bar == 4 and beats.tempo_bpm == pytest.approx(100, rel=0.02)
    for true_s, times_s in (
        (beats_s, beats.times_s),
        (bars_s, beats.downbeats_s),
    ):
        true_s, times_s = (row[(row > 8) & (row < 85)] for row in (true_s, times_s))
        np.testing.assert_allclose(times_s, true_s, atol=0.03)


class Recording:
    """A separator that remembers how long its clips were."""

    def __init__(self, unchanged):
        self.clips, self.target = unchanged.clips, unchanged.target
        self.lengths = []

    def separate(self, clip, sample_rate, query, sensitivity=0.5):
        """Return the clip."""
        self.lengths.append(clip.shape[1])
        return clip


@pytest.mark.parametrize("block", [64, 1000, 3333, 30_000])
def test_what_a_stream_decides_does_not_depend_on_blocks(monkeypatch, unchanged, block):
    stream_module = importlib.import_module("requinto.stream")
    monkeypatch.setattr(stream_module, "load_tracker", lambda *_: Known())
    # The first clip then begins where the sound does, so that lengths tell of starts
    monkeypatch.setattr("requinto.clips.LEAD_STEP_S", 0.0)
    beats_s, bars_s = song(104.0, 60.0, pickup=3)
    audio = sounding(beats_s, bars_s, 60)
    separator = Recording(unchanged)
    stream = Stream(separator.clips, sample_rate=RATE, n_channels=2)
    stream.configure(Extraction.of("guitar", separator), BeatSettings("detect"))
    for start in range(0, audio.shape[1], block):
        stream.exchange(audio[:, start : start + block])
    context = SIZES.left_context + 250  # and half a second after
    starts = np.cumsum([0, *(n - context for n in separator.lengths)]) / RATE
    expected = clip_starts(audio)
    n = len(starts) - 1
    assert n > 15
    np.testing.assert_allclose(starts[:n], expected[:n], atol=1e-9)
