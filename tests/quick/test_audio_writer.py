# SPDX-License-Identifier: GPL-3.0-or-later
"""What is read was written, and what a file cannot hold is refused before or said."""

import functools
import os
import resource
import shutil
import stat
import subprocess
import sys
from collections import namedtuple

import numpy as np
import pytest
import soundfile

from requinto.errors import AudioFileError
from requinto_files import audio_reader, audio_writer, output_files
from sounds import RATE, error_db, noise


@pytest.mark.parametrize(
    ("ending", "worst_db"),
    # Float is exact; 24 bits leave -138 dB; Vorbis turns noise into other noise
    [(".wav", -200), (".aiff", -200), (".flac", -130), (".ogg", 6), (".mp3", 6)],
)
@pytest.mark.parametrize("n_channels", [1, 2])
@pytest.mark.parametrize("rate", [8000, 44100, 96000])
def test_files_come_back(tmp_path, ending, worst_db, n_channels, rate):
    rate = min(rate, 48000) if ending == ".mp3" else rate
    sound = 0.5 * noise(rate, n_channels)
    path = tmp_path / f"sound{ending}"

    audio_writer.write(path, sound, rate)
    read, read_rate = audio_reader.read(path)

    assert read_rate == rate
    assert read.shape == sound.shape
    assert read.dtype == np.float32
    assert error_db(sound, read) < worst_db
    assert os.listdir(tmp_path) == [path.name]
    assert stat.S_IMODE(path.stat().st_mode) & 0o044


@pytest.mark.parametrize("ending", audio_writer.ENDINGS)
def test_songs_longer_than_a_minute(tmp_path, ending):
    # In a process of its own: a whole song at once overflowed libvorbis' stack
    script = (
        "import sys, numpy as np\nfrom requinto_files import audio_writer\n"
        "wave = 0.3 * np.sin(np.arange(200 * 44100) / 9).astype(np.float32)\n"
        "audio_writer.write(sys.argv[1], np.stack([wave, -wave]), 44100)\n"
    )
    path = tmp_path / f"song{ending}"
    subprocess.run([sys.executable, "-c", script, path], check=True)
    recording = audio_reader.read_available(path)
    assert recording.problems == ()
    assert recording.samples.shape == (2, 200 * 44100)


def test_wav_beyond_its_size_is_rf64(tmp_path, monkeypatch):
    sound = noise(RATE)
    monkeypatch.setattr(audio_writer, "_FIELD_32", sound.nbytes)
    path = tmp_path / "long.wav"
    audio_writer.check_capacity(path, *sound.shape, RATE)
    audio_writer.write(path, sound, RATE)
    assert path.read_bytes()[:4] == b"RF64"
    np.testing.assert_array_equal(audio_reader.read(path)[0], sound)
    np.testing.assert_array_equal(soundfile.read(path, dtype="float32")[0].T, sound)
    for call in (
        lambda: audio_writer.check_capacity(tmp_path / "a.aiff", *sound.shape, RATE),
        lambda: audio_writer.write(tmp_path / "a.aiff", sound, RATE),
    ):
        with pytest.raises(AudioFileError, match=r"AIFF holds 4 GiB.*\.wav has room"):
            call()
    assert os.listdir(tmp_path) == ["long.wav"]


@pytest.mark.parametrize(
    ("hours", "form"), [(1, "WAV"), (3.3, "WAV"), (3.4, "RF64"), (13, "RF64")]
)
def test_kinds_of_wav_by_length(hours, form):
    n_frames = round(hours * 3600 * RATE)  # of stereo at 44.1 kHz; 3.38 h are 4 GiB
    assert audio_writer._kind_for("song.wav", 2, n_frames).format == form


@pytest.mark.parametrize(
    ("ending", "rate", "is_held"),
    [
        *((".wav", 384000, True), (".aiff", 384000, True), (".flac", 192000, True)),
        *((".ogg", 200000, True), (".ogg", 200001, False), (".ogg", 384000, False)),
        *((".flac", 200001, False), (".mp3", 96000, False), (".mp3", 44000, False)),
        *((".mp3", 8000, True), (".mp3", 48000, True), (".mp3", 4000, False)),
    ],
)
def test_rates_that_a_kind_does_not_hold(tmp_path, ending, rate, is_held):
    path = tmp_path / f"sound{ending}"
    if is_held:
        audio_writer.check_capacity(path, 2, RATE, rate)
        audio_writer.write(path, noise(RATE), rate)
        assert audio_reader.read(path)[1] == rate
        return
    # Written all the same, libvorbis crashes
    for call in (
        lambda: audio_writer.check_capacity(path, 2, RATE, rate),
        lambda: audio_writer.write(path, noise(RATE), rate),
    ):
        with pytest.raises(AudioFileError, match=rf"hold 2 .* at {rate} Hz; \.wav"):
            call()


@pytest.mark.parametrize("name", ["música", "a\nb", "-o", b"caf\xe9"])
@pytest.mark.parametrize("ending", audio_writer.ENDINGS)
def test_names(tmp_path, name, ending):
    folder = tmp_path / os.fsdecode(name)  # bytes that are no text too
    folder.mkdir()
    path = folder / f"{os.fsdecode(name)}{ending}"
    audio_writer.write(path, 0.5 * noise(RATE), RATE)
    assert audio_reader.read(path)[0].shape == (2, RATE)
    assert os.listdir(folder) == [path.name]


@pytest.mark.parametrize("name", ["out.xyz", "out", "no/such/folder/out.wav", "."])
def test_paths_that_cannot_be_written_are_refused(tmp_path, name):
    with pytest.raises(AudioFileError):
        audio_writer.write(tmp_path / name, noise(RATE), RATE)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("ending", audio_writer.ENDINGS)
def test_a_full_disk_is_called_so(tmp_path, ending):
    path = tmp_path / f"out{ending}"
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, before[1]))
    try:
        with pytest.raises(AudioFileError) as raised:
            audio_writer.write(path, noise(5 * RATE), RATE)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert str(path) in str(raised.value)
    assert "no space left" in str(raised.value) and "1.8 MB" in str(raised.value)
    assert not list(tmp_path.iterdir())


def test_a_disk_without_room_is_seen_before(tmp_path, monkeypatch):
    usage = namedtuple("usage", ["free"])
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: usage(1_000_000))
    with pytest.raises(AudioFileError, match=r"no space left.*1\.8 MB, and 1\.0 MB"):
        audio_writer.check_capacity(tmp_path / "out.wav", 2, 5 * RATE, RATE)
    audio_writer.check_capacity(tmp_path / "out.wav", 2, RATE, RATE)


def test_a_file_that_is_short_is_not_kept(tmp_path, monkeypatch):
    info = namedtuple("info", ["frames", "samplerate"])
    monkeypatch.setattr(soundfile, "info", lambda path: info(7, RATE))
    with pytest.raises(AudioFileError, match="only 7 of 44100 frames"):
        audio_writer.write(tmp_path / "out.wav", noise(RATE), RATE)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("error", [ZeroDivisionError, KeyboardInterrupt, SystemExit])
def test_a_failed_write_leaves_nothing_behind(tmp_path, error):
    path = tmp_path / "out.wav"
    path.write_bytes(b"what was there")
    with pytest.raises(error), output_files.whole_file(path) as unfinished:
        with open(unfinished, "wb") as file:
            file.write(b"half")
        raise error
    assert path.read_bytes() == b"what was there"
    assert os.listdir(tmp_path) == ["out.wav"]


@pytest.mark.parametrize("has_links", [True, False])
def test_a_file_made_meanwhile_is_not_replaced(tmp_path, monkeypatch, has_links):
    if not has_links:

        def link(*paths):
            raise OSError(95, "Operation not supported")

        monkeypatch.setattr(os, "link", link)
    path = tmp_path / "out.wav"
    with (
        pytest.raises(AudioFileError, match=r"out\.wav exists"),
        output_files.whole_file(path) as unfinished,
    ):
        with open(unfinished, "wb") as file:
            file.write(b"ours")
        path.write_bytes(b"theirs")
    assert path.read_bytes() == b"theirs"
    with output_files.whole_file(path, overwrite=True) as unfinished:
        path.chmod(0o600)
        with open(unfinished, "wb") as file:
            file.write(b"ours")
    assert path.read_bytes() == b"ours"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert os.listdir(tmp_path) == ["out.wav"]


@pytest.mark.parametrize("ending", audio_writer.ENDINGS)
def test_no_signal_comes_while_libsndfile_calls_python(tmp_path, monkeypatch, ending):
    """What a handler raises there would be lost."""
    monkeypatch.setattr(soundfile.SoundFile, "_init_virtual_io", lambda *_: 1 / 0)
    path = tmp_path / f"sound{ending}"
    audio_writer.check_capacity(path, 2, RATE, RATE)
    audio_writer.write(path, noise(RATE), RATE)
    assert path.exists()


@pytest.mark.parametrize("method", ["write", "__init__"])
def test_what_is_raised_in_the_check_is_not_lost(tmp_path, monkeypatch, method):
    def interrupt(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(audio_writer.SequentialFile, method, interrupt, raising=False)
    with pytest.raises(KeyboardInterrupt):
        audio_writer.check_capacity(tmp_path / "sound.ogg", 2, RATE, RATE)


# Root may write whatever the modes say, unless it gives that up
POWERLESS = ["setpriv", "--bounding-set", "-all", "--inh-caps", "-all"]
WRITE = """
import numpy as np
from requinto_files import audio_writer, errors
for ending in audio_writer.ENDINGS:
    for overwrite in (False, True):
        try:
            audio_writer.check_capacity("a" + ending, 1, 9000, 44100)
            sound = np.zeros((1, 9000), np.float32)
            audio_writer.write("a" + ending, sound, 44100, overwrite=overwrite)
        except errors.AudioFileError as error:
            print(error)
"""


def write_in_process(folder, program, prepare):
    """Run a program without the powers of root; return what it prints."""
    powerless = POWERLESS if os.getuid() == 0 else []
    return subprocess.run(
        [*powerless, sys.executable, "-c", program],
        cwd=folder,
        env={**os.environ, "TMPDIR": str(folder)},
        capture_output=True,
        text=True,
        check=True,
        preexec_fn=prepare,
    ).stdout


@pytest.mark.skipif(os.getuid() == 0 and not shutil.which("setpriv"), reason="setpriv")
@pytest.mark.parametrize("mask", [0o222, 0o777, 0o027])
def test_any_umask_is_obeyed_in_the_end(tmp_path, mask):
    tmp_path.chmod(0o700)
    printed = write_in_process(tmp_path, WRITE, lambda: os.umask(mask))
    lines = printed.splitlines()
    assert all("is read-only, so it is not replaced" in line for line in lines)
    assert len(lines) == (0 if 0o666 & ~mask & 0o222 else len(audio_writer.ENDINGS))
    modes = {p.name: stat.S_IMODE(p.stat().st_mode) for p in tmp_path.iterdir()}
    assert modes == {f"a{e}": 0o666 & ~mask for e in audio_writer.ENDINGS}


def test_a_limit_of_the_system_is_not_laid_to_the_kind(tmp_path):
    limit = functools.partial(resource.setrlimit, resource.RLIMIT_FSIZE, (40, 40))
    for line in write_in_process(tmp_path, WRITE, limit).splitlines():
        assert "no space left for it (File too large" in line, line
    assert os.listdir(tmp_path) == []
