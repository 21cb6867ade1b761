# SPDX-License-Identifier: GPL-3.0-or-later
"""A forked process works, or says at once why it cannot; none hangs."""

import os
import subprocess
import sys

import pytest

SCRIPT = """
import concurrent.futures, multiprocessing, os
import numpy as np
import requinto

song = np.random.default_rng(0).uniform(-0.1, 0.1, (1, 44100)).astype("float32")
grid = requinto.Beats.grid(tempo_bpm=120, duration_s=1)
fork = multiprocessing.get_context("fork")

def extract(i):
    return requinto.extract(song, 44100, "bass", beats=grid)

def outcome(i):
    calls = (
        lambda: extract(i),
        lambda: requinto.separate(song, 44100, "bass", beats=grid),
        lambda: requinto.beats(song, 44100),
        lambda: requinto.sections(song, 44100),
    )
    names = []
    for call in calls:
        try:
            names.append(type(call()).__name__)
        except requinto.RequintoError as error:
            names.append(type(error).__name__)
            assert "spawn" in str(error)
    requinto.sections(song, 44100, beats=grid)  # needs no network
    return names

with fork.Pool(1) as pool:
    first = pool.map(extract, [0])[0]
mine = extract(0)
assert np.array_equal(first, mine)
with fork.Pool(2) as pool:
    print(pool.map(outcome, [0])[0])
with concurrent.futures.ProcessPoolExecutor(1, mp_context=fork) as pool:
    print(pool.submit(outcome, 0).result())
if os.fork() == 0:
    print(outcome(0), flush=True)
    os._exit(0)
os.wait()
assert np.array_equal(extract(0), mine)  # the parent goes on
"""
LITERT = """
import concurrent.futures, multiprocessing, os
import numpy as np
import requinto

song = np.random.default_rng(0).uniform(-0.1, 0.1, (1, 44100)).astype("float32")
fork = multiprocessing.get_context("fork")

def work(i):
    return requinto.extract(song, 44100, "bass"), requinto.beats(song, 44100)

mine = work(0)

def is_same(i):
    extracted, beats = work(i)
    return np.array_equal(extracted, mine[0]) and beats == mine[1]

with fork.Pool(2) as pool:
    print(pool.map(is_same, range(3)))
with concurrent.futures.ProcessPoolExecutor(1, mp_context=fork) as pool:
    print(pool.submit(is_same, 0).result())
if os.fork() == 0:
    if os.fork() == 0:
        print(is_same(0), flush=True)
        os._exit(0)
    os.wait()
    print(is_same(0), flush=True)
    os._exit(0)
os.wait()
print(is_same(0))
"""
USERS_TENSORFLOW = """
import os
import tensorflow as tf
import numpy as np, requinto
tf.zeros(1)
song = np.ones((1, 44100), np.float32)
if os.fork() == 0:
    try:
        requinto.beats(song, 44100)
    except requinto.ForkError:
        os._exit(3)
    os._exit(4)
assert os.waitstatus_to_exitcode(os.wait()[1]) == 3
"""


def run(script, runtime):
    return subprocess.run(
        [sys.executable, "-W", "ignore", "-c", script],
        capture_output=True,
        text=True,
        timeout=300,
        env=os.environ | {"REQUINTO_RUNTIME": runtime},
        check=False,
    )


@pytest.mark.skipif(not hasattr(os, "fork"), reason="the system has no fork")
def test_forks_work_on_litert():
    result = run(LITERT, "litert")
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout.splitlines() == ["[True, True, True]", *["True"] * 4]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="the system has no fork")
def test_on_tensorflow_a_fork_works_before_the_first_network_and_is_refused_after_it():
    result = run(SCRIPT, "tensorflow")
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout.splitlines() == [str(["ForkError"] * 4)] * 3


@pytest.mark.skipif(not hasattr(os, "fork"), reason="the system has no fork")
def test_a_fork_of_a_program_with_its_own_tensorflow_is_refused():
    result = run(USERS_TENSORFLOW, "tensorflow")
    assert result.returncode == 0, result.stderr


USED_PLUGIN = """
import os, time
import numpy as np, pedalboard, requinto
plugin = pedalboard.load_plugin(str(requinto.plugin_path()))
song = np.random.default_rng(0).uniform(-0.1, 0.1, (2, 264600)).astype("float32")
extracted = plugin.process(song, 44100)
if os.fork() == 0:
    began = time.monotonic()
    dry = plugin.process(song, 44100)
    seconds = time.monotonic() - began
    print(plugin.status, np.array_equal(dry, song), seconds < 5, flush=True)
    os._exit(0)
os.wait()
print(np.array_equal(plugin.process(song, 44100), extracted))
"""


@pytest.mark.plugin
def test_a_forked_plugin_says_at_once_that_it_cannot():
    """Its worker did not come along: it waited 20 s for it."""
    result = subprocess.run(
        [sys.executable, "-c", USED_PLUGIN], capture_output=True, text=True, timeout=120
    )
    assert result.stdout.splitlines() == ["Python error True True", "True"]
    assert "ForkError" in result.stderr and "spawn" in result.stderr


LOADING_PLUGIN = """
import os, sys, threading, time
import numpy as np, pedalboard, requinto
one, other = (pedalboard.load_plugin(str(requinto.plugin_path())) for _ in range(2))
song = np.random.default_rng(0).uniform(-0.1, 0.1, (2, 264600)).astype("float32")
threading.Thread(target=one.process, args=(song, 44100), daemon=True).start()
while STAGE not in sys.modules:
    time.sleep(0.001)
if os.fork() == 0:
    began = time.monotonic()
    dry = other.process(song, 44100)
    seconds = time.monotonic() - began
    print(other.status, np.array_equal(dry, song), seconds < 15, flush=True)
    os._exit(0)
os.wait()
os._exit(0)
"""


@pytest.mark.plugin
@pytest.mark.parametrize(
    "stage", ["_requinto_bridge", "requinto.bridge", "ai_edge_litert"]
)
def test_a_fork_while_the_plugin_loads_says_at_once_that_it_cannot(stage):
    """It waited a minute for a thread that had not come along, and said nothing."""
    result = subprocess.run(
        [sys.executable, "-c", LOADING_PLUGIN.replace("STAGE", repr(stage))],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert result.stdout.splitlines() == ["Python error True True"]
    assert "ForkError" in result.stderr and "spawn" in result.stderr
