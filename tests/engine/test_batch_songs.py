# SPDX-License-Identifier: GPL-3.0-or-later
"""Whose outputs are whose: songs that move, change, or share a name."""

import os
import shutil
from pathlib import Path

import pytest

from catalogues import (
    RunnerHere,
    outputs_of,
    plan_for,
    run_batch,
    unfinished,
    use_scaled_model,
    write_song,
    write_songs,
)
from requinto.arguments import Options
from requinto_batch import song_work
from requinto_batch.catalogue import distinct_stems
from requinto_batch.song_work import VERSION, PlannedInstrument
from requinto_files.audio_writer import SoundWriter
from requinto_files.output_files import plain_name


@pytest.fixture(autouse=True)
def scaled_model(monkeypatch):
    use_scaled_model(monkeypatch.setattr)


@pytest.fixture
def plan(tmp_path):
    return plan_for(tmp_path / "out", has_rest=False)


def run(folder, plan):
    """Return what became of each song, by its name."""
    return run_batch(RunnerHere(), folder, plan)[1]


def test_a_second_catalogue_does_not_replace_the_first(tmp_path, plan):
    first = write_songs(tmp_path / "first", "one.wav", "two.wav")
    run(first, plan)
    before = outputs_of(tmp_path / "out")
    second = tmp_path / "second"
    shutil.copytree(first, second)  # of the same size and time, but another sound
    status = os.stat(second / "one.wav")
    write_song(second / "one.wav", seed=7)
    os.utime(second / "one.wav", ns=(status.st_atime_ns, status.st_mtime_ns))
    write_song(second / "three.wav")
    for each in (plan, plan._replace(bit_depth=16), plan._replace(verify=True)):
        rows = run(second, each)
        for name in ("one.wav", "two.wav"):
            assert rows[name].status == "failed"
            assert f"extracted from {first / name}, which" in rows[name].error
            assert f"{second / name}: name another folder" in rows[name].error
        assert rows["three.wav"].status.startswith("done")
        assert before.items() < outputs_of(tmp_path / "out").items()
    assert {row.status for row in run(first, plan).values()} == {"done before"}
    shutil.rmtree(first)
    rows = run(second, plan._replace(bit_depth=16))
    assert [rows[name].status for name in ("one.wav", "two.wav")] == ["done", "done"]


def test_a_catalogue_that_was_moved_is_done_before(tmp_path, plan):
    songs = write_songs(tmp_path / "songs", "one.wav", "deep/two.wav")
    run(songs, plan)
    before = outputs_of(tmp_path / "out")
    moved = songs.rename(tmp_path / "moved")
    for _ in range(2):
        assert {row.status for row in run(moved, plan).values()} == {"done before"}
    assert outputs_of(tmp_path / "out") == before
    # Its songs are now those of the other folder
    write_songs(songs, "one.wav")
    assert run(songs, plan)["one.wav"].status == "failed"
    assert {row.status for row in run(moved, plan).values()} == {"done before"}
    # Another way to the same folder
    moved.rename(tmp_path / "again")
    moved.symlink_to(tmp_path / "again")
    assert {row.status for row in run(moved, plan).values()} == {"done before"}


def test_a_song_in_another_format_replaces_the_outputs_of_the_former(tmp_path, plan):
    plan = plan._replace(has_rest=True, ending=".wav")  # all of one size
    songs = write_songs(tmp_path / "songs", "deep/one.WAV", "deep/two.wav")
    run(songs, plan)
    former = (songs / "deep" / "one.WAV").rename(tmp_path / "one.WAV")
    for seed in (4, 5):
        write_song(songs / "deep" / "one.flac", seed=seed)
        (tmp_path / "out" / "deep" / "one-guitar.wav").unlink()
        row = run(songs, plan)["deep/one.flac"]
        assert (row.status, row.error) == ("done", "")
    expected = outputs_of(tmp_path / "out")["deep/one-rest.wav"]
    (songs / "deep" / "one.flac").unlink()
    former.rename(songs / "deep" / "one.WAV")  # whose outputs are no longer there
    assert run(songs, plan)["deep/one.WAV"].status == "done"
    assert outputs_of(tmp_path / "out")["deep/one-rest.wav"] != expected


def test_a_former_song_that_is_there_keeps_its_outputs(tmp_path, plan):
    songs = write_songs(tmp_path / "songs", "one.wav")
    run(songs, plan)
    before = outputs_of(tmp_path / "out")
    other = write_songs(tmp_path / "other", "one.flac")
    assert "was not written by" in run(other, plan)["one.flac"].error
    assert outputs_of(tmp_path / "out") == before
    (tmp_path / "out" / "one-guitar.flac").write_bytes(b"mine")
    (songs / "one.wav").unlink()
    assert "was not written by" in run(other, plan)["one.flac"].error


@pytest.mark.parametrize(
    ("names", "stems"),
    [
        (["a.mp3", "a.mp3.wav", "a.wav"], ["a.mp3", "a.mp3.wav", "a.wav"]),
        (["One.wav", "one.wav"], ["One.wav", "one.wav-2"]),
        (
            ["One.wav", "one.wav", "one.wav-2.wav"],
            ["One.wav", "one.wav-2", "one.wav-2-2"],
        ),
        (["a-z.mp3", "a-z.wav", "a.mp3", "b.wav"], ["a-z.mp3", "a-z.wav", "a", "b"]),
        (["a-x.wav", "a.wav"], ["a-x.wav", "a.wav"]),  # outputs a-x-y
    ],
)
def test_no_two_songs_share_an_output(names, stems):
    def file_names(stem):
        return [f"{stem}-{title}.flac" for title in ("guitar", "y", "x-y")]

    assert distinct_stems(names, file_names) == stems
    outputs = [plain_name(name) for stem in stems for name in file_names(stem)]
    assert len(set(outputs)) == len(outputs)


@pytest.fixture
def song(tmp_path):
    """Return the song of a catalogue, `songs/one.wav`."""
    return write_song(tmp_path / "songs" / "one.wav")


def failure(song, plan):
    """Return why a song fails, of which nothing is then left."""
    (row,) = run(song.parent, plan).values()
    assert row.status == "failed"
    assert outputs_of(Path(plan.output)) == {}
    assert not unfinished(Path(plan.output))
    return row.error


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"model": "0"},
            "the model 'standard' of this worker is not that of",
        ),
        (
            {"version": "0.0.1"},
            f"has requinto {VERSION}, the batch 0.0.1: they",
        ),
    ],
)
def test_a_worker_with_another_installation_refuses(song, plan, changes, message):
    assert message in failure(song, plan._replace(**changes))


def test_a_song_that_changes_while_it_is_read_fails(song, plan, monkeypatch):
    def change(*_):
        os.utime(song, ns=(0, 0))
        return True

    monkeypatch.setattr(song_work, "is_wanted", change)
    assert failure(song, plan) == f"{song} changed while it was read"


def test_a_reference_that_has_changed_is_refused(song, plan):
    path = write_song(song.parent.parent / "solo.wav", 2.0)
    reference = song_work.reference_of(path)._replace(sha256=64 * "0")
    instruments = (PlannedInstrument("solo", None, reference),)
    message = failure(song, plan._replace(instruments=instruments))
    assert message == f"{path} has changed since the batch began"


@pytest.mark.parametrize("is_late", [False, True], ids=["at once", "when it is coded"])
def test_a_song_that_nobody_waits_for_is_left(song, plan, monkeypatch, is_late):
    finish, coded = SoundWriter.finish, []

    def finish_and_note(writer):
        finish(writer)
        coded.append(writer)

    monkeypatch.setattr(SoundWriter, "finish", finish_and_note)
    monkeypatch.setattr(song_work, "is_wanted", lambda: is_late and not coded)
    assert failure(song, plan) == "the batch was stopped"
    assert len(coded) == is_late


def test_what_a_digest_depends_on(tmp_path, plan):
    path = write_song(tmp_path / "solo.wav", 2.0)
    solo = song_work.reference_of(path)
    (guitar,) = plan.instruments
    others = [
        *({"has_rest": True}, {"ending": ".wav"}, {"bit_depth": 16}, {"model": "0"}),
        *({"options": Options(beats_per_clip=8)}, {"options": Options(sensitivity=1)}),
        *({"instruments": (guitar._replace(title="a"),)}, {"instruments": ()}),
        {"instruments": (guitar._replace(target="bass"),)},
        {"instruments": (guitar._replace(target=None, reference=solo),)},
        {
            "instruments": (
                guitar._replace(target=None, reference=solo._replace(sha256="0")),
            )
        },
    ]
    digests = {plan._replace(**changes).digest for changes in others}
    assert len(digests | {plan.digest}) == len(others) + 1
    alike = {"output": "elsewhere", "verify": True, "version": "0.0.1"}
    assert plan._replace(**alike).digest == plan.digest
