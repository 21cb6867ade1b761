# SPDX-License-Identifier: GPL-3.0-or-later
"""A stream follows its host: its bars, its jumps, and what it automates."""

import importlib
import itertools

import numpy as np
import pytest

import requinto
from requinto.beats import Beats
from requinto.clips import ClipFrames
from requinto.config import ClipConfig
from requinto.host_position import Position
from requinto.separator import Extraction
from requinto.stream import Stream
from requinto.timeline import BeatSettings
from sounds import clicks, error_db, noise

RATE = 8000  # what is tested here does not depend on it
SECONDS = 40


class Recording:
    """A separator that changes nothing, and remembers the clips it was given."""

    def __init__(self, unchanged):
        self.clips, self.target = unchanged.clips, unchanged.target
        self.query = unchanged.query
        self.pieces = []

    def separate(self, clip, sample_rate, query, sensitivity=0.5):
        """Return the clip at a level that tells how it was cut."""
        self.pieces.append(clip.shape[1])
        return clip * np.float32(0.5 + clip.shape[1] / 1e6)

    def separate_all(self, clips, sample_rate, query, sensitivity=0.5):
        """Return the same of each clip."""
        return [self.separate(clip, sample_rate, query, sensitivity) for clip in clips]


@pytest.fixture(autouse=True)
def no_lead(monkeypatch):
    """Have first clips begin where the sound does, so that their lengths tell."""
    monkeypatch.setattr("requinto.clips.LEAD_STEP_S", 0.0)


@pytest.fixture
def separator(unchanged):
    return Recording(unchanged)


def played(stream, audio, events, block=999):
    """Return what a stream makes of a song, its latency taken away.

    Events are `(frame, position, is_seam)`; blocks are cut there, as hosts do.
    """
    padded = np.pad(audio, ((0, 0), (0, stream.latency_frames)))
    cuts = {frame for frame, *_ in events} | set(range(0, padded.shape[1], block))
    edges = sorted({0, *cuts, padded.shape[1]})
    outputs = []
    for start, end in itertools.pairwise(edges):
        for frame, position, is_seam in events:
            if frame == start:
                stream.locate(position, is_seam=is_seam)
        outputs.append(stream.exchange(padded[:, start:end]))
    return np.concatenate(outputs, axis=1)[:, stream.latency_frames :]


def starts(separator, sizes):
    """Return the frames at which clips began."""
    context = sizes.left_context + sizes.right_context
    return np.cumsum([0, *(n - context for n in separator.pieces)])


def opened(separator, beats=4, source="host"):
    clips = ClipConfig().of_beats(beats)
    stream = Stream(clips, sample_rate=RATE, n_channels=1)
    stream.configure(Extraction.of("guitar", separator), BeatSettings(source))
    return stream, ClipFrames.at(clips, RATE)


@pytest.mark.parametrize("beats", [4, 2, 1])
@pytest.mark.parametrize("tempo_bpm", [61.7, 120.0, 171.5])
@pytest.mark.parametrize("quarter", [0.0, -2.5, 37.3])  # count-in; mid-song
def test_a_bounce_on_the_hosts_grid_is_what_the_library_gives(
    monkeypatch, separator, beats, tempo_bpm, quarter
):
    extract = importlib.import_module("requinto.extract")
    monkeypatch.setattr(extract, "load_separator", lambda *_: separator)
    audio = noise(SECONDS * RATE, 1)
    stream, _ = opened(separator, beats)
    events = [(0, Position(quarter, tempo_bpm), True)]
    bounced = played(stream, audio, events, block=333)
    grid = Beats.grid(tempo_bpm, SECONDS, (-quarter % 4) * 60 / tempo_bpm)
    extracted = requinto.extract(audio, RATE, beats=grid, beats_per_clip=beats)
    np.testing.assert_array_equal(bounced, extracted)


@pytest.mark.parametrize(
    ("metre", "bar_s"), [((4, 4), 2.0), ((3, 4), 1.5), ((7, 8), 1.75), ((6, 8), 1.5)]
)
def test_clips_begin_at_the_hosts_bars(separator, metre, bar_s):
    stream, sizes = opened(separator)
    position = Position(-0.6, 120.0, 0.0, *metre)  # the first bar begins at 0.3 s
    played(stream, noise(SECONDS * RATE, 1), [(0, position, True)])
    begins = starts(separator, sizes) / RATE
    bars = 0.3 + bar_s * np.arange(1 + int((SECONDS - 5) / bar_s))
    for bar in bars:
        assert np.min(np.abs(begins - bar)) < 1 / RATE
    if metre != (7, 8):  # which has seven beats, so more clips than bars
        assert len(begins[begins < bars[-1]]) == len(bars)


@pytest.mark.parametrize("block", [64, 1000, 4096])
@pytest.mark.parametrize("beats", [4, 1])
def test_jumps_leave_the_sound_aligned(separator, beats, block):
    """Two seconds before each jump and after are where they were, whatever jumps."""
    audio = noise(SECONDS * RATE, 1)
    jumps = [(0, 0.0), (5.13, 64.0), (9.5, 3.3), (9.55, 90.0), (15.0, 0.0)]
    events = [
        (round(at_s * RATE), Position(quarter, 104.0), True) for at_s, quarter in jumps
    ]
    events.append((20 * RATE, None, True))  # a stop
    events.append((28 * RATE, Position(12.0, 140.0), True))
    stream, sizes = opened(separator, beats)
    bounced = played(stream, audio, events, block)
    # Each clip's level is a little its own; the position of each sample is exact
    ratio = bounced[0] / audio[0]
    loud = np.abs(audio[0]) > 0.01
    assert np.all((ratio[loud] > 0.5) & (ratio[loud] < 0.6))
    begins = set(starts(separator, sizes).tolist())
    for at_s in (5.13, 9.5, 15.0, 20.0, 28.0):  # 9.55 is too soon after 9.5
        assert round(at_s * RATE) in begins
    assert round(9.55 * RATE) not in begins


def test_what_comes_out_does_not_depend_on_blocks_around_jumps(unchanged):
    audio = noise(SECONDS * RATE, 1)
    events = [
        (0, Position(-1.3, 97.0), True),
        (4 * RATE, Position(7.0, 140.0), False),  # a change of tempo
        (7 * RATE + 11, Position(2.0, 140.0, 0.5, 3, 4), True),
        (12 * RATE, None, True),
        (20 * RATE, Position(0.0, 88.0), True),
    ]
    bounces = []
    for block in (37, 512, 8192, SECONDS * RATE):
        stream, _ = opened(Recording(unchanged), 2)
        bounces.append(played(stream, audio, events, block))
    for bounce in bounces[1:]:
        np.testing.assert_array_equal(bounce, bounces[0])


def test_joins_at_seams_are_short(unchanged):
    """Before a seam there is nothing of what comes after it, but for 5 ms."""

    class Sign(Recording):
        def separate(self, clip, sample_rate, query, sensitivity=0.5):
            """Return 1, or -1 for every other clip."""
            self.pieces.append(clip.shape[1])
            return np.full_like(clip, 1.0 if len(self.pieces) % 2 else -1.0)

    stream, _ = opened(Sign(unchanged))
    audio = noise(12 * RATE, 1)
    events = [(0, Position(0.0, 120.0), True), (5 * RATE, Position(50.0, 120.0), True)]
    output = played(stream, audio, events)[0]

    def fade(at_s):
        around = output[round((at_s - 0.2) * RATE) : round((at_s + 0.2) * RATE)]
        return np.sum(np.abs(around) < 0.999) / RATE

    assert fade(4.0) == pytest.approx(0.1, abs=0.01)
    assert 0 < fade(5.0) <= 0.0101


@pytest.mark.parametrize("position", [None, "stopped"])
def test_a_host_that_is_nowhere_leaves_beats_to_be_detected(unchanged, position):
    audio = noise(14 * RATE, 1)
    one, other = Recording(unchanged), Recording(unchanged)
    events = [(0, None, True)] if position else []
    output = played(opened(one, 4, "host")[0], audio, events)
    detected = played(opened(other, 4, "detect")[0], audio, [])
    np.testing.assert_array_equal(output, detected)
    assert one.pieces == other.pieces


def test_a_fixed_grid_begins_anew_where_the_sound_does(separator):
    stream, sizes = opened(separator)
    stream.configure(Extraction.of("guitar", separator), BeatSettings("fixed", 100.0))
    seam = round(3.17 * RATE)
    played(stream, noise(20 * RATE, 1), [(seam, None, True)])
    begins = starts(separator, sizes)
    later = begins[begins >= seam]
    assert later[0] == seam
    assert set(np.diff(later)) == {round(2.4 * RATE)}


@pytest.mark.parametrize("source", ["detect", "fixed"])
@pytest.mark.parametrize("stopped", [2777, 4 * 1024, 41 * 1024])
def test_what_was_before_playing_began_does_not_matter(unchanged, source, stopped):
    """Two bounces are equal though a host stands still for how long it likes."""
    audio = clicks(97.3, 20, RATE)
    silence = np.zeros((1, stopped), np.float32)
    cut, played_now = [], []
    for before in (0, stopped):
        separator = Recording(unchanged)
        stream, sizes = opened(separator, 4, source)
        stream.configure(Extraction.of("guitar", separator), BeatSettings(source, 97.3))
        song = np.concatenate([silence[:, :before], audio], axis=1)
        output = played(stream, song, [(before, None, True)])
        begun = starts(separator, sizes) - before
        cut.append(begun[(begun >= 0) & (begun < 15 * RATE)])
        played_now.append(output[:, before:][:, sizes.half_seam : 15 * RATE])
    np.testing.assert_array_equal(*cut)
    np.testing.assert_array_equal(*played_now)


def test_sensitivity_and_target_change_where_they_are_automated(unchanged):
    def target_query(name):
        return unchanged.target(name)._replace(by_name=name == "bass")

    class Telling(Recording):
        def separate(self, clip, sample_rate, query, sensitivity=0.5):
            """Return a level for each target and sensitivity."""
            return np.full_like(clip, sensitivity + 2.0 * query.by_name)

    separator = Telling(unchanged)
    separator.target = target_query
    stream, _ = opened(separator)
    audio = np.zeros((1, 40 * RATE), np.float32)
    plan = [(0, "guitar", 0.5), (7.3, "bass", 0.5), (11.9, "bass", 0.75)]
    outputs, edges = [], [*(round(at_s * RATE) for at_s, *_ in plan), audio.shape[1]]
    for (_, target, sensitivity), (start, end) in zip(
        plan, itertools.pairwise(edges), strict=True
    ):
        stream.configure(
            Extraction.of(target, separator, sensitivity), BeatSettings("fixed", 120.0)
        )
        outputs.append(stream.exchange(audio[:, start:end]))
    output = np.concatenate(outputs, axis=1)[0, stream.latency_frames :]
    at = (np.array([1.0, 7.2, 7.4, 11.0, 14.0]) * RATE).astype(int)
    np.testing.assert_allclose(output[at], [0.5, 0.5, 2.5, 2.5, 2.75], atol=1e-6)


def test_a_sidechain_is_no_part_of_the_output(unchanged):
    stream = Stream(ClipConfig(), sample_rate=RATE, n_channels=1, n_sidechain=2)
    stream.configure(Extraction.of("guitar", unchanged), BeatSettings("fixed"))
    audio = noise(20 * RATE, 3)
    output = stream.exchange(audio)
    late = stream.latency_frames
    assert output.shape == (1, 20 * RATE)
    assert error_db(audio[:1, :-late], output[:, late:]) < -100
