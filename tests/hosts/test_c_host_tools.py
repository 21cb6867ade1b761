# SPDX-License-Identifier: GPL-3.0-or-later
"""What the plain C host can do to a plugin, it does.

Most is shown with `probe_plugin.c`, a plugin that lets what its host gives be output.
"""

import numpy as np
import pytest

import requinto
from shell import build, notified_values, run, run_host
from sounds import RATE, noise

pytestmark = pytest.mark.plugin

SHOWS = ("sidechain", "level", "position", "bar")
SILENCE = np.zeros((2, 30_000), np.float32)


def probe():
    return build("release") / "tests" / "plugin" / "Probe.vst3"


def reflect(folder, what, *options, sound=SILENCE, **more):
    """Return what the probe was given, and the report."""
    show = ("--set", f"Show={SHOWS.index(what)}")
    output, report, _ = run_host(probe(), folder, sound, *show, *options, **more)
    return output, report


def refused(bundle, folder, *options):
    """Return what the host says of options that it cannot follow."""
    noise(1000).T.tofile(folder / "in.f32")
    host = build("release") / "tests" / "plugin" / "host"
    result = run(host, bundle, "--in", folder / "in.f32", *options)
    assert result.returncode == 2
    return result.stderr


@pytest.mark.parametrize("block", [0, 1, 480, 8192])
@pytest.mark.parametrize("n_channels", [1, 2])
def test_a_sidechain_arrives_beside_the_sound(tmp_path, block, n_channels):
    sound, aside = noise(30_000, n_channels), noise(20_000, n_channels, seed=1)
    output, _ = reflect(
        tmp_path, "sidechain", "--block", str(block), sound=sound, sidechain=aside
    )
    np.testing.assert_array_equal(output[:, :20_000], aside)
    assert not output[:, 20_000:].any()


def test_without_a_sidechain_the_bus_stays_silent(tmp_path):
    output, _ = reflect(tmp_path, "sidechain", sound=noise(30_000))
    assert not output.any()


@pytest.mark.parametrize("block", ["0", "1", "480", "8192"])
def test_changes_come_at_their_frames(tmp_path, block):
    points = {7: 0.5, 1000: 0.25, 1001: 0.75, 1003: 0.125, 29_999: 1.0}
    options = [f"--automate={f}:Level={v}" for f, v in points.items()]
    options = [part for option in options for part in option.split("=", 1)]
    expected = np.zeros(30_000, np.float32)
    for frame, value in points.items():
        expected[frame:] = value
    output, _ = reflect(tmp_path, "level", "--block", block, *options)
    np.testing.assert_array_equal(output[0], expected)


SCRIPT = (
    *("at 100 play 8", "at 5000 jump 2.5", "at 9000 tempo 90", "at 12000 stop"),
    *("at 14000 meter 3 4", "at 14000 play 3"),
    *("at 20000 loop 3 3.10001", "at 20000 play 3"),  # 2940.3 frames
)


def expected_position():
    """Return the position that `SCRIPT` asks for at each frame."""
    quarters = np.zeros(30_000)
    per_frame = 120 / 60 / RATE
    quarters[100:5000] = 8 + np.arange(4900) * per_frame
    quarters[5000:9000] = 2.5 + np.arange(4000) * per_frame
    at_90 = 90 / 60 / RATE
    quarters[9000:12000] = 2.5 + 4000 * per_frame + np.arange(3000) * at_90
    quarters[12000:14000] = 2.5 + 4000 * per_frame + 3000 * at_90
    quarters[14000:20000] = 3 + np.arange(6000) * at_90
    quarters[20000:] = 3 + (np.arange(10_000) * at_90) % 0.10001
    return quarters


@pytest.mark.parametrize("block", ["0", "1", "480", "8192"])
@pytest.mark.parametrize("mode", [[], ["--realtime"]])
def test_the_position_follows_its_script_at_any_block(tmp_path, block, mode):
    output, report = reflect(
        tmp_path, "position", "--block", block, *mode, transport=SCRIPT
    )
    # Single precision of quarters below 16
    np.testing.assert_allclose(output[0], expected_position(), atol=1e-6)
    assert report["transport_wraps"] == "3"


@pytest.mark.parametrize(
    ("option", "expected"),
    [([], (0, 4, 8)), (["--no-bar"], (-1,)), (["--wrong-bar"], (1.5, 5.5, 9.5))],
)
def test_the_bar_is_given_as_scripted(tmp_path, option, expected):
    script = ("at 0 play 0", "at 10000 jump 4", "at 20000 jump 11.5")
    output, _ = reflect(tmp_path, "bar", *option, transport=script)
    assert set(output[0]) == set(expected)


def test_a_frozen_transport_stays_at_0(tmp_path):
    output, _ = reflect(tmp_path, "position", transport=["at 0 play 9", "at 50 frozen"])
    assert (output[0, :50] >= 9).all()
    assert not output[0, 50:].any()


def test_without_a_script_no_position_is_given(tmp_path):
    assert (reflect(tmp_path, "position")[0] == -1).all()


def test_what_the_plugin_tells_is_printed(tmp_path):
    _, report = reflect(tmp_path, "level", "--activations", "2")
    assert report["notified_at_block_0.Status"] == "Ready"
    assert notified_values(report, "Status") == ["Ready"]
    assert report["status"] == report["end.Status"] == "Ready"


@pytest.mark.parametrize("mode", [[], ["--realtime"]])
@pytest.mark.parametrize("follow", [[], ["--follow-restarts"]])
def test_a_new_latency_is_followed_with_the_option(tmp_path, mode, follow):
    _, report = reflect(
        tmp_path, "level", "--automate", "5000:Delay=600", *mode, *follow
    )
    assert report["latency"] == "0"
    assert report["restarts"] == "1"
    assert report["restart_flags"] == "8"
    assert report["frames"] == "30000"
    later = {k: v for k, v in report.items() if k.startswith("latency_at_frame_")}
    assert list(later.values()) == (["600"] if follow else [])
    if follow and not mode:
        assert list(later) == ["latency_at_frame_5120"]  # the next block


@pytest.mark.parametrize("kind", ["probe", "ours"])
def test_a_state_comes_back(tmp_path, kind):
    bundle, setting, value = (
        (probe(), "Level", "0.375") if kind == "probe" else (None, "Target", "bass")
    )
    bundle = bundle or requinto.plugin_path()
    state = ("--save-state", str(tmp_path / "state"))
    _, saved, _ = run_host(
        bundle, tmp_path, SILENCE, "--set", f"{setting}={value}", *state
    )
    _, loaded, _ = run_host(bundle, tmp_path, None, "--load-state", state[1])
    for report, where in ((saved, "end"), (loaded, "loaded"), (loaded, "end")):
        assert report[f"{where}.{setting}"] == value
    for report in (saved, loaded):
        assert report[f"param.{setting}"] != value
    if kind == "ours":  # it has its host read its values
        assert int(loaded["restart_flags"]) & 4


def test_a_run_ends_after_the_plugin_is_ready(tmp_path):
    sound = noise(RATE)
    options = ("--after-ready", "0.5", "--repeat", "20", "--block", "441")
    output, report = reflect(tmp_path, "level", *options, sound=sound)
    assert int(report["frames"]) == output.shape[1] == RATE // 2


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        (["--automate", "x:Level=1"], "not FRAME:NAME=TEXT"),
        (["--automate", "5:Volume=1"], "no parameter for Volume=1"),
        (["--nonsense", "1"], "unknown option --nonsense"),
        (["--block"], "--block needs a value"),
    ],
)
def test_what_the_host_cannot_do_it_refuses(tmp_path, options, complaint):
    assert complaint in refused(probe(), tmp_path, *options)


@pytest.mark.parametrize(
    "line",
    [
        *("at 0 dance", "at 0 play", "at 0 stop 3", "play 0", "at -1 stop"),
        *("at 0 tempo 0", "at 0 loop 4 4", "at 0 meter 4", "at 9 stop\nat 8 stop"),
    ],
)
def test_a_script_that_makes_no_sense_is_refused(tmp_path, line):
    (tmp_path / "transport.txt").write_text(f"{line}\n")
    options = ("--transport", tmp_path / "transport.txt")
    assert "no transport" in refused(probe(), tmp_path, *options)
