# SPDX-License-Identifier: GPL-3.0-or-later
"""The plugin in a host that is not Python: it works, and it survives."""

import shutil
import subprocess
import sys

import numpy as np
import pytest

import requinto
from models import write_exported
from requinto.beats import Beats
from requinto.model_folder import models_folder
from requinto_command import installing
from shell import run_host
from sounds import RATE, error_db, noise, sine

pytestmark = pytest.mark.plugin


@pytest.fixture(scope="module")
def bundle():
    return requinto.plugin_path()


@pytest.fixture(scope="module")
def neutral(tmp_path_factory):
    return write_exported(tmp_path_factory.mktemp("neutral"))


def undelayed(output, report):
    return output[:, int(report["latency"]) :]


@pytest.mark.alone
def test_a_scan_is_quick_and_starts_nothing(bundle, tmp_path):
    _, report, complaints = run_host(bundle, tmp_path)
    assert float(report["scan_ms"]) < 50
    assert report["python_after_scan"] == "no"
    assert float(report["rss_mb_after_scan"]) < 20
    assert report["class"] == "Requinto"
    assert report["param.Status"] == "Idle"
    assert report["references_left"] == "0"
    assert not complaints


@pytest.mark.parametrize(
    ("n_channels", "rate", "block", "max_db"),
    [
        (2, 44100, 0, -100),
        (1, 48000, 512, -80),  # to the model's rate and back
        (2, 96000, 8192, -80),
    ],
)
def test_a_neutral_model_gives_the_delayed_input(
    bundle, tmp_path, neutral, n_channels, rate, block, max_db
):
    sound = noise(6 * rate, n_channels)
    if rate != 44100:  # nothing above what the model's rate can hold
        sound = sine(6 * rate, n_channels, rate)
    output, report, _ = run_host(
        bundle,
        tmp_path,
        sound,
        *("--rate", str(rate), "--block", str(block), "--drain", str(6 * rate)),
        environment={"REQUINTO_MODELS": str(neutral)},
    )
    latency = int(report["latency"])
    assert latency / rate == pytest.approx(5.35, abs=0.001)
    assert not output[:, :latency].any()
    assert report["status"] == "Ready"
    assert report["python_after_scan"] == "no"
    assert report["python_after_run"] == "yes"
    assert error_db(sound, undelayed(output, report)[:, : sound.shape[1]]) < max_db


def test_offline_it_gives_what_the_library_gives(bundle, tmp_path):
    sound = 0.3 * noise(8 * RATE)
    output, report, _ = run_host(
        bundle,
        tmp_path,
        sound,
        *("--block", "0", "--drain", str(6 * RATE), "--set", "Target=bass"),
        *("--set", "Beat source=Fixed tempo", "--set", "Tempo=100"),
    )
    grid = Beats.grid(100.0, sound.shape[1] / RATE)
    expected = requinto.extract(sound, RATE, "bass", beats=grid)
    assert report["status"] == "Ready"
    aligned = undelayed(output, report)[:, : sound.shape[1]]
    assert error_db(expected, aligned) < -80
    assert np.abs(expected).max() > 0.01


def test_an_installed_bundle_finds_its_way_home(tmp_path, neutral):
    installed = installing.install(tmp_path / "plugins")["VST3"]
    sound = noise(RATE)
    _, report, _ = run_host(
        installed, tmp_path, sound, environment={"REQUINTO_MODELS": str(neutral)}
    )
    assert report["status"] == "Ready"


@pytest.mark.alone
def test_live_it_is_in_time_or_silent(bundle, tmp_path, neutral):
    sound = noise(45 * RATE)
    output, report, _ = run_host(
        bundle,
        tmp_path,
        sound,
        *("--realtime", "--block", "256"),
        environment={"REQUINTO_MODELS": str(neutral)},
    )
    aligned = undelayed(output, report)
    wrong = np.abs(aligned - sound[:, : aligned.shape[1]]).max(axis=0) > 1e-4
    silent = ~aligned.any(axis=0)
    assert not (wrong & ~silent).any()
    assert not wrong[-RATE:].any()
    assert float(report["longest_block_ms"]) < 250  # while Python took seconds


@pytest.mark.parametrize(
    ("runtime", "n_seconds"),
    [("litert", 0.2), ("tensorflow", 1.0), ("tensorflow", 2.5)],
)
def test_the_host_may_end_while_python_starts(bundle, tmp_path, runtime, n_seconds):
    sound = noise(round(n_seconds * RATE))
    _, report, complaints = run_host(
        *(bundle, tmp_path, sound, "--realtime"),
        # Weights that Keras reads are in the source, not where pip installs
        environment={
            "REQUINTO_RUNTIME": runtime,
            "REQUINTO_MODELS": str(models_folder()),
        },
    )
    assert report["status"] == "Starting"
    assert report["host"] == "done"
    assert "Check failed" not in complaints


def test_the_host_may_end_without_releasing(bundle, tmp_path):
    """Its worker may be in the network, whose library tidies up at exit."""
    sound = noise(60 * RATE)
    options = ("--realtime", "--after-ready", "3.35", "--no-release")
    _, report, complaints = run_host(
        bundle, tmp_path, sound, *options, "--set", "Clip=1 beat", timeout_s=90
    )
    assert report["host"] == "done" and "terminate" not in complaints


def foreign_python(folder, version="3.9.2"):
    """Return a library that makes a host look as if it ran another Python."""
    source = folder / "foreign.c"
    source.write_text(
        "int Py_IsInitialized(void) { return 1; }\n"
        f'const char* Py_GetVersion(void) {{ return "{version} (elsewhere)"; }}\n'
    )
    library = folder / "foreign.so"
    subprocess.run(["cc", "-shared", "-fPIC", "-o", library, source], check=True)
    return library


def failing(kind, folder, neutral):
    """Return the environment in which something is wrong, and its status."""
    models = folder / "models"
    if kind == "no python":
        return {"REQUINTO_PYTHON": str(folder / "nowhere/bin/python")}, "No Python"
    if kind == "other version chosen":
        (folder / "bin").mkdir()
        (folder / "bin/python").write_text("")
        (folder / "lib/python3.9").mkdir(parents=True)
        return {"REQUINTO_PYTHON": str(folder / "bin/python")}, "Wrong Python"
    if kind == "other version running":
        return {"LD_PRELOAD": str(foreign_python(folder))}, "Wrong Python"
    if kind == "no package":
        base = shutil.which("python3", path=f"{sys.base_prefix}/bin")
        return {"REQUINTO_PYTHON": str(base)}, "Python error"
    shutil.copytree(neutral, models)
    if kind == "no model":
        (models / "litert/standard-unet.tflite").unlink()
        status = "No model"
    elif kind == "no fast model":
        status = "No model"
    elif kind == "damaged model":
        (models / "litert/standard-unet.tflite").write_bytes(b"PK")
        status = "No model"
    else:  # Python raises: the shell offers a target that the models lack
        (models / "targets.txt").write_text("guitar\n")
        status = "Python error"
    return {"REQUINTO_MODELS": str(models)}, status


@pytest.mark.parametrize(
    ("kind", "mode"),
    [
        ("no python", "offline"),
        ("no python", "live"),
        ("other version chosen", "offline"),
        ("other version running", "offline"),
        ("no package", "offline"),
        ("no model", "offline"),
        ("no fast model", "offline"),
        ("no fast model", "live"),
        ("damaged model", "offline"),
        ("an exception", "offline"),
        ("an exception", "live"),
    ],
)
def test_the_host_lives_and_hears_the_dry_signal(bundle, tmp_path, neutral, kind, mode):
    if kind == "no package":  # a bundle that is not inside our environment
        bundle = shutil.copytree(bundle, tmp_path / bundle.name)
    environment, status = failing(kind, tmp_path, neutral)
    # Live, what is due before Python has failed is late, so silent, on a loaded machine
    sound = noise(12 * RATE if mode == "live" else RATE, 2)
    output, report, complaints = run_host(
        bundle,
        tmp_path,
        sound,
        *("--drain", str(9 * RATE), "--block", "512", "--set", "Target=guira"),
        *(["--set", "Quality=Fast"] if kind == "no fast model" else []),
        *(["--realtime"] if mode == "live" else []),
        environment=environment,
    )
    assert report["status"] == status
    assert complaints.strip()
    dry = undelayed(output, report)[:, : sound.shape[1]]
    assert dry.shape == sound.shape
    assert error_db(sound[:, -RATE:], dry[:, -RATE:]) < -140
    first = int(np.argmax(dry.any(axis=0)))
    n_ramp = _count_ramp_frames(sound, dry, first) if first else 0
    sounding = slice(first + n_ramp, None)
    assert error_db(sound[:, sounding], dry[:, sounding]) < -140


def _count_ramp_frames(sound, dry, first):
    """Return how long the dry signal rises after a late silence; all must be a rise."""
    rise = slice(first, first + round(0.01 * RATE) + 1)
    # Of the louder channel, whose ratio rounding cannot spoil
    louder = np.abs(sound[:, rise]).argmax(axis=0)
    columns = np.arange(len(louder))
    gain = dry[:, rise][louder, columns] / sound[:, rise][louder, columns]
    assert gain[0] < 0.01 and gain[-1] == pytest.approx(1, abs=0.01)
    assert (np.diff(gain) > -1e-3).all()
    return len(gain)
