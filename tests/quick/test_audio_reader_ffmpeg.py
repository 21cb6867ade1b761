# SPDX-License-Identifier: GPL-3.0-or-later
"""What libsndfile refuses is read through ffmpeg, and what is missing is said."""

import shutil
import time

import numpy as np
import pytest

from encoded_sounds import (
    SOUND,
    encode_by_ffmpeg,
    encode_song,
    encode_sound,
    needs_ffmpeg,
    write_file,
)
from requinto.errors import AudioFileError
from requinto_files import audio_reader, ffmpeg
from sounds import RATE, noise


@needs_ffmpeg
@pytest.mark.parametrize("name", ["a.m4a", "a.aac", "a.webm", "a.wma", "a.mka"])
def test_ffmpeg_reads_what_libsndfile_does_not(tmp_path, name):
    path = encode_by_ffmpeg(
        write_file(tmp_path, encode_song("wav"), "song.wav"), tmp_path / name
    )
    samples, _, problems = audio_reader.read_available(path)
    assert problems == ()
    assert samples.shape[0] == 2 and samples.dtype == np.float32
    assert samples.shape[1] == pytest.approx(SOUND.shape[1], rel=0.1)
    assert 0.5 < np.std(samples) / np.std(SOUND) < 1.5


@needs_ffmpeg
def test_more_channels_are_refused_through_ffmpeg(tmp_path):
    source = write_file(tmp_path, encode_sound("wav", noise(RATE, 6)), "song.wav")
    path = encode_by_ffmpeg(source, tmp_path / "song.m4a")
    with pytest.raises(AudioFileError, match=r"song\.m4a has 6 channels; 1 or 2"):
        audio_reader.read(path)


@needs_ffmpeg
def test_ffmpeg_follows_no_list_and_guesses_no_code(tmp_path):
    """A list leads to other files, and noise can be taken for headerless speech."""
    write_file(tmp_path, encode_song("wav"), "song.wav")
    lists = {
        "list.wav": b"ffconcat version 1.0\nfile song.wav\n",
        "list.m3u8": b"#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXTINF:4,\nsong.wav\n",
        "noise.g722": noise(9000, 1).tobytes(),
        "noise.gsm": noise(9000, 1).tobytes(),  # AMR, without its marker
    }
    for name, content in lists.items():
        with pytest.raises(AudioFileError, match="cannot be read as sound"):
            audio_reader.read(write_file(tmp_path, content, name))


@needs_ffmpeg
@pytest.mark.parametrize("name", ["a.aac", "a.webm", "a.ogg"])
def test_ffmpeg_says_what_is_cut_off(tmp_path, name):
    options = ("-codec:a", "flac") if name == "a.ogg" else ()
    wav = write_file(tmp_path, encode_song("wav"), "song.wav")
    content = encode_by_ffmpeg(wav, tmp_path / name, *options).read_bytes()
    path = write_file(tmp_path, content[: len(content) // 2], name)
    samples, _, problems = audio_reader.read_available(path)
    assert 0.3 * SOUND.shape[1] < samples.shape[1] < 0.7 * SOUND.shape[1]
    assert len(problems) == 1 and "cut off" in problems[0]


@needs_ffmpeg
def test_ffmpeg_is_named_where_it_is_missing(tmp_path, monkeypatch):
    wav = write_file(tmp_path, encode_song("wav"), "song.wav")
    path = encode_by_ffmpeg(wav, tmp_path / "song.m4a")
    monkeypatch.setenv("PATH", "")
    with pytest.raises(AudioFileError, match=r"song\.m4a .*where ffmpeg is installed"):
        audio_reader.read(path)


def test_an_ffmpeg_that_hangs_is_ended(tmp_path, monkeypatch):
    program = tmp_path / "ffmpeg"
    program.write_text(f"#!/bin/sh\nexec {shutil.which('sleep')} 60\n")
    program.chmod(0o755)
    path = write_file(tmp_path, b"what libsndfile does not read", "song.m4a")
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(ffmpeg, "_LIMIT_S", 0.2)
    with pytest.raises(AudioFileError, match=r"longer than 0\.201 s"):
        audio_reader.read(path)


@needs_ffmpeg
def test_only_waiting_for_ffmpeg_counts(tmp_path, monkeypatch):
    """What is done with a block may take longer than decoding the file."""
    wav = write_file(tmp_path, encode_song("wav"), "song.wav")
    path = encode_by_ffmpeg(wav, tmp_path / "song.m4a")
    monkeypatch.setattr(ffmpeg, "_LIMIT_S", 2.0)
    with audio_reader.open_sound(path) as reader:
        for block in reader.blocks():
            time.sleep(1.0)
            assert np.isfinite(block).all()
    assert reader.problems == ()
