# SPDX-License-Identifier: GPL-3.0-or-later
"""The plugin as CLAP, in a plain host: what it says, and what is output."""

import shutil

import numpy as np
import pytest

import requinto
from hosts import check_bounce, own_sound, play, play_vst3
from models import write_exported
from sounds import RATE, error_db, noise

pytestmark = pytest.mark.plugin

# Of the standard's flags
STEPPED, READ_ONLY, BYPASS, AUTOMATABLE, ENUM = 1, 8, 16, 32, 1 << 16


@pytest.fixture(scope="module")
def plugin():
    return requinto.plugin_path().parent / "clap" / "Requinto.clap"


@pytest.fixture(scope="module")
def halving(tmp_path_factory):
    """Return the environment of a model that halves what it is given."""
    folder = write_exported(tmp_path_factory.mktemp("halving"), gain=0.5)
    return {"REQUINTO_MODELS": str(folder)}


@pytest.mark.alone
def test_a_scan_is_quick_and_starts_nothing(plugin, tmp_path):
    """The host itself checks identifiers, ranges, texts there and back, and ports."""
    _, report = play("clap_host", plugin, tmp_path)
    assert float(report["scan_ms"]) < 50
    assert report["python_after_run"] == "no"
    assert report["id"] == "org.requinto.requinto"
    flags = {key: int(report[f"flags.{key}"]) for key in ("Target", "Amount", "Status")}
    assert flags["Target"] == STEPPED | ENUM | AUTOMATABLE
    assert flags["Amount"] == AUTOMATABLE
    assert flags["Status"] == STEPPED | ENUM | READ_ONLY
    assert int(report["flags.Bypass"]) == STEPPED | BYPASS | AUTOMATABLE
    assert int(report["flags.Compare"]) == STEPPED  # what is not saved is not automated
    assert report["param.Amount"] == "100.0 %"
    assert report["param.Status"] == "Idle"


def test_a_change_takes_effect_at_its_frame(plugin, tmp_path, halving):
    """Amid a block, and with the sound that it came with."""
    at, fade = 3 * RATE + 17, round(0.05 * RATE)
    sound = noise(6 * RATE)
    output, report = play(
        *("clap_host", plugin, tmp_path, sound, "--block", "0"),
        *("--at", str(at), "Bypass=On"),
        environment=halving,
    )
    assert report["after.Status"] == "Ready"
    assert report["python_after_scan"] == "no"
    expected = np.where(np.arange(sound.shape[1]) < at, 0.5 * sound, sound)
    assert error_db(expected[:, :at], output[:, :at]) < -100
    assert error_db(expected[:, at + fade :], output[:, at + fade :]) < -100
    assert np.abs(output[:, at : at + fade] - sound[:, at : at + fade]).max() > 1e-3


def test_it_gives_the_same_samples_as_vst3(plugin, tmp_path):
    expected = play_vst3()
    output, report = play(
        *("clap_host", plugin, tmp_path, expected.sound, *expected.settings),
        environment=expected.environment,
    )
    assert report["latency"] == expected.latency
    np.testing.assert_array_equal(output, expected.output)
    # Of a tone that comes and goes, resampled to the model's rate and back
    assert error_db(0.65 * expected.sound, output) < -80


def test_a_bounce_gives_what_the_library_gives(plugin, tmp_path):
    check_bounce("clap_host", plugin, tmp_path)


def test_without_python_the_input_passes_and_clips_change_the_latency(plugin, tmp_path):
    sound = noise(7 * RATE)
    output, report = play(
        *("clap_host", plugin, tmp_path, sound, "--activations", "2"),
        *("--set", "Clip=1 beat"),
        environment={"REQUINTO_PYTHON": str(tmp_path / "nowhere")},
    )
    assert report["after.Status"] == "No Python"
    assert error_db(sound, output) < -140
    # It asks for a restart while the old latency holds, and tells the new one then
    assert int(report["latency"]) / RATE == pytest.approx(1.15, abs=0.001)
    assert (report["restarts"], report["latencies"]) == ("1", "1")


def test_a_state_keeps_what_was_learnt(plugin, tmp_path, halving):
    """Another copy of the plugin plays before, in the same process."""
    copy = shutil.copytree(plugin.parent, tmp_path / "copy") / plugin.name
    sound, sidechain = noise(6 * RATE), noise(6 * RATE, seed=1)
    before, after = tmp_path / "before.state", tmp_path / "after.state"
    learning = ("--tempo", "120", "--save", before, "--set", "Learn=On")
    _, report = play(
        *("clap_host", plugin, tmp_path, sound, *learning),
        *("--set", "Target=Learned", "--set", "Clip=2 beats", "--set", "Amount=25"),
        environment=halving,
        sidechain=sidechain,
    )
    assert report["after.Learn"] == "Off"
    assert report["after.Status"] == "Ready"
    output, report = play(
        *("clap_host", plugin, tmp_path, sound, "--tempo", "120", "--also", copy),
        *("--load", before, "--save", after),
        environment=halving,
    )
    assert report["after.Target"] == "Learned"
    assert report["after.Status"] == "Ready"
    assert int(report["latency"]) / RATE == pytest.approx(3.1, abs=0.001)
    assert error_db(0.875 * sound, output) < -100
    assert b"fLaC" in before.read_bytes()
    assert after.read_bytes() == before.read_bytes()


def test_a_sound_that_a_state_brings_is_listed(plugin, tmp_path):
    """Between activations, as the standard has it: see the host's checks."""
    sound, state = noise(RATE), tmp_path / "laud.state"
    environment = own_sound(tmp_path)
    options = ("--set", "Target=laud", "--save", state)
    play("clap_host", plugin, tmp_path, sound, *options, environment=environment)
    environment["REQUINTO_REFERENCES"] = str(tmp_path / "nowhere")
    for option in ("--load", "--load-late"):
        _, report = play(
            *("clap_host", plugin, tmp_path, sound, option, state),
            environment=environment,
        )
        assert report["after.Target"] == "laud"
        assert report["ranges"] == "1"
        assert report["restarts"] == str(int(option == "--load-late"))


def test_the_file_beside_it_says_where_python_is(plugin, tmp_path):
    folder = shutil.copytree(plugin.parent, tmp_path / "Requinto")
    (folder / "requinto.conf").write_text(f"executable={tmp_path}/nowhere/python\n")
    _, report = play("clap_host", folder / plugin.name, tmp_path, noise(RATE))
    assert report["after.Status"] == "No Python"
