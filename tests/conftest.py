# SPDX-License-Identifier: GPL-3.0-or-later
"""How the tests run, and what several tiers share."""

from __future__ import annotations

import ctypes
import gc
import os
import sys
from pathlib import Path

import pytest
import soundfile

from session import end_session, made_once, note_tests_alone, start_session
from unchanged import Unchanged

# Before anything imports TensorFlow: it talks on stderr otherwise
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
# Weights to train on, and earlier systems, are not installed
os.environ.setdefault("REQUINTO_MODELS", str(Path(__file__).parents[1] / "models"))

TIERS = ("hosts", "lab", "engine", "quick")  # in this order
# Files that take long begin first, so that no process waits long for another's last
LONG = ("test_style", "test_c_units", "test_conformance", "test_ardour", "test_song")


def is_worker(config: pytest.Config) -> bool:
    """Return whether another process of pytest has started this one."""
    return hasattr(config, "workerinput")


def pytest_configure(config):
    """Make the folder that all processes share."""
    if not is_worker(config):
        start_session()


def pytest_unconfigure(config):
    """Remove that folder."""
    if not is_worker(config):
        end_session()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers(config):
    """Run folders in two processes, single files in this one."""
    return 2 if any(Path(name).is_dir() for name in config.args) else 0


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    """Hand out tests by the file, and at the end those that must run alone."""
    from schedule import AloneAtTheEnd

    return AloneAtTheEnd(config, log)


def pytest_collection_modifyitems(items):
    """Put tests that must run alone at the end, and tiers in their order."""
    tests = Path(__file__).parent

    def rank(item):
        is_alone = item.get_closest_marker("alone") is not None
        tier = item.path.relative_to(tests).parts[0]
        return is_alone, item.path.stem not in LONG, TIERS.index(tier)

    items.sort(key=rank)
    note_tests_alone([i.nodeid for i in items if i.get_closest_marker("alone")])


@pytest.fixture
def run_command(monkeypatch, capsys):
    """Return a function that runs the command: its status, stdout and stderr."""
    from requinto_command import cli

    # The process of the tests keeps its own
    monkeypatch.setattr(cli, "install_signal_handlers", lambda: None)

    def call(*arguments):
        monkeypatch.setattr(sys, "argv", ["requinto", *map(str, arguments)])
        with pytest.raises(SystemExit) as end:
            cli.main()
        printed = capsys.readouterr()
        return end.value.code or 0, printed.out, printed.err

    return call


@pytest.fixture
def song(tmp_path):
    """Return a file of two seconds of noise, in the test's folder."""
    from sounds import RATE, noise

    path = tmp_path / "song.wav"
    soundfile.write(path, 0.3 * noise(2 * RATE).T, RATE, subtype="FLOAT")
    return path


@pytest.fixture
def unchanged():
    """Return a separator that changes nothing."""
    return Unchanged()


@pytest.fixture
def unchanged_model(monkeypatch, unchanged):
    """Let the library run with a model that changes nothing."""
    import importlib

    extract = importlib.import_module("requinto.extract")
    monkeypatch.setattr(extract, "load_separator", lambda *_: unchanged)
    return unchanged


@pytest.fixture
def two_models(monkeypatch, tmp_path):
    """Return a folder of models: standard changes nothing, fast halves."""
    from models import write_exported

    folder = tmp_path / "two_models"
    folder.mkdir()
    write_exported(folder)
    write_exported(folder, "fast", gain=0.5)
    monkeypatch.setenv("REQUINTO_MODELS", str(folder))
    return folder


@pytest.fixture(scope="session")
def bench():
    """Return a bench of a set with four items, of the validation split."""

    def make(folder):
        from requinto_lab.evaluation import bench

        bench.build_song(folder, "bachata_clips", "validation", 0)

    return made_once("bench", make)


@pytest.fixture(autouse=True)
def no_references(monkeypatch, tmp_path):
    """Let the user have no references of their own."""
    monkeypatch.setenv("REQUINTO_REFERENCES", str(tmp_path / "references"))


@pytest.fixture(scope="module", autouse=True)
def released_memory():
    """Give back what networks took, or a process grows to 8 GB over the suite."""
    yield
    if "keras" in sys.modules:
        sys.modules["keras"].utils.clear_session()
        gc.collect()
        if sys.platform == "linux":
            ctypes.CDLL(None).malloc_trim(0)
