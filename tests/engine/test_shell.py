# SPDX-License-Identifier: GPL-3.0-or-later
"""Whatever happens, the command ends with its status and one line, and says it."""

import contextlib
import functools
import importlib.metadata
import json
import os
import pty
import signal
import subprocess
import sys
import time
import unicodedata
from pathlib import Path

import numpy as np
import pytest
import soundfile
import typer

import requinto
from requinto_command import entry, extracting, installing
from sounds import RATE, noise

COMMAND = [sys.executable, "-c", "from requinto_command import main; main()"]
# The command over a model that changes nothing, which takes no TensorFlow to start
LIGHT = """
import importlib
import numpy as np
import requinto
from requinto_command import cli
from requinto.config import ClipConfig, TrackerConfig
from requinto.separator import Query

class Unchanged:
    clips = ClipConfig()
    def target(self, name):
        return Query(np.zeros(1), np.zeros((1, 1, 1)))
    def separate_all(self, clips, sample_rate, query, sensitivity=0.5):
        return list(clips)

class Tracker:
    config = TrackerConfig()
    def track_features(self, columns, duration_s):
        return requinto.Beats.grid(120.0, duration_s)

extract = importlib.import_module("requinto.extract")
extract.load_separator = lambda *_: Unchanged()
extract.load_tracker = lambda *_: Tracker()
cli.main()
"""


@pytest.fixture
def run(run_command, monkeypatch, tmp_path):
    """Return a function that runs the command in a folder of its own."""
    monkeypatch.chdir(tmp_path)
    return run_command


def command(*arguments, program=COMMAND[-1], **options):
    """Run the command in a process of its own."""
    words = [os.fsencode(a) if isinstance(a, Path) else a for a in arguments]
    return subprocess.run(
        [sys.executable, "-c", program, *words],
        **{"capture_output": True, "timeout": 300, "check": False},
        **options,
    )


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
            "Invalid value: no such bar Try --help.",
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


def interrupt(arguments, until, signum=signal.SIGINT, command=COMMAND, **options):
    """Return status, stdout and stderr of a command that a signal ends at some time."""
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    words = [*command, *map(str, arguments)]
    # Where the tests run in the background, as of nohup, SIGINT is ignored
    obey = functools.partial(signal.signal, signal.SIGINT, signal.SIG_DFL)
    process = subprocess.Popen(words, text=True, preexec_fn=obey, **(pipes | options))
    until(process)
    process.send_signal(signum)
    out, err = process.communicate(timeout=60)
    return process.returncode, out, err


@pytest.mark.parametrize("delay_s", [0.2, 0.5, 1.0, 2.0])
def test_ctrl_c_at_any_time_is_reported(song, tmp_path, delay_s):
    """While it imports, reads, loads the network or works."""
    long = tmp_path / "long.wav"
    soundfile.write(long, 0.3 * noise(240 * RATE).T, RATE)
    result = interrupt(
        ["extract", long, "-o", tmp_path / "out.wav"], lambda _: time.sleep(delay_s)
    )
    assert result == (130, "", "requinto: stopped\n")
    assert {p.name for p in tmp_path.iterdir()} == {"song.wav", "long.wav"}


# The command in an interpreter that takes a while to end, and says when it begins to
SLOW_END = """
import atexit, os, time
def end():
    os.write(1, b"the end")
    time.sleep(1.0)
atexit.register(end)
from requinto_command import main
main()
"""


@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
@pytest.mark.parametrize(
    "arguments, status, message",
    [
        (["--version"], 0, ""),
        (["extract", "none.wav"], 2, "requinto: none.wav does not exist\n"),
    ],
)
def test_a_signal_that_comes_too_late_changes_nothing(
    arguments, status, message, signum
):
    def until(process):
        while b"the end" not in os.read(process.stdout.fileno(), 1000):
            assert process.poll() is None

    command = [sys.executable, "-c", SLOW_END]
    ended = interrupt(arguments, until, signum, command)
    assert ended == (status, "", message)


@pytest.mark.parametrize("n_lines", [0, 1])
def test_a_reader_that_leaves_is_no_error(n_lines):
    reader = f"head -n {n_lines}"
    words = " ".join(f"'{word}'" for word in COMMAND)
    script = f"{words} targets | (sleep 5; {reader}); echo ${{PIPESTATUS[0]}}"
    result = subprocess.run(
        ["bash", "-c", script], capture_output=True, text=True, check=True
    )
    assert result.stderr == ""
    assert result.stdout.splitlines()[-1] in ("0", "141")


def test_a_pipe_that_is_closed_shows_in_the_status():
    read, write = os.pipe()
    os.close(read)
    result = subprocess.run(
        [*COMMAND, "targets"], stdout=write, stderr=subprocess.PIPE, check=False
    )
    os.close(write)
    assert (result.returncode, result.stderr) == (141, b"")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_a_full_disk_behind_stdout_is_reported(unbuffered):
    environment = {**os.environ, "PYTHONUNBUFFERED": unbuffered}
    options = {"stderr": subprocess.PIPE, "env": environment, "check": False}
    with open("/dev/full", "w") as full:
        result = subprocess.run([*COMMAND, "targets"], stdout=full, **options)
    assert result.returncode == 2
    assert result.stderr == b"requinto: standard output: No space left on device\n"


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_streams_that_are_closed_do_no_harm(song, tmp_path, closed):
    (tmp_path / "command.py").write_text(LIGHT)
    script = f"'{sys.executable}' command.py extract song.wav -o out.wav {closed}"
    subprocess.run(["bash", "-c", script], cwd=tmp_path, check=True)
    sounds = [soundfile.read(tmp_path / name)[0] for name in ("song.wav", "out.wav")]
    assert np.abs(sounds[0] - sounds[1]).max() < 1e-5


@pytest.mark.parametrize(
    ("stderr", "error"),
    [
        ("2>&-", ""),
        ("2>/dev/full", ""),
        ("2> >(true)", ""),  # a reader that leaves
        ("", r"requinto: warning: e\x1b[31m\u202e.wav is not whole: it was cut off"),
    ],
)
def test_a_warning_stops_nothing(song, tmp_path, stderr, error):
    """And stays off stdout, and off the terminal's controls."""
    content = song.read_bytes()
    name = "e\x1b[31m\u202e.wav"
    (tmp_path / name).write_bytes(content[: len(content) // 2])
    (tmp_path / "command.py").write_text(LIGHT)
    words = f"'{sys.executable}' command.py extract '{name}' -o out.wav --json"
    result = subprocess.run(
        ["bash", "-c", f"{words} {stderr}"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    assert "it was cut off" in json.loads(result.stdout)["input_problems"][0]
    assert result.stderr.startswith(error) and result.stderr.count("\n") == bool(error)
    assert soundfile.info(tmp_path / "out.wav").frames > 0.9 * RATE


ENCODINGS = [
    {"PYTHONIOENCODING": "ascii"},
    {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
    {"PYTHONIOENCODING": "latin-1:strict"},
    {"PYTHONUTF8": "1"},
]


@pytest.mark.parametrize("encoding", ENCODINGS, ids=lambda e: next(iter(e)))
def test_any_name_is_written_and_printed(song, tmp_path, encoding):
    """After the work, and names of bytes that are no text."""
    environment = {**os.environ, **encoding}
    for name in ("g\u00fcira \u266b.wav".encode(), b"caf\xe9.wav"):
        path = tmp_path / os.fsdecode(name)
        options = {"cwd": tmp_path, "env": environment, "program": LIGHT}
        result = command("extract", song, "-o", path, **options)
        assert (result.returncode, result.stderr) == (0, b"")
        assert b".wav" in result.stdout
        if name.startswith(b"caf"):
            assert result.stdout == os.fsencode(path) + b"\n"
        assert os.path.getsize(os.fsencode(tmp_path) + b"/" + name) > 1000
        again = command("extract", path, "-o", b"again.wav", **options)
        assert (again.returncode, again.stderr) == (0, b"")
        os.remove(tmp_path / "again.wav")


@pytest.mark.parametrize(
    ("name", "message"),
    [
        (b"caf\xe9.wav", rb"caf\xe9.wav does not exist"),
        (b"x" * 300 + b".wav", b"File name too long"),
        (b"two\nlines\x1b[2J.wav", rb"lines\x1b[2J.wav does not exist"),
    ],
)
def test_names_in_errors_are_shown_with_escapes(tmp_path, name, message):
    result = command("extract", name, cwd=tmp_path)
    assert result.returncode == 2
    assert message in result.stderr and result.stderr.count(b"\n") == 1


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
        (["--target", "bass", "--reference", "song.wav"], "not both"),
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


def test_a_terminal_stays_as_it_was(song, tmp_path):
    """The cursor, which a progress bar hides, comes back after Ctrl-C."""
    long = tmp_path / "long.wav"
    soundfile.write(long, 0.3 * noise(240 * RATE).T, RATE)
    screen, terminal = pty.openpty()
    text = b""

    def until(process):
        nonlocal text
        while b"Extracting" not in text:
            text += os.read(screen, 1000)

    arguments = ["extract", long, "-o", tmp_path / "out.wav"]
    environment = {**os.environ, "TERM": "xterm"}
    status, _, _ = interrupt(arguments, until, stderr=terminal, env=environment)
    os.close(terminal)
    with contextlib.suppress(OSError):  # how a terminal ends
        while more := os.read(screen, 1000):
            text += more
    assert status == 130
    assert text.rfind(b"\x1b[?25h") > text.rfind(b"\x1b[?25l")
    assert text.count(b"requinto: stopped") == 1


@pytest.mark.plugin
def test_uninstall_removes_what_install_put_there(run, tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path / "user"))
    assert run("plugin", "uninstall") == (0, "nothing is installed\n", "")
    paths = run("plugin", "install")[1].split()
    assert run("plugin", "uninstall") == (
        0,
        "".join(f"removed {path}\n" for path in paths),
        "",
    )
    assert not any(Path(path).exists() for path in paths)
    assert run("plugin", "uninstall") == (0, "nothing is installed\n", "")


@pytest.mark.plugin
def test_uninstall_and_install_leave_what_is_not_ours(run, tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path / "user"))
    run("plugin", "install")
    form = installing.CLAP
    mine = installing.user_folder(form) / form.folder / "mine/notes.txt"
    mine.parent.mkdir()
    mine.write_text("mine\n")
    theirs = installing.user_folder(installing.LV2) / installing.LV2.folder
    for path in theirs.rglob("*.conf"):
        path.unlink()
    status, out, err = run("plugin", "uninstall")
    assert (status, err) == (0, "")
    assert f"left {mine}" in out and f"left {theirs}" in out
    assert mine.read_text() == "mine\n"
    assert [p for p in mine.parents[1].rglob("*") if p.is_file()] == [mine]
    assert any(theirs.iterdir())
    status, out, err = run("plugin", "install")
    assert status == 2 and "move it away first" in err
    assert mine.read_text() == "mine\n"


@pytest.mark.plugin
def test_uninstall_follows_no_link(run, tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path / "user"))
    elsewhere = installing.install(tmp_path / "elsewhere")["VST3"]
    link = installing.user_folder(installing.VST3) / elsewhere.name
    link.parent.mkdir(parents=True)
    link.symlink_to(elsewhere)
    status, out, _ = run("plugin", "uninstall")
    assert status == 0 and f"left {link}" in out
    assert link.is_symlink() and any(elsewhere.iterdir())


@pytest.mark.plugin
def test_status_fails_where_the_installed_python_is_gone(
    run, tmp_path, monkeypatch, two_models
):
    monkeypatch.setenv("HOME", str(tmp_path / "user"))
    run("plugin", "install")
    path = installing.find_installed(installing.VST3) / installing.VST3.conf
    path.write_text("executable=/nowhere/bin/python\n")
    status, _, err = run("plugin", "status")
    assert status == 2
    assert "the installed VST3 starts /nowhere/bin/python" in err
    assert err.count("\n") == 1
