# SPDX-License-Identifier: GPL-3.0-or-later
"""Whatever is killed at whatever point, nothing is half written or done twice."""

import multiprocessing
import signal
from pathlib import Path

import pytest

from catalogues import (
    ENVIRONMENT,
    outputs_of,
    plan_for,
    unfinished,
    use_scaled_model,
    write_song,
)
from commands import command
from killed_songs import extract_until
from requinto.arguments import Options
from requinto_batch import batch, song_work
from requinto_batch.catalogue import Song

UNDONE = ("working", "coding", "recording", "announced", "one published")
DONE = ("published", "marking", "marked")


def run_until(point, song, output, sensitivity=0.5):
    # A process that has imported everything, and has no threads, is forked
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["requinto_batch.song_work", "requinto"])
    options = Options(sensitivity=sensitivity)
    process = context.Process(target=extract_until, args=(point, song, output, options))
    process.start()
    process.join()
    assert process.exitcode == -signal.SIGKILL
    process.close()


@pytest.fixture
def song(tmp_path, monkeypatch):
    use_scaled_model(monkeypatch.setattr)
    path = write_song(tmp_path / "song.wav")
    return Song(str(path), "deep/song.wav", "deep", "song")


@pytest.fixture
def n_extractions(monkeypatch):
    calls = []
    extract = song_work.extract_to_files

    def counted(*arguments, **options):
        calls.append(arguments)
        return extract(*arguments, **options)

    monkeypatch.setattr(song_work, "extract_to_files", counted)
    return lambda: len(calls)


def expected_of(song, folder, **changes):
    batch.Records(folder).make_folders()
    song_work.extract_song_files(song, plan_for(folder, **changes))
    return outputs_of(folder)


@pytest.mark.parametrize("is_replaced", [False, True], ids=["new", "replaced"])
@pytest.mark.parametrize("point", [*UNDONE, *DONE])
def test_a_song_is_gone_on_with(song, tmp_path, point, is_replaced, n_extractions):
    out, plan = tmp_path / "out", plan_for(tmp_path / "out")
    expected = expected_of(song, tmp_path / "undisturbed")
    (out / "deep").mkdir(parents=True)
    other = out / "deep" / ".requinto-other.wav"  # of a program that runs
    other.touch()
    batch.Records(out).make_folders()  # as each run does
    if is_replaced:
        expected_of(song, out, options=Options(sensitivity=0.9))
    before = n_extractions()
    run_until(point, song, out)
    if point == "one published":
        assert len([p for p in outputs_of(out) if "/.requinto-" not in p]) == 1 + (
            is_replaced
        )
    with batch.prepared(out):
        assert unfinished(out) == [other]
        outcome = song_work.extract_song_files(song, plan)
    assert n_extractions() - before == (point in UNDONE)
    assert outcome.is_new == (point in UNDONE)
    assert unfinished(out) == [other]
    other.unlink()
    assert outputs_of(out) == expected
    assert batch.outcome_before(song, plan) is not None


def test_a_song_that_is_killed_twice_with_other_options_is_still_ours(song, tmp_path):
    out = tmp_path / "out"
    batch.Records(out).make_folders()
    for point, sensitivity in (
        ("one published", 0.5),
        ("one published", 0.6),
        ("announced", 0.7),
        ("published", 0.8),
        ("one published", 0.9),
    ):
        run_until(point, song, out, sensitivity)
    expected = expected_of(song, tmp_path / "undisturbed")
    with batch.prepared(out):
        song_work.extract_song_files(song, plan_for(out))
    assert outputs_of(out) == expected


def test_a_song_that_another_worker_has_done_meanwhile_is_left(
    song, tmp_path, monkeypatch
):
    """As where a worker was cut off, taken for dead, and comes back."""
    plan = plan_for(tmp_path / "out")
    batch.Records(tmp_path / "out").make_folders()
    extract = song_work.extract_to_files

    def after_another(*arguments, **options):
        monkeypatch.setattr(song_work, "extract_to_files", extract)
        song_work.extract_song_files(song, plan)
        times.append(times_of(tmp_path / "out"))
        return extract(*arguments, **options)

    times = []
    monkeypatch.setattr(song_work, "extract_to_files", after_another)
    song_work.extract_song_files(song, plan)
    assert times == [times_of(tmp_path / "out")]
    assert len(times[0]) == 2
    assert not unfinished(tmp_path / "out")


def times_of(folder):
    return {p: p.stat().st_mtime_ns for p in folder.rglob("*.flac")}


# The whole command, whose worker kills itself, or it, in mid-run
WORKER = """
import os, pathlib, signal
import catalogues
from requinto_files.audio_writer import SoundWriter

def dask_setup(worker):
    catalogues.dask_setup(worker)
    publish = SoundWriter.publish

    def publish_or_kill(self):
        publish(self)
        with open(os.environ["LOG"], "a") as log:
            log.write(f"{self.path}\\n")
        killed = pathlib.Path(os.environ["LOG"] + ".killed")
        if str(self.path).endswith("c-guitar.flac") and not killed.exists():
            killed.touch()
            process = os.getppid() if os.environ["WHO"] == "parent" else os.getpid()
            os.kill(process, signal.SIGKILL)
            signal.pause()

    SoundWriter.publish = publish_or_kill
"""


@pytest.mark.alone  # workers let all others go first
@pytest.mark.parametrize("who", ["worker", "parent"])
def test_the_command_goes_on(tmp_path, who):
    for i, name in enumerate("abcdef"):
        write_song(tmp_path / "songs" / f"{name}.wav", seed=i)
    (tmp_path / "killing.py").write_text(WORKER)
    paths = f"{tmp_path}:{ENVIRONMENT['PYTHONPATH']}"
    environment = {
        **ENVIRONMENT,
        "PYTHONPATH": paths,
        "DASK_DISTRIBUTED__WORKER__PRELOAD": '["killing"]',
        **{"LOG": str(tmp_path / "log"), "WHO": who, "PATH": "/usr/bin:/bin"},
    }
    words = ("batch", tmp_path / "songs", "-o", tmp_path / "out", "--workers", "2")

    def run():
        return command(*words, "--rest", env=environment, text=True)

    done = run()
    if who == "parent":
        assert done.returncode == -signal.SIGKILL
        done = run()
    assert done.returncode == 0, done.stderr
    out = tmp_path / "out"
    names = {f"{n}-{title}.flac" for n in "abcdef" for title in ("guitar", "rest")}
    assert set(outputs_of(out)) == names | {"summary.csv"}
    assert not unfinished(out)
    # Only the song that was in flight when its worker ended was done once more
    published = (tmp_path / "log").read_text().split()
    twice = {Path(path).name[0] for path in published if published.count(path) > 1}
    assert twice <= ({"c"} if who == "worker" else set("abcdef"))
    assert len(published) <= len(names) + (1 if who == "worker" else 3)
