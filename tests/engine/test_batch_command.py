# SPDX-License-Identifier: GPL-3.0-or-later
"""The command: what it accepts, prints and writes."""

import contextlib
import csv
import json
import os
import signal
import time

import numpy as np
import psutil
import pytest
import soundfile

from catalogues import (
    ENVIRONMENT,
    RunnerHere,
    outputs_of,
    start_quick_workers,
    take_memory,
    unfinished,
    use_scaled_model,
    wait_for_songs,
    write_song,
    write_songs,
)
from commands import interrupt
from requinto_batch import catalogue, cluster
from requinto_batch.errors import WorkerError
from requinto_batch.summary import Row
from requinto_command import batching
from sounds import RATE, noise

# Workers let all others go first, and would take minutes to start beside other tests
pytestmark = pytest.mark.alone

NAMES = ("one.wav", "deep/two.flac")


@pytest.fixture(scope="module")
def runner():
    with start_quick_workers(1, has_dashboard=True, memory_limit=700_000_000) as runner:
        yield runner


@pytest.fixture
def quick(runner, monkeypatch):
    """Have the command use workers that are there."""
    monkeypatch.setattr(batching, "_runner", lambda *_: contextlib.nullcontext(runner))


@pytest.fixture
def songs(tmp_path):
    return write_songs(tmp_path / "songs", *NAMES)


def test_totals_and_summary(run, quick, songs):
    write_song(songs / "peak.wav").write_bytes(b"none")
    loud = 1.4 * np.ones((44100, 2), np.float32)
    soundfile.write(songs / "loud.wav", loud, 44100, subtype="FLOAT")
    soundfile.write(songs / "six.wav", 0.1 * np.ones((44100, 6)), 44100)
    words = ("batch", songs, "-o", "out", "--retries", "1", "--target", "Güira")
    status, out, err = run(*words, "--sensitivity", "1", "--json")
    assert status == 2
    totals = json.loads(out)
    assert (totals["songs"], totals["done"], totals["failed"]) == (5, 4, 1)
    assert totals["duration_s"] == pytest.approx(0.6 + 0.65 + 1 + 1)
    assert totals["failures"][0]["path"] == "peak.wav"
    assert totals["failures"][0]["attempts"] == 2
    dashboard, failed, last = err.splitlines()
    assert dashboard.startswith("requinto: dashboard: http://127.0.0.1:")
    assert failed.startswith("requinto: failed: peak.wav: ")
    assert last.startswith("requinto: 1 of 5 songs failed; ")
    with open("out/summary.csv", newline="") as file:
        rows = {row["path"]: row for row in csv.DictReader(file)}
    assert set(rows["one.wav"]) == set(Row._fields)
    assert rows["deep/two.flac"]["outputs"] == "deep/two-guira.flac"
    assert rows["peak.wav"]["status"] == "failed"
    assert float(rows["loud.wav"]["gain"]) == pytest.approx(1 / 1.4, rel=1e-5)
    assert rows["six.wav"]["problems"] == "its 6 channels were mixed down to stereo"
    status, out, _ = run(*words, "--sensitivity", "1")
    assert (status, out) == (2, "out/summary.csv\n")


def test_summary_as_parquet(run, quick, songs):
    from pyarrow import parquet

    name = os.fsdecode(b"\xff.wav")
    write_song(songs / "three.wav").rename(songs / name)
    words = ("batch", songs, "-o", "out", "--rest", "--summary", "table.parquet")
    for status in ("done", "done before"):
        assert run(*words)[0] == 0
        rows = {
            row["path"]: row for row in parquet.read_table("table.parquet").to_pylist()
        }
        assert set(rows) == {*NAMES, "\\udcff.wav"}
        assert rows["one.wav"]["outputs"] == ["one-guitar.flac", "one-rest.flac"]
        assert {row["status"] for row in rows.values()} == {status}
    assert not os.path.exists("out/summary.csv")


@pytest.mark.parametrize(
    ("kind", "bit_depth", "subtype"),
    [("wav", 16, "PCM_16"), ("flac", 16, "PCM_16"), ("mp3", None, "MPEG_LAYER_III")],
)
def test_formats(run, quick, songs, kind, bit_depth, subtype):
    words = ("--format", kind, *(("--bit-depth", bit_depth) if bit_depth else ()))
    assert run("batch", songs, "-o", "out", *words)[0] == 0
    assert soundfile.info(f"out/deep/two-guitar.{kind}").subtype == subtype


def test_references_are_instruments_by_their_files_names(run, quick, songs):
    write_song(songs.parent / "my tres.wav")
    words = ("--reference", songs.parent / "my tres.wav", "--target", "bass")
    assert run("batch", songs, "-o", "out", *words)[0] == 0
    assert os.path.exists("out/one-my tres.flac")
    assert os.path.exists("out/one-bass.flac")
    write_song(songs.parent / "my tres.wav", seed=5)  # another sound: all over again
    out = run("batch", songs, "-o", "out", *words, "--json")[1]
    assert json.loads(out)["done"] == 2


def test_what_is_missing_of_a_reference_is_said(run, quick, songs):
    path = write_song(songs.parent / "tres.wav", 2.0)
    path.write_bytes(path.read_bytes()[:-20_000])
    status, _, err = run("batch", songs, "-o", "out", "--reference", path)
    assert status == 0
    assert f"requinto: warning: {path} is not whole: it was cut off" in err


def test_channels_of_a_reference_that_are_mixed_down_are_said(run, quick, songs):
    path = songs.parent / "six.wav"
    soundfile.write(path, 0.1 * noise(RATE, 6).T, RATE)
    status, _, err = run("batch", songs, "-o", "out", "--reference", path)
    assert status == 0
    assert f"requinto: warning: {path} has 6 channels; a stereo downmix of them" in err


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("nowhere",), "nowhere does not exist; name a folder with songs"),
        (("songs/one.wav",), "songs/one.wav is a file; name a folder"),
        (("songs", "songs/deep"), "songs/deep lies in songs"),
        (("songs", "other/songs"), "two folders are called songs"),
        (("songs", "-o", "."), ". holds songs"),
        (("songs", "-o", "songs"), "songs holds songs"),
        (("songs", "--target", "guiter"), "did you mean guitar?"),
        (("songs", "--target", "bass", "--target", "BASS"), "called 'bass'"),
        (("songs", "--reference", "rest.wav", "--rest"), "called 'rest'"),
        (("songs", "--reference", "none.wav"), "none.wav cannot be read"),
        (("songs", "--memory-limit", "much"), "a size such as 2GB, got 'much'"),
        (("songs", "--memory-limit", "2"), "takes 300MB or more, got a memory"),
        (("songs", "--bit-depth", "32"), "16 or 24 bits (.flac), got 32"),
        (("songs", "--format", "flak"), "did you mean flac?"),
        (("songs", "--summary", "table.txt"), ".csv, .parquet, got .txt"),
        (("songs", "--summary", "rest.csv"), "is no summary of a batch"),
        (("songs", "--workers", "2", "--scheduler", "tcp://x:1"), "--workers"),
        (("empty",), "no sound files below empty"),
    ],
)
def test_what_is_wrong_is_said_before_the_work(run, quick, songs, words, message):
    write_songs(songs.parent, "other/songs/one.wav", "rest.wav")
    (songs.parent / "empty").mkdir()
    (songs.parent / "rest.csv").write_text("mine")
    output = () if "-o" in words else ("-o", "out")
    status, out, err = run("batch", *words, *output)
    assert (status, out) == (2, "")
    assert message in err.splitlines()[-1]
    assert not list(songs.rglob("*.flac"))[1:]


@pytest.mark.parametrize("limit", [None, "1GB"])
def test_options_of_workers_are_passed_on(run, songs, monkeypatch, limit):
    passed = {}

    class NotingRunner(RunnerHere):
        dashboard_link = ""

        def run(self, function, jobs, **options):
            passed.update(options)
            return super().run(function, jobs)

    def start_workers(n_workers, **options):
        passed.update(options, n_workers=n_workers)
        return contextlib.nullcontext(NotingRunner())

    monkeypatch.setattr(cluster, "start_workers", start_workers)
    monkeypatch.setattr("distributed.system.MEMORY_LIMIT", 9_000_000_001)
    use_scaled_model(monkeypatch.setattr)
    words = ("--workers", 3, "--restart-after", 7, "--retries", 5)
    words += ("--memory-limit", limit) if limit else ()
    assert run("batch", songs, "-o", "out", *words)[0] == 0
    assert passed == {
        **{"n_workers": 3, "memory_limit": 10**9 if limit else 3 * 10**9},
        **{"has_dashboard": True, "restart_after": 7, "retries": 5},
    }


def test_the_extra_is_named_where_it_is_missing(run, songs, monkeypatch):
    monkeypatch.setattr(cluster, "is_installed", lambda name: name != "distributed")
    status, _, err = run("batch", songs, "-o", "out")
    assert status == 2
    assert "pip install 'requinto[batch]'" in err


def test_a_worker_that_exceeds_its_memory_is_ended(runner):
    (result,) = runner.run(take_memory, [(1_500_000_000,)])
    assert isinstance(result.error, WorkerError)


def test_which_songs_there_are(tmp_path):
    names = ("a.wav", "a.mp3", "b.WAV", "é.wav", "É.flac", "c-x.wav", "d/e.opus")
    left_out = ("f.txt", ".g.wav", ".h/i.wav", "out/j.wav", "k.wav/l.txt")
    for name in (*names, *left_out):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    (tmp_path / "link").symlink_to(tmp_path / "d")
    (tmp_path / "m.wav").symlink_to(tmp_path / "a.wav")
    (tmp_path / "n.wav").symlink_to(tmp_path / "nowhere")
    out = tmp_path / "out"
    roots = catalogue.check_roots([tmp_path / "d", tmp_path / ".h"], out)
    assert [root.prefix for root in roots] == ["d", ".h"]
    (root,) = catalogue.check_roots([tmp_path], tmp_path / "out")
    listed = list(catalogue.songs([root], out, lambda stem: [f"{stem}-x.flac"]))
    assert [song.name for song in listed] == [
        *("a.mp3", "a.wav", "b.WAV", "c-x.wav", "m.wav", "É.flac", "é.wav"),
        "d/e.opus",
    ]
    stems = {song.name: song.stem for song in listed}
    assert stems["a.mp3"] == "a.mp3"
    assert stems["a.wav"] == "a.wav"
    assert stems["b.WAV"] == "b"
    assert stems["é.wav"] == "é.wav"
    assert stems["d/e.opus"] == "e"
    assert listed[-1].folder == "d"


@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_stops_all_at_once(tmp_path, signum):
    write_songs(tmp_path / "songs", *(f"{i}.wav" for i in range(60)))
    out = tmp_path / "out"

    words = ("batch", tmp_path / "songs", "-o", out, "--workers", "2")
    environment = {**os.environ, **ENVIRONMENT}
    status, printed, err = interrupt(
        words, lambda process: wait_for_songs(process, out), signum, env=environment
    )
    last = "stopped" if signum == signal.SIGINT else "ended by SIGTERM"
    assert (status, printed) == (128 + signum, "")
    assert err.splitlines()[1:] == [f"requinto: {last}"]
    assert not unfinished(out)
    for path in out.glob("*.flac"):
        assert soundfile.info(path).frames
    assert 2 <= len(outputs_of(out)) < 60


def test_ctrl_c_while_workers_start_is_one_message(tmp_path):
    def interrupt_all(process):
        """Press Ctrl-C, which goes to all processes, when the first worker starts."""
        deadline = time.monotonic() + 60
        words = ""
        while "spawn_main" not in words:
            assert process.poll() is None
            assert time.monotonic() < deadline
            with contextlib.suppress(psutil.NoSuchProcess):  # one that has just ended
                children = psutil.Process(process.pid).children()
                words = str([child.cmdline() for child in children])
        os.killpg(process.pid, signal.SIGINT)

    write_songs(tmp_path / "songs", "one.wav")
    words = ("batch", tmp_path / "songs", "-o", tmp_path / "out", "--workers", "2")
    # Signal 0 does nothing
    status, printed, err = interrupt(words, interrupt_all, 0, start_new_session=True)
    assert (status, printed, err) == (130, "", "requinto: stopped\n")
    assert not unfinished(tmp_path / "out")
