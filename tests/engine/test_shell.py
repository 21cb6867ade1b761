# SPDX-License-Identifier: GPL-3.0-or-later
"""Whatever happens, the command ends with its status and one line, and says it."""

import importlib.metadata
import signal
import sys
import unicodedata
from pathlib import Path

import numpy as np
import pytest
import soundfile
import typer

import requinto
from requinto_command import entry, extracting
from sounds import RATE, noise


class Ended(SystemExit):
    """An exit that says why."""

    def __str__(self):
        return "ended by SIGTERM"


def an_app(body):
    app = typer.Typer(context_settings={"help_option_names": ["-h", "--help"]})
    app.command()(body)
    return app


@pytest.mark.parametrize(
    ("error", "status", "line"),
    [
        (None, 0, ""),
        (typer.Exit(3), 3, ""),
        (typer.Exit(0), 0, ""),
        (SystemExit(143), 143, ""),
        (SystemExit(), 0, ""),
        (SystemExit("no"), 2, "no"),
        (Ended(143), 143, "ended by SIGTERM"),
        (typer.Abort(), 130, "stopped"),
        (KeyboardInterrupt(), 130, "stopped"),
        (
            typer.BadParameter("no such bar"),
            2,
            "Invalid value: no such bar. Try --help.",
        ),
        (requinto.AudioError("too\nshort"), 2, "too short"),
        (MemoryError(), 2, "not enough memory for this file"),
        (OSError(36, "File name too long", "a.wav"), 2, "a.wav: File name too long"),
        (OSError(28, "Disk full"), 2, "standard output: Disk full"),  # unbuffered here
        (OSError(5, "Input/output error"), 2, "Input/output error"),
        (BrokenPipeError(32, "Broken pipe"), 141, ""),
        (ValueError("odd"), 2, "ValueError: odd (REQUINTO_DEBUG=1 shows where)"),
        (RecursionError("deep"), 2, "RecursionError: deep (REQUINTO_DEBUG=1"),
        (
            ModuleNotFoundError("No module named 'mido'", name="mido"),
            *(2, "the Python package mido is missing; pip install 'requinto[train]'"),
        ),
        (
            requinto.AudioFileError("caf\udce9 \x1b[2J"),
            *(2, r"caf\xe9 \x1b[2J"),
        ),
    ],
    ids=repr,
)
def test_every_end_has_its_status(monkeypatch, capsys, error, status, line):
    def body():
        if error is not None:
            raise error

    monkeypatch.setattr(sys, "argv", ["requinto"])
    handler = signal.getsignal(signal.SIGINT)
    with monkeypatch.context() as patch:
        patch.setattr(entry, "discard", lambda stream: None)
        patch.setattr(sys, "warnoptions", ["error"])
        assert entry.run(an_app(body)) == status
    signal.signal(signal.SIGINT, handler)
    text = capsys.readouterr()
    assert text.out == ""
    if line:
        assert text.err.startswith(f"requinto: {line}") and text.err.count("\n") == 1
    else:
        assert text.err == ""


def test_an_unexpected_error_is_shown_whole_on_demand(monkeypatch):
    def body():
        raise ValueError("odd")

    monkeypatch.setattr(sys, "argv", ["requinto"])
    monkeypatch.setenv("REQUINTO_DEBUG", "1")
    with pytest.raises(ValueError, match="odd"):
        entry.run(an_app(body))


@pytest.mark.parametrize("arguments", [["-h"], ["--help"], ["extract", "-h"], []])
def test_help(run, arguments):
    status, out, err = run(*arguments)
    assert (status, err) == (0, "") and "Usage" in out


def test_version(run):
    version = importlib.metadata.version("requinto")
    assert run("--version") == (0, f"requinto {version}\n", "")


def test_models(run, two_models):
    status, out, err = run("models")
    assert (status, err) == (0, "")
    assert [line.split()[0] for line in out.splitlines()] == ["standard", "fast"]
    assert ["the standard one" in line for line in out.splitlines()] == [True, False]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nan.wav"], "nan.wav holds samples that are not finite"),
        (["short.wav"], "short.wav must last 0.5 s"),
        (["song.wav", "--reference", "nan.wav"], "nan.wav holds samples that are not"),
        (["song.wav", "--reference", "silent.wav"], "silent.wav is silent"),
    ],
)
def test_errors_name_the_file(run, song, tmp_path, unchanged_model, arguments, message):
    hole = noise(RATE)
    hole[0, 5] = np.nan
    soundfile.write(tmp_path / "nan.wav", hole.T, RATE, subtype="FLOAT")
    soundfile.write(tmp_path / "silent.wav", np.zeros((RATE, 2)), RATE)
    soundfile.write(tmp_path / "short.wav", noise(RATE // 5).T, RATE)
    status, out, err = run("extract", *arguments)
    assert (status, out) == (2, "")
    assert message in err and err.count("\n") == 1


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--target", "guiter"], "did you mean guitar?"),
        (["--target", ""], "unknown target ''"),
        (["--sensitivity", "50"], "0 to 1 (the plugin's 0 to 100 %, divided by 100)"),
        (["--sensitivity", "nan"], "got nan"),
        (["--beats-per-clip", "3"], "must be 1, 2 or 4, got 3"),
        (["--model", "fats"], "did you mean fast?"),
        (["--system", "nmff"], "did you mean nmf?"),
        (["--format", "flak"], "did you mean flac?"),
        (["--channels", "kep"], "did you mean keep?"),
        (["--bit-depth", "20"], "holds samples of 16, 24 or 32 bits (.wav), got 20"),
        (["--start", "1:75"], "--start must be a time in seconds, m:ss or h:mm:ss"),
    ],
)
def test_choices_are_refused_before_the_work(
    run, song, monkeypatch, two_models, options, message
):
    def fail(*arguments):
        raise AssertionError("too late")

    monkeypatch.setattr(extracting, "open_song", fail)
    status, out, err = run("extract", song, *options)
    assert (status, out) == (2, "")
    assert message in err and err.count("\n") == 1


@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_targets_by_any_spelling(run, song, unchanged_model, form):
    for name in ("G\u00fcira", "g\u00fcira", "GUIRA", " guira "):
        spelt = unicodedata.normalize(form, name)
        assert run("extract", song, "--target", spelt) == (0, "song-guira.wav\n", "")
        Path("song-guira.wav").unlink()
