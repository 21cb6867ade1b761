# SPDX-License-Identifier: GPL-3.0-or-later
"""A Python host ends at once, with its own exit status, whatever it leaves behind."""

import os
import re
import subprocess
import sys
import time

import pytest

from shell import SUPPORT

pytestmark = [pytest.mark.plugin, pytest.mark.alone]

# A second is what users may notice; the rest is for machines that test much at once
EXIT_LIMIT_S = 4.0
HANG_LIMIT_S = 2.0  # more, where something hangs that has to be given up

SETUP = """
import atexit, gc, os, sys, threading, time
import numpy as np, pedalboard, requinto
from unchanged import Unchanged
from requinto import bridge

RATE = 44100
effect = pedalboard.Reverb()  # C++ that runs without Python's lock, as a network does

class Busy(Unchanged):
    seconds = float(os.environ.get("SECONDS_PER_CLIP", 0))
    begun = threading.Event()
    def separate(self, clip, sample_rate, query, sensitivity=0.5):
        self.begun.set()
        end = time.monotonic() + self.seconds
        while time.monotonic() < end:
            effect.process(clip, sample_rate)
        return clip

def load():
    plugin = pedalboard.load_plugin(str(requinto.plugin_path()))
    plugin.beat_source = "Fixed tempo"
    return plugin

def noise(seconds):
    shape = (2, round(seconds * RATE))
    return np.random.default_rng(0).uniform(-1, 1, shape).astype("float32")

def in_daemon(function):
    threading.Thread(target=function, daemon=True).start()

separator = Busy()
bridge.load_separator = lambda *_: separator
"""
LAST = "\nimport time\nprint(f'last={time.time()}', flush=True)\n"

ENDINGS = {  # what a script does, and its exit status
    "ten used": ("plugins = [load() for _ in range(10)]\nfor p in plugins: use(p)", 0),
    "never used": ("plugins = [load() for _ in range(3)]", 0),
    "in a cycle": ("p = load()\nuse(p)\ncycle = [p]\ncycle.append(cycle)\ndel p", 0),
    "without collection": ("gc.disable()\np = load()\nuse(p)\ndel p", 0),
    "collected": ("p = load()\nuse(p)\ndel p\ngc.collect()", 0),
    "dropped by an exit function": (
        "p = load()\nuse(p)\natexit.register(lambda: globals().pop('p'))",
        0,
    ),
    "an exit status": ("p = load()\nuse(p)\natexit.register(print)\nEND=3", 3),
    "an exception": ("p = load()\nuse(p)\nEND='an error'", 1),
    "used in threads": (
        "plugins = [load() for _ in range(3)]\n"
        "threads = [threading.Thread(target=use, args=(p,)) for p in plugins]\n"
        "for t in threads: t.start()\n"
        "for t in threads: t.join()",
        0,
    ),
}


def run_script(body: str, *, end: str = "", **environment: str):
    """Run a script after the setup; return what `run_bare` does."""
    return run_bare(f"{SETUP}\n{body}", end=end, **environment)


def run_bare(body: str, *, end: str = "", timeout_s: float = 120, **environment: str):
    """Run a script; return its exit status, seconds after its last line, and output."""
    process = subprocess.Popen(
        [sys.executable, "-c", f"{body}{LAST}{end}"],
        cwd=SUPPORT,
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        out, err = process.communicate(timeout=timeout_s)
    except subprocess.TimeoutExpired:
        process.kill()
        raise AssertionError(process.communicate()) from None
    ended = time.time()
    last = re.search(r"last=([\d.]+)", out)  # a fork may print on the same line
    assert last, err
    return process.returncode, ended - float(last[1]), out + err


USE = """
def use(plugin):
    sound = noise(1.0)
    assert np.abs(plugin.process(sound, RATE) - sound).max() < 1e-4, plugin.status
"""


@pytest.mark.parametrize("kind", ENDINGS)
def test_a_script_ends_at_its_end(kind):
    body, status = ENDINGS[kind]
    end = "sys.exit(globals().get('END', 0))"
    returned, seconds, output = run_script(f"{USE}\n{body}", end=end)
    assert returned == status, output
    assert seconds < EXIT_LIMIT_S


def test_the_process_ends_without_exit_functions():
    body = f"{USE}\np = load()\nuse(p)"
    returned, seconds, output = run_script(body, end="os._exit(5)")
    assert returned == 5, output
    assert seconds < EXIT_LIMIT_S


def test_a_thread_that_is_no_daemon_is_waited_for():
    body = """
plugin, sound = load(), noise(20.0)
def render():
    rendered = plugin.process(sound, RATE)
    print("rendered", np.abs(rendered - sound).max() < 1e-4)
threading.Thread(target=render).start()
"""
    returned, _, output = run_script(body, SECONDS_PER_CLIP="0.2")
    assert returned == 0, output
    assert "rendered True" in output


def test_an_exit_function_may_use_a_plugin():
    """Sooner or later than ours, which comes with the first sound."""
    body = f"""
{USE}
def late():
    process(plugins[0])
    process(load())
def process(plugin):
    plugin.process(noise(1.0), RATE)
    print("late", plugin.status)
def early():
    process(load())
atexit.register(late)
plugins = [load()]
use(plugins[0])
atexit.register(early)
"""
    returned, seconds, output = run_script(body)
    assert returned == 0, output
    assert seconds < EXIT_LIMIT_S
    statuses = [line for line in output.splitlines() if line.startswith("late ")]
    assert statuses == ["late Ready", "late Python error", "late Python error"]


def test_a_first_use_may_be_in_an_exit_function():
    body = f"{USE}\nplugins = []\n"
    body += "atexit.register(lambda: (plugins.append(load()), use(plugins[0])))"
    returned, seconds, output = run_script(body)
    assert returned == 0, output
    assert seconds < EXIT_LIMIT_S


def test_a_forked_child_waits_for_no_thread_of_its_parent():
    body = f"""
{USE}
plugins = [load() for _ in range(3)]
for plugin in plugins: use(plugin)
child = os.fork()
"""
    end = """
if child:
    began = time.monotonic()
    _, status = os.waitpid(child, 0)
    print("child", os.waitstatus_to_exitcode(status), time.monotonic() - began < 4)
"""
    returned, _, output = run_script(body, end=end)
    assert returned == 0, output
    assert "child 0 True" in output


DAEMON = """
plugin = load()
in_daemon(lambda: plugin.process(noise(600.0), RATE))
separator.begun.wait()
time.sleep(float(os.environ["PAUSE"]))
"""


@pytest.mark.parametrize("n", range(8))
def test_a_daemon_thread_may_be_in_process(n):
    """The worker is in C++, and so is the thread that it works for.

    Python would end both there, and with them, more often than not, the process.
    """
    pause = 0.13 * n
    returned, seconds, output = run_script(
        DAEMON, PAUSE=str(pause), SECONDS_PER_CLIP="0.3"
    )
    assert returned == 0, output
    assert seconds < EXIT_LIMIT_S


@pytest.mark.parametrize("pause", [0, 0.05, 0.2, 0.5, 1.0])
def test_the_bridge_may_be_starting(pause):
    """As `requinto.bridge` is imported only by the worker."""
    body = f"""
import pedalboard, requinto, numpy as np, sys, threading, time
plugin = pedalboard.load_plugin(str(requinto.plugin_path()))
sound = np.ones((2, 441000), "float32")
threading.Thread(target=plugin.process, args=(sound, 44100), daemon=True).start()
while "_requinto_bridge" not in sys.modules:
    time.sleep(0.001)
time.sleep({pause})
"""
    returned, seconds, output = run_bare(body)
    assert returned == 0, output
    assert seconds < 25  # the network's library may be loading, which is let end


def test_an_exit_function_may_wait_for_a_daemon_thread():
    """One that was registered before the first sound, and so comes after ours."""
    body = """
stop, rendered = threading.Event(), threading.Event()
def render():
    while not stop.is_set():
        plugin.process(noise(4.0), RATE)
    rendered.set()
def finish():
    stop.set()
    thread.join()
    print("joined", rendered.is_set())
atexit.register(finish)
plugin = load()
thread = threading.Thread(target=render, daemon=True)
thread.start()
separator.begun.wait()
"""
    returned, seconds, output = run_script(body, SECONDS_PER_CLIP="0.2")
    assert returned == 0, output
    assert "joined True" in output
    assert seconds < EXIT_LIMIT_S + 2  # for which the thread is held


@pytest.mark.parametrize("gain", [1, 1e-38])
def test_the_network_may_be_at_work(gain):
    """The real one; far below what can be heard it takes long."""
    body = f"""
import numpy as np, pedalboard, requinto, threading, time
plugin = pedalboard.load_plugin(str(requinto.plugin_path()))
sound = np.random.default_rng(0).uniform(-1, 1, (2, 44100 * 60)).astype("float32")
plugin.process(sound[:, :44100], 44100)
sound *= np.float32({gain})
threading.Thread(target=plugin.process, args=(sound, 44100), daemon=True).start()
time.sleep(1.5)
"""
    returned, _, output = run_bare(body)
    assert returned == 0, output


IN_DAWDREAMER = """
import dawdreamer
engine = dawdreamer.RenderEngine(44100, 512)
plugin = engine.make_plugin_processor("requinto", str(requinto.plugin_path()))
song = engine.make_playback_processor("song", noise(8.0))
engine.load_graph([(song, []), (plugin, ["song"])])
engine.render(8.0)
assert np.abs(engine.get_audio()).max() > 0
"""


def test_dawdreamer_ends_at_its_end():
    # In a process without pedalboard: each brings a whole JUCE
    setup = SETUP.replace("pedalboard, ", "").replace("pedalboard.Reverb()", "None")
    returned, seconds, output = run_bare(setup + IN_DAWDREAMER)
    assert returned == 0, output
    assert seconds < EXIT_LIMIT_S


@pytest.mark.parametrize("where", ["separate", "load"])
def test_what_hangs_is_given_up(where):
    body = f"""
def hang(*ignored):
    time.sleep(10000)
if {where!r} == "load":
    bridge.load_separator = hang
separator.separate = hang
plugins = [load() for _ in range(4)]
for plugin in plugins:
    in_daemon(lambda p=plugin: p.process(noise(60.0), RATE))
time.sleep(1.5)
"""
    returned, seconds, output = run_script(body)
    assert returned == 0, output
    assert seconds < EXIT_LIMIT_S + HANG_LIMIT_S
