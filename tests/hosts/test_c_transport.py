# SPDX-License-Identifier: GPL-3.0-or-later
"""The plugin follows a host's song position, and what it automates."""

import numpy as np
import pytest
import soundfile

import requinto
from models import write_exported
from requinto.beats import Beats
from shell import notified_values, run_host
from sounds import RATE, error_db, noise

pytestmark = pytest.mark.plugin
DRAIN = ("--drain", str(6 * RATE))


@pytest.fixture(scope="module")
def bundle():
    return requinto.plugin_path()


@pytest.fixture(scope="module")
def neutral(tmp_path_factory):
    """Return the environment of a model that changes nothing."""
    folder = write_exported(tmp_path_factory.mktemp("neutral"))
    return {"REQUINTO_MODELS": str(folder)}


def undelayed(output, report, n_frames):
    return output[:, int(report["latency"]) :][:, :n_frames]


@pytest.mark.parametrize("bars", ["", "--no-bar"])
def test_a_bounce_is_what_the_library_gives_on_the_hosts_grid(bundle, tmp_path, bars):
    """From the middle of a song, in 3/4, whatever the host says of its bars."""
    sound = 0.3 * noise(8 * RATE)
    output, report, _ = run_host(
        bundle,
        tmp_path,
        sound,
        *DRAIN,
        *("--block", "0", "--set", "Target=bass", *filter(None, [bars])),
        transport=["at 0 tempo 100", "at 0 meter 3 4", "at 0 play 37.25"],
    )
    to_bar_s = (39.0 - 37.25) * 0.6
    grid = Beats.grid(100.0, 8.0, to_bar_s, beats_per_bar=3)
    expected = requinto.extract(sound, RATE, "bass", beats=grid)
    assert report["status"] == "Ready"
    assert np.abs(expected).max() > 0.01
    assert error_db(expected, undelayed(output, report, sound.shape[1])) < -80


@pytest.mark.parametrize("block", ["64", "0"])
def test_a_jump_cuts_the_tail_and_a_loop_does_not(bundle, tmp_path, neutral, block):
    n = 20 * RATE
    sound = noise(n)
    lines = [
        *("at 0 tempo 120", "at 0 play 0"),
        f"at {8 * RATE} jump 64",
        f"at {8 * RATE} loop 64 68",  # of 2 s, six times
    ]
    output, report, _ = run_host(
        bundle,
        tmp_path,
        sound,
        *(*DRAIN, "--block", block),
        environment=neutral,
        transport=lines,
    )
    latency = int(report["latency"])
    jump, fade = 8 * RATE, RATE // 50
    assert report["status"] == "Ready"
    before, after = slice(0, jump - latency), slice(jump, n)
    aligned = undelayed(output, report, n)
    assert error_db(sound[:, before], aligned[:, before]) < -100
    assert not output[:, jump + fade : jump + latency].any()
    assert error_db(sound[:, after], aligned[:, after]) < -100


def test_automation_lies_where_it_was_written(bundle, tmp_path, neutral):
    """Whatever the blocks; and switching clicks nowhere."""
    sound = 0.5 * np.sin(2 * np.pi * 40 / RATE * np.arange(14 * RATE))
    sound = sound[None].astype(np.float32)
    plan = {
        2.0: ("Amount=50", "Output=Everything else"),  # half of it is left
        4.0: ("Amount=100",),  # nothing is left
        6.0: ("Bypass=On",),
        8.0: ("Bypass=Off", "Output=Extracted"),
        10.0: ("Amount=0",),
    }
    levels = [1.0, 0.5, 0.0, 1.0, 1.0, 1.0]
    events = [
        f"{round(at_s * RATE) + 7}:{change}"
        for at_s, changes in plan.items()
        for change in changes
    ]
    options = [option for event in events for option in ("--automate", event)]
    output = []
    for block in ("0", "64", "4096"):
        made, report, _ = run_host(
            bundle,
            tmp_path,
            sound,
            *(*DRAIN, "--block", block, *options),
            environment=neutral,
            transport=["at 0 tempo 120", "at 0 play 0"],
        )
        output.append(undelayed(made, report, sound.shape[1])[0])
    for other in output[1:]:
        np.testing.assert_allclose(other, output[0], atol=1e-6)
    edges = [0.0, *plan, 14.0]
    for level, start, end in zip(levels, edges[:-1], edges[1:], strict=True):
        inside = slice(round(start * RATE) + 7 + RATE // 40, round(end * RATE) - RATE)
        np.testing.assert_allclose(
            output[0][inside], level * sound[0, inside], atol=1e-5
        )
    # The tone itself moves by 0.0029 in a frame
    assert np.abs(np.diff(output[0][RATE:-RATE])).max() < 0.007


def test_what_is_automated_gives_one_bounce(bundle, tmp_path):
    """Targets and sensitivity that change, with the released model, in any blocks."""
    sound = 0.3 * noise(12 * RATE)
    changes = ["88211:Target=bass", "200000:Sensitivity=80", "300001:Target=bongo"]
    options = [option for change in changes for option in ("--automate", change)]
    output = [
        run_host(
            bundle,
            tmp_path,
            sound,
            *(*DRAIN, "--block", block, *options),
            transport=["at 0 tempo 117", "at 0 play -3"],
        )[0]
        for block in ("0", "256", "8192")
    ]
    assert np.abs(output[0]).max() > 0.01
    for other in output[1:]:
        np.testing.assert_array_equal(other, output[0])


@pytest.mark.parametrize("from_sidechain", [False, True])
def test_the_next_bar_is_learnt_and_saved(bundle, tmp_path, neutral, from_sidechain):
    """At 120 bpm from quarter -1: the bar after 1 s is that from 2.5 to 4.5 s."""
    sound, side = 0.5 * noise(12 * RATE), 0.5 * noise(12 * RATE, seed=1)
    state = tmp_path / "state"
    _, report, _ = run_host(
        bundle,
        tmp_path,
        sound,
        *("--set", "Target=Learned", "--automate", f"{RATE}:Learn=On"),
        *("--save-state", str(state)),
        environment=neutral,
        sidechain=side if from_sidechain else None,
        transport=["at 0 tempo 120", "at 0 play -1"],
    )
    assert report["status"] == "Ready"
    assert "Learning" in notified_values(report, "Status")
    assert notified_values(report, "Learn")[-1] == "Off"

    saved = state.read_bytes()
    assert b"\ntarget=Learned\n" in saved and b"\nlearn=Off\n" in saved
    line, file = saved.partition(b"\nsound=")[2].split(b" Learned\n", 1)
    (tmp_path / "bar.flac").write_bytes(file[: int(line)])
    bar, rate = soundfile.read(tmp_path / "bar.flac", dtype="float32")
    source = side if from_sidechain else sound
    wanted = source[:, round(2.5 * RATE) : round(4.5 * RATE)]
    assert rate == RATE
    assert error_db(wanted, bar.T) < -130

    _, again, _ = run_host(
        bundle,
        tmp_path,
        sound[:, : 2 * RATE],
        *("--load-state", str(state)),
        environment=neutral,
    )
    assert again["status"] == "Ready"


def test_another_clip_is_another_latency_once_the_host_has_activated_anew(
    bundle, tmp_path, neutral
):
    sound = noise(3 * RATE)
    state = tmp_path / "state"
    state.write_bytes(b"requinto 1\nclip=1 beat\n")
    output, report, _ = run_host(
        bundle,
        tmp_path,
        sound,
        *(*DRAIN, "--load-state", str(state)),
        environment=neutral,
    )
    assert int(report["latency"]) == pytest.approx(1.15 * RATE, abs=2)
    assert error_db(sound, undelayed(output, report, 3 * RATE)) < -100

    _, report, _ = run_host(
        bundle,
        tmp_path,
        sound,
        *("--set", "Clip=2 beats", "--follow-restarts"),
        environment=neutral,
    )
    assert int(report["restarts"]) > 0
    later = [int(v) for k, v in report.items() if k.startswith("latency_at_frame_")]
    assert later == [pytest.approx(3.1 * RATE, abs=2)]


def test_a_host_that_stands_still_is_not_followed(bundle, tmp_path):
    sound = 0.3 * noise(8 * RATE)
    output, report, _ = run_host(
        bundle, tmp_path, sound, *DRAIN, transport=["at 0 frozen"]
    )
    expected = requinto.extract(sound, RATE, live=True)
    assert error_db(expected, undelayed(output, report, sound.shape[1])) < -80
