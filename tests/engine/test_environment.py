# SPDX-License-Identifier: GPL-3.0-or-later
"""Whatever the user's environment says, our networks give the same, in silence."""

import contextlib
import json
import os
import random
import subprocess
import sys
from types import SimpleNamespace

import numpy as np
import pytest
import soundfile

import requinto
from requinto.errors import ModelError
from requinto.networks import RUNTIMES
from requinto_files import quiet
from requinto_files.audio_reader import read_available
from requinto_lab.networks import backend
from requinto_lab.stderr_patterns import TENSORFLOW
from sounds import RATE, error_db, noise

SONG = 0.1 * noise(2 * RATE)
GRID = requinto.Beats.grid(tempo_bpm=120, duration_s=2)
EXTRACT = """
import sys
import random
import numpy as np, requinto
random.seed(3)
state = random.getstate()
song = np.load(sys.argv[1])
grid = requinto.Beats.grid(tempo_bpm=120, duration_s=2)
bass = requinto.extract(song, 44100, "bass", beats=grid)
assert requinto.beats(song, 44100).times_s.size
assert random.getstate() == state
np.save(sys.argv[2], bass)
"""
# A system on which only one folder, or none, can be written
READ_ONLY = """
import os, sys
allowed = os.environ["ALLOWED"]
sys.dont_write_bytecode = True
def refuse(event, arguments):
    writes = event == "open" and (arguments[2] or 0) & (os.O_RDWR | os.O_WRONLY)
    if not (writes or event == "os.mkdir") or isinstance(arguments[0], int):
        return
    path = os.fsdecode(arguments[0])
    if not path.startswith((allowed, "/dev/null")):
        raise OSError(30, "Read-only file system", path)
sys.addaudithook(refuse)
"""
# Settings of Matplotlib that are no UTF-8, and settings that it does not know
UNREADABLE_RC, UNKNOWN_RC = b"font.family: caf\xe9\n", b"axes.odd: 1\nno.such: 2\n"
# A program whose own Keras is set up in another way, and stays so, and that builds a
# graph as programs for TensorFlow 1 do
OWN_KERAS = """
import keras, tensorflow
tensorflow.Graph().as_default().__enter__()
keras.config.set_image_data_format("channels_first")
keras.config.set_floatx("float16")
keras.config.set_dtype_policy("mixed_bfloat16")
"""
STILL_OWN = """
assert keras.config.image_data_format() == "channels_first"
assert keras.config.floatx() == "float16"
assert keras.config.dtype_policy().name == "mixed_bfloat16"
"""


@pytest.fixture(scope="module")
def expected():
    """Return what each runtime extracts: weights of 8 bits differ, at -70 dB."""
    return {
        runtime: requinto.extract(SONG, RATE, "bass", beats=GRID, runtime=runtime)
        for runtime in RUNTIMES
    }


def python(script, *arguments, cwd=None, **variables):
    """Run a script; None takes a variable out of its environment."""
    environment = {k: v for k, v in {**os.environ, **variables}.items() if v}
    return subprocess.run(
        [sys.executable, "-c", script, *map(str, arguments)],
        env=environment,
        cwd=cwd,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def keras_json(folder, **values):
    (folder / "keras.json").write_text(json.dumps(values))
    return {"KERAS_HOME": str(folder)}


@pytest.mark.parametrize(
    "variables",
    [
        {"KERAS_BACKEND": "torch"},
        {"image_data_format": "channels_first", "floatx": "float16"},
        {"floatx": "int7", "KERAS_MAX_EPOCHS": "many"},
        {"REQUINTO_THREADS": "1", "floatx": "int7"},
        {
            **{"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
            **{"OMP_NUM_THREADS": "1,2", "MPLBACKEND": "none"},
            **{"CUDA_VISIBLE_DEVICES": "-1", "TF_USE_LEGACY_KERAS": "1"},
            **{"TF_CPP_MIN_LOG_LEVEL": None, "PYTHONOPTIMIZE": "2"},
            **{"TF_XLA_FLAGS": "--odd", "TF_JITRT_FLAGS": "--odd", "XLA_FLAGS": "--x"},
        },
    ],
    ids=lambda variables: next(iter(variables)),
)
@pytest.mark.parametrize("runtime", RUNTIMES)
def test_variables_change_nothing(tmp_path, expected, variables, runtime):
    np.save(tmp_path / "song.npy", SONG)
    upper = {k: v for k, v in variables.items() if k.isupper()}
    own = {k: v for k, v in variables.items() if not k.isupper()}
    home = keras_json(tmp_path, **own) if own else {}
    paths = tmp_path / "song.npy", tmp_path / "bass.npy"
    rc = UNREADABLE_RC if "LC_ALL" in upper else UNKNOWN_RC
    (tmp_path / "matplotlibrc").write_bytes(rc)
    upper["REQUINTO_RUNTIME"] = runtime
    result = python(EXTRACT, *paths, cwd=tmp_path, **upper, **home)
    assert (result.returncode, result.stderr) == (0, "")
    assert error_db(expected[runtime], np.load(paths[1])) < -80


@pytest.mark.parametrize(
    ("source", "rc"),
    [
        ("current folder", UNREADABLE_RC),
        ("MPLCONFIGDIR", UNREADABLE_RC),
        ("MATPLOTLIBRC", UNKNOWN_RC),
    ],
)
def test_pictures_do_not_use_the_users_settings(tmp_path, source, rc):
    """Also after an import that failed, and one that was to do without."""
    script = """
import contextlib, os, sys
from requinto_files import figures
from requinto_lab.matplotlib_setup import import_or_hide
folder = os.getcwd()
with import_or_hide(), contextlib.suppress(ImportError):
    import matplotlib.pyplot
assert ("matplotlib.pyplot" in sys.modules) == (sys.argv[1] == "True")
with figures.plain_style():
    figures.new_figure(1, 1).savefig("a.png")
assert os.getcwd() == folder
"""
    (tmp_path / "settings").mkdir()
    folder = tmp_path if source == "current folder" else tmp_path / "settings"
    (folder / "matplotlibrc").write_bytes(rc)
    variables = {} if source == "current folder" else {source: str(folder)}
    result = python(script, rc == UNKNOWN_RC, cwd=tmp_path, **variables)
    assert (result.returncode, result.stderr) == (0, "")
    assert (tmp_path / "a.png").stat().st_size


def test_a_keras_that_runs_already_is_used_and_left_as_it_is(tmp_path, expected):
    np.save(tmp_path / "song.npy", SONG)
    paths = tmp_path / "song.npy", tmp_path / "bass.npy"
    runtime = {"REQUINTO_RUNTIME": "tensorflow"}
    result = python(OWN_KERAS + EXTRACT + STILL_OWN, *paths, **runtime)
    assert result.returncode == 0, result.stderr
    assert error_db(expected["tensorflow"], np.load(paths[1])) < -80


def test_random_numbers_of_the_caller_go_on(monkeypatch):
    """Keras takes some as seeds, where it is imported and where networks are built."""
    monkeypatch.setattr(backend, "_import_keras", random.random)
    monkeypatch.delitem(sys.modules, "keras", raising=False)
    state = random.getstate()
    backend.prepare_inference()
    monkeypatch.undo()
    with backend.our_defaults():
        random.random()
    assert random.getstate() == state


def test_a_program_without_eager_execution_is_refused(monkeypatch):
    scopes = {"init_scope": contextlib.nullcontext, "executing_eagerly": lambda: False}
    monkeypatch.setitem(sys.modules, "tensorflow", SimpleNamespace(**scopes))
    with pytest.raises(ModelError, match="disable_eager_execution"):
        backend.predict(None, None)


@pytest.mark.parametrize("runtime", RUNTIMES)
def test_a_read_only_system_without_a_home(tmp_path, expected, runtime):
    (tmp_path / "only").mkdir()
    np.save(tmp_path / "song.npy", SONG)
    only = {"ALLOWED": str(tmp_path / "only"), "TMPDIR": str(tmp_path / "only")}
    paths = tmp_path / "song.npy", tmp_path / "only/bass.npy"
    only |= {"HOME": "/nonexistent", "REQUINTO_RUNTIME": runtime}
    result = python(READ_ONLY + EXTRACT, *paths, **only)
    assert (result.returncode, result.stderr) == (0, "")
    assert error_db(expected[runtime], np.load(paths[1])) < -80
    assert [path.name for path in paths[1].parent.iterdir()] == ["bass.npy"]


def test_a_system_without_any_folder_to_write_to_is_refused(tmp_path):
    """By TensorFlow; LiteRT writes none for a song that fits in memory."""
    np.save(tmp_path / "song.npy", SONG)
    options = {"ALLOWED": "/none", "REQUINTO_RUNTIME": "tensorflow"}
    result = python(READ_ONLY + EXTRACT, tmp_path / "song.npy", "", **options)
    assert result.returncode == 1
    last = result.stderr.splitlines()[-1]
    assert "RequintoError: no folder for temporary files can be written" in last


def test_the_users_own_lines_on_stderr_stay(tmp_path):
    """Also those that another thread, or C, writes while TensorFlow is imported."""
    talk = """
import os, threading, time
def talk():
    for i in range(100):
        os.write(2, b"line %d of the user\\n" % i)
        time.sleep(0.02)
talker = threading.Thread(target=talk)
talker.start()
"""
    np.save(tmp_path / "song.npy", SONG)
    paths = tmp_path / "song.npy", tmp_path / "bass.npy"
    script = talk + EXTRACT + "talker.join()"
    runtime = {"REQUINTO_RUNTIME": "tensorflow"}
    result = python(script, *paths, TF_CPP_MIN_LOG_LEVEL=None, **runtime)
    lines = [f"line {i} of the user" for i in range(100)]
    assert result.stderr.splitlines() == lines


def test_nothing_is_held_back_beside_flags(monkeypatch, capfd):
    """C says what is wrong with them, and exits."""
    monkeypatch.setenv("TF_XLA_FLAGS", "--odd")
    with backend._quiet():
        os.write(2, TENSORFLOW_LINES.encode())
        assert capfd.readouterr().err == TENSORFLOW_LINES


TENSORFLOW_LINES = (
    "WARNING: All log messages before absl::InitializeLog() is called are written\n"
    "I0000 00:00:1795949564.192153   28990 port.cc:153] oneDNN custom operations\n"
    "2026-11-29 10:00:00.123456: W tensorflow/core/x.cc:1] a warning\n"
)


def test_stderr_is_filtered_by_lines(capfd):
    with quiet.filter_stderr(TENSORFLOW):
        os.write(2, b"mine\n")
        with quiet.filter_stderr(quiet.MPG123):
            os.write(2, b"Note: Trying to resync...\nNote: mine too\n")
        os.write(2, TENSORFLOW_LINES.encode())
        os.write(2, b"the end\n")
    os.write(2, b"after\n")
    assert capfd.readouterr().err == "mine\nNote: mine too\nthe end\nafter\n"


def test_a_damaged_mp3_is_read_in_silence(tmp_path, capfd):
    path = tmp_path / "song.mp3"
    soundfile.write(path, 0.3 * noise(4 * RATE).T, RATE)
    whole = bytearray(path.read_bytes())
    damages = [
        (9000, bytes(400), 400),
        (20000, b"", 777),
        (30000, bytes(range(200)), 9),
    ]
    for start, bad, length in damages:
        path.write_bytes(whole[:start] + bad + whole[start + length :])
        recording = read_available(path)
        assert (recording.sample_rate, len(recording.samples)) == (RATE, 2)
    assert capfd.readouterr().err == ""


def test_what_is_raised_meanwhile_does_not_lose_stderr(capfd):
    with pytest.raises(KeyError), quiet.filter_stderr(TENSORFLOW):
        os.write(2, b"before\n")
        raise KeyError
    os.write(2, b"after\n")
    assert capfd.readouterr().err == "before\nafter\n"


def test_a_closed_stderr_is_left_alone():
    script = (
        "import os\nfrom requinto_files import quiet\nos.close(2)\n"
        "with quiet.filter_stderr(quiet.LITERT):\n    print('done')\n"
    )
    assert python(script).stdout == "done\n"


def test_a_thread_may_go_on_after_the_last_line(tmp_path, expected):
    np.save(tmp_path / "song.npy", SONG)
    script = f"""
import sys, threading
import requinto
def work():
    threading.main_thread().join()  # the last line is done
    exec({EXTRACT!r}, {{}})
    requinto.sections(__import__("numpy").load(sys.argv[1]), 44100)
threading.Thread(target=work).start()
"""
    result = python(script, tmp_path / "song.npy", tmp_path / "bass.npy")
    assert (result.returncode, result.stderr) == (0, "")
    assert error_db(expected["litert"], np.load(tmp_path / "bass.npy")) < -80
