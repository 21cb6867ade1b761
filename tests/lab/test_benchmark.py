# SPDX-License-Identifier: GPL-3.0-or-later
"""The bench plans what it measures: music, lengths, threads, systems and runtimes."""

import numpy as np
import pytest
import soundfile

import requinto
from bench_rows import RUN, STARTUP, made_up_row, problem_row
from requinto.errors import ConfigError
from requinto_lab.benchmark import (
    jobs,
    music,
    ours,
    session,
    systems,
)


def test_music_repeats_itself_and_has_the_tempo_that_it_says(tmp_path):
    song = music.song(40.0)
    assert song.shape == (2, 40 * music.RATE)
    assert song.dtype == np.float32
    assert 0.3 < abs(song).max() < 1.0
    np.testing.assert_array_equal(song, music.song(40.0))
    np.testing.assert_array_equal(song[:, : -music.LOOP], song[:, music.LOOP :])
    music.write_song(tmp_path / "song.wav", 40.0)
    written, rate = soundfile.read(tmp_path / "song.wav", dtype="float32")
    assert rate == music.RATE
    np.testing.assert_allclose(written.T, song, atol=2**-14)


def test_the_tracker_follows_the_music():
    beats = requinto.beats(music.song(30.0), music.RATE)
    assert beats.tempo_bpm == pytest.approx(music.TEMPO_BPM, rel=0.01)
    assert beats.beats_per_bar == music.BEATS_PER_BAR
    assert beats.confidence > 0.5


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("10s,1min,10min,2h", (10, 60, 600, 7200)),
        ("90", (90,)),
        ("2 min, 1.5s", (1.5, 120)),
        ("60s,1min", (60,)),
    ],
)
def test_lengths_are_read(text, seconds):
    assert session.parse_lengths(text) == seconds


@pytest.mark.parametrize(
    "text", ["", "10x", "s", "0.5s", "25h", "nan", "inf", "-10s", "10s,,1min", "1 2s"]
)
def test_what_is_no_length_is_named(text):
    with pytest.raises(ConfigError, match="--lengths are from 1s to 24h"):
        session.parse_lengths(text)


def test_a_length_has_a_name_that_is_read_again():
    for seconds in (1.5, 10.0, 60.0, 90.0, 600.0, 7200.0):
        name = session.length_name(seconds)
        assert session.parse_lengths(name) == (seconds,)
    assert session.length_name(7200.0) == "2 h"


def test_threads_are_those_that_there_are(monkeypatch):
    monkeypatch.setattr(session, "count_cores", lambda: 4)
    assert session.check_threads(()) == (1, 2)
    assert session.check_threads((4, 1, 4)) == (1, 4)
    for number in (0, 5):
        with pytest.raises(ConfigError, match=f"from 1 to 4, .* got {number}"):
            session.check_threads((number,))
    monkeypatch.setattr(session, "count_cores", lambda: 1)
    assert session.check_threads(()) == (1,)


def test_unknown_systems_and_runtimes_are_named():
    with pytest.raises(ConfigError, match=r"unknown system 'x'; known are beats, a, "):
        systems.check_names(["x"], ["a"])
    with pytest.raises(ConfigError, match="litert, tensorflow, got 'tflite'"):
        systems.check_runtime("tflite")
    assert systems.check_runtime(None) is None


def test_every_system_can_be_described_and_the_usual_ones_are_known():
    known = systems.names(["standard", "fast"])
    for name in known:
        system = systems.system(name)
        assert system.what
        assert system.is_ours == (name.split(":")[0] in ("beats", "standard", "fast"))
    quick = systems.default_names(["standard", "fast"], quick=True)
    assert set(quick) < set(systems.default_names(["standard", "fast"])) < set(known)
    assert {"beats", "standard", "fast", "spleeter", "umxhq"} <= set(quick)


def test_lengths_that_take_too_long_are_skipped_and_say_why():
    free = 8e9
    row = made_up_row(factor=2.0)
    assert session.skip_reason(60.0, [], 100.0, free) == ""
    assert session.skip_reason(49.0, [row], 100.0, free) == ""
    why = session.skip_reason(60.0, [row], 100.0, free)
    assert why == "skipped: about 120 s, more than --limit-s 100"
    bigger = made_up_row(seconds=60.0, peak_bytes=1.1e9)
    assert session.skip_reason(120.0, [made_up_row(), bigger], 1e9, free) == ""
    why = session.skip_reason(600.0, [made_up_row(), bigger], 1e9, free)
    assert why == "skipped: about 11.9 GB, 8.0 are free"
    gone = problem_row("torch is not installed")
    assert session.skip_reason(60.0, [gone], 1e9, free) == "torch is not installed"


def test_rows_come_by_length_threads_and_system(monkeypatch):
    jobs_done = []

    def answer(job, limit_s):
        jobs_done.append(job)
        if job.system == "umxhq":
            return {"problem": "not there"}
        runs = [RUN, {"wall_s": 4.0, "cpu_s": 3.0}, RUN]
        return {"runs": runs, "startup": STARTUP, "peak_bytes": 1e8, "note": ""}

    monkeypatch.setattr(jobs, "measure", answer)
    plan = session.Plan(("standard", "umxhq"), (10.0, 60.0, 600.0), (1, 2))
    rows = list(session.rows(plan))
    assert [(r["seconds"], r["threads"], r["system"]) for r in rows] == [
        (seconds, n_threads, name)
        for seconds in plan.lengths_s
        for n_threads in plan.threads
        for name in plan.systems
    ]
    assert rows[0]["factor"] == 0.2  # the median run, over ten seconds
    # What failed once is not tried again, and the profile is of the longest short one
    assert [job.system for job in jobs_done].count("umxhq") == 2
    assert {job.seconds for job in jobs_done if job.with_profile} == {60.0}


OPTIONS = systems.Options("litert", "")


def test_a_runtime_is_passed_on_to_what_takes_one(monkeypatch):
    calls = []

    def extract(audio, sample_rate, target=None, *, runtime="", **options):
        calls.append((sample_rate, target, runtime, options))

    monkeypatch.setattr(requinto, "extract", extract)
    ours.workload("fast", "", OPTIONS).run(music.song(1.0))
    ours.workload("fast", "", OPTIONS._replace(runtime=None)).run(music.song(1.0))
    ours.workload("fast", "grid", OPTIONS).run(music.song(4.0))
    assert calls[:2] == [
        (music.RATE, "guitar", "litert", {"model": "fast"}),
        (music.RATE, "guitar", "", {"model": "fast"}),
    ]
    beats = calls[2][3]["beats"]
    assert beats.tempo_bpm == music.TEMPO_BPM
    np.testing.assert_allclose(beats.downbeats_s, [0, 32 / 15])


@pytest.mark.parametrize("way", ["", "grid", "reference", "live", "file"])
def test_a_runtime_is_refused_where_there_is_one_only(monkeypatch, way):
    monkeypatch.setattr(requinto, "extract", lambda audio, sample_rate: audio)
    with pytest.raises(ConfigError, match="has one runtime"):
        ours.workload("fast", way, OPTIONS)
