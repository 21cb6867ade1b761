# SPDX-License-Identifier: GPL-3.0-or-later
"""What commands print for scripts."""

import importlib
import json
from pathlib import Path

import pytest
import soundfile
import typer

import requinto
from commands import parsers
from requinto_command import cli
from sounds import RATE, clicks

extract_module = importlib.import_module("requinto.extract")
SONG_KEYS = {
    *("song", "target", "system", "model", "output", "rest", "plot", "sample_rate"),
    *("duration_s", "gain", "input_problems", "real_time_factor"),
}


@pytest.fixture
def report(run, scaling_model):
    """Return a function that runs the command, and returns what its JSON says."""

    def call(*arguments):
        status, out, err = run(*arguments, "--json")
        assert (status, err) == (0, "")
        return json.loads(out)

    return call


def test_lists(report, two_models):
    assert report("targets") == list(requinto.targets())
    assert report("models") == ["standard", "fast"]


def test_one_song(report, song):
    result = report("extract", "song.wav", "--target", "Bass", "--rest", "rest.flac")
    assert set(result) == {*SONG_KEYS, "outputs", "downmixed_from", "start_s"}
    assert (result["target"], result["output"]) == ("bass", "song-bass.wav")
    assert result["outputs"] == [{"title": "bass", "path": "song-bass.wav"}]
    assert (result["rest"], result["plot"]) == ("rest.flac", None)
    assert (result["model"], result["system"]) == ("standard", "requinto")
    assert (result["duration_s"], result["sample_rate"]) == (2, RATE)


def test_several_instruments_of_one_song(report, song):
    options = ("--target", "guitar", "--reference", "song.wav", "--plot", "p.png")
    result = report("extract", "song.wav", *options, "-o", "out/")
    assert (result["target"], result["output"]) == (None, None)
    assert result["outputs"] == [
        {"title": title, "path": f"out/song-{title}.wav"}
        for title in ("guitar", "reference")
    ]
    assert result["plot"] == "p.png"


def test_several_songs_are_a_list(report, song):
    soundfile.write("clicks.wav", clicks(100, 1).T, RATE)
    results = report("extract", "song.wav", "clicks.wav")
    assert [result["song"] for result in results] == ["song.wav", "clicks.wav"]
    for result in results:
        assert set(result) > SONG_KEYS
        assert [Path(o["path"]).is_file() for o in result["outputs"]] == [True]


@pytest.mark.plugin
def test_plugin(report, tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    assert report("plugin", "path") == {"path": str(requinto.plugin_path())}
    assert report("plugin", "uninstall") == {"removed": [], "left": []}
    folders = {
        "VST3": str(tmp_path / ".vst3/Requinto.vst3"),
        "CLAP": str(tmp_path / ".clap/Requinto"),
        "LV2": str(tmp_path / ".lv2/Requinto.lv2"),
    }
    assert report("plugin", "install") == {"installed": folders}
    (tmp_path / ".clap/Requinto/notes.txt").write_text("mine\n")
    assert report("plugin", "uninstall") == {
        "removed": list(folders.values()),
        "left": [str(tmp_path / ".clap/Requinto/notes.txt")],
    }


def test_what_a_script_may_want_is_json():
    """All but what prints paths of what the workshop wrote, and what never ends."""
    without = {
        *(("data", name) for name in ("modules", "bench", "recorded")),
        *(("train",), ("export",), ("serve",)),
    }
    for words, command in parsers(typer.main.get_command(cli.app)):
        names = {name for parameter in command.params for name in parameter.opts}
        assert ("--json" in names) or (words in without), words
