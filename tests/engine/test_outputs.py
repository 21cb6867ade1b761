# SPDX-License-Identifier: GPL-3.0-or-later
"""The command replaces nothing unasked, and says what it could not keep or read."""

import importlib
import json
import os
import shutil
from pathlib import Path

import numpy as np
import pytest
import soundfile

import requinto
from commands import contents
from requinto.errors import AudioFileError
from requinto.plugin import preset
from requinto_command import cli, demo, measuring, outputs
from requinto_files import audio_writer
from sounds import RATE, error_db, noise
from unchanged import PlainTracker

EXTRACT = ("extract", "song.wav", "-o", "new.wav")


@pytest.fixture
def run(run_command, monkeypatch, tmp_path, unchanged_model):
    """Return a function that runs the command, without TensorFlow, in a folder."""
    extract = importlib.import_module("requinto.extract")
    monkeypatch.setattr(extract, "load_tracker", lambda *_: PlainTracker())
    monkeypatch.setattr(cli, "install_signal_handlers", lambda: None)
    monkeypatch.chdir(tmp_path)
    return run_command


@pytest.fixture
def refuse(run, monkeypatch):
    """Return a function that runs the command and wants it refused, before work."""

    def work(*arguments, **options):
        raise AssertionError("the work has begun")

    extract = importlib.import_module("requinto.extract")
    work_begins = ((extract, "load_separator"), (extract, "load_tracker"))

    def call(*arguments):
        before = contents(Path())
        with monkeypatch.context() as patch:
            for module, name in (*work_begins, (measuring, "_score")):
                patch.setattr(module, name, work)
            status, out, error = run(*arguments)
        assert (status, out, error.count("\n")) == (2, "", 1)
        assert error.startswith("requinto: ")
        assert contents(Path()) == before
        return error

    return call


OUTPUTS = [
    ((*EXTRACT[:2], "-o"), "out.wav"),
    ((*EXTRACT, "--rest"), "out.flac"),
    ((*EXTRACT, "--plot"), "out.png"),
    (("beats", "song.wav", "--click"), "out.ogg"),
    (("beats", "song.wav", "--plot"), "out.svg"),
    (("evaluate", ".", "--json"), "out.json"),
    (("compare", ".", "--json"), "out.json"),
    (("compare", ".", "--page"), "out.md"),
]


@pytest.mark.parametrize(("arguments", "name"), OUTPUTS)
def test_what_exists_is_replaced_only_with_overwrite(
    run, refuse, song, monkeypatch, arguments, name
):
    Path(name).write_bytes(b"of the user's")
    assert f"{name} exists; give --overwrite" in refuse(*arguments, name)
    Path(name).chmod(0o444)
    assert f"{name} is read-only" in refuse(*arguments, name, "--overwrite")
    if arguments[0] in ("evaluate", "compare"):
        return
    Path(name).chmod(0o644)
    monkeypatch.setattr(requinto, "sections", lambda *arguments, **options: [])
    assert run(*arguments, name, "--overwrite")[0] == 0
    assert Path(name).read_bytes() != b"of the user's"


@pytest.mark.parametrize(("arguments", "name"), OUTPUTS)
def test_links_folders_and_pipes_are_no_outputs(refuse, song, arguments, name):
    Path("aim").write_bytes(b"of the user's")
    Path(name).symlink_to("aim")
    assert "is a link" in refuse(*arguments, name, "--overwrite")
    Path("aim").unlink()
    assert "is a link" in refuse(*arguments, name)  # which leads nowhere
    Path(name).unlink()
    Path(name).mkdir()
    if arguments[0] != "extract":  # which writes in it: test_cli_several.py
        assert "is a folder" in refuse(*arguments, name, "--overwrite")
    Path(name).rmdir()
    os.mkfifo(name)
    assert "is a pipe or a device" in refuse(*arguments, name, "--overwrite")


@pytest.mark.parametrize(("arguments", "name"), OUTPUTS)
@pytest.mark.parametrize("ending", ["", ".", ".xyz", ".txt", ".m4a"])
def test_endings_are_checked(refuse, song, arguments, name, ending):
    error = refuse(*arguments, f"out{ending}")
    assert "must end in one of" in error
    for accepted in outputs.SOUND, outputs.PICTURE, outputs.JSON, outputs.PAGE:
        assert (", ".join(accepted) in error) == (Path(name).suffix in accepted)


def test_endings_may_be_in_capitals(run, song):
    assert run("extract", "song.wav", "-o", "O.WAV", "--plot", "P.PNG")[0] == 0
    assert Path("P.PNG").read_bytes().startswith(b"\x89PNG")
    assert soundfile.info("O.WAV").frames == 2 * RATE


@pytest.mark.parametrize(("arguments", "name"), OUTPUTS)
def test_names_that_are_too_long(refuse, song, arguments, name):
    error = refuse(*arguments, f"{'a' * 260}{Path(name).suffix}")
    assert "File name too long" in error


def test_songs_of_one_name_leave_two_results(run, refuse, song, monkeypatch):
    for folder in ("A", "B"):
        Path(folder).mkdir()
        Path(folder, "01.wav").write_bytes(song.read_bytes())
    assert run("extract", "A/01.wav")[:2] == (0, "01-guitar.wav\n")
    error = refuse("extract", "B/01.wav")
    assert "01-guitar.wav exists; give --overwrite" in error


@pytest.mark.parametrize("option", ["-o", "--rest", "--plot"])
@pytest.mark.parametrize("same", ["name", "path", "link", "capitals", "folder"])
@pytest.mark.parametrize("given", ["song", "reference"])
def test_inputs_are_never_outputs(refuse, song, option, same, given):
    ending = ".png" if option == "--plot" else ".wav"
    for name in ("one", "solo"):
        Path(name + ending).write_bytes(song.read_bytes())
    name = {"song": "one", "reference": "solo"}[given] + ending
    path = {
        "name": name,
        "path": f"../{Path.cwd().name}/{name}",
        "link": f"linked{ending}",
        "capitals": f"{name[:-4].upper()}{ending}",
        "folder": f"there/{name}",
    }[same]
    if same == "link":
        os.link(name, path)
    Path("there").symlink_to(".")
    inputs = (f"one{ending}", "--reference", f"solo{ending}")
    outs = {"-o": "a.wav", option: path}
    options = [text for pair in outs.items() for text in pair]
    error = refuse("extract", *inputs, *options, "--overwrite")
    assert "is an input, and is never replaced: the files named must differ" in error


@pytest.mark.parametrize(
    ("one", "other"),
    [
        *(("a.wav", "a.wav"), ("a.wav", "./a.wav"), ("a.wav", "A.wav")),
        *(("a.wav", "a.WAV"), ("tr\u00e9s.wav", "tre\u0301s.wav")),
    ],
)
def test_outputs_differ(refuse, song, one, other):
    error = refuse("extract", "song.wav", "-o", one, "--rest", other)
    assert "another output: the files named must differ" in error


def test_folders_of_pictures_are_empty_or_given_up(refuse, song):
    Path("pictures").mkdir()
    Path("pictures/holiday.png").touch()
    for option in (("--pictures", "pictures"), ("--page", "pictures.md")):
        error = refuse("compare", ".", *option)
        assert "pictures is not empty; give --overwrite" in error
    assert "song.wav is a file" in refuse("compare", ".", "--pictures", "song.wav")
    outputs.check_folder(Path("pictures"), overwrite=True)
    outputs.check_folder(Path("new"), overwrite=False)


FOLDER_OPTIONS = [
    ("compare", ".", "--pictures", "{}"),
    ("compare", ".", "--page", "page.md", "--pictures", "{}"),
    ("data", "build", "library.toml", "-o", "{}"),
    ("data", "bench", "-o", "{}"),
    ("data", "modules", "-o", "{}"),
    ("data", "recorded", "-o", "{}"),
]


@pytest.mark.parametrize(
    ("folder", "message"),
    [
        ("song.wav", "song.wav is a file; name a folder"),
        ("song.wav/a/b", "song.wav is a file; name a folder"),
        ("a" * 300, "File name too long"),
        ("new/" + "a" * 300, "File name too long"),
        ("/proc/zzz/a", "/proc/zzz/a cannot be written"),
    ],
)
def test_folders_are_tried_before_the_work(refuse, song, folder, message):
    Path("library.toml").write_text("[loops.train]\nbachata = 1\n")
    for options in FOLDER_OPTIONS:
        assert message in refuse(*(option.format(folder) for option in options))


def test_a_library_of_nothing_is_refused(refuse, song):
    for content in ("", "[loops.train]\nbachata = 0\n"):
        Path("library.toml").write_text(content)
        error = refuse("data", "build", "library.toml", "-o", "library")
        assert "library.toml requests no loops or songs" in error


def test_other_systems_know_a_target_by_any_spelling(run, song):
    options = ("extract", "song.wav", "--system", "nmf")
    for name in ("G\u00fcira", "GUIRA"):
        status, out, error = run(*options, "--target", name, "--overwrite")
        assert (status, out, error) == (0, "song-guira.wav\n", "")
    assert "unknown target 'kazoo'" in run(*options, "--target", "kazoo")[2]


def test_files_on_one_disk_share_its_room(refuse, song, monkeypatch):
    """Two files of 0.7 MB, where 1 MB is free."""
    usage = shutil.disk_usage(".")._replace(free=1_000_000)
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: usage)
    error = refuse(*EXTRACT, "--rest", "rest.wav")
    assert "rest.wav cannot be written: there is no space left" in error
    assert "it takes 0.8 MB, and 0.2 MB are free after the files named before" in error


def test_the_demo_replaces_in_its_own_folder_alone(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for folder in (demo.FOLDER, Path("music")):
        folder.mkdir()
        (folder / "guitar.wav").touch()
    monkeypatch.setattr(demo, "load_song", lambda: 1 / 0)  # the work
    with pytest.raises(ZeroDivisionError):
        demo.run(demo.FOLDER)
    with pytest.raises(AudioFileError, match=r"music/guitar\.wav exists"):
        demo.run(Path("music"))
    with pytest.raises(ZeroDivisionError):
        demo.run(Path("music"), overwrite=True)


def test_presets_are_not_replaced(tmp_path):
    path = tmp_path / "bass.vstpreset"
    content = preset("bass", path=path)
    with pytest.raises(AudioFileError, match="exists"):
        preset("guitar", path=path)
    assert path.read_bytes() == content
    assert preset("guitar", path=path, overwrite=True) == path.read_bytes() != content
    with pytest.raises(AudioFileError, match=r"must end in one of \.vstpreset"):
        preset("guitar", path=tmp_path / "bass")


@pytest.mark.parametrize("names", [("a.flac", "b.flac"), ("a.wav", "b.flac")])
@pytest.mark.parametrize("peak", [0.9, 1.7])
def test_parts_add_up_to_the_song_where_it_is_too_loud(
    run, tmp_path, unchanged, monkeypatch, names, peak
):
    # The part is louder than the song, and the rest louder still
    monkeypatch.setattr(
        type(unchanged),
        "separate_all",
        lambda self, clips, *_: [1.5 * np.roll(clip, 1) for clip in clips],
    )
    mixture = np.float32(peak) * noise(2 * RATE)
    soundfile.write("song.wav", mixture.T, RATE, subtype="FLOAT")
    status, out, error = run(
        *("extract", "song.wav", "-o", names[0], "--rest", names[1], "--json")
    )
    gain = json.loads(out)["gain"]
    parts = [soundfile.read(name, dtype="float32")[0].T for name in names]
    assert status == 0
    assert gain < 1 and max(np.abs(part).max() for part in parts) <= 1.01
    assert error_db(gain * mixture, parts[0] + parts[1]) < -120
    assert error.startswith("requinto: warning: ") and error.count("\n") == 1
    assert "cannot hold a peak of" in error and f"at {gain:.6f} of their" in error


def test_float_files_hold_every_peak(run):
    mixture = np.float32(5) * noise(2 * RATE)
    soundfile.write("song.wav", mixture.T, RATE, subtype="FLOAT")
    status, out, error = run("extract", "song.wav", "-o", "a.wav", "--json")
    assert (status, error, json.loads(out)["gain"]) == (0, "", 1.0)
    assert error_db(mixture, soundfile.read("a.wav")[0].T) < -100


@pytest.mark.parametrize("command", [("extract", "-o", "a.wav"), ("beats",)])
def test_what_is_missing_of_a_song_is_said(run, song, monkeypatch, command):
    monkeypatch.setattr(requinto, "sections", lambda *arguments, **options: [])
    content = song.read_bytes()
    song.write_bytes(content[: len(content) // 2])
    status, out, error = run(command[0], "song.wav", *command[1:], "--json")
    assert status == 0
    assert error.startswith("requinto: warning: song.wav is not whole: it was cut off")
    assert error.count("\n") == 1
    assert "declares 2.00 s and holds 1.00 s" in json.loads(out)["input_problems"][0]


@pytest.mark.parametrize("given", ["song", "reference"])
def test_what_is_no_sound_is_named(refuse, song, given):
    content = song.read_bytes()  # cut as well, and one line says why it is refused
    Path("cut.wav").write_bytes(content[: len(content) // 10])
    hole = noise(RATE)
    hole[0, 5] = np.inf
    soundfile.write("hole.wav", hole.T, RATE, subtype="FLOAT")
    soundfile.write("short.wav", noise(RATE // 5).T, RATE)
    for name, message in (
        ("hole.wav", "not finite"),
        ("short.wav", "0.5 s or more, got 0.200 s"),
        ("cut.wav", "0.5 s or more, got 0.200 s"),
    ):
        names = (name,) if given == "song" else ("song.wav", "--reference", name)
        error = refuse("extract", *names)
        assert message in error
        assert name in error


# The first four are in the checks of what a file can hold
@pytest.mark.parametrize(
    ("name", "n_before"),
    [*(("new.wav", n) for n in (4, 5)), *(("new.flac", n) for n in (4, 5, 6, 7))],
)
def test_a_disk_that_fills_up(run, song, monkeypatch, name, n_before):
    write, written = soundfile.SoundFile.write, []

    def fill(self, frames):
        written.append(self)
        if len(written) > n_before:
            raise OSError(28, "No space left on device")
        write(self, frames)

    monkeypatch.setattr(audio_writer.SequentialFile, "write", fill, raising=False)
    status, out, error = run("extract", "song.wav", "-o", name, "--rest", "rest.wav")
    assert (status, out, error.count("\n")) == (2, "", 1)
    assert "cannot be written: there is no space left" in error
    assert len(written) == n_before + 1
    assert set(contents(Path())) == {"song.wav"}


def test_what_a_file_cannot_hold_is_refused_before(refuse, song, monkeypatch):
    soundfile.write("high.wav", noise(384000).T, 384000)
    for options in (("-o", "a.ogg"), ("--rest", "a.ogg")):
        assert "does not hold" in refuse("extract", "high.wav", *options)
    assert "does not hold" in refuse("beats", "high.wav", "--click", "a.ogg")
    monkeypatch.setattr(audio_writer, "_FIELD_32", 1000)
    assert "AIFF holds 4 GiB" in refuse("extract", "song.wav", "-o", "a.aiff")
