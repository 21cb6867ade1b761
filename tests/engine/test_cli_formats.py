# SPDX-License-Identifier: GPL-3.0-or-later
"""The command reads and writes the kinds, lengths and channels that it is given."""

import importlib
import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import soundfile

from requinto.errors import ConfigError
from requinto_command.completion import FORMATS
from requinto_command.times import parse_time_s
from requinto_files.sound_kinds import ENDINGS
from sounds import RATE, noise

extract_module = importlib.import_module("requinto.extract")


pytestmark = pytest.mark.usefixtures("scaling_model")


def test_the_formats_are_those_that_are_written():
    assert {f".{name}" for name in FORMATS} == set(ENDINGS)


@pytest.mark.parametrize(
    ("name", "subtype"),
    [
        *(("wav", "FLOAT"), ("flac", "PCM_24"), ("mp3", "MPEG_LAYER_III")),
        *(("ogg", "VORBIS"), ("aiff", "FLOAT"), ("FLAC", "PCM_24"), (".wav", "FLOAT")),
    ],
)
def test_a_format_names_the_kind_where_no_name_does(run, song, name, subtype):
    ending = name.lower().removeprefix(".")
    for options, path in [
        ((), f"song-guitar.{ending}"),
        (("-o", "out/"), f"out/song-guitar.{ending}"),
        (("-o", "bare"), f"bare.{ending}"),
        (("-o", f"same.{ending}"), f"same.{ending}"),
    ]:
        status, out, err = run("extract", "song.wav", *options, "--format", name)
        assert (status, out, err) == (0, f"{path}\n", "")
        info = soundfile.info(path)
        assert (info.subtype, info.samplerate, info.channels) == (subtype, RATE, 2)
    options = ("-o", "new/", "--rest", "new/", "--format", name)
    assert run("extract", "song.wav", *options)[0] == 0
    assert soundfile.info(f"new/song-rest.{ending}").subtype == subtype


@pytest.mark.parametrize("option", ["-o", "--rest"])
@pytest.mark.parametrize("name", ["out.wav", "out.FLAC", "out.mp3", "out.xyz"])
def test_a_name_that_says_another_kind_is_an_error(run, song, option, name):
    status, out, err = run("extract", "song.wav", option, name, "--format", "ogg")
    assert (status, out, err.count("\n")) == (2, "", 1)
    assert f"{name} ends in {Path(name).suffix}, and --format says ogg" in err


@pytest.mark.parametrize(
    ("ending", "bit_depth", "subtype"),
    [
        *(("wav", 16, "PCM_16"), ("wav", 24, "PCM_24"), ("wav", 32, "FLOAT")),
        *(("flac", 16, "PCM_16"), ("flac", 24, "PCM_24"), ("aiff", 16, "PCM_16")),
    ],
)
def test_bit_depths(run, tmp_path, ending, bit_depth, subtype):
    sound = np.round(0.3 * noise(RATE) * 2**15) / 2**15
    soundfile.write("song.wav", sound.T, RATE, subtype="PCM_16")
    names = (f"part.{ending}", f"rest.{ending}")
    options = ("-o", names[0], "--rest", names[1], "--bit-depth", bit_depth)
    assert run("extract", "song.wav", *options)[0] == 0
    parts = [soundfile.read(name)[0].T for name in names]
    assert {soundfile.info(name).subtype for name in names} == {subtype}
    np.testing.assert_array_equal(parts[0] + parts[1], sound)  # to the bit


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("-o", "out.flac", "--bit-depth", "32"), "out.flac holds samples of 16 or 24"),
        (("--format", "mp3", "--bit-depth", "16"), "is lossy"),
        (("--rest", "r.ogg", "--bit-depth", "24"), "r.ogg has no bit depth"),
        (("--bit-depth", "8"), "holds samples of 16, 24 or 32 bits (.wav), got 8"),
        (("-o", "-", "--format", "ogg", "--bit-depth", "24"), "is lossy"),
        (("--format", "m4a"), "unknown format 'm4a'; known are wav, flac"),
        (("--format", "falc"), "did you mean flac?"),
    ],
)
def test_what_a_kind_does_not_hold_is_refused(run, song, options, message):
    status, out, err = run("extract", "song.wav", *options)
    assert (status, out, err.count("\n")) == (2, "", 1)
    assert message in err
    assert [path.name for path in Path().iterdir()] == ["song.wav"]


def test_too_loud_for_integers_is_said(run):
    mixture = np.float32(3) * noise(RATE)
    soundfile.write("song.wav", mixture.T, RATE, subtype="FLOAT")
    options = ("-o", "a.wav", "--rest", "b.wav", "--bit-depth", "24", "--json")
    status, out, err = run("extract", "song.wav", *options)
    gain = json.loads(out)["gain"]
    assert status == 0 and gain < 0.7
    assert "a.wav cannot hold a peak of 1.5" in err and err.count("\n") == 1
    assert "unless --bit-depth is less than 32" in err
    parts = [soundfile.read(name)[0].T for name in ("a.wav", "b.wav")]
    np.testing.assert_allclose(parts[0] + parts[1], gain * mixture, atol=2**-23)


def test_more_channels_are_mixed_down_or_refused(run):
    six = 0.1 * noise(RATE, 6)
    soundfile.write("six.wav", six.T, RATE, subtype="FLOAT")
    warning = "six.wav has 6 channels; a stereo downmix of them is used"
    status, out, err = run("extract", "six.wav", "--rest", "rest.wav", "--json")
    assert (status, err.count("\n")) == (0, 1)
    assert err.startswith(f"requinto: warning: {warning}")
    assert json.loads(out)["downmixed_from"] == 6
    assert soundfile.info("six-guitar.wav").channels == 2
    for inputs in (("six.wav",), ("song.wav", "--reference", "six.wav")):
        soundfile.write("song.wav", six[:2].T, RATE, subtype="FLOAT")
        options = (*inputs, "--overwrite")
        status, _, err = run("extract", *options)
        assert status == 0 and warning in err
        status, out, err = run("extract", *options, "--channels", "keep")
        assert (status, out, err.count("\n")) == (2, "", 1)
        assert "six.wav has 6 channels; 1 or 2 channels are accepted" in err
    assert json.loads(run("extract", "song.wav", "--json")[1])["downmixed_from"] is None


def test_beats_of_more_channels(run, monkeypatch):
    monkeypatch.setattr("requinto.sections", lambda *arguments, **options: [])
    soundfile.write("six.wav", 0.1 * noise(RATE, 6).T, RATE)
    status, out, err = run("beats", "six.wav", "--json")
    assert status == 0 and "--channels" not in err  # it has no such option
    assert "six.wav has 6 channels; a stereo downmix of them is used\n" in err
    assert json.loads(out)["downmixed_from"] == 6


def test_the_room_for_a_bit_depth_is_looked_for_first(run, song, monkeypatch):
    n_bytes = 5 * 4 * RATE  # floats take 4 a sample, and 16 bits 6 meanwhile
    usage = shutil.disk_usage(".")._replace(free=n_bytes)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)
    assert run("extract", "song.wav")[0] == 0
    status, out, err = run("extract", "song.wav", "-o", "b.wav", "--bit-depth", "16")
    assert (status, out) == (2, "")
    assert "b.wav cannot be written: there is no space left for it (it takes" in err


@pytest.mark.parametrize(
    ("options", "first", "last"),
    [
        (("--start", "0.5"), 0.5, 4),
        (("--end", "3"), 0, 3),
        (("--start", "0:01", "--end", "0:02.25"), 1, 2.25),
        (("--start", "0:00:01.5", "--end", "0:00:03"), 1.5, 3),
        (("--start", "1", "--end", "9:59"), 1, 4),
    ],
)
def test_an_excerpt_is_what_is_written(run, options, first, last):
    sound = 0.3 * noise(4 * RATE)
    soundfile.write("song.wav", sound.T, RATE, subtype="FLOAT")
    more = ("-o", "part.wav", "--rest", "rest.wav", "--json")
    status, out, err = run("extract", "song.wav", *options, *more)
    assert (status, err) == (0, "")
    report = json.loads(out)
    assert (report["start_s"], report["duration_s"]) == (first, last - first)
    excerpt = sound[:, round(first * RATE) : round(last * RATE)] / 2
    for name in ("part.wav", "rest.wav"):
        written = soundfile.read(name, dtype="float32")[0].T
        # Where clips are joined, a rounding of float32
        np.testing.assert_allclose(written, excerpt, atol=1e-7)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--start", "9"), "there is nothing of song.wav from 9 s"),
        (("--start", "1.8"), "must last 0.5 s or more, got 0.200 s"),
        (("--start", "1", "--end", "1"), "--end must be after --start 1, got 1"),
        (("--end", "0"), "--end must be after 0, where songs begin, got 0"),
        (("--start", "-1"), "--start must be a time in seconds"),
        (("--end", "soon"), "--end must be a time in seconds"),
    ],
)
def test_an_excerpt_that_is_none(run, song, options, message):
    status, out, err = run("extract", "song.wav", *options)
    assert (status, out, err.count("\n")) == (2, "", 1)
    assert message in err
    assert [path.name for path in Path().iterdir()] == ["song.wav"]


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        *(("90", 90), ("1:30", 90), ("01:30", 90), ("0:01:30", 90), ("75:00", 4500)),
        *(("90.25", 90.25), (".5", 0.5), ("1:05.125", 65.125), ("2:00:00", 7200)),
        *((" 7 ", 7), ("5.", 5), ("0", 0)),
    ],
)
def test_times(text, seconds):
    assert parse_time_s(text, "--start") == seconds


@pytest.mark.parametrize(
    "text",
    [
        *(
            "",
            ":",
            "1:",
            ":30",
            "1:60",
            "1:60:00",
            "1:2:3:4",
            "-1",
            "1e3",
            "nan",
            "inf",
        ),
        *("1.5:00", "1:30 min", "\u0661", "1" * 5000, "0x10", "1,5"),
    ],
)
def test_what_is_no_time(text):
    with pytest.raises(ConfigError, match="--end must be a time in seconds, m:ss"):
        parse_time_s(text, "--end")
