# SPDX-License-Identifier: GPL-3.0-or-later
"""The plugin as LV2: Debian's validators and hosts, and a plain one."""

import re
import time

import numpy as np
import pytest
import soundfile

import live
import requinto
from hosts import check_bounce, own_sound, play, play_vst3
from models import write_exported
from shell import run
from sounds import RATE, error_db, noise

pytestmark = pytest.mark.plugin

URI = "urn:requinto:requinto"


@pytest.fixture(scope="module")
def bundle():
    return requinto.plugin_path().parent / "Requinto.lv2"


@pytest.fixture
def lv2_path(bundle, tmp_path):
    """Return a folder in which hosts find the bundle, and nothing else."""
    folder = tmp_path / "lv2"
    folder.mkdir()
    (folder / bundle.name).symlink_to(bundle)
    return folder


@pytest.fixture(scope="module")
def halving(tmp_path_factory):
    """Return the environment of a model that halves what it is given."""
    folder = write_exported(tmp_path_factory.mktemp("halving"), gain=0.5)
    return {"REQUINTO_MODELS": str(folder)}


def said_by(*command, path, **environment):
    """Return what a tool says of the plugins in a folder."""
    result = run(
        *command, env={"PATH": "/usr/bin", "LV2_PATH": str(path)} | environment
    )
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout + result.stderr


def ports_of(uri, path):
    """Return what hosts know of each port, by its symbol, in order."""
    text = re.split(r"\n\tPort \d+:\n", said_by("lv2info", uri, path=path))[1:]
    return {re.search(r"Symbol: +(\S+)", port)[1]: port for port in text}


def test_its_description_is_valid(bundle):
    result = run("lv2_validate", *bundle.glob("*.ttl"))
    assert result.returncode == 0, result.stdout + result.stderr
    assert "Found 0 errors" in result.stdout + result.stderr


def test_a_host_finds_two_plugins_whose_ports_are_its_parameters(lv2_path):
    assert said_by("lv2ls", path=lv2_path).split() == [URI, f"{URI}-mono"]
    ports = ports_of(URI, lv2_path)
    assert list(ports)[:3] == ["position", "freewheel", "latency"]
    assert list(ports)[9:] == [
        *("target", "output", "amount", "beat_source", "tempo", "status", "quality"),
        *("clip", "learn", "sensitivity", "enabled", "dropouts", "compare"),
    ]
    points = re.findall(r"(\d+) = \"(.+)\"", ports["target"])
    names = [*requinto.targets(), "Learned", *(f"Own {i + 1}" for i in range(16))]
    assert {int(value): name for value, name in points} == dict(enumerate(names))
    assert "core#isSideChain" in ports["sidechain_left"]
    assert "core#connectionOptional" in ports["sidechain_left"]
    assert "core#reportsLatency" in ports["latency"]
    for symbol in ("latency", "enabled"):
        assert re.search(rf"Designation: .*core#{symbol}", ports[symbol])
    for symbol in ("status", "dropouts"):
        assert "OutputPort" in ports[symbol]
    assert "port-props#notAutomatic" in ports["compare"]
    assert "InputPort" in ports["compare"]
    mono = ports_of(f"{URI}-mono", lv2_path)
    assert list(mono)[3:7] == ["input", "output", "sidechain", "target"]


def test_a_bench_runs_it(lv2_path):
    text = said_by("lv2bench", "-n", "8192", path=lv2_path, REQUINTO_PYTHON="/nowhere")
    assert re.search(rf"^\d\.\d+ {URI}$", text, re.MULTILINE)


def test_without_python_the_input_passes(lv2_path, tmp_path):
    """In lv2apply, which has no numbers for URIs, and reads the sidechain too."""
    sound = np.concatenate([noise(7 * RATE), np.zeros((2, 7 * RATE), np.float32)])
    soundfile.write(tmp_path / "in.wav", sound.T, RATE, subtype="FLOAT")
    files = ("-i", tmp_path / "in.wav", "-o", tmp_path / "out.wav")
    said_by(
        *("lv2apply", *files, "-c", "freewheel", "1", URI),
        path=lv2_path,
        REQUINTO_PYTHON="/nowhere",
    )
    output = soundfile.read(tmp_path / "out.wav", dtype="float32")[0].T
    latency = round(5.35 * RATE)
    assert not output[:, :latency].any()
    np.testing.assert_array_equal(output[:, latency:], sound[:2, :-latency])


@pytest.mark.parametrize("freewheel", [0, 1])
def test_lv2apply_says_why_it_is_silent(lv2_path, tmp_path, freewheel):
    """It plays as fast as it can, and says that it plays live unless text otherwise."""
    soundfile.write(tmp_path / "in.wav", noise(RATE, 4).T, RATE, subtype="FLOAT")
    files = ("-i", tmp_path / "in.wav", "-o", tmp_path / "out.wav")
    text = said_by("lv2apply", *files, "-c", "freewheel", freewheel, URI, path=lv2_path)
    assert ("set the port freewheel to 1" in text) == (not freewheel)


@pytest.mark.alone
def test_it_gives_the_same_samples_as_vst3(bundle, tmp_path):
    expected = play_vst3()
    output, report = play(
        *("lv2_host", bundle / "Requinto.so", tmp_path, expected.sound),
        *expected.settings,
        environment=expected.environment,
    )
    assert report["after.Status"] == "Ready"
    assert report["python_after_scan"] == "no"
    assert float(report["scan_ms"]) < 50
    assert report["latency"] == expected.latency
    np.testing.assert_array_equal(output, expected.output)


def test_a_bounce_gives_what_the_library_gives(bundle, tmp_path):
    """Where the host tells its position seldom, and amid blocks."""
    check_bounce("lv2_host", bundle / "Requinto.so", tmp_path)


def test_a_state_keeps_what_was_learnt(bundle, tmp_path, halving):
    binary = bundle / "Requinto.so"
    sound, sidechain = noise(6 * RATE), noise(6 * RATE, seed=1)
    before, after = tmp_path / "before.state", tmp_path / "after.state"
    play(
        *("lv2_host", binary, tmp_path, sound, "--tempo", "120", "--save", before),
        *("--set", "Learn=On", "--set", "Target=4", "--set", "Clip=2 beats"),
        environment=halving,
        sidechain=sidechain,
    )
    output, report = play(
        *("lv2_host", binary, tmp_path, sound, "--tempo", "120"),
        *("--load", before, "--save", after),
        *("--set", "Target=4", "--set", "Clip=2 beats"),
        environment=halving,
    )
    assert report["after.Status"] == "Ready"
    assert int(report["latency"]) / RATE == pytest.approx(3.1, abs=0.001)
    assert error_db(0.5 * sound, output) < -100
    assert b"target=Learned" in before.read_bytes()
    assert b"fLaC" in before.read_bytes()
    assert after.read_bytes() == before.read_bytes()


def test_the_users_sounds_are_known_by_number(bundle, tmp_path):
    """But a state knows its target by name, unless the host then moves the port."""
    first = len(requinto.targets()) + 1  # after the built-in ones and `Learned`
    state, again = tmp_path / "laud.state", tmp_path / "again.state"
    environment = own_sound(tmp_path)

    def target_after(*options):
        host = ("lv2_host", bundle / "Requinto.so", tmp_path, noise(RATE))
        play(*host, *options, "--save", again, environment=environment)
        return re.search(rb"^target=(.+)$", again.read_bytes(), re.MULTILINE)[1]

    chosen = ("--set", f"Target={first}")
    # There is no second sound: the first stays
    assert target_after(*chosen, "--at", "20000", f"Target={first + 1}") == b"laud"
    assert target_after(*chosen) == b"laud"
    for path in (again, again.with_name(f"{again.name}.target")):
        path.rename(path.with_name(path.name.replace("again", "laud")))
    # Another sound is now the first
    (tmp_path / "references" / "cuatro.wav").write_bytes(b"RIFF")
    assert target_after(*chosen) == b"cuatro"
    assert target_after("--load", state, *chosen) == b"laud"
    assert target_after("--load", state, "--set", "Target=bass") == b"bass"


@pytest.mark.alone
@pytest.mark.slow
def test_live_it_is_in_time_or_silent(lv2_path, halving):
    """In jalv: late while Python starts, and then in time."""
    latency = round(5.35 * RATE)
    with live.server(RATE) as server:
        jalv = live.Jalv(URI, lv2_path, server, **halving)
        wire = live.Wire(server)
        with live.ended(jalv.process):
            sides = ("left", "right")
            live.wait_for("jalv", lambda: jalv.monitored("status") is not None)
            with wire.through(
                [f"requinto:input_{side}" for side in sides],
                [f"requinto:output_{side}" for side in sides],
            ):
                live.wait_for("Python", lambda: jalv.monitored("status") == 2)
                live.wait_for(
                    "sound", lambda: len(wire.recorded) * live.PERIOD > latency + RATE
                )
                time.sleep(1)  # it was ready; it is late until it has caught up
                live.wait_for("its turn", lambda: jalv.monitored("status") == 2)
                time.sleep(2)
    sound, output = wire.blocks()
    aligned, expected = output[:, latency:], 0.5 * sound[:, :-latency]
    wrong = np.abs(aligned - expected).max(axis=0) > 1e-4
    wrong[: 4 * live.PERIOD] = False  # wires are connected one after another
    assert not (wrong & aligned.any(axis=0)).any()
    assert not wrong[-RATE:].any()
    assert not output[:, :latency].any()
