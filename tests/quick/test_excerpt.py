# SPDX-License-Identifier: GPL-3.0-or-later
"""An excerpt of a song is those frames exactly, and what follows is not decoded."""

import functools

import numpy as np
import pytest
import soundfile

from encoded_sounds import encode_by_ffmpeg, encode_sound, needs_ffmpeg
from requinto.errors import AudioError
from requinto.song_file import open_song
from requinto_files import audio_reader
from sounds import RATE, noise

SOUND = 0.3 * noise(6 * RATE)
EXCERPTS = [
    *((0.0, None), (0.0, 1.0), (1.25, None), (1.25, 4.75), (0.1, 0.6), (4.9, 5.5)),
    # Around the blocks in which songs are read, and between frames
    *(((1 << 16) / RATE, (1 << 17) / RATE), (1.0 + 0.4 / RATE, 2.0 - 0.4 / RATE)),
    (3.0, 600.0),
]
KINDS = ("wav", "flac", "ogg", "opus", "mp3")


def read_song(path, **options):
    """Return the sound of a song that is opened, and the song."""
    with open_song(path, **options) as song:
        first, second = (np.concatenate(list(song.blocks()), axis=1) for _ in range(2))
        np.testing.assert_array_equal(first, second)
        assert first.shape == (song.n_channels, song.n_frames)
        np.testing.assert_allclose(
            song.statistics.mean_squares, np.square(first).mean(axis=1), rtol=1e-4
        )
        return first, song


@functools.cache
def encode(kind):
    return encode_sound(kind, SOUND)


def write_song(folder, kind="wav"):
    path = folder / "song"
    path.write_bytes(encode(kind))
    return path


@pytest.mark.parametrize("kind", KINDS)
def test_those_frames_exactly(tmp_path, kind):
    path = write_song(tmp_path, kind)
    whole, rate = audio_reader.read(path)
    # Where an excerpt lies makes a difference to the reader, not to its decoder
    for start_s, end_s in EXCERPTS if kind == "wav" else EXCERPTS[3:7:3]:
        sound, song = read_song(path, start_s=start_s, end_s=end_s)
        start = round(start_s * rate)
        stop = None if end_s is None else round(end_s * rate)
        np.testing.assert_array_equal(sound, whole[:, start:stop])
        assert song.start_s == start / rate
        assert song.problems == ()


@needs_ffmpeg
def test_an_excerpt_of_what_ffmpeg_reads(tmp_path):
    source = tmp_path / "song.wav"
    source.write_bytes(encode_sound("wav", noise(3 * RATE, 6)))
    path = encode_by_ffmpeg(source, tmp_path / "song.mka", "-codec:a", "alac")
    whole = audio_reader.read_available(path, downmix=True).samples
    sound, song = read_song(path, downmix=True, start_s=1.0, end_s=2.0)
    np.testing.assert_array_equal(sound, whole[:, RATE : 2 * RATE])
    assert (song.n_channels, song.n_channels_in_file) == (2, 6)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"start_s": 6.0}, r"nothing of .*song from 6 s to its end: it lasts 6\.00 s"),
        ({"start_s": 99.5, "end_s": 101}, r"from 99\.5 s to 101 s: it lasts 6\.00 s"),
        ({"start_s": 3, "end_s": 2.5}, r"from 3 s to 2\.5 s: it lasts 6\.00 s"),
        ({"end_s": 0}, r"from 0 s to 0 s: it lasts 6\.00 s"),
        ({"start_s": 2, "end_s": 2}, r"from 2 s to 2 s: it lasts 6\.00 s"),
        ({"start_s": 5.9}, r"excerpt of .*song must last 0\.5 s or more, got 0\.100"),
        ({"end_s": 0.3}, r"excerpt of .*song must last 0\.5 s or more, got 0\.300"),
        ({"start_s": -1}, r"start .* seconds, 0 or more, got -1"),
        ({"end_s": -0.5}, r"end .* seconds, 0 or more, got -0\.5"),
        ({"start_s": float("nan")}, "start .*, got nan"),
        ({"end_s": float("inf")}, "end .*, got inf"),
        ({"start_s": "1:30"}, "start .*, got '1:30'"),
        ({"end_s": True}, "end .*, got True"),
    ],
)
def test_excerpts_that_hold_nothing_are_refused(tmp_path, options, message):
    path = write_song(tmp_path)
    with pytest.raises(AudioError, match=message), open_song(path, **options):
        pass


@pytest.mark.parametrize("end_s", [1.0, 3.0])
def test_what_follows_is_not_decoded(tmp_path, monkeypatch, end_s):
    path = write_song(tmp_path)
    n_read = []
    read = soundfile.SoundFile.read

    def count(self, *arguments, **options):
        frames = read(self, *arguments, **options)
        n_read.append(len(frames))
        return frames

    monkeypatch.setattr(soundfile.SoundFile, "read", count)
    with open_song(path, end_s=end_s) as song:
        assert song.n_frames == end_s * RATE
        # No further than the block in which the end lies
        assert sum(n_read) <= song.n_frames + audio_reader.N_FRAMES
        n_read.clear()
        assert sum(block.shape[1] for block in song.blocks()) == song.n_frames
        assert sum(n_read) <= song.n_frames + audio_reader.N_FRAMES


def test_only_the_excerpt_is_checked(tmp_path):
    path = tmp_path / "song.wav"
    sound = SOUND.copy()
    sound[1, 5 * RATE] = np.inf
    soundfile.write(path, sound.T, RATE, "FLOAT")
    for options in ({"end_s": 5.0}, {"start_s": 5.1}):
        assert np.isfinite(read_song(path, **options)[0]).all()
    for options in ({}, {"start_s": 4.0}, {"end_s": 5.5}):
        with pytest.raises(AudioError, match="not finite"), open_song(path, **options):
            pass


def test_a_song_without_an_excerpt_is_named_as_before(tmp_path):
    path = tmp_path / "song.wav"
    soundfile.write(path, SOUND[:, :1000].T, RATE)
    with pytest.raises(AudioError, match=r"^\S*song\.wav must last"), open_song(path):
        pass
