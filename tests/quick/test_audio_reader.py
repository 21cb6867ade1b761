# SPDX-License-Identifier: GPL-3.0-or-later
"""Files are read to their end, and what is missing of them is said."""

import functools
import io
import os
import shutil
import signal
import struct
import subprocess
import threading
import time

import numpy as np
import pytest
import soundfile

from requinto import audio
from requinto.errors import AudioFileError
from requinto_files import audio_reader, audio_streams, ffmpeg, mpeg_frames
from requinto_files.audio_segments import FileWindow
from sounds import RATE, error_db, noise

needs_ffmpeg = pytest.mark.skipif(not ffmpeg.is_installed(), reason="no ffmpeg here")
SOUND = 0.3 * noise(4 * RATE)
KINDS = {
    "wav": ("WAV", "PCM_16"),
    "aiff": ("AIFF", "PCM_16"),
    "au": ("AU", "PCM_16"),
    "w64": ("W64", "PCM_16"),
    "rf64": ("RF64", "PCM_16"),
    "caf": ("CAF", "PCM_16"),
    "flac": ("FLAC", "PCM_16"),
    "ogg": ("OGG", "VORBIS"),
    "opus": ("OGG", "OPUS"),
    "mp3": ("MP3", "MPEG_LAYER_III"),
}


@functools.lru_cache(maxsize=64)
def encode_song(kind):
    """Return the bytes of a file of a kind that holds `SOUND`."""
    return encode_sound(kind, SOUND)


def encode_sound(kind, sound, rate=RATE):
    """Return the bytes of a file of a kind."""
    form, subtype = KINDS[kind]
    file = io.BytesIO()
    rate = 48000 if subtype == "OPUS" else rate
    # By blocks: a whole song at once overflows libvorbis' stack
    with soundfile.SoundFile(
        *(file, "w", rate, len(sound)), format=form, subtype=subtype
    ) as opened:
        for start in range(0, sound.shape[1], 1 << 16):
            opened.write(sound[:, start : start + (1 << 16)].T)
    return file.getvalue()


def write_file(folder, content, name="song"):
    path = folder / name
    path.write_bytes(content)
    return path


def with_data_size(content, size):
    """Return a WAV file whose header says that so many bytes of sound follow."""
    index = content.index(b"data") + 4
    return content[:index] + struct.pack("<I", size) + content[index + 4 :]


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
    samples, _, problems = audio_reader.read_available(path)
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
    samples, _, problems = audio_reader.read_available(path)
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
        samples, _, problems = audio_reader.read_available(path)
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
        samples, _, problems = audio_reader.read_available(path)
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
    samples, _, problems = audio_reader.read_available(path)
    assert problems == ()
    assert error_db(SOUND, samples) < -80


# As ffmpeg, sox, arecord and players that stream leave it
@pytest.mark.parametrize("size", [0, 0xFFFFFFFF, 0x7FFFF000, 0x80000000, 0xFFFFFFDB])
def test_wav_of_unknown_length(tmp_path, size):
    path = write_file(tmp_path, with_data_size(encode_song("wav"), size), "song.wav")
    samples, _, problems = audio_reader.read_available(path)
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
    samples, _, problems = audio_reader.read_available(path)
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
    samples, read_rate, problems = audio_reader.read_available(path)
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


def test_a_file_that_vanishes_is_said_to(tmp_path, monkeypatch):
    path = write_file(tmp_path, encode_song("wav"), "song.wav")
    monkeypatch.setattr(audio_reader, "_check_regular", lambda path: path.unlink())
    with pytest.raises(AudioFileError, match=r"song\.wav cannot be read: No such file"):
        audio_reader.read(path)


@needs_ffmpeg
@pytest.mark.parametrize("name", ["a.m4a", "a.aac", "a.webm", "a.wma", "a.mka"])
def test_ffmpeg_reads_what_libsndfile_does_not(tmp_path, name):
    path = encode(write_file(tmp_path, encode_song("wav"), "song.wav"), tmp_path / name)
    samples, _, problems = audio_reader.read_available(path)
    assert problems == ()
    assert samples.shape[0] == 2 and samples.dtype == np.float32
    assert samples.shape[1] == pytest.approx(SOUND.shape[1], rel=0.1)
    assert 0.5 < np.std(samples) / np.std(SOUND) < 1.5


@needs_ffmpeg
def test_more_channels_are_refused_through_ffmpeg(tmp_path):
    source = write_file(tmp_path, encode_sound("wav", noise(RATE, 6)), "song.wav")
    path = encode(source, tmp_path / "song.m4a")
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
    content = encode(wav, tmp_path / name, *options).read_bytes()
    path = write_file(tmp_path, content[: len(content) // 2], name)
    samples, _, problems = audio_reader.read_available(path)
    assert 0.3 * SOUND.shape[1] < samples.shape[1] < 0.7 * SOUND.shape[1]
    assert len(problems) == 1 and "cut off" in problems[0]


@needs_ffmpeg
def test_ffmpeg_is_named_where_it_is_missing(tmp_path, monkeypatch):
    wav = write_file(tmp_path, encode_song("wav"), "song.wav")
    path = encode(wav, tmp_path / "song.m4a")
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
    path = encode(wav, tmp_path / "song.m4a")
    monkeypatch.setattr(ffmpeg, "_LIMIT_S", 2.0)
    with audio_reader.open_sound(path) as reader:
        for block in reader.blocks():
            time.sleep(1.0)
            assert np.isfinite(block).all()
    assert reader.problems == ()


def read_blocks(reader):
    """Return a pass over a file, and the sizes of its blocks."""
    blocks = list(reader.blocks())
    return np.hstack(blocks), [block.shape[1] for block in blocks]


@pytest.mark.parametrize("kind", [*KINDS, pytest.param("m4a", marks=needs_ffmpeg)])
@pytest.mark.parametrize("copies", [1, 2])
def test_a_file_is_read_as_often_as_needed(tmp_path, kind, copies):
    if kind == "m4a":
        wav = write_file(tmp_path, encode_song("wav"), "song.wav")
        path = encode(wav, tmp_path / "song.m4a")
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


def encode(wav, path, *options):
    """Have ffmpeg code a file."""
    command = ["ffmpeg", "-v", "error", "-y", "-i", wav, *options, path]
    subprocess.run(command, check=True)
    return path


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
    samples, _, problems = audio_reader.read_available(path)
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
    samples, _, problems = audio_reader.read_available(path)
    assert problems == ()
    np.testing.assert_array_equal(samples, expected)


def test_nothing_is_lost_before_what_is_no_flac(tmp_path):
    content = encode_song("flac")
    path = write_file(tmp_path, content + bytes(range(1, 200)) * 9, "song.flac")
    samples, _, problems = audio_reader.read_available(path)
    assert samples.shape == SOUND.shape
    assert len(problems) <= 1


@pytest.mark.parametrize("kind", ["wav", "aiff", "au", "caf", "rf64", "w64"])
def test_what_follows_is_said_to_be_left(tmp_path, kind):
    content = encode_song(kind) + encode_song("flac")
    path = write_file(tmp_path, content, f"song.{kind}")
    samples, _, problems = audio_reader.read_available(path)
    n_left = len(encode_song("flac"))
    assert samples.shape == SOUND.shape
    (problem,) = problems
    assert problem == f"{n_left} bytes follow after the end that its header declares"


class Stopped(BaseException):
    """What a signal handler raises."""


def stop(*_):
    raise Stopped


@pytest.mark.parametrize("kind", ["flac", "mp3", "wav"])
@pytest.mark.parametrize("n_before", [0, 1, 2])
def test_what_is_raised_while_a_file_is_read_is_not_lost(
    tmp_path, monkeypatch, kind, n_before
):
    content = encode_song(kind)
    if kind == "mp3":  # without a count, which is put before it
        content = content[mpeg_frames.parse_header(content).n_bytes :]
    path = write_file(tmp_path, content * 3, f"song.{kind}")
    readinto, n_left = FileWindow.readinto, [n_before]

    def stop_later(self, buffer):
        n_left[0] -= 1
        return readinto(self, buffer) if n_left[0] >= 0 else stop()

    monkeypatch.setattr(FileWindow, "readinto", stop_later)
    with pytest.raises(Stopped):
        audio_reader.read_available(path)


def refuse_callbacks_in_the_main_thread(monkeypatch):
    start = soundfile.SoundFile._init_virtual_io

    def init(self, file):
        assert threading.current_thread() is not threading.main_thread()
        return start(self, file)

    monkeypatch.setattr(soundfile.SoundFile, "_init_virtual_io", init)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("copies", [1, 2])
def test_no_signal_comes_while_libsndfile_calls_python(
    tmp_path, monkeypatch, kind, copies
):
    content = encode_song(kind) * copies
    path = write_file(tmp_path, content, f"song.{kind}")
    refuse_callbacks_in_the_main_thread(monkeypatch)
    assert audio_reader.read_available(path).samples.shape[1] >= SOUND.shape[1]
    assert audio_reader.decode(content).samples.shape[1] >= SOUND.shape[1]
    monkeypatch.setattr(audio_streams, "has_number", lambda file: False)  # Windows
    assert audio_reader.read_available(path).samples.shape[1] >= SOUND.shape[1]
    assert audio.decode(audio.encode_flac(SOUND, RATE))[0].shape == SOUND.shape


# A file that was just opened is closed by its destructor, which warns
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("kind", ["wav", "flac", "ogg", "mp3"])
@pytest.mark.parametrize("has_number", [True, False])
def test_a_signal_while_a_file_is_read_is_raised(
    tmp_path, monkeypatch, kind, has_number
):
    path = write_file(tmp_path, encode_song(kind) * 3, f"song.{kind}")
    if not has_number:
        monkeypatch.setattr(audio_streams, "has_number", lambda file: False)
    before = signal.signal(signal.SIGALRM, stop)
    n_raised = 0
    try:
        for delay_s in np.linspace(0.0005, 0.02, 20):
            try:
                signal.setitimer(signal.ITIMER_REAL, delay_s)
                while signal.getitimer(signal.ITIMER_REAL)[0]:
                    audio_reader.read_available(path)
            except Stopped:
                n_raised += 1
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    assert n_raised >= 19  # Python itself drops what is raised in a destructor
