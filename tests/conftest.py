# SPDX-License-Identifier: GPL-3.0-or-later
"""A model that changes nothing."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import soundfile

from requinto.config import ClipConfig
from requinto.separator import Query

# Before anything imports TensorFlow: it talks on stderr otherwise
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
# Weights to train on, and earlier systems, are not installed
os.environ.setdefault("REQUINTO_MODELS", str(Path(__file__).parents[1] / "models"))


class Unchanged:
    """A separator that returns each clip as it is."""

    clips = ClipConfig()

    def target(self, name: str) -> Query:
        """Return a query that nothing looks at."""
        return Query(np.zeros(1, np.float32), np.zeros((1, 1, 1), np.float32))

    def query(self, reference: np.ndarray, sample_rate: float) -> Query:
        """Return a query that nothing looks at."""
        return self.target("")

    def separate(
        self,
        clip: np.ndarray,
        sample_rate: float,
        query: Query,
        sensitivity: float = 0.5,
    ) -> np.ndarray:
        """Return the clip."""
        return clip

    def separate_all(
        self,
        clips: Sequence[np.ndarray],
        sample_rate: float,
        query: Query,
        sensitivity: float = 0.5,
    ) -> list[np.ndarray]:
        """Return the clips."""
        return list(clips)


@pytest.fixture
def run_command(monkeypatch, capsys):
    """Return a function that runs the command: its status, stdout and stderr."""
    from requinto_command import cli

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
def library(tmp_path_factory):
    """Return a library of a few loops, synthesised."""
    from requinto_lab.material import loops
    from sounds import LIBRARY

    folder = tmp_path_factory.mktemp("library")
    loops.build(folder, LIBRARY, n_workers=1)
    return folder


@pytest.fixture(scope="session")
def bench(tmp_path_factory):
    """Return a bench of a set with four items, of the validation split."""
    from requinto_lab.evaluation import bench

    folder = tmp_path_factory.mktemp("bench")
    bench.build_song(folder, "bachata_clips", "validation", 0)
    return folder


@pytest.fixture(autouse=True)
def no_references(monkeypatch, tmp_path):
    """Let the user have no references of their own."""
    monkeypatch.setenv("REQUINTO_REFERENCES", str(tmp_path / "references"))


@pytest.fixture
def load(monkeypatch, unchanged):
    """Return a function that loads the plugin, over a model that changes nothing."""
    import pedalboard

    import requinto
    from requinto import bridge

    monkeypatch.setattr(bridge, "load_separator", lambda *_: unchanged)
    return lambda: pedalboard.load_plugin(str(requinto.plugin_path()))
