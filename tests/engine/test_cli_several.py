# SPDX-License-Identifier: GPL-3.0-or-later
"""Several instruments of several songs in one run of the command."""

import importlib
import itertools
import json
import os
from pathlib import Path

import numpy as np
import pytest
import soundfile

from commands import contents
from requinto.errors import ModelError
from requinto_command import extracting
from requinto_command.outputs import SOUND, Output, check_outputs
from requinto_command.titles import make_distinct
from requinto_files.errors import AudioFileError
from requinto_files.output_files import refer_to_one_file
from sounds import RATE, noise
from unchanged import PlainTracker, Scaling

extract_module = importlib.import_module("requinto.extract")


@pytest.fixture
def counts():
    """Return how often beats were tracked and models loaded."""
    return {"beats": 0, "models": set()}


@pytest.fixture
def run(run, scaling_model, monkeypatch, counts):
    """Return a function that runs the command over `Scaling`, in a folder."""

    class Tracker(PlainTracker):
        def track_features(self, columns, duration_s):
            counts["beats"] += 1
            return super().track_features(columns, duration_s)

    monkeypatch.setattr(extract_module, "load_tracker", lambda *_: Tracker())
    return run


def write_song(name, seed=0, seconds=1.0, peak=0.3):
    sound = np.float32(peak) * noise(round(seconds * RATE), seed=seed)
    Path(name).parent.mkdir(exist_ok=True)
    soundfile.write(name, sound.T, RATE, subtype="FLOAT")
    return sound


def read(name):
    return soundfile.read(name, dtype="float32")[0].T


def files_below(folder):
    return {str(p.relative_to(folder)) for p in Path(folder).rglob("*") if p.is_file()}


def test_several_targets_and_references_in_one_pass(run, counts):
    song = write_song("song.wav")
    soundfile.write(
        "solo.wav", np.ones((RATE, 1)) * np.sin(np.arange(RATE))[:, None], RATE
    )
    status, out, err = run(
        *("extract", "song.wav", "--target", "guitar", "--reference", "solo.wav"),
        *("--target", "Bass", "-o", "stems/", "--rest", "stems/"),
    )
    names = ["song-guitar.wav", "song-bass.wav", "song-reference.wav"]
    assert (status, err) == (0, "")
    assert out.splitlines() == [f"stems/{name}" for name in names]
    assert files_below("stems") == {*names, "song-rest.wav"}
    guitar, bass, solo = (read(f"stems/{name}") for name in names)
    np.testing.assert_array_equal(guitar, song / 2)
    np.testing.assert_array_equal(bass, song / 4)
    np.testing.assert_allclose(solo, song / 16, rtol=1e-3)  # the file is of 16 bits
    parts = guitar + bass + solo + read("stems/song-rest.wav")
    np.testing.assert_allclose(parts, song, atol=1e-7)  # one rounding of float32
    assert counts["beats"] == 1


def test_several_songs_go_to_a_folder(run, counts):
    songs = {name: write_song(f"{name}.wav", seed) for seed, name in enumerate("abc")}
    status, out, err = run("extract", "a.wav", "b.wav", "c.wav", "-o", "out")
    assert (status, err) == (0, "")
    assert out.splitlines() == [f"out/{name}-guitar.wav" for name in "abc"]
    for name, song in songs.items():
        np.testing.assert_array_equal(read(f"out/{name}-guitar.wav"), song / 2)
    assert counts["beats"] == 3


def test_without_an_output_they_go_to_the_current_folder(run):
    for name in ("music/a.wav", "music/b.wav"):
        write_song(name)
    targets = ("--target", "bass", "--target", "bongo")
    assert run("extract", "music/a.wav", "music/b.wav", *targets)[0] == 0
    expected = {f"{s}-{t}.wav" for s in "ab" for t in ("bass", "bongo")}
    assert files_below(".") == {*expected, "music/a.wav", "music/b.wav"}


@pytest.mark.parametrize("exists", [False, True])
@pytest.mark.parametrize(
    ("text", "is_folder"),
    [("new", False), ("new/", True), ("deep/new/", True), ("new.wav/", True)],
)
def test_a_folder_is_one_that_exists_or_ends_in_a_slash(
    run, monkeypatch, text, is_folder, exists
):
    write_song("song.wav")
    monkeypatch.setattr(
        extracting, "spectrograms", lambda rows, rate, path, **_: path.touch()
    )
    if exists:
        Path(text).mkdir(parents=True)
    options = ("-o", text, "--rest", text, "--plot", text, "--overwrite")
    status, _, err = run("extract", "song.wav", *options)
    if not (is_folder or exists):
        assert status == 2 and "new must end in one of .wav" in err
        return
    names = {"song-guitar.wav", "song-rest.wav", "song-plot.png"}
    assert (status, files_below(text)) == (0, names)


def test_the_rest_of_one_song_may_be_a_file(run):
    song = write_song("song.wav")
    targets = ("--target", "guitar", "--target", "bass", "-o", "stems")
    options = ("--rest", "rest.wav", "--plot", "picture.png")
    assert run("extract", "song.wav", *targets, *options)[0] == 0
    np.testing.assert_allclose(read("rest.wav"), song / 4, atol=1e-7)  # one rounding
    assert Path("picture.png").read_bytes().startswith(b"\x89PNG")
    assert run("extract", "song.wav", *targets[:-2], "--rest", "others")[0] == 0
    assert files_below("others") == {"song-rest.wav"}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("a.wav", "b.wav", "-o", "out.wav"), "must name a folder, such as out/"),
        (("a.wav", "b.wav", "--rest", "r.flac"), "must name a folder, such as r/"),
        (("a.wav", "b.wav", "--plot", "p.png"), "must name a folder, such as p/"),
        (("a.wav", "-o", "a.wav/"), "a.wav is a file; name a folder"),
        (("a.wav", "b.wav", "-o", "text"), "text is a file; name a folder"),
        (("a.wav", "-o", ""), "--output must name a file or a folder, got ''"),
        (("a.wav", "--rest", ""), "--rest must name a file or a folder, got ''"),
        (("a.wav", "twin/a.wav"), "a.wav and twin/a.wav have one name"),
        (("a.wav", "twin/A.flac"), "a.wav and twin/A.flac have one name"),
        (("a.wav", "b.wav", "a.wav"), "a.wav is given twice"),
        (("a.wav", "twin/../a.wav"), "twin/../a.wav is given twice"),
        (("a.wav", "a-guitar.wav"), "a-guitar.wav is an input, and is never replaced"),
        (("a.wav", "--target", "bass", "--target", "BASS"), "bass is given twice"),
        (
            ("a.wav", "--reference", "b.wav", "--reference", "./b.wav"),
            "--reference b.wav is given twice",
        ),
        (("a.wav", "b.wav", "-o", "done"), "b-guitar.wav exists; give --overwrite"),
        (("a.wav", "b.wav", "--target", "guiter"), "did you mean guitar?"),
    ],
)
def test_everything_is_checked_before_the_first_song(
    run, monkeypatch, arguments, message
):
    for name in ("a.wav", "b.wav", "a-guitar.wav", "twin/a.wav", "done/b-guitar.wav"):
        write_song(name)
    Path("text").write_text("la la la\n")

    def fail(*arguments, **options):
        raise AssertionError("the work has begun")

    monkeypatch.setattr(extracting, "open_song", fail)
    before = files_below(".")
    status, out, err = run("extract", *arguments)
    assert (status, out, err.count("\n")) == (2, "", 1)
    assert message in err
    assert files_below(".") == before and not Path("out").exists()


@pytest.mark.parametrize(
    ("titles", "others", "expected"),
    [
        (["solo", "solo"], (), ["solo", "solo-2"]),
        (["solo", "SOLO", "solo-2"], (), ["solo", "SOLO-2", "solo-2-2"]),
        (["tr\u00e9s", "tre\u0301s"], (), ["tr\u00e9s", "tre\u0301s-2"]),
        (["guitar", "guitar"], ("guitar",), ["guitar-2", "guitar-3"]),
        (["rest", "plot"], (), ["rest-2", "plot-2"]),
    ],
)
def test_titles_are_made_distinct(titles, others, expected):
    assert make_distinct(titles, others) == expected


def test_references_are_named_after_their_files(run):
    write_song("song.wav")
    for name in ("a/solo.wav", "b/solo.wav", "rest.wav", "guitar.wav"):
        write_song(name)
    references = ("a/solo.wav", "b/solo.wav", "rest.wav", "guitar.wav")
    options = itertools.chain(*(("--reference", name) for name in references))
    arguments = ("extract", "song.wav", "--target", "guitar", *options)
    assert run(*arguments, "-o", "out", "--rest", "out")[0] == 0
    titles = ("guitar", "solo", "solo-2", "rest-2", "guitar-2", "rest")
    assert files_below("out") == {f"song-{title}.wav" for title in titles}


@pytest.mark.parametrize("as_json", [False, True])
def test_a_song_that_fails_stops_no_other(run, as_json):
    for name in ("a.wav", "d.wav"):
        write_song(name)
    Path("b.wav").write_text("la la la\n")
    write_song("e.wav", seconds=0.2)
    arguments = ("a.wav", "b.wav", "c.wav", "d.wav", "e.wav", "-o", "out")
    status, out, err = run("extract", *arguments, *(("--json",) if as_json else ()))
    lines = err.splitlines()
    assert (status, len(lines)) == (2, 4)
    assert lines[0].startswith("requinto: b.wav cannot be read as sound")
    assert lines[1:] == [
        "requinto: c.wav does not exist",
        "requinto: e.wav must last 0.5 s or more, got 0.200 s",
        "requinto: 3 of 5 songs failed",
    ]
    assert files_below("out") == {"a-guitar.wav", "d-guitar.wav"}
    if not as_json:
        assert out.splitlines() == ["out/a-guitar.wav", "out/d-guitar.wav"]
        return
    results = json.loads(out)
    assert [result["song"] for result in results] == list(arguments[:5])
    assert set(results[2]) == {"song", "error"}
    assert results[2]["error"] == "c.wav does not exist"
    assert results[3]["output"] == "out/d-guitar.wav"


def test_an_error_that_names_no_song_gets_its_name(run, monkeypatch):
    for name in "ab":
        write_song(f"{name}.wav")
    original = Scaling.separate_all

    def fail_once(self, clips, *options):
        monkeypatch.setattr(Scaling, "separate_all", original)
        raise ValueError("odd")

    monkeypatch.setattr(Scaling, "separate_all", fail_once)
    status, out, err = run("extract", "a.wav", "b.wav")
    assert (status, out) == (2, "b-guitar.wav\n")
    assert err.startswith("requinto: a.wav: ValueError: odd (REQUINTO_DEBUG=1")


def test_where_all_fail_no_folder_is_left(run):
    assert run("extract", "a.wav", "b.wav", "-o", "new/", "--rest", "rests/")[0] == 2
    assert not list(Path().iterdir())


def test_a_model_that_cannot_be_loaded_is_said_once(run, monkeypatch):
    for name in "ab":
        write_song(f"{name}.wav")

    def fail(*arguments):
        raise ModelError("the model is damaged")

    monkeypatch.setattr(extract_module, "load_separator", fail)
    result = run("extract", "a.wav", "b.wav", "-o", "out")
    assert result == (2, "", "requinto: the model is damaged\n")
    assert not Path("out").exists()


def test_ctrl_c_leaves_songs_that_are_finished(run, monkeypatch):
    for name in "abc":
        write_song(f"{name}.wav", seconds=2)
    songs = []

    def separate_all(self, clips, *options):
        if len(songs) == 1:
            assert any(n.startswith(".requinto-") for n in contents(Path("out")))
            raise KeyboardInterrupt
        return clips

    notify = extracting._print_paths
    monkeypatch.setattr(
        extracting, "_print_paths", lambda result: (songs.append(1), notify(result))
    )
    monkeypatch.setattr(Scaling, "separate_all", separate_all)
    options = ("-o", "out", "--rest", "out", "--format", "flac")
    status, out, err = run("extract", "a.wav", "b.wav", "c.wav", *options)
    assert (status, out, err) == (130, "out/a-guitar.flac\n", "requinto: stopped\n")
    assert files_below("out") == {"a-guitar.flac", "a-rest.flac"}


def test_a_picture_has_a_row_for_each_instrument(run, monkeypatch):
    song = write_song("song.wav")
    soundfile.write("mixture.wav", 0.5 * noise(RATE).T, RATE)
    shown = {}
    monkeypatch.setattr(
        extracting, "spectrograms", lambda rows, *_, **__: shown.update(rows)
    )
    arguments = ("--target", "bass", "--target", "bongo", "--reference", "mixture.wav")
    more = ("--reference", "song.wav", "-o", "out", "--plot", "out")
    assert run("extract", "song.wav", *arguments, *more)[0] == 0
    titles = ["mixture-2", "bass", "bongo", "mixture", "song", "everything else"]
    assert list(shown) == titles
    np.testing.assert_array_equal(shown["mixture-2"], song)
    np.testing.assert_array_equal(shown["bass"], song / 4)
    np.testing.assert_allclose(sum(list(shown.values())[1:]), song, atol=1e-6)


def test_outputs_are_compared_as_pairs_would_be():
    """Without comparing each pair, of which a folder of songs has millions."""
    Path("there").mkdir()
    Path("linked").symlink_to("there")
    for name in ("one.wav", "ONE.wav", "there/one.wav"):
        Path(name).write_bytes(b"")
    os.link("one.wav", "hard.wav")
    names = [
        *("one.wav", "ONE.wav", "One.wav", "./one.wav", "hard.wav", "tr\u00e9s.wav"),
        *("there/one.wav", "linked/one.wav", "linked/two.wav", "there/TWO.wav"),
        *("tre\u0301s.wav", "new.wav"),
    ]
    for one, other in itertools.product(map(Path, names), repeat=2):
        expected = refer_to_one_file(one, other)
        outputs = (Output(one, SOUND), Output(other, SOUND))
        for arguments in ((outputs, ()), (outputs[:1], (other,))):
            if expected:
                with pytest.raises(AudioFileError, match="the files named must differ"):
                    check_outputs(*arguments, overwrite=True)
            else:
                check_outputs(*arguments, overwrite=True)


@pytest.fixture(autouse=True)
def in_own_folder(monkeypatch, tmp_path):
    """Work in a folder of one's own."""
    monkeypatch.chdir(tmp_path)
