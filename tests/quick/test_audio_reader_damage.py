# SPDX-License-Identifier: GPL-3.0-or-later
"""Damaged files are read as far as they go; tags at a file's end are no damage."""

import struct

import numpy as np
import pytest
import soundfile

from encoded_sounds import KINDS, SOUND, encode_song, encode_sound, write_file
from requinto.errors import AudioFileError
from requinto_files import audio_reader, mpeg_frames
from sounds import RATE, error_db, noise


@pytest.mark.parametrize("kind", ["wav", "aiff", "flac", "ogg", "mp3"])
def test_damage_of_any_kind_is_no_traceback(tmp_path, monkeypatch, kind):
    monkeypatch.setenv("PATH", "")  # what ffmpeg does is its own
    rng = np.random.default_rng(0)
    whole = np.frombuffer(encode_sound(kind, 0.3 * noise(RATE)), np.uint8)
    for i in range(40):
        n_reached = len(whole) if i % 2 else 200  # headers break in more ways
        content = whole.copy()
        content[rng.integers(0, n_reached, 8)] = rng.integers(0, 256, 8)
        length = rng.integers(1, len(content)) if i % 5 == 0 else len(content)
        path = write_file(tmp_path, content[:length].tobytes(), f"song.{kind}")
        try:
            assert audio_reader.read_available(path).samples.dtype == np.float32
        except AudioFileError as error:
            assert str(path) in str(error)


@pytest.mark.parametrize("is_counted", [True, False])
@pytest.mark.parametrize("n_bytes", [4, 300, 3000, 20000])
def test_mp3_is_read_behind_damage(tmp_path, monkeypatch, is_counted, n_bytes):
    monkeypatch.setenv("PATH", "")  # without ffmpeg
    content = encode_song("mp3")
    if not is_counted:
        content = content[mpeg_frames.parse_header(content).n_bytes :]
    whole = audio_reader.decode(content).samples
    first = content.index(content[:2], len(content) // 3)  # a frame's header
    damaged = bytearray(content)
    damaged[first : first + n_bytes] = bytes(n_bytes)
    path = write_file(tmp_path, bytes(damaged), "song.mp3")
    samples, _, problems, _ = audio_reader.read_available(path)
    assert problems[0] == f"there is damage {first} bytes into the file"
    n_lost = whole.shape[1] * n_bytes / len(content)
    # A frame needs bytes of those before it
    assert 0 <= whole.shape[1] - samples.shape[1] < n_lost + 5 * 1152
    assert error_db(whole[:, :RATE], samples[:, :RATE]) < -60
    if not is_counted:  # else padding at the end is no longer known
        assert error_db(whole[:, -RATE:], samples[:, -RATE:]) < -60
    if is_counted and n_bytes == 20000:
        assert "declares 4." in problems[1] and "cut off" not in problems[1]


def test_frames_that_are_not_decoded_are_counted(tmp_path, monkeypatch):
    read, n_left = soundfile.SoundFile.read, [5]

    def read_little(self, *arguments, **named):
        n_left[0] -= 1
        return read(self, *arguments, **named)[: None if n_left[0] >= 0 else 0]

    monkeypatch.setattr(soundfile.SoundFile, "read", read_little)
    path = write_file(tmp_path, encode_song("mp3"), "song.mp3")
    (problem,) = audio_reader.read_available(path).problems
    assert problem == "it is damaged: 0.46 of 4.05 s could be decoded"


ID3V1 = b"TAG" + bytes(125)

APE_ITEM = struct.pack("<II", 3, 0) + b"Title\0" + b"abc"

APE_SIZE = 32 + len(APE_ITEM)


def ape_mark(flags):
    return b"APETAGEX" + struct.pack("<IIII", 2000, APE_SIZE, 1, flags) + bytes(8)


APE = ape_mark(0xA0000000) + APE_ITEM + ape_mark(0x80000000)

LYRICS = b"LYRICSBEGIN" + b"IND00002" + b"10"

LYRICS3 = LYRICS + b"%06dLYRICS200" % len(LYRICS)

END_TAGS = {
    "id3v1": ID3V1,
    "ape": APE,
    "ape without a header": APE_ITEM + ape_mark(0),
    "ape, id3v1": APE + ID3V1,
    "lyrics3, id3v1": LYRICS3 + ID3V1,
    "lyrics3 1": b"LYRICSBEGIN la la LYRICSEND" + ID3V1,
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("tag", END_TAGS)
def test_tags_at_the_end_are_no_damage(tmp_path, kind, tag):
    content = encode_song(kind)
    expected = audio_reader.decode(content).samples
    path = write_file(tmp_path, content + END_TAGS[tag], f"song.{kind}")
    samples, _, problems, _ = audio_reader.read_available(path)
    assert problems == ()
    np.testing.assert_array_equal(samples, expected)


def test_nothing_is_lost_before_what_is_no_flac(tmp_path):
    content = encode_song("flac")
    path = write_file(tmp_path, content + bytes(range(1, 200)) * 9, "song.flac")
    samples, _, problems, _ = audio_reader.read_available(path)
    assert samples.shape == SOUND.shape
    assert len(problems) <= 1


@pytest.mark.parametrize("kind", ["wav", "aiff", "au", "caf", "rf64", "w64"])
def test_what_follows_is_said_to_be_left(tmp_path, kind):
    content = encode_song(kind) + encode_song("flac")
    path = write_file(tmp_path, content, f"song.{kind}")
    samples, _, problems, _ = audio_reader.read_available(path)
    n_left = len(encode_song("flac"))
    assert samples.shape == SOUND.shape
    (problem,) = problems
    assert problem == f"{n_left} bytes follow after the end that its header declares"
