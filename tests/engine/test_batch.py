# SPDX-License-Identifier: GPL-3.0-or-later
"""A catalogue is extracted once, as songs by themselves are, and gone on with."""

import errno
import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile

from catalogues import (
    kill_once,
    kill_own_process,
    name_process,
    outputs_of,
    plan_for,
    run_batch,
    start_quick_workers,
    unfinished,
    use_scaled_model,
    write_song,
    write_songs,
)
from requinto.arguments import Instrument, Options
from requinto.file_extraction import Paths, extract_to_files
from requinto.song_file import open_song
from requinto_batch.errors import BatchError, WorkerError
from requinto_batch.records import Extraction, Input, Record, Records, Stamp
from requinto_files import locks

# Workers let all others go first, and would take minutes to start beside other tests
pytestmark = pytest.mark.alone

NAMES = ("one.wav", "two.flac", "deep/er/three.ogg", "deep/four.wav", "ü n.aiff")


@pytest.fixture(scope="module")
def runner():
    with start_quick_workers(2) as runner:
        yield runner


@pytest.fixture
def songs(tmp_path):
    return write_songs(tmp_path / "songs", *NAMES)


@pytest.fixture
def out(tmp_path):
    return tmp_path / "out"


def times(folder):
    return {path: path.stat().st_mtime_ns for path in folder.rglob("*.flac")}


def test_outputs_are_those_of_each_song_by_itself(
    runner, songs, out, tmp_path, monkeypatch
):
    totals, rows = run_batch(runner, songs, plan_for(out, "guitar", "bass"))
    assert (totals.n_done, totals.failures) == (len(NAMES), [])
    use_scaled_model(monkeypatch.setattr)
    expected = {}
    for name in NAMES:
        base = name.rpartition(".")[0]
        paths = [tmp_path / f"{i}.flac" for i in range(3)]
        instruments = [Instrument(t, t) for t in ("guitar", "bass")]
        with open_song(songs / name) as song:
            arguments = (song, instruments, Paths(tuple(paths[:2]), paths[2]))
            extract_to_files(*arguments, overwrite=True)
        for path, title in zip(paths, ("guitar", "bass", "rest"), strict=True):
            expected[f"{base}-{title}.flac"] = path.read_bytes()
    assert outputs_of(out) == expected
    assert not unfinished(out)
    for name, row in rows.items():
        assert set(row.outputs) == {p for p in expected if p.startswith(name[:-5])}
        assert row.duration_s == pytest.approx(soundfile.info(songs / name).duration)
        assert (row.status, row.n_attempts, row.gain) == ("done", 1, 1.0)


def test_what_is_done_is_not_done_again(runner, songs, out):
    plan = plan_for(out)
    run_batch(runner, songs, plan)
    before = times(out)
    write_song(songs / "new.wav")
    totals, rows = run_batch(runner, songs, plan)
    assert (totals.n_done, totals.n_done_before) == (1, len(NAMES))
    assert rows["new.wav"].status == "done"
    assert before.items() < times(out).items()
    for each in (plan, plan._replace(verify=True)):
        totals, rows = run_batch(runner, songs, each)
        assert (totals.n_done, totals.n_done_before) == (0, len(NAMES) + 1)
        assert rows["one.wav"].outputs == ("one-guitar.flac", "one-rest.flac")
        assert rows["one.wav"].duration_s == 0.6


def test_only_what_a_change_concerns_is_done_again(runner, songs, out):
    plan = plan_for(out)
    run_batch(runner, songs, plan)
    before = times(out)
    write_song(songs / "one.wav", seed=9)
    totals, rows = run_batch(runner, songs, plan)
    assert (totals.n_done, rows["one.wav"].status) == (1, "done")
    changed = {p.name for p, time in times(out).items() if before[p] != time}
    assert changed == {"one-guitar.flac", "one-rest.flac"}
    louder = plan._replace(options=Options(sensitivity=0.75))
    totals, _ = run_batch(runner, songs, louder)
    assert (totals.n_done, totals.failures) == (len(NAMES), [])
    song = soundfile.read(songs / "one.wav")[0]
    extracted = soundfile.read(out / "one-guitar.flac")[0]
    assert np.allclose(extracted, 0.75 * song, atol=2**-22)
    assert not unfinished(out)


def test_other_targets_are_added_and_both_are_known(runner, songs, out):
    one, other = (plan_for(out, t, has_rest=False) for t in ("guitar", "bass"))
    for plan in (one, other):
        assert run_batch(runner, songs, plan)[0].n_done == len(NAMES)
    for plan in (one, other):
        assert run_batch(runner, songs, plan)[0].n_done_before == len(NAMES)
    # The rest is what is neither: all are written again, at one level
    both = plan_for(out, "guitar", "bass")
    assert run_batch(runner, songs, both)[0].n_done == len(NAMES)
    assert run_batch(runner, songs, one)[0].n_done == len(NAMES)


@pytest.mark.parametrize("is_known", [False, True], ids=["foreign", "changed"])
def test_files_of_others_are_not_replaced(runner, songs, out, is_known):
    plan = plan_for(out)
    out.mkdir()
    if is_known:
        run_batch(runner, songs, plan)
        plan = plan._replace(options=Options(sensitivity=0.25))
    path = out / "one-rest.flac"
    content = bytes(path.stat().st_size) if is_known else b"mine"
    path.write_bytes(content)
    totals, rows = run_batch(runner, songs, plan)
    assert totals.n_done == len(NAMES) - 1
    assert [row.path for row in totals.failures] == ["one.wav"]
    assert f"{path} was not written by requinto batch" in rows["one.wav"].error
    assert path.read_bytes() == content
    assert not unfinished(out)
    path.unlink()
    totals, _ = run_batch(runner, songs, plan)
    assert (totals.n_done, totals.failures) == (1, [])


def test_verify_notices_what_a_glance_does_not(runner, songs, out):
    plan = plan_for(out)
    run_batch(runner, songs, plan)
    path = out / "two-guitar.flac"
    path.write_bytes(bytes(path.stat().st_size))
    assert not run_batch(runner, songs, plan)[0].failures
    (row,) = run_batch(runner, songs, plan._replace(verify=True))[0].failures
    assert row.path == "two.flac"
    assert f"{path} was not written by requinto batch, or was changed" in row.error


def test_files_that_are_gone_are_written_again(runner, songs, out):
    plan = plan_for(out)
    run_batch(runner, songs, plan)
    before = outputs_of(out)
    (out / "two-rest.flac").unlink()
    totals, rows = run_batch(runner, songs, plan)
    assert (totals.n_done, rows["two.flac"].status) == (1, "done")
    assert outputs_of(out) == before


def test_songs_that_cannot_be_read_are_listed_and_tried_again(runner, songs, out):
    (songs / "bad.wav").write_bytes(b"no sound")
    (songs / "empty.flac").touch()
    write_song(songs / "short.wav", 0.1)
    plan = plan_for(out)
    totals, rows = run_batch(runner, songs, plan, retries=1)
    assert totals.n_done == len(NAMES)
    assert {row.path for row in totals.failures} == {
        *("bad.wav", "empty.flac", "short.wav"),
    }
    for row in totals.failures:
        assert row.n_attempts == 2
        assert str(songs / row.path) in row.error
    assert not unfinished(out)
    write_song(songs / "bad.wav")
    totals, rows = run_batch(runner, songs, plan)
    assert (totals.n_done, len(totals.failures)) == (1, 2)
    assert rows["bad.wav"].n_attempts == 1


def test_a_worker_starts_anew_after_some_jobs(runner):
    jobs = [(i,) for i in range(8)]
    results = list(runner.run(name_process, jobs, restart_after=2))
    assert sorted(result.job for result in results) == jobs
    processes = [result.value for result in results]
    assert all(processes.count(process) <= 2 for process in processes)
    assert all(result.error is None for result in results)


def test_a_job_that_kills_workers_fails_and_the_others_go_on(runner):
    results = list(runner.run(kill_own_process, [(i,) for i in range(6)], retries=1))
    errors = {r.job[0]: r for r in results if r.error}
    assert list(errors) == [0]
    assert isinstance(errors[0].error, WorkerError)
    assert errors[0].n_attempts == 2
    assert sorted(r.value for r in results if not r.error) == [1, 2, 3, 4, 5]
    assert all(r.n_attempts == 1 for r in results if not r.error)


def test_a_job_whose_worker_was_killed_is_done_by_another(runner, tmp_path):
    path = tmp_path / "killed"
    (result,) = runner.run(kill_once, [(str(path),)], retries=1)
    assert result.error is None
    assert result.n_attempts == 2
    assert str(result.value) != path.read_text()


def test_jobs_are_taken_when_a_worker_is_free(runner):
    n_taken = 0

    def jobs():
        nonlocal n_taken
        for i in range(1, 1000):
            n_taken += 1
            yield (i,)

    results = runner.run(kill_own_process, jobs())
    for _ in range(5):
        next(results)
    assert n_taken <= 5 + 2
    results.close()
    assert sorted(r.value for r in runner.run(abs, [(-1,), (-2,)])) == [1, 2]


def test_records_that_cannot_be_read_are_none(tmp_path):
    records = Records(tmp_path)
    records.make_folders()
    path = records._path("song.wav")
    facts = {"duration_s": 1.0, "elapsed_s": 1.0, "gain": 1.0, "problems": []}
    whole = Extraction("", Input(1, 2), {"a.flac": Stamp(1, "")}, facts)
    records.write(Record("song.wav", (whole,)))
    assert records.read("song.wav").extractions == (whole,)
    damaged = [whole.facts | {name: {}} for name in facts]  # at which summaries fail
    damaged += [{n: facts[n] for n in facts if n != name} for name in facts]
    for each in (None, [], "", *damaged):
        records.write(Record("song.wav", (replace(whole, facts=each),)))
        assert records.read("song.wav").extractions == ()
    of_no_use = (b"", b"[]", b"{}", b'{"extractions": [1], "earlier": {}}', b"\xff")
    for content in (*of_no_use, b"[" * 100_000):
        path.write_bytes(content)
        assert records.read("song.wav").extractions == ()


def test_a_full_disk_is_named(tmp_path, monkeypatch):
    def fail(path, content):
        path.open("w").close()
        raise OSError(errno.ENOSPC, "No space left on device")  # of no file

    monkeypatch.setattr(Path, "write_bytes", fail)
    records = Records(tmp_path)
    records.make_folders()
    with (
        pytest.raises(BatchError, match="cannot be written: No space left"),
        records.running("song.wav", "folder"),
    ):
        pass
    assert not unfinished(tmp_path)


def test_the_folder_is_locked(tmp_path):
    from requinto_batch import batch

    with (
        batch.prepared(tmp_path),
        pytest.raises(BatchError, match=f"in use.*process {os.getpid()} "),
        batch.prepared(tmp_path),
    ):
        pass
    with batch.prepared(tmp_path):
        pass


def test_a_file_system_without_locks_is_said(tmp_path, monkeypatch):
    from requinto_batch import batch

    def fail(number):
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(locks, "_lock", fail)
    with (
        pytest.raises(BatchError, match=f"{tmp_path} cannot be locked: No locks"),
        batch.prepared(tmp_path),
    ):
        pass


def test_the_callers_variables_are_put_back():
    """Nannies set those of their workers in this process, too."""
    before = dict(os.environ)
    with start_quick_workers(1) as runner:
        assert [result.value for result in runner.run(abs, [(-1,)])] == [1]
    assert dict(os.environ) == before
