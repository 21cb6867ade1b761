# SPDX-License-Identifier: GPL-3.0-or-later
"""The bench plans, asks its children, survives them, and shows what they answer."""

import importlib
import json
import re
import time

import numpy as np
import pytest
import soundfile
from rich.console import Console

import requinto
from requinto.errors import ConfigError
from requinto_lab.benchmark import (
    jobs,
    music,
    ours,
    report,
    session,
    stages,
    systems,
)

RUN = {"wall_s": 2.0, "cpu_s": 1.0}
STARTUP = dict(
    interpreter_s=0.1, import_s=0.2, load_s=0.3, first_s=0.4, total_s=1.0, cpu_s=0.8
)


def made_up_row(system="standard", seconds=10.0, threads=1, **values):
    return {
        "system": system,
        "what": "a system",
        "seconds": seconds,
        "threads": threads,
        "note": "",
        "startup": STARTUP,
        "runs": [RUN],
        "factor": 0.02,
        "cpu_factor": 0.01,
        "peak_bytes": 100e6,
        "load_average": 0.5,
        **values,
    }


def problem_row(problem, system="umxhq", seconds=10.0):
    return {
        "system": system,
        "what": "another",
        "seconds": seconds,
        "threads": 1,
        "problem": problem,
    }


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


def test_all_stages_are_there():
    with stages.StageTimer(stages.STAGES | stages.LOADING) as timer:
        pass
    assert timer.missing == []


def test_a_stage_counts_without_the_stages_inside_it(monkeypatch):
    clips, song = map(
        importlib.import_module, ("requinto.clips", "requinto.song_separation")
    )

    def slow_cut(*arguments):
        time.sleep(0.5)

    def slow_plan(*arguments):
        time.sleep(0.02)
        return song.cut(*arguments)

    for module in (clips, song):
        monkeypatch.setattr(module, "cut", slow_cut)
    monkeypatch.setattr(song, "plan", slow_plan)
    seen = []
    timed = {
        "outer": ["requinto.song_separation:plan"],
        "inner": ["requinto.clips:cut"],
    }
    observers = {
        "requinto.song_separation:plan": lambda arguments, _: seen.append(arguments)
    }
    with stages.StageTimer(timed, observers) as timer:
        song.plan(1, 2, 3)
    assert timer.seconds["inner"] >= 0.5
    assert 0.02 <= timer.seconds["outer"] < 0.4
    assert seen == [{"arguments": (1, 2, 3)}]
    assert (song.plan, song.cut, clips.cut) == (slow_plan, slow_cut, slow_cut)


def test_functions_that_are_gone_are_missing_and_observers_may_fail():
    gone = ["requinto.clips:gone", "requinto.gone:cut", "requinto.clips:Joiner.gone"]
    path = "requinto.clips:lead"

    def failing(arguments, result):
        raise KeyError("another name")

    from requinto.clips import Clip, ClipFrames, lead
    from requinto.config import ClipConfig

    sizes = ClipFrames.at(ClipConfig(), 44100)
    with stages.StageTimer({"stage": [*gone, path]}, {path: failing}) as timer:
        from requinto import clips

        assert clips.lead(Clip(0, 44100), sizes) == lead(Clip(0, 44100), sizes)
    assert timer.missing == gone
    assert timer.unobserved == {path}


@pytest.mark.parametrize(
    ("status", "output", "errors", "problem"),
    [
        (1, b"", b"Traceback\nValueError: no\n", "ended with 1; .* ValueError: no"),
        (0, b"", b"", "ended with 0; its last line: nothing"),
        (0, b"not json\n", b"", "ended with 0"),
        (0, b"[1]\n", b"", "no record"),
        (0, b'{"other": 1}\n', b"", "no record"),
        (-9, b'{"runs": []}\n', b"", "ended by SIGKILL, as where memory runs out"),
        (-11, b"", b"", "ended by SIGSEGV$"),
    ],
)
def test_a_child_that_answers_nothing_costs_its_row_only(
    status, output, errors, problem
):
    record = jobs.read_answer(status, output, errors)
    assert list(record) == ["problem"]
    assert re.search(problem, record["problem"])


def test_the_last_line_of_a_child_is_its_answer():
    record = {"runs": [RUN]}
    output = b"a line of a library\n" + json.dumps(record).encode() + b"\n"
    assert jobs.read_answer(0, output, b"noise") == record


def child_that(code, monkeypatch, tmp_path):
    path = tmp_path / "child.py"
    path.write_text(code)
    monkeypatch.setattr(jobs, "CHILD", path)
    return jobs.Job("standard", 10.0, 2, str(tmp_path), "litert")


def test_a_child_knows_its_job_threads_and_runtime(monkeypatch, tmp_path):
    code = (
        "import json, os, sys\n"
        "names = ('OMP_NUM_THREADS', 'REQUINTO_THREADS', 'TF_NUM_INTRAOP_THREADS',\n"
        "         'OPENBLAS_NUM_THREADS', 'MKL_NUM_THREADS', 'REQUINTO_RUNTIME')\n"
        "print(json.dumps({'runs': [], 'job': json.loads(sys.argv[1]),\n"
        "                  'env': [os.environ[n] for n in names]}))\n"
    )
    job = child_that(code, monkeypatch, tmp_path)
    before = time.monotonic()
    answer = jobs.measure(job, 60)
    assert answer["env"] == ["2"] * 5 + ["litert"]
    assert before <= answer["job"].pop("started") <= time.monotonic()
    assert answer["job"] == job._asdict()


def test_a_child_that_hangs_is_ended(monkeypatch, tmp_path):
    job = child_that("import time; time.sleep(60)", monkeypatch, tmp_path)
    assert jobs.measure(job, 0.5) == {"problem": "stopped after 0 s"}


@pytest.mark.parametrize(
    ("raised", "problem"),
    [
        (
            "ModuleNotFoundError('no', name='torch')",
            "torch is not installed: pip install 'requinto[bench]'",
        ),
        ("OSError('no libtorch.so')", "it cannot be imported: no libtorch.so"),
    ],
)
def test_the_real_child_says_what_cannot_be_imported(
    monkeypatch, tmp_path, raised, problem
):
    (tmp_path / "torch.py").write_text(f"raise {raised}\n")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    job = jobs.Job("htdemucs", 10.0, 1, str(tmp_path))
    assert jobs.measure(job, 120) == {"problem": problem}


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


def profile_of(**values):
    counts = {"template matching": 1e9, "network": 3e9, "beat network": 0}
    return {
        "seconds": 10.0,
        "whole_s": 0.4,
        "stages_s": {"resampling": 0.1, "network": 0.2, "beat network": 0.0},
        "missing": [],
        "multiply_adds": counts | {"problem": ""},
        "peak_per_s": 50e9,
        **values,
    }


def test_the_floor_is_work_over_peak():
    # Per second of what was profiled, which may be less than what was measured
    row = made_up_row(seconds=7200.0, profile=profile_of())
    ratios = report.floor_ratios(row)
    expected = {
        "to_networks": 2.0,  # 0.4 s of 0.2 s
        "gflop": 0.8,  # twice 4e9 over ten seconds
        "peak_gflops": 100.0,
        "floor_ms": 8.0,  # 4e9 / 50e9 s over ten seconds
        "to_floor": 5.0,  # 0.4 s of 0.08 s
    }
    assert ratios == pytest.approx(expected)
    unknown = profile_of(multiply_adds={"network": 1, "problem": "without keras"})
    ratios = report.floor_ratios(made_up_row(profile=unknown))
    assert ratios["to_floor"] is None
    assert ratios["to_networks"] == 2.0


def shown(rows):
    result = {
        "began": "2026-01-01T00:00:00+00:00",
        "ended": "2026-01-01T00:10:00+00:00",
        "machine": {
            "processor": "A processor",
            "cores": 2,
            "memory_bytes": 8e9,
            "blas": ["openblas Haswell"],
        },
        "versions": {"requinto": "0.1.0"},
        "rows": rows,
    }
    console = Console(width=200)
    with console.capture() as capture:
        report.show(result, console)
    text = capture.get()
    cells = [
        [cell.strip() for cell in line.strip("│┃ ").split("│")]
        for line in text.splitlines()
        if "│" in line
    ]
    return text, cells


def test_tables_show_what_was_measured_and_lines_what_was_not():
    missing = profile_of(missing=["requinto.templates:TemplateMatcher.template_shares"])
    text, cells = shown(
        [
            made_up_row(profile=missing),
            made_up_row("spleeter", factor=0.05, note="published weights"),
            problem_row("torch is not installed: pip install 'requinto[bench]'"),
            made_up_row(seconds=7200.0, factor=0.03),
            problem_row("skipped: about 9 s, more than --limit-s 5", "spleeter", 7200),
        ]
    )
    first = {row[0]: row[1:] for row in reversed(cells)}
    assert ["standard", "a system", "0.0200", "0.0300"] in cells
    assert ["spleeter", "a system, published weights", "0.0500", "-"] in cells
    assert ["standard", "a system", "2.50", "-"] in cells  # times as fast
    assert ["standard", "a system", "100", "100"] in cells  # MB
    assert ["standard", "1", "0.10", "0.20", "0.30", "0.40", "1.00", "0.80"] in cells
    assert ["standard", "1", "2.00", "0.800", "100", "8.00", "5.0"] in cells
    assert first["resampling"] == ["10.00"]
    assert first["all else"] == ["10.00"]
    lines = text.splitlines()
    assert (
        "umxhq: torch is not installed: pip install 'requinto[bench]' "
        "(10 s on 1 thread)"
    ) in lines
    assert (
        "spleeter: skipped: about 9 s, more than --limit-s 5 (2 h on 1 thread)" in lines
    )
    assert any("TemplateMatcher.template_shares is not there" in line for line in lines)
    assert "A processor, 2 cores, 8 GB; openblas Haswell" in lines


def test_tables_of_nothing_are_none():
    text, cells = shown([problem_row("torch is not installed")])
    assert not cells
    assert "umxhq: torch is not installed (10 s on 1 thread)" in text


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


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--system", "x"], "unknown system 'x'"),
        (["--lengths", "1week"], "--lengths are from 1s to 24h"),
        (["--threads", "0"], "--threads must be from 1 to"),
        (["--runtime", "onnx"], "--runtime must be one of litert, tensorflow"),
        (["--json", "result.txt"], "must end in one of .json"),
        (["--limit-s", "0"], "--limit-s"),
    ],
)
def test_bad_options_are_one_line(run_command, options, message):
    status, _, errors = run_command("bench", *options)
    assert status == 2
    assert message in errors
    assert errors.count("\n") == 1


@pytest.fixture
def quick_answers(monkeypatch):
    monkeypatch.setattr(jobs, "measure", lambda job, limit_s: made_up_row(job.system))


def test_the_command_writes_and_replaces_nothing_unasked(
    run_command, tmp_path, quick_answers
):
    path = tmp_path / "result.json"
    options = ("bench", "--quick", "--system", "fast", "--json", path)
    assert run_command(*options)[0] == 0
    result = json.loads(path.read_text())
    assert [row["system"] for row in result["rows"]] == ["fast"]
    assert result["began"] <= result["ended"]
    assert result["versions"]["requinto"]
    assert result["machine"]["cores"] >= 1
    path.write_text("mine")
    status, _, errors = run_command(*options)
    assert (status, path.read_text()) == (2, "mine")
    assert "--overwrite" in errors
    assert run_command(*options, "--overwrite")[0] == 0


def test_what_is_measured_is_kept_when_the_bench_is_stopped(
    run_command, tmp_path, monkeypatch
):
    def stopped_at_the_second(job, limit_s):
        if job.seconds > 10:
            raise KeyboardInterrupt
        return made_up_row(job.system)

    monkeypatch.setattr(jobs, "measure", stopped_at_the_second)
    path = tmp_path / "result.json"
    options = ("--system", "fast", "--threads", "1", "--json", path)
    status, output, errors = run_command("bench", *options)
    assert (status, errors) == (130, "requinto: stopped\n")
    assert len(json.loads(path.read_text())["rows"]) == 1
    assert "Seconds for each second of sound" in output


def test_a_bench_that_measured_nothing_fails(run_command, monkeypatch):
    monkeypatch.setattr(jobs, "measure", lambda job, limit_s: {"problem": "no torch"})
    status, _, errors = run_command("bench", "--quick", "--system", "umxhq")
    assert status == 2
    assert errors == (
        "requinto: nothing was measured: umxhq: no torch (10 s on 1 thread)\n"
    )
