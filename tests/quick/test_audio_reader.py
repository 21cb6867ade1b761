# SPDX-License-Identifier: GPL-3.0-or-later
"""Files are read to their end, and what is missing of them is said."""

import os
import struct

import numpy as np
import pytest
import soundfile

from encoded_sounds import (
    KINDS,
    SOUND,
    encode_by_ffmpeg,
    encode_song,
    encode_sound,
    needs_ffmpeg,
    with_data_size,
    write_file,
)
from requinto import audio
from requinto.errors import AudioFileError
from requinto_files import audio_reader, mpeg_frames
from sounds import RATE, error_db, noise


@pytest.mark.parametrize("kind", KINDS)
def test_whole_files_have_no_problem(tmp_path, kind):
    path = write_file(tmp_path, encode_song(kind), f"song.{kind}")
    recording = audio_reader.read_available(path)
    assert recording.problems == ()
    assert recording.samples.dtype == np.float32
    assert recording.samples.shape == (2, SOUND.shape[1])
    assert audio_reader.read(path)[1] == recording.sample_rate


# Where CAF is cut, libsndfile refuses it, and ffmpeg does not
@pytest.mark.parametrize(
    "kind", [pytest.param(k, marks=needs_ffmpeg if k == "caf" else ()) for k in KINDS]
)
@pytest.mark.parametrize("share", [0.3, 0.61, 0.97])
def test_cut_files_are_read_and_said_to_be(tmp_path, kind, share):
    content = encode_song(kind)
    path = write_file(tmp_path, content[: int(share * len(content))], f"song.{kind}")
    whole = audio_reader.decode(content).samples
    samples, _, problems, _ = audio_reader.read_available(path)
    assert len(problems) == 1 and ("cut off" in problems[0] or "damaged" in problems[0])
    # Coders work in blocks of up to 4,608 frames, pages of Ogg may last longer
    n_lost = {"ogg": 20000, "opus": 50000}.get(kind, 5000)
    assert share * SOUND.shape[1] - n_lost < samples.shape[1] < SOUND.shape[1]
    n_same = samples.shape[1] - 2500
    assert error_db(whole[:, :n_same], samples[:, :n_same]) < -100
    with pytest.raises(AudioFileError, match=r"song.*is not whole: it (was|is|ends)"):
        audio_reader.read(path)


@pytest.mark.parametrize("kind", KINDS)
def test_streams_in_a_row_are_joined(tmp_path, kind):
    parts = [0.3 * noise(RATE, seed=seed) for seed in (1, 2, 3)]
    contents = [encode_sound(kind, part) for part in parts]
    path = write_file(tmp_path, b"".join(contents), f"song.{kind}")
    samples, _, problems, _ = audio_reader.read_available(path)
    assert problems == ()
    expected = np.hstack([audio_reader.decode(c).samples for c in contents])
    assert samples.shape == expected.shape == (2, 3 * RATE)
    assert error_db(expected, samples) < -100


def test_mp3_without_a_count_is_read_to_its_end(tmp_path):
    content = encode_song("mp3")
    plain = content[mpeg_frames.parse_header(content).n_bytes :]
    for copies in (1, 2):
        path = write_file(tmp_path, plain * copies, "song.mp3")
        recording = audio_reader.read_available(path)
        assert recording.problems == ()
        assert recording.samples.shape[1] >= copies * SOUND.shape[1]
    # A file with a count, then one without: what follows the count is read too
    path = write_file(tmp_path, content + plain, "song.mp3")
    recording = audio_reader.read_available(path)
    assert recording.samples.shape[1] >= 2 * SOUND.shape[1]
    cut = write_file(tmp_path, plain[: len(plain) // 2], "song.mp3")
    assert "within a frame" in audio_reader.read_available(cut).problems[0]


def mp3_in_wav(content, n_frames):
    """Return a WAV file of mono MP3 whose header counts so many frames."""
    extra = struct.pack("<HIHHH", 1, 0, 1152, 1, 0)
    shape = struct.pack("<HHIIHHH", 0x55, 1, RATE, 8000, 1152, 0, len(extra))
    fact = struct.pack("<I", n_frames)
    chunks = {b"fmt ": shape + extra, b"fact": fact, b"data": content}
    body = b"".join(name + struct.pack("<I", len(c)) + c for name, c in chunks.items())
    return b"RIFF" + struct.pack("<I", 4 + len(body)) + b"WAVE" + body


def test_mp3_in_wav(tmp_path):
    """Its length is estimated by its first frame, here the only short one."""
    silence = [b"\xff\xfb\x90\xc0" + bytes(413), b"\xff\xfb\x92\xc0" + bytes(414)]
    plain = silence[0] + 899 * silence[1]
    n_frames = 900 * 1152
    for n_counted in (n_frames, n_frames - 2257, 0, 0xFFFFFFFF):
        path = write_file(tmp_path, mp3_in_wav(plain, n_counted), "song.wav")
        samples, _, problems, _ = audio_reader.read_available(path)
        assert (problems, samples.shape[1]) == ((), n_frames)
    path = write_file(
        tmp_path, mp3_in_wav(plain[: len(plain) // 2], n_frames), "song.wav"
    )
    assert "declares 23.41 s and holds 11." in audio_reader.read_available(path)[2][0]
    whole = mp3_in_wav(plain, 0)
    path = write_file(tmp_path, whole[: len(whole) // 2], "song.wav")
    assert "it was cut off" in audio_reader.read_available(path)[2][0]


def test_tags_around_mp3_are_no_sound(tmp_path):
    tag = b"ID3\x04\x00\x00\x00\x00\x02\x00" + bytes(256)
    end = b"TAG" + bytes(125)
    content = encode_song("mp3")
    plain = content[mpeg_frames.parse_header(content).n_bytes :]
    for frames in (content, plain):
        expected = audio_reader.decode(frames).samples
        path = write_file(tmp_path, tag + frames + end, "song.mp3")
        samples, _, problems, _ = audio_reader.read_available(path)
        assert problems == ()
        assert error_db(expected, samples) < -100


@pytest.mark.parametrize("others", [(1, RATE), (2, 22050)])
def test_streams_that_differ_are_refused(tmp_path, others):
    n_channels, rate = others
    second = encode_sound("ogg", noise(RATE, n_channels), rate)
    path = write_file(tmp_path, encode_song("ogg") + second, "song.ogg")
    with pytest.raises(AudioFileError, match=r"streams that differ: 2 channels at 441"):
        audio_reader.read(path)


def test_flac_of_unknown_length(tmp_path):
    content = bytearray(encode_song("flac"))
    content[21] &= 0xF0
    content[22:26] = bytes(4)  # the number of frames, in the last 36 bits
    path = write_file(tmp_path, bytes(content), "song.flac")
    samples, _, problems, _ = audio_reader.read_available(path)
    assert problems == ()
    assert error_db(SOUND, samples) < -80


# As ffmpeg, sox, arecord and players that stream leave it
@pytest.mark.parametrize("size", [0, 0xFFFFFFFF, 0x7FFFF000, 0x80000000, 0xFFFFFFDB])
def test_wav_of_unknown_length(tmp_path, size):
    path = write_file(tmp_path, with_data_size(encode_song("wav"), size), "song.wav")
    samples, _, problems, _ = audio_reader.read_available(path)
    assert (problems, samples.shape) == ((), SOUND.shape)


@pytest.mark.parametrize(
    ("size", "message"),
    [
        (2_000_000_000, r"declares 11337\.87 s and holds 4\.00 s"),
        (3_000_000_000, r"declares 17006\.80 s and holds 4\.00 s"),
        (12 * RATE, r"176400 bytes follow after the end that its header declares"),
    ],
)
def test_wav_of_an_untrue_length(tmp_path, size, message):
    path = write_file(tmp_path, with_data_size(encode_song("wav"), size), "song.wav")
    with pytest.raises(AudioFileError, match=message):
        audio_reader.read(path)


def test_chunks_after_the_sound_are_no_sound(tmp_path):
    content = encode_song("wav") + b"LIST" + struct.pack("<I", 4) + b"INFO"
    path = write_file(tmp_path, content, "song.wav")
    assert audio_reader.read_available(path).problems == ()
    empty = encode_sound("wav", SOUND[:, :0]) + b"LIST" + struct.pack("<I", 4) + b"INFO"
    path = write_file(tmp_path, empty, "song.wav")
    assert audio_reader.read_available(path).samples.shape == (2, 0)


def test_a_huge_length_takes_no_memory(tmp_path):
    content = bytearray(encode_song("flac"))
    content[21] |= 0x0F
    content[22:26] = b"\xff" * 4  # 2**36 - 1 frames: 512 GiB
    path = write_file(tmp_path, bytes(content), "song.flac")
    samples, _, problems, _ = audio_reader.read_available(path)
    assert samples.shape == SOUND.shape
    assert "declares 15582" in problems[0]


@pytest.mark.parametrize(
    "subtype", ["PCM_U8", "PCM_24", "PCM_32", "FLOAT", "DOUBLE", "ULAW", "MS_ADPCM"]
)
@pytest.mark.parametrize("form", ["WAV", "WAVEX"])
@pytest.mark.parametrize("rate", [4000, 22050, 384000])
def test_subtypes_and_rates(tmp_path, subtype, form, rate):
    path = tmp_path / "song.wav"
    if not soundfile.check_format(form, subtype):
        pytest.skip("there is no such file")
    soundfile.write(path, SOUND.T, rate, format=form, subtype=subtype)
    samples, read_rate, problems, _ = audio_reader.read_available(path)
    expected = soundfile.read(path, dtype="float32")[0].T
    assert (problems, read_rate) == ((), rate)
    np.testing.assert_array_equal(samples, expected)


@pytest.mark.parametrize(
    "name", ["música.wav", "a\nb.wav", "-i.wav", "http:x.wav", b"caf\xe9"]
)
def test_names(tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    name = os.fsdecode(name)  # bytes that are no text too
    write_file(tmp_path, encode_song("wav"), name)
    assert audio_reader.read(name)[0].shape == SOUND.shape


@pytest.mark.parametrize("kind", ["wav", "flac", "ogg"])
@pytest.mark.parametrize("n_channels", [3, 6])
def test_more_channels_are_refused(tmp_path, kind, n_channels):
    path = write_file(
        tmp_path, encode_sound(kind, noise(RATE, n_channels)), f"song.{kind}"
    )
    message = (
        f"song.{kind} has {n_channels} channels; 1 or 2 channels are accepted.*ffmpeg"
    )
    with pytest.raises(AudioFileError, match=message):
        audio_reader.read(path)


@pytest.mark.parametrize("has_ffmpeg", [True, False])
def test_unreadable_files_are_refused(tmp_path, monkeypatch, has_ffmpeg):
    if not has_ffmpeg:
        monkeypatch.setenv("PATH", "")
    for content in (b"la la la", bytes(5000), b"\xff\xfb" * 200, b"OggS", b"fLaC"):
        path = write_file(tmp_path, content, "song.wav")
        with pytest.raises(AudioFileError, match=r"song\.wav cannot be read as sound"):
            audio_reader.read(path)


def test_what_is_no_file_is_refused(tmp_path):
    os.mkfifo(tmp_path / "pipe.wav")
    for path, message in [
        (tmp_path, "is a folder"),
        (tmp_path / "nowhere.wav", "does not exist"),
        (tmp_path / "pipe.wav", "is a pipe or a device"),
        ("/dev/zero", "is a pipe or a device"),
        (tmp_path / ("a" * 300), "File name too long"),
        (write_file(tmp_path, b"") / "song.wav", "Not a directory"),
    ]:
        with pytest.raises(AudioFileError, match=message):
            audio_reader.read(path)


@pytest.mark.parametrize("kind", ["wav", "flac", "ogg"])
def test_an_empty_file_is_called_so(tmp_path, kind):
    path = write_file(tmp_path, b"", f"song.{kind}")
    with pytest.raises(AudioFileError, match=rf"song\.{kind} is empty"):
        audio_reader.read(path)


def test_a_file_that_is_cut_off_before_its_sound_is_not_called_empty(tmp_path):
    path = write_file(tmp_path, encode_song("flac")[:600], "song.flac")
    with pytest.raises(AudioFileError, match=r"flac holds no sound: it is damaged"):
        audio_reader.read_available(path)


def test_a_file_that_vanishes_is_said_to(tmp_path, monkeypatch):
    path = write_file(tmp_path, encode_song("wav"), "song.wav")
    monkeypatch.setattr(audio_reader, "_check_regular", lambda path: path.unlink())
    with pytest.raises(AudioFileError, match=r"song\.wav cannot be read: No such file"):
        audio_reader.read(path)


def read_blocks(reader):
    """Return a pass over a file, and the sizes of its blocks."""
    blocks = list(reader.blocks())
    return np.hstack(blocks), [block.shape[1] for block in blocks]


@pytest.mark.parametrize("kind", [*KINDS, pytest.param("m4a", marks=needs_ffmpeg)])
@pytest.mark.parametrize("copies", [1, 2])
def test_a_file_is_read_as_often_as_needed(tmp_path, kind, copies):
    if kind == "m4a":
        wav = write_file(tmp_path, encode_song("wav"), "song.wav")
        path = encode_by_ffmpeg(wav, tmp_path / "song.m4a")
    else:
        path = write_file(tmp_path, encode_song(kind) * copies, f"song.{kind}")
    expected = audio_reader.read_available(path)
    with audio_reader.open_sound(path) as reader:
        next(passed := reader.blocks())
        passed.close()  # before its end
        for _ in range(2):
            samples, sizes = read_blocks(reader)
            np.testing.assert_array_equal(samples, expected.samples)
            assert set(sizes[:-1]) == {audio_reader.N_FRAMES}
            assert reader.problems == expected.problems


@pytest.mark.parametrize("n_frames", [1, 100, 4096, 5000, 1 << 20])
def test_blocks_of_any_size_are_the_file(tmp_path, monkeypatch, n_frames):
    monkeypatch.setattr(audio_reader, "N_FRAMES", n_frames)
    sound = SOUND[:, :30_000]
    path = tmp_path / "song.wav"
    soundfile.write(path, sound.T, RATE, subtype="FLOAT")
    with audio_reader.open_sound(path) as reader:
        samples, sizes = read_blocks(reader)
    np.testing.assert_array_equal(samples, sound)
    assert len(sizes) == -(-30_000 // n_frames)


def test_stderr_is_free_between_blocks(tmp_path, capfd):
    """A progress bar is drawn there meanwhile."""
    path = write_file(tmp_path, encode_song("mp3"), "song.mp3")
    with audio_reader.open_sound(path) as reader:
        for i, _ in enumerate(reader.blocks()):
            os.write(2, b"%d" % i)
            assert capfd.readouterr().err == f"{i}"


def test_references_are_read_in_the_same_way():
    for kind in ("wav", "flac", "ogg", "mp3"):
        content = encode_song(kind)
        samples, rate = audio.decode(content * 2)
        assert (samples.shape, rate) == ((2, 2 * SOUND.shape[1]), RATE)
        assert audio.decode(content[: len(content) // 2])[0].shape[1] > RATE // 2
    with pytest.raises(AudioFileError, match="the reference is not sound we can read"):
        audio.decode(b"la la la")
    with pytest.raises(AudioFileError, match="the reference has 6 channels"):
        audio.decode(encode_sound("wav", noise(RATE, 6)))
