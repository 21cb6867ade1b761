# SPDX-License-Identifier: GPL-3.0-or-later
"""Silence costs nearly nothing, and changes nothing of what comes after it."""

import time

import numpy as np
import pytest

import requinto
from requinto.config import ClipConfig
from requinto.follower import Follower
from requinto.loader import load_tracker
from requinto.rhythm import count_columns, features
from requinto.separator import Extraction
from requinto.stream import Stream
from requinto.timeline import BeatSettings
from requinto.tracker import Tracker
from sounds import RATE, clicks

CHUNK = 65536  # frames, as the plugin feeds silence


class Thorough(Tracker):
    """A tracker that looks at silence as at any sound."""

    def predict_activations(self, audio, sample_rate, recent, column):
        """Return the network's answer to the features of the sound."""
        return self.predict_from_features(recent.of(audio, sample_rate, column))


class ThoroughFollower(Follower):
    """A follower that decodes silence as any sound."""

    def _decode(self):
        self._silent_from = np.inf
        return super()._decode()


def thorough(tracker):
    """Return a follower that takes no short cut."""
    return ThoroughFollower(Thorough(tracker.config, tracker._network))


@pytest.fixture(scope="module")
def tracker():
    return load_tracker()


@pytest.mark.parametrize("sample_rate", [22050, 44100, 96000])
@pytest.mark.parametrize("n_frames", [1000, 44100, 530_000])
def test_features_of_silence_are_zeros(tracker, sample_rate, n_frames):
    rhythm = tracker.config.rhythm
    sound = features(np.zeros((2, n_frames), np.float32), sample_rate, rhythm)
    n_columns = count_columns(n_frames, sample_rate, rhythm)
    assert sound.shape == (n_columns, rhythm.n_features) and not sound.any()


def test_a_follower_is_the_same_without_short_cuts(tracker):
    """Silence, a song, silence for longer than is remembered, and a song again."""
    song = clicks(117.0, 8.0)
    audio = np.concatenate(
        [np.zeros((1, 13 * RATE)), song, np.zeros((1, 30 * RATE)), song], axis=1
    ).astype(np.float32)
    ours, other = Follower(tracker), thorough(tracker)
    for end_s in np.arange(4.0, audio.shape[1] / RATE, 2.2):
        first, end = (round(max(0, s) * RATE) for s in (end_s - 12, end_s))
        memory = audio[:, first:end]
        one, two = (
            follower.follow(memory, RATE, first / RATE) for follower in (ours, other)
        )
        for name in ("times_s", "downbeats_s"):
            np.testing.assert_array_equal(getattr(one, name), getattr(two, name))
        for follower in (ours, other):
            follower.decide(one, end_s - 4)
    assert len(ours._decided_s)  # so that beats have been seen


class Recording:
    """A separator that remembers how long its clips were."""

    clips = ClipConfig()

    def __init__(self):
        self.lengths = []

    def target(self, name):
        """Return a query that is of no use."""
        return name

    def separate(self, clip, sample_rate, query, sensitivity=0.5):
        """Return the clip."""
        self.lengths.append(clip.shape[1])
        return clip


def feed(n_silent, sound):
    """Return what a stream gives back for silence and a sound, and its clips."""
    separator = Recording()
    stream = Stream(separator.clips, sample_rate=RATE, n_channels=1)
    stream.configure(Extraction.of("guitar", separator), BeatSettings("detect"))
    played = []
    for start in range(0, n_silent, CHUNK):
        n = min(CHUNK, n_silent - start)
        played.append(stream.exchange(np.zeros((1, n), np.float32)))
    played.append(stream.exchange(sound))
    return np.concatenate(played, axis=1), separator.lengths


def test_what_comes_after_silence_is_the_same_without_short_cuts(monkeypatch, tracker):
    sound = clicks(97.0, 9.0).astype(np.float32)
    ours = feed(14 * RATE + 17, sound)
    monkeypatch.setattr("requinto.stream.Follower", lambda _: thorough(tracker))
    other = feed(14 * RATE + 17, sound)
    np.testing.assert_array_equal(ours[0], other[0])
    assert ours[1] == other[1] and len(ours[1]) > 8


def test_ten_minutes_of_silence_ask_the_network_a_few_times(monkeypatch, tracker):
    calls = []
    answer, decode = tracker.predict_from_features, tracker.decode
    monkeypatch.setattr(
        tracker, "predict_from_features", lambda sound: calls.append(0) or answer(sound)
    )
    monkeypatch.setattr(tracker, "decode", lambda *a: calls.append(1) or decode(*a))
    used_s = time.process_time()
    feed(10 * 60 * RATE, np.zeros((1, RATE), np.float32))
    used_s = time.process_time() - used_s
    assert sum(calls) == 0 and len(calls) < 40
    assert used_s < 15  # 3 on a machine of ours; it was 63


def test_the_shipped_tracker_is_sure_of_nothing_in_silence(tracker):
    silence = np.zeros((1, 24 * RATE), np.float32)
    limit = tracker.config.decoding.min_confidence
    assert requinto.beats(silence, RATE).confidence < limit / 2
