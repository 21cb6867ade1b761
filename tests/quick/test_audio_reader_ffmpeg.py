# SPDX-License-Identifier: GPL-3.0-or-later
"""What libsndfile refuses is read through ffmpeg, and what is missing is said."""

import shutil
import subprocess
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
    samples, _, problems, _ = audio_reader.read_available(path)
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
    samples, _, problems, _ = audio_reader.read_available(path)
    assert 0.3 * SOUND.shape[1] < samples.shape[1] < 0.7 * SOUND.shape[1]
    assert len(problems) == 1 and "cut off" in problems[0]


# Names, what they hold, and how the error calls it where ffmpeg is missing
VIDEO = ("-f", "lavfi", "-i", "testsrc=size=64x64:rate=5:duration=1")
OTHERS = [
    ("song.m4a", (), r"MPEG-4 \(m4a, mp4, mov\)"),
    ("song.mp4", VIDEO, r"MPEG-4 \(m4a, mp4, mov\)"),
    ("song.mov", VIDEO, r"MPEG-4 \(m4a, mp4, mov\)"),
    ("song.mkv", VIDEO, r"Matroska \(webm, mkv, mka\)"),
    ("song.webm", (), r"Matroska \(webm, mkv, mka\)"),
    ("song.wma", (), r"Windows Media \(wma, wmv, asf\)"),
    ("song.aac", (), r"AAC \(aac\)"),
    ("song.ac3", (), r"Dolby Digital \(ac3, eac3\)"),
    ("song.avi", VIDEO, r"AVI video \(avi\)"),
    ("song.wv", (), r"WavPack \(wv\)"),
]


@needs_ffmpeg
@pytest.mark.parametrize(("name", "video", "kind"), OTHERS)
def test_ffmpeg_is_named_where_it_is_missing(tmp_path, monkeypatch, name, video, kind):
    wav = write_file(tmp_path, encode_song("wav"), "song.wav")
    path = encode_by_ffmpeg(wav, tmp_path / name, *video)
    path = path.rename(tmp_path / "song")  # its content says what it is
    whole = audio_reader.read(path)[0]
    assert np.std(whole) == pytest.approx(np.std(SOUND), rel=0.3)
    monkeypatch.setenv("PATH", "")
    message = rf"song cannot be read as sound: it is {kind}, which is read where ffmpeg"
    with pytest.raises(AudioFileError, match=message):
        audio_reader.read(path)


def test_noise_is_not_laid_to_ffmpeg_alone(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", "")
    path = write_file(tmp_path, bytes(range(256)) * 9, "song.xyz")
    message = r"song\.xyz cannot be read as sound: .*Perhaps it is read where ffmpeg is"
    with pytest.raises(AudioFileError, match=message):
        audio_reader.read(path)


@needs_ffmpeg
@pytest.mark.parametrize("ending", ["mkv", "mp4"])
def test_the_first_sound_of_a_video_is_taken(tmp_path, ending):
    """Whatever number its stream has, and however many channels others have."""
    first = write_file(tmp_path, encode_song("wav"), "song.wav")
    others = write_file(tmp_path, encode_sound("wav", 0.9 * noise(RATE, 6)), "6.wav")
    inputs, maps = ("-i", others, *VIDEO), ("-map", "2", "-map", "0", "-map", "1")
    path = encode_by_ffmpeg(
        *(first, tmp_path / f"song.{ending}", *inputs, *maps, "-codec:a", "alac")
    )
    samples = audio_reader.read(path)[0]
    np.testing.assert_array_equal(samples, audio_reader.read(first)[0])


@needs_ffmpeg
@pytest.mark.parametrize("ending", ["mp4", "mkv", "avi"])
def test_a_video_without_sound_is_called_so(tmp_path, ending):
    path = tmp_path / f"song.{ending}"
    subprocess.run(["ffmpeg", "-v", "error", *VIDEO, path], check=True)
    message = rf"song\.{ending} .* ffmpeg reads no sound there: it has no audio stream$"
    with pytest.raises(AudioFileError, match=message):
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
