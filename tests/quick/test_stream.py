# SPDX-License-Identifier: GPL-3.0-or-later
"""The stream must not depend on how the host cuts it, and agree with the library."""

import sys

import numpy as np
import pytest

import requinto
from requinto.clips import ClipFrames
from requinto.config import ClipConfig
from requinto.errors import BeatsError, ConfigError, ModelError
from requinto.separator import Extraction
from requinto.stream import Stream
from requinto.timeline import BeatSettings
from sounds import RATE, clicks, error_db, noise


def play(stream, audio, block_sizes):
    """Return all the stream gives back, its latency taken away."""
    trailing = np.zeros((len(audio), stream.latency_frames), np.float32)
    padded = np.concatenate([audio, trailing], axis=1)
    played, start, turn = [], 0, 0
    while start < padded.shape[1]:
        size = block_sizes[turn % len(block_sizes)]
        played.append(stream.exchange(padded[:, start : start + size]))
        start, turn = start + size, turn + 1
    return np.concatenate(played, axis=1)


@pytest.mark.parametrize("block_sizes", [(64,), (1000,), (8192,), (1, 4097, 63)])
@pytest.mark.parametrize("tempo_bpm", [40, 97.3, 240])
@pytest.mark.parametrize("n_channels", [1, 2])
def test_output_is_the_input_delayed(unchanged, block_sizes, tempo_bpm, n_channels):
    rate = 8000  # what is tested here does not depend on it
    audio = noise(rate * 9 + 5, n_channels)
    stream = Stream(unchanged.clips, sample_rate=rate, n_channels=n_channels)
    stream.configure(
        Extraction.of("guitar", unchanged), BeatSettings("fixed", tempo_bpm)
    )

    played = play(stream, audio, block_sizes)

    assert not played[:, : stream.latency_frames].any()
    assert error_db(audio, played[:, stream.latency_frames :]) < -100


@pytest.mark.parametrize("extra", [0, 1, 5000])
def test_a_longer_latency_is_kept(unchanged, extra):
    shortest = Stream(unchanged.clips, sample_rate=RATE, n_channels=1).latency_frames
    audio = noise(RATE, 1)
    stream = Stream(
        unchanged.clips, sample_rate=RATE, n_channels=1, latency_frames=shortest + extra
    )
    stream.configure(Extraction.of("bass", unchanged), BeatSettings("fixed", 120))

    played = play(stream, audio, (5000,))

    assert error_db(audio, played[:, shortest + extra :]) < -100


def test_a_latency_too_short_for_a_clip_is_refused(unchanged):
    with pytest.raises(ConfigError, match="latency_frames must be 200655 or more"):
        Stream(unchanged.clips, sample_rate=RATE, n_channels=2, latency_frames=1000)


class Marking:
    """A separator whose output tells how its clip was cut."""

    def __init__(self, unchanged):
        self.clips, self.target = unchanged.clips, unchanged.target
        self.query = unchanged.query

    def separate(self, clip, sample_rate, query, sensitivity=0.5):
        """Return the clip at a level that depends on all of it."""
        return clip * np.float32(np.mean(np.abs(clip)) + clip.shape[1] / 1e6)

    def separate_all(self, clips, sample_rate, query, sensitivity=0.5):
        """Return the same of each clip."""
        return [self.separate(clip, sample_rate, query, sensitivity) for clip in clips]


@pytest.mark.parametrize("tempo_bpm", [47, 120, 171.5])
def test_stream_and_library_agree_on_one_grid(monkeypatch, unchanged, tempo_bpm):
    extract = sys.modules["requinto.extract"]
    separator = Marking(unchanged)
    monkeypatch.setattr(extract, "load_separator", lambda *_: separator)
    audio = noise(RATE * 11 + 77)
    stream = Stream(separator.clips, sample_rate=RATE, n_channels=2)
    stream.configure(
        Extraction.of("guitar", separator), BeatSettings("fixed", tempo_bpm)
    )

    bounced = play(stream, audio, (1024, 333))[:, stream.latency_frames :]
    grid = requinto.Beats.grid(tempo_bpm, 11.0)
    extracted = requinto.extract(audio, RATE, beats=grid)

    np.testing.assert_array_equal(bounced, extracted)


@pytest.mark.parametrize("block_sizes", [(512,), (44100,), (7, 9999)])
def test_detected_clips_do_not_depend_on_blocks(monkeypatch, unchanged, block_sizes):
    separator = Marking(unchanged)
    extract = sys.modules["requinto.extract"]
    monkeypatch.setattr(extract, "load_separator", lambda *_: separator)
    audio = clicks(117.0, 14.0) + 0.01 * noise(14 * RATE, 1)
    stream = Stream(separator.clips, sample_rate=RATE, n_channels=1)
    stream.configure(Extraction.of("guitar", separator), BeatSettings("detect"))

    bounced = play(stream, audio, block_sizes)[:, stream.latency_frames :]

    np.testing.assert_array_equal(bounced, requinto.extract(audio, RATE, live=True))


class Scaled:
    """A separator whose query holds its gain, so that it may not be another's."""

    clips = ClipConfig()

    def __init__(self, gain):
        self.gain = np.float32(gain)

    def target(self, name):
        """Return a query of its own."""
        return self.gain

    def separate(self, clip, sample_rate, query, sensitivity=0.5):
        """Return the clip, scaled."""
        assert query == self.gain
        return clip * self.gain


@pytest.mark.parametrize("at_s", [0.0, 0.1, 1.0, 2.0, 3.9, 4.05, 9.3])
def test_another_separator_takes_over_where_it_is_configured(at_s):
    rate, tempo_bpm = 8000, 120.0  # clips of 2 s
    audio = np.ones((1, 16 * rate), np.float32)
    stream = Stream(Scaled.clips, sample_rate=rate, n_channels=1)
    stream.configure(
        Extraction.of("guitar", Scaled(1.0)), BeatSettings("fixed", tempo_bpm)
    )
    sizes = ClipFrames.at(ClipConfig(), rate)

    change = round(at_s * rate)
    outputs = [stream.exchange(audio[:, :change])]
    stream.configure(
        Extraction.of("guitar", Scaled(0.5)), BeatSettings("fixed", tempo_bpm)
    )
    outputs.append(play(stream, audio[:, change:], (512,)))
    played = np.concatenate(outputs, axis=1)[0, stream.latency_frames :]

    # Too close to the start for a join of its own: it takes over at the next
    join = (2.0 if at_s == 0.1 else at_s) * rate
    fade = sizes.half_fade if join else 0
    first, last = round(join) - fade, round(join) + fade
    np.testing.assert_allclose(played[: max(0, first)], 1.0, atol=1e-6)
    np.testing.assert_allclose(played[last : audio.shape[1]], 0.5, atol=1e-6)


def test_a_separator_of_other_clips_is_refused_and_nothing_changes():
    other = Scaled(0.5)
    other.clips = ClipConfig(left_context_s=2.0)
    stream = Stream(Scaled.clips, sample_rate=8000, n_channels=1)
    stream.configure(Extraction.of("guitar", Scaled(1.0)), BeatSettings("fixed", 120))
    with pytest.raises(ModelError, match=r"left_context_s=1.0.*left_context_s=2.0"):
        stream.configure(Extraction.of("guitar", other), BeatSettings("fixed", 120))
    with pytest.raises(BeatsError):
        stream.configure(
            Extraction.of("guitar", Scaled(0.5)), BeatSettings("fixed", 1000)
        )
    played = play(stream, np.ones((1, 8000), np.float32), (512,))
    np.testing.assert_allclose(played[:, stream.latency_frames :], 1.0, atol=1e-6)


def test_settings_out_of_range_are_refused():
    with pytest.raises(BeatsError, match="host, detect or fixed"):
        BeatSettings("midi")
    with pytest.raises(BeatsError, match="20 to 400"):
        BeatSettings("fixed", 1000)


def test_before_it_is_configured_it_is_silent_and_in_time(unchanged):
    rate = 8000
    audio = noise(20 * rate, 1)
    stream = Stream(unchanged.clips, sample_rate=rate, n_channels=1)
    outputs = [stream.exchange(audio[:, : 10 * rate])]
    stream.configure(Extraction.of("guitar", unchanged), BeatSettings("fixed", 120))
    outputs.append(play(stream, audio[:, 10 * rate :], (999,)))
    played = np.concatenate(outputs, axis=1)[:, stream.latency_frames :]
    fade = ClipFrames.at(ClipConfig(), rate).half_fade
    assert not played[:, : 10 * rate - fade].any()
    after = slice(10 * rate + fade, None)
    assert error_db(audio[:, after], played[:, after]) < -100
