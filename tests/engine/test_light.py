# SPDX-License-Identifier: GPL-3.0-or-later
"""What a producer uses runs without TensorFlow, and starts without heavy libraries."""

import json
import os
import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as np
import pytest
import soundfile

import requinto
from requinto.config import read_toml
from shell import ROOT
from sounds import RATE, noise

HEAVY = ("tensorflow", "keras", "librosa", "numba", "sklearn", "mido", "mir_eval")
# As if they were not installed, here and in every Python that this one starts
BLOCK = f"""
import sys
class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in {HEAVY!r}:
            raise ModuleNotFoundError(f"{{name}} is not installed", name=name)
sys.meta_path.insert(0, Absent())
"""


COMMAND = ("-c", "from requinto_command import main; main()")


@pytest.fixture(scope="module")
def light(tmp_path_factory):
    """Return an environment in which the heavy libraries cannot be imported."""
    folder = tmp_path_factory.mktemp("light")
    (folder / "sitecustomize.py").write_text(BLOCK)
    home = tmp_path_factory.mktemp("home")
    environment = {**os.environ, "PYTHONPATH": str(folder), "HOME": str(home)}
    del environment["REQUINTO_MODELS"]  # the installed ones
    return environment


def run(light, *command, **options):
    return subprocess.run(
        [sys.executable, *map(str, command)],
        env=light,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
        **options,
    )


def python(light, script, *arguments):
    done = run(light, "-c", textwrap.dedent(script), *arguments)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def test_the_block_works(light):
    for name in HEAVY:
        done = run(light, "-c", f"import {name}")
        assert done.returncode == 1 and "is not installed" in done.stderr


def test_the_library(light, tmp_path):
    song, reference = 0.1 * noise(3 * RATE), 0.1 * noise(RATE, seed=3)
    np.savez(tmp_path / "in.npz", song=song, reference=reference)
    script = """
        import sys
        import numpy as np
        import requinto
        sounds = np.load(sys.argv[1])
        song = sounds["song"]
        results = {
            name: requinto.extract(song, 44100, "bass", model=name)
            for name in requinto.models()
        }
        results["reference"], rest = requinto.separate(
            song, 44100, reference=sounds["reference"], reference_sample_rate=44100
        )
        results["live"] = requinto.extract(song, 44100, "guitar", live=True)
        results["beats"] = requinto.beats(song, 44100).times_s
        grid = requinto.Beats.grid(400.0, 3.0, beats_per_bar=2)  # of ten bars
        assert requinto.sections(song, 44100, beats=grid)
        np.savez(sys.argv[2], **results)
    """
    python(light, script, tmp_path / "in.npz", tmp_path / "out.npz")
    results = np.load(tmp_path / "out.npz")
    assert {"standard", "fast", "reference", "live"} <= set(results)
    for name in ("standard", "fast"):
        expected = requinto.extract(song, RATE, "bass", model=name)
        np.testing.assert_array_equal(results[name], expected)


def test_tensorflow_is_named_where_it_is_wanted(light, tmp_path):
    soundfile.write(tmp_path / "song.wav", 0.1 * noise(RATE).T, RATE)
    wanted = {**light, "REQUINTO_RUNTIME": "tensorflow"}
    command = (*COMMAND, "extract", tmp_path / "song.wav")
    done = run(wanted, *command, "-o", tmp_path / "out.wav")
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert "TensorFlow and Keras are not installed" in done.stderr
    assert "requinto[train]" in done.stderr


def test_the_command(light, tmp_path):
    soundfile.write(tmp_path / "song.wav", 0.1 * noise(2 * RATE).T, RATE)
    out = tmp_path / "bass.wav"
    song = tmp_path / "song.wav"
    command = COMMAND
    extract = ("extract", song, "--target", "bass", "-o", out, "--json")
    plots = ("--plot", tmp_path / "bass.png")
    drawing = ("--plot", tmp_path / "beats.png")
    for arguments in (
        (*extract, *plots),
        ("beats", song, "--json", "--click", tmp_path / "click.wav", *drawing),
        ("targets",),
        ("models",),
        ("plugin", "path"),
        ("--help",),
    ):
        done = run(light, *command, *arguments)
        assert (done.returncode, done.stderr) == (0, ""), arguments
    assert soundfile.info(out).frames == 2 * RATE
    for name in ("bass.png", "beats.png"):
        assert (tmp_path / name).stat().st_size > 10000


@pytest.mark.parametrize(
    "arguments", [("train", "x.toml"), ("export",), ("compare", "."), ("evaluate", ".")]
)
def test_the_workshop_names_its_extra(light, tmp_path, arguments):
    done = run(light, *COMMAND, *arguments, cwd=tmp_path)
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert "requinto[train]" in done.stderr


@pytest.mark.plugin
def test_the_plugin_and_the_demo(light, tmp_path):
    done = run(light, *COMMAND, "demo", "-o", tmp_path / "demo", "--json")
    assert (done.returncode, done.stderr) == (0, "")
    assert "litert" not in done.stdout or json.loads(done.stdout)
    assert (tmp_path / "demo" / "guitar.wav").is_file()


def test_nothing_heavy_is_imported_on_the_way_to_the_first_sound(tmp_path):
    script = """
        import sys
        import numpy as np
        import requinto.bridge
        from requinto.separator import Extraction
        from requinto.stream import Stream
        from requinto.timeline import BeatSettings
        from requinto.loader import load_separator
        separator = load_separator()
        stream = Stream(separator.clips, sample_rate=44100, n_channels=2)
        stream.configure(Extraction.of("bass", separator), BeatSettings("detect"))
        stream.exchange(np.full((2, 8 * 44100), 0.1, np.float32))
        names = {name.split(".")[0] for name in sys.modules}
        print(*sorted(names))
        print(*sorted(name for name in sys.modules if name.startswith("scipy")))
    """
    packages, scipy = python(dict(os.environ), script).splitlines()
    heavy = {*HEAVY, "matplotlib", "rich", "typer", "pedalboard", "pandas"}
    assert not heavy & set(packages.split())
    assert scipy == ""


def test_what_is_installed_is_what_runs(light):
    script = "from requinto.model_folder import models_folder; print(models_folder())"
    folder = Path(python(light, script).strip())
    files = [path for path in folder.rglob("*") if path.is_file()]
    assert (folder / "litert" / "standard-unet.tflite") in files
    if folder != ROOT / "models":  # not installed in place
        assert sum(path.stat().st_size for path in files) < 40e6
        assert not [path for path in folder.glob("*.npz")]


def test_a_system_without_litert_is_refused_by_pip():
    """One runtime is needed; where it has no wheel, pip says so by its name."""
    project = read_toml(ROOT / "pyproject.toml")["project"]
    runtime = [d for d in project["dependencies"] if d.startswith("ai-edge-litert")]
    assert len(runtime) == 1 and ";" not in runtime[0]
    named = " ".join(project["dependencies"])
    assert not any(name in named for name in HEAVY)
    extra = " ".join(project["optional-dependencies"]["train"])
    assert "tensorflow" in extra and "keras" in extra
    assert "requinto[train,web]" in project["optional-dependencies"]["test"]
