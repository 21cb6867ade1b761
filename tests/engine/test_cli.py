# SPDX-License-Identifier: GPL-3.0-or-later
"""The command does what it says, or exits with 2, one line, and nothing left behind."""

import json
import os
import subprocess
import sys
from pathlib import Path

import librosa
import numpy as np
import pytest
import soundfile

import requinto
from models import write_neutral
from requinto_command.clicks import add_clicks
from requinto_lab.evaluation.systems import Task
from requinto_lab.systems.untrained import HarmonicPercussive
from sounds import RATE, clicks, error_db, noise

COMMAND = Path(sys.executable).parent / "requinto"


def files(folder):
    return {p.name for p in folder.iterdir()}


def test_extract_writes_the_target(run, song, tmp_path, unchanged_model):
    status, out, err = run(
        *("extract", song, "--target", "bass", "-o", "bass.flac"),
        *("--rest", "rest.wav", "--plot", "bass.png", "--json"),
    )
    assert (status, err) == (0, "")
    result = json.loads(out)
    assert result["output"] == "bass.flac"
    assert result["target"] == "bass"
    assert result["duration_s"] == 2
    mixture, rate = soundfile.read(song)
    bass, bass_rate = soundfile.read("bass.flac")
    rest, rest_rate = soundfile.read("rest.wav")
    assert rate == bass_rate == rest_rate
    assert bass.shape == rest.shape == mixture.shape
    assert error_db(mixture, bass + rest) < -120
    assert Path("bass.png").read_bytes().startswith(b"\x89PNG")
    assert files(tmp_path) == {"song.wav", "bass.flac", "rest.wav", "bass.png"}


def test_extract_by_the_model_that_was_chosen(run, song, two_models):
    mixture = soundfile.read(song)[0]
    for options, model, gain in [
        ((), "standard", 1.0),
        (("--model", "standard"), "standard", 1.0),
        (("--model", "fast"), "fast", 0.5),
    ]:
        status, out, err = run(
            *("extract", song, *options, "-o", "out.wav", "--overwrite", "--json")
        )
        assert (status, err) == (0, "")
        assert json.loads(out)["model"] == model
        assert error_db(gain * mixture, soundfile.read("out.wav")[0]) < -100


def test_extract_names_its_output(run, song, tmp_path, unchanged_model):
    assert run("extract", song) == (0, "song-guitar.wav\n", "")
    assert run("extract", song, "--reference", song)[:2] == (0, "song-reference.wav\n")
    assert files(tmp_path) == {"song.wav", "song-guitar.wav", "song-reference.wav"}


@pytest.mark.parametrize(
    ("ending", "subtype"),
    [("wav", "PCM_16"), ("flac", "PCM_24"), ("ogg", "VORBIS"), ("mp3", None)],
)
def test_kinds_of_file(run, tmp_path, unchanged_model, ending, subtype):
    path = tmp_path / f"song.{ending}"
    soundfile.write(path, 0.3 * noise(RATE, 1).T, 44100, subtype=subtype)
    assert run("extract", path, "-o", "out.wav")[0] == 0
    expected, rate = soundfile.read(path, always_2d=True)
    written, written_rate = soundfile.read("out.wav", always_2d=True)
    assert (written.shape, written_rate) == (expected.shape, rate)


def test_targets(run):
    assert run("targets") == (0, "\n".join(requinto.targets()) + "\n", "")


def test_beats(run, tmp_path):
    soundfile.write(tmp_path / "clicks.wav", clicks(100, 12).T, RATE)
    files = ("--click", "heard.flac", "--plot", "seen.png")
    status, out, _ = run("beats", "clicks.wav", "--json", *files)
    report = json.loads(out)
    assert status == 0
    assert {"tempo_bpm", "beats_per_bar", "confidence", "song"} < set(report)
    assert set(report["downbeats_s"]) <= set(report["times_s"])
    assert report["sections"][0]["start_s"] == 0
    assert report["sections"][-1]["end_s"] == pytest.approx(12)
    clicked, rate = soundfile.read("heard.flac")
    assert (len(clicked), rate) == (12 * RATE, RATE) and np.abs(clicked).max() <= 1
    assert (tmp_path / "seen.png").stat().st_size > 10_000
    status, out, _ = run("beats", "clicks.wav")
    lines = out.splitlines()
    assert len(lines) == len(report["times_s"])
    bars = [float(line.split()[0]) for line in lines if line.endswith(" downbeat")]
    assert bars == pytest.approx(report["downbeats_s"], abs=1e-3)


def test_clicks_lie_on_the_beats():
    song, grid = np.zeros((2, 4 * RATE), np.float32), requinto.Beats.grid(60, 4.0, 1.0)
    output = add_clicks(song, RATE, grid)
    assert output.shape == song.shape and output.dtype == np.float32
    spans = [output[0, i * RATE : i * RATE + 4410] for i in range(4)]
    assert all(np.abs(span).max() > 0.3 for span in spans)
    assert not output[0, RATE // 2 : RATE - 10].any()
    crossings = [np.sum(np.diff(np.sign(span)) != 0) for span in spans]
    assert crossings[1] > 1.3 * max(crossings[0], crossings[2], crossings[3])


@pytest.mark.parametrize("rate", [8000, 44100, 96000])
@pytest.mark.parametrize("tempo_bpm", [90.0, 380.0])
def test_clicks_are_librosas(rate, tempo_bpm):
    song = 0.1 * noise(3 * rate + 100)
    grid = requinto.Beats.grid(tempo_bpm, 3.0, 0.13)
    # Of which some overlap, one is in the last frame and one is beyond the song
    late = np.append(grid.times_s, [2.98, 2.99, 3.0 + 99 / rate, 3.5])
    grid = requinto.Beats(late, grid.downbeats_s, tempo_bpm)
    options = {"sr": rate, "length": song.shape[1]}
    clicks = librosa.clicks(times=grid.downbeats_s, click_freq=1600, **options)
    others_s = np.setdiff1d(late, grid.downbeats_s)
    clicks += librosa.clicks(times=others_s, click_freq=1000, **options)
    expected = 0.5 * song + 0.5 * np.clip(clicks, -1, 1)
    np.testing.assert_allclose(add_clicks(song, rate, grid), expected, atol=1e-6)


@pytest.mark.parametrize("option", ["--click", "--plot"])
def test_beats_overwrite_no_song(run, tmp_path, option):
    soundfile.write(tmp_path / "clicks.wav", clicks(100, 2).T, RATE)
    status, _, error = run("beats", "clicks.wav", option, "clicks.wav")
    assert status == 2 and "must differ" in error
    status, _, error = run("beats", "clicks.wav", option, "no/such/place.wav")
    assert status == 2 and "no/such" in error


@pytest.mark.plugin
def test_plugin(run, tmp_path, monkeypatch, two_models):
    monkeypatch.setenv("HOME", str(tmp_path))
    assert run("plugin", "path") == (0, f"{requinto.plugin_path()}\n", "")
    status, out, _ = run("plugin", "status")
    assert status == 0
    assert out.count("not installed") == 3
    assert f"your references go to: {tmp_path}/references\n" in out
    assert "\nself-test: passed" in out
    status, out, _ = run("plugin", "install")
    folders = [".vst3/Requinto.vst3", ".clap/Requinto", ".lv2/Requinto.lv2"]
    assert (status, out) == (0, "".join(f"{tmp_path}/{p}\n" for p in folders))
    report = json.loads(run("plugin", "status", "--json")[1])
    assert [form["path"] for form in report["installed"].values()] == out.split()
    for form in report["installed"].values():
        assert form["current"] and form["python_works"]
        assert form["python"] == sys.executable
    assert report["models"]["whole"] == {"standard": True, "fast": True, "beats": True}
    assert report["self_test"]["status"] == "Ready"


@pytest.mark.plugin
def test_plugin_status_says_what_is_wrong(run, tmp_path, monkeypatch, two_models):
    monkeypatch.setenv("HOME", str(tmp_path))
    run("plugin", "install")
    conf = tmp_path / ".clap/Requinto/requinto.conf"
    conf.write_text("executable=/nowhere/bin/python\n")
    (tmp_path / ".lv2/Requinto.lv2/requinto.ttl").write_text("old\n")
    (two_models / "litert/standard-unet.tflite").write_bytes(b"PK")
    status, out, error = run("plugin", "status")
    assert status == 2
    assert error.startswith("requinto: the plugin's self-test failed: No model; ")
    assert "the installed CLAP starts /nowhere/bin/python" in error
    assert "model standard: " in error and "standard-unet.tflite is damaged" in error
    assert "CLAP starts: /nowhere/bin/python, which does not know requinto" in out
    assert "Requinto.lv2, of another build than this one" in out
    assert "models: standard (cannot be used), fast, beats, in" in out


@pytest.fixture
def bad(tmp_path, song):
    """Return what each kind of bad input is."""
    (tmp_path / "folder").mkdir()
    (tmp_path / "text.wav").write_text("la la la\n")
    (tmp_path / "empty.wav").write_bytes(b"")
    soundfile.write(tmp_path / "short.wav", noise(RATE // 5).T, RATE)
    soundfile.write(tmp_path / "six.wav", noise(RATE, 6).T, RATE)
    soundfile.write(tmp_path / "nothing.wav", np.zeros((0, 2)), RATE)
    soundfile.write(tmp_path / "silent.wav", np.zeros((RATE, 2)), RATE)
    hole = noise(RATE)
    hole[0, 5] = np.nan
    soundfile.write(tmp_path / "nan.wav", hole.T, RATE, subtype="FLOAT")
    return tmp_path


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["absent.wav"], "absent.wav does not exist"),
        (["folder"], "folder is a folder"),
        (["text.wav"], "text.wav cannot be read as sound"),
        (["empty.wav"], "empty.wav is empty"),
        (["short.wav"], "0.5 s or more, got 0.200 s"),
        (["six.wav", "--channels", "keep"], "1 or 2 channels"),
        (["song.wav", "--reference", "-"], "--reference must be a file, got -"),
        (["nothing.wav"], "empty"),
        (["nan.wav"], "not finite"),
        (["song.wav", "--target", "zither"], "known are guitar, bass, bongo, guira"),
        (["song.wav", "--reference", "silent.wav"], "silent.wav is silent"),
        (["song.wav", "--reference", "text.wav"], "text.wav cannot be read"),
        (["song.wav", "--model", "fast", "--system", "nmf"], "--model is only for"),
        (["song.wav", "-o", "nowhere/out.wav"], "nowhere does not exist"),
        (["song.wav", "-o", "text.wav/out.wav"], "text.wav is no folder"),
        (["song.wav", "-o", "out"], "out must end in one of .wav"),
        (["song.wav", "-o", "out.xyz"], "must end in one of .wav, .flac"),
        (["song.wav", "-o", "song.wav"], "must differ"),
        (["song.wav", "-o", "a.wav", "--rest", "a.wav"], "must differ"),
        (["song.wav", "--plot", "nowhere/p.png"], "nowhere does not exist"),
        (["song.wav", "-o", "/proc/out.wav"], "/proc/out.wav cannot be written"),
    ],
)
def test_bad_input(run, bad, unchanged_model, arguments, message):
    before = files(bad)
    status, out, err = run("extract", *arguments)
    assert (status, out) == (2, "")
    assert err.startswith("requinto: ")
    assert message in err
    assert err.count("\n") == 1
    assert files(bad) == before


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["sing"], "No such command 'sing'"),
        (["extract"], "Missing argument"),
        (["extract", "song.wav", "--loud"], "No such option"),
        (["extract", "song.wav", "--sensitivity", "x"], "got 'x'. Try --help."),
        (["batch", ".", "-o", "out", "--workers", "0"], "got '0'. Try --help."),
        (
            ["batch", ".", "-o", "out", "--format", "m4a"],
            "unknown format 'm4a'; known are wav",
        ),
        (["plugin", "remove"], "No such command 'remove'"),
        (["train", "absent.toml"], "absent.toml cannot be used: No such file or dir"),
        (
            ["data", "build", "absent.toml", "-o", "library"],
            "absent.toml cannot be used: No such file or directory",
        ),
        (["demo", "-o", "/proc/version"], "/proc/version is a file; name a folder"),
        (["demo", "-o", "/proc/version/x"], "/proc/version is a file; name a folder"),
    ],
)
def test_bad_usage(run, arguments, message):
    status, out, err = run(*arguments)
    assert (status, out) == (2, "")
    assert err.startswith("requinto: ") and message in err
    assert err.count("\n") == 1
    assert "Errno" not in err and err.count("absent.toml") <= 1


@pytest.mark.parametrize("arguments", [[], ["--help"], ["plugin"], ["demo", "--help"]])
def test_help(run, arguments):
    status, out, err = run(*arguments)
    assert (status, err) == (0, "")
    assert "Usage" in out


def test_a_model_that_is_not_there(run, song, tmp_path, monkeypatch):
    (tmp_path / "models").mkdir()
    monkeypatch.setenv("REQUINTO_MODELS", str(tmp_path / "models"))
    status, _, err = run("extract", song)
    assert (status, err.count("\n")) == (2, 1)
    assert "no models in" in err


def test_a_model_of_an_unknown_name(run, song, tmp_path):
    status, out, err = run("extract", song, "--model", "walkman")
    assert (status, out, err.count("\n")) == (2, "", 1)
    assert "unknown model 'walkman'; known are standard" in err
    assert files(tmp_path) == {"song.wav"}


def test_the_installed_command(song, tmp_path):
    write_neutral(tmp_path)
    environment = {**os.environ, "REQUINTO_MODELS": str(tmp_path)}
    result = subprocess.run(
        [COMMAND, "extract", song, "-o", tmp_path / "out.wav"],
        capture_output=True,
        text=True,
        check=False,
        env=environment,
    )
    assert (result.returncode, result.stderr) == (0, "")
    expected, _ = soundfile.read(song)
    assert error_db(expected, soundfile.read(tmp_path / "out.wav")[0]) < -100

    result = subprocess.run(
        [COMMAND, "extract", tmp_path], capture_output=True, text=True, check=False
    )
    assert result.returncode == 2
    assert result.stderr == (
        f"requinto: {tmp_path} is a folder; a sound file is needed\n"
    )


def test_a_library_is_built_and_counted(run, tmp_path):
    config = tmp_path / "library.toml"
    config.write_text(
        'loop_bars = 2\ntimbres_per_part = 1\nfamilies = ["waveguide", "membrane"]\n'
        "loops.train.bachata = 1\n"
    )
    status, out, err = run(
        *("data", "build", config, "-o", "library", "--workers", "1", "--json")
    )
    assert (status, err) == (0, "")
    report = json.loads(out)
    assert set(report["splits"]["train"]) == {"guitar", "bass", "bongo"}
    assert report["bytes"] > 10_000
    status, out, _ = run("data", "build", config, "-o", "library", "--workers", "1")
    assert status == 0 and "train split" in out and "MB on disk" in out
    config.write_text("loops.train.polka = 1\n")
    status, _, err = run("data", "build", config, "-o", "library")
    assert status == 2 and "unknown style 'polka'" in err and err.count("\n") == 1


def test_an_earlier_system_extracts(run, song, tmp_path):
    status, out, err = run(
        *("extract", song, "--system", "harmonic-percussive", "--target", "bongo"),
        *("-o", "bongo.wav", "--rest", "rest.wav", "--json"),
    )
    assert (status, err) == (0, "")
    assert json.loads(out)["system"] == "harmonic-percussive"
    assert json.loads(out)["model"] is None
    parts = [soundfile.read(tmp_path / f)[0] for f in ("bongo.wav", "rest.wav")]
    mixture = soundfile.read(song)[0]
    assert error_db(mixture, parts[0] + parts[1]) < -100
    task = Task(mixture.T.astype(np.float32), None, RATE, "bongo", None, None)
    wanted = HarmonicPercussive().estimate(task)
    np.testing.assert_allclose(parts[0].T, wanted, atol=1e-6)


def test_an_earlier_system_extracts_several(run, song):
    systems = ("--system", "harmonic-percussive", "-o", "out", "--rest", "out")
    targets = ("--target", "bongo", "--target", "guitar")
    assert run("extract", song, *systems, *targets)[0] == 0
    names = [f"out/song-{title}.wav" for title in ("bongo", "guitar", "rest")]
    parts = [soundfile.read(name)[0] for name in names]
    assert error_db(soundfile.read(song)[0], sum(parts)) < -100


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--system", "walkman"), "unknown system 'walkman'"),
        (("--system", "ideal ratio mask"), "needs the truth"),
        (("--system", "nmf", "--target", "oboe"), "unknown target 'oboe'"),
        (("--system", "spleeter"), "spleeter does not extract 'guitar'"),
    ],
)
def test_an_earlier_system_says_what_it_cannot(run, song, arguments, message):
    before = files(song.parent)
    status, out, err = run("extract", song, *arguments)
    assert (status, out) == (2, "")
    assert message in err and err.count("\n") == 1
    assert files(song.parent) == before
