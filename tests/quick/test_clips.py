# SPDX-License-Identifier: GPL-3.0-or-later
"""Clips lie on beats, within bars, and joined they are the song again."""

import numpy as np
import pytest

from requinto.beats import Beats
from requinto.clips import Clip, ClipFrames, Joiner, cut, end_at_break, lead, next_end
from requinto.config import ClipConfig
from requinto.errors import ConfigError
from requinto.song_separation import plan
from sounds import error_db, noise

SIZES = ClipFrames(
    beats_per_clip=4,
    longest=400,
    left_context=100,
    right_context=50,
    half_fade=2,
    half_seam=1,
    step=30,
)


@pytest.mark.parametrize("rate", [8000, 44100, 48000, 96000])
@pytest.mark.parametrize("tempo_bpm", [20, 61.7, 120, 240, 400])
@pytest.mark.parametrize("first_downbeat_s", [0.0, 0.31, 2.9])
@pytest.mark.parametrize("beats_per_bar", [3, 4, 6])
@pytest.mark.parametrize("per_clip", [4, 2, 1])
def test_joined_clips_are_the_song(
    rate, tempo_bpm, first_downbeat_s, beats_per_bar, per_clip
):
    audio = noise(rate * 7 + 13)
    sizes = ClipFrames.at(ClipConfig().of_beats(per_clip), rate)
    beats = Beats.grid(tempo_bpm, 7.0, first_downbeat_s, beats_per_bar)
    joiner = Joiner(sizes, 2)

    clips = plan(audio.shape[1], rate, beats, sizes)
    joined = np.concatenate(
        [joiner.join(cut(audio, clip, sizes), clip) for clip in clips], axis=1
    )

    # A crossfade of equals is exact but for single-precision rounding
    assert error_db(audio, joined[:, : audio.shape[1]]) < -130
    assert all(0 < c.end - c.start <= sizes.longest for c in clips)
    assert [c.end for c in clips[:-1]] == [c.start for c in clips[1:]]


def test_clips_begin_at_downbeats_after_a_pickup():
    rate, beats = 1000, Beats.grid(120, 20.0, first_downbeat_s=1.5)
    sizes = ClipFrames.at(ClipConfig(), rate)

    clips = plan(10_000, rate, beats, sizes)

    assert clips[0] == Clip(0, 1500)
    assert [c.start for c in clips[1:4]] == [1500, 3500, 5500]


@pytest.mark.parametrize(
    ("beats", "downbeats", "end"),
    [
        ([0, 50, 100, 150, 200, 250], [], 200),  # four beats
        ([0, 50, 100, 150, 200], [150], 150),  # never across a downbeat
        ([0, 150, 300, 450, 600], [], 300),  # four would last too long: two
        ([0, 390, 780], [], 390),  # or one
        ([0, 500], [], 250),  # a beat that is longer is divided evenly
        ([0, 900], [], 300),
        ([], [], 400),
        ([3, 50, 100, 150, 200, 250], [3], 200),  # a join too near is none
    ],
)
def test_next_end(beats, downbeats, end):
    assert next_end(0, beats, downbeats, SIZES) == end


@pytest.mark.parametrize(
    ("breaks", "end"),
    [
        ([], 300),
        ([100], 100),
        ([0, 3, 100, 200], 100),  # one too near the start is none
        ([300], 300),
        ([305], 305),  # a clip may last a little longer to end there
        ([308], 300),
        ([500], 300),
    ],
)
def test_clips_end_at_breaks(breaks, end):
    assert end_at_break(0, 300, breaks, SIZES) == end


def test_a_clip_that_may_be_no_longer_leaves_room_for_a_break():
    assert end_at_break(0, 400, [405], SIZES) == 405 - SIZES.shortest


@pytest.mark.parametrize("per_clip", [4, 2, 1])
@pytest.mark.parametrize("seed", range(20))
def test_breaks_anywhere_leave_the_song_whole(per_clip, seed):
    rate = 1000
    audio, rng = noise(23 * rate), np.random.default_rng(seed)
    sizes = ClipFrames.at(ClipConfig().of_beats(per_clip), rate)
    breaks = sorted(rng.integers(0, 18 * rate, rng.integers(1, 40)).tolist())
    joiner, joined, start = Joiner(sizes, 2), [], 0
    while start < 18 * rate:
        end = end_at_break(start, start + sizes.longest, breaks, sizes)
        assert sizes.shortest <= end - start <= sizes.longest
        clip = Clip(start, end)
        fade = sizes.half_seam if end in breaks else None
        joined.append(joiner.join(cut(audio, clip, sizes), clip, fade))
        start = end
    result = np.concatenate(joined, axis=1)
    assert error_db(audio[:, : result.shape[1]], result) < -130


@pytest.mark.parametrize("origin", [0, 100, 1000])
def test_cut_is_silent_where_the_song_does_not_reach(origin):
    song = np.arange(1, 2001, dtype=np.float32)[None]

    piece = cut(song[:, origin:], Clip(1200, 1990), SIZES, origin)

    np.testing.assert_array_equal(piece[0, :900], song[0, 1100:2000])
    assert not piece[0, 900:].any()
    assert piece.shape[1] == 100 + 790 + 50


@pytest.mark.parametrize(
    "numbers",
    [
        {"longest_clip_s": 0.0},
        {"crossfade_s": -1.0},
        {"beats_per_clip": 3},
        {"right_context_s": 0.0},
    ],
)
def test_numbers_that_cannot_work_are_refused(numbers):
    with pytest.raises(ConfigError, match=next(iter(numbers)).split("_")[0]):
        ClipConfig(**numbers)


@pytest.mark.parametrize("beats", [0, 3, 8])
def test_other_clips_than_of_four_two_or_one_beats_are_refused(beats):
    with pytest.raises(ConfigError, match=f"must be 1, 2 or 4, got {beats}"):
        ClipConfig().of_beats(beats)


@pytest.mark.parametrize("rate", [8000, 44100, 96000])
@pytest.mark.parametrize("length_s", [0.2, 0.5, 1.0, 1.2, 2.0, 2.4, 4.0])
@pytest.mark.parametrize("earlier", [0, 1, 16, 64])
def test_the_first_clip_begins_alike_however_early_a_host_does(rate, length_s, earlier):
    sizes = ClipFrames.at(ClipConfig(), rate)
    end = round(length_s * rate)
    n_frames = lead(Clip(0, end), sizes)
    assert 0 <= n_frames <= 1.4 * sizes.step
    assert lead(Clip(-earlier, end), sizes) == n_frames - earlier
