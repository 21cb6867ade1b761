# SPDX-License-Identifier: GPL-3.0-or-later
"""Time is counted by stage, without the stages inside it."""

import importlib
import time

from requinto_lab.benchmark import (
    stages,
)


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
