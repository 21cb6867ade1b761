# SPDX-License-Identifier: GPL-3.0-or-later
"""Sounds that add up to a song still do in the files that they are written to."""

import itertools
import os

import numpy as np
import pytest
import soundfile

from requinto_files import audio_reader
from requinto_files.audio_writer import BLOCK
from requinto_files.quantisation import highest
from requinto_files.sound_set import Levels, write_sounds
from sounds import RATE, noise, sine

N_FRAMES = 12_000
N_BLOCK = 5_000  # frames written at a time
INTEGERS = [*itertools.product((".wav", ".flac", ".aiff"), (16, 24))]
EXACT = [(*kind, song) for kind in INTEGERS for song in (16, 24) if song <= kind[1]]
FLOATS = [(".wav", None), (".aiff", None), (".wav", 32)]
SUBTYPES = {".ogg": "VORBIS", ".mp3": "MPEG_LAYER_III"}
LOSSY = [(".ogg", None), (".mp3", None)]


def song_of(bit_depth, level=1.2, n_frames=N_FRAMES):
    """Return a song of integers, `(2, n_frames)`; at this level it is clipped."""
    scale = 2 ** (bit_depth - 1)
    steps = np.rint(level * scale * noise(n_frames))
    return (np.clip(steps, -scale, scale - 1) / scale).astype(np.float32)


def parts_of(song):
    """Return parts that begin as the song does, with which no rest exceeds it."""
    quiet = np.float32(1e-5) * np.abs(noise(song.shape[1], seed=2))
    return [np.float32(0.4) * song + quiet * np.sign(song), np.float32(0.3) * song]


def write_parts(folder, song, parts, kind, rest_ending=None):
    """Write parts and the rest of a song; return levels and paths, the rest's last."""
    ending, bit_depth = kind
    paths = [folder / f"{i}{ending}" for i in range(len(parts))]
    rest = folder / f"rest{rest_ending or ending}"
    blocks = (
        [sound[:, start : start + N_BLOCK] for sound in (*parts, song)]
        for start in range(0, song.shape[1], N_BLOCK)
    )
    levels = write_sounds(
        *(paths, blocks, song.shape, RATE),
        **{"rest": rest, "bit_depth": bit_depth, "overwrite": False},
    )
    assert sorted(os.listdir(folder)) == sorted(p.name for p in (*paths, rest))
    return levels, [*paths, rest]


def read_integers(path):
    """Return what a file holds as integers of 32 bits, `(2, n_frames)`, int64."""
    return soundfile.read(path, dtype="int32")[0].T.astype(np.int64)


def read_sum(paths):
    """Return the sum of what files hold, float64."""
    return sum(audio_reader.read(path)[0].astype(np.float64) for path in paths)


@pytest.mark.parametrize("n_parts", [0, 1, 2])
@pytest.mark.parametrize(("ending", "bits", "song_bits"), EXACT)
def test_integers_add_up_exactly(tmp_path, ending, bits, song_bits, n_parts):
    song = song_of(song_bits)
    parts = parts_of(song)[:n_parts]
    levels, paths = write_parts(tmp_path, song, parts, (ending, bits))
    assert levels == Levels()
    total = sum(read_integers(path) for path in paths)
    np.testing.assert_array_equal(total, np.rint(song.astype(np.float64) * 2**31))
    assert {soundfile.info(p).subtype for p in paths} == {f"PCM_{bits}"}
    for path, part in zip(paths[:-1], parts, strict=True):
        error = np.abs(audio_reader.read(path)[0] - part) * 2.0 ** (bits - 1)
        assert error.max() <= 0.5 + 1e-3


@pytest.mark.parametrize("bits", [16, 24])
def test_a_step_that_the_rest_cannot_hold_goes_to_a_part(tmp_path, bits):
    """Where a song is at full scale, rounding may lead the rest beyond it."""
    song = np.abs(song_of(bits))
    song = np.minimum(song, highest(bits)).astype(np.float32)
    assert np.count_nonzero(song == highest(bits)) > 1000
    part = np.full_like(song, -0.9 * 2.0 ** (1 - bits))
    levels, paths = write_parts(tmp_path, song, [part], (".flac", bits))
    assert levels == Levels()
    np.testing.assert_array_equal(read_sum(paths), song)
    assert np.abs(read_integers(paths[0])).max() <= 2 ** (32 - bits)


@pytest.mark.parametrize("kind", INTEGERS)
@pytest.mark.parametrize("song_bits", [24, None])
def test_finer_songs_add_up_within_half_a_step(tmp_path, kind, song_bits):
    song = song_of(song_bits) if song_bits else noise(N_FRAMES)
    song[0, :2] = 1.0, -1.0
    levels, paths = write_parts(tmp_path, song, parts_of(song), kind)
    assert levels == Levels()
    error = np.abs(read_sum(paths) - song) * 2.0 ** (kind[1] - 1)
    assert error.max() <= 0.5


@pytest.mark.parametrize("kind", FLOATS)
def test_floats_hold_every_peak(tmp_path, kind):
    song = 8 * noise(N_FRAMES)
    parts = parts_of(song)
    levels, paths = write_parts(tmp_path, song, parts, kind)
    assert levels == Levels()
    assert np.abs(read_sum(paths) - song).max() <= 2.0**-20
    for path, part in zip(paths[:-1], parts, strict=True):
        np.testing.assert_array_equal(audio_reader.read(path)[0], part)


@pytest.mark.parametrize("kind", [*INTEGERS, *LOSSY])
@pytest.mark.parametrize("loudest", ["part", "rest"])
def test_one_gain_for_all(tmp_path, kind, loudest):
    """A song at +6 dB whose part, or rest, is nearly as loud as it is."""
    song = 4 * sine(N_FRAMES, 2, RATE)  # which coders for ears hardly change
    song[1, 7] = 2.0
    share = np.float32(0.9 if loudest == "part" else 0.1)
    part = share * song
    levels, paths = write_parts(tmp_path, song, [part], kind)
    peak = max(np.abs(part).max(), np.abs(song - part).max())
    assert levels.peak == pytest.approx(peak)
    assert levels.path == str(paths[0 if loudest == "part" else 1])
    subtypes = {soundfile.info(path).subtype for path in paths}
    assert subtypes == {SUBTYPES.get(kind[0]) or f"PCM_{kind[1]}"}
    assert levels.gain == pytest.approx(1 / peak, abs=2.0**-14)
    total = read_sum(paths)
    expected = levels.gain * song.astype(np.float64)
    if kind[1]:
        assert np.abs(total - expected).max() <= 2.0 ** -kind[1] * 1.001
        # And nothing was clipped
        error = np.abs(read_sum(paths[:1]) - levels.gain * part.astype(np.float64))
        assert error.max() <= 2.0 ** -kind[1] * 3
        assert np.mean(error > 2.0 ** -kind[1] * 1.01) < 1e-3  # see the test of a step
    else:
        slope = np.vdot(total, expected) / np.vdot(expected, expected)
        assert slope == pytest.approx(1.0, abs=0.01)


@pytest.mark.parametrize(
    ("ending", "rest_ending"), [(".wav", ".flac"), (".flac", ".wav")]
)
@pytest.mark.parametrize("level", [1.0, 4.0])
def test_kinds_that_differ_add_up(tmp_path, ending, rest_ending, level):
    song = song_of(16, n_frames=BLOCK + 9) * np.float32(level)  # read back in two
    levels, paths = write_parts(
        tmp_path, song, parts_of(song), (ending, None), rest_ending
    )
    assert (levels.gain < 1.0) == (level > 1.0)
    expected = levels.gain * song.astype(np.float64)
    assert np.abs(read_sum(paths) - expected).max() <= 2.0**-23


def test_sounds_without_a_rest(tmp_path):
    sounds = [0.5 * noise(N_FRAMES, seed=i) for i in range(2)]
    paths = [tmp_path / "a.flac", tmp_path / "b.wav"]
    shares = []
    levels = write_sounds(
        *(paths, [sounds], sounds[0].shape, RATE),
        **{"bit_depth": 16, "overwrite": False, "progress": shares.append},
    )
    assert levels == Levels()
    assert shares == sorted(shares) and shares[-1] == 1.0
    for path, sound in zip(paths, sounds, strict=True):
        error = np.abs(audio_reader.read(path)[0] - sound)
        assert error.max() <= 2.0**-16


@pytest.mark.parametrize("kind", [*INTEGERS, *FLOATS, *LOSSY])
def test_nothing_is_left_of_what_fails(tmp_path, kind):
    def blocks():
        yield [0.1 * noise(N_BLOCK), noise(N_BLOCK)]
        assert os.listdir(tmp_path)
        raise KeyboardInterrupt

    paths = [tmp_path / f"a{kind[0]}"], blocks(), (2, 2 * N_BLOCK), RATE
    options = {"bit_depth": kind[1], "rest": tmp_path / f"b{kind[0]}"}
    with pytest.raises(KeyboardInterrupt):
        write_sounds(*paths, **options, overwrite=False)
    assert os.listdir(tmp_path) == []
