# SPDX-License-Identifier: GPL-3.0-or-later
"""What tests of the command share."""

import importlib

import pytest

from unchanged import PlainTracker, Scaling


@pytest.fixture
def run(run_command, monkeypatch, tmp_path):
    """Return a function that runs the command in a folder of its own."""
    monkeypatch.chdir(tmp_path)
    return run_command


@pytest.fixture
def scaling_model(monkeypatch):
    """Use `Scaling` as each model, and a plain grid as beats."""
    module = importlib.import_module("requinto.extract")
    monkeypatch.setattr(module, "load_separator", lambda *_: Scaling())
    monkeypatch.setattr(module, "load_tracker", lambda *_: PlainTracker())


@pytest.fixture(scope="session")
def web(tmp_path_factory):
    """Return a web server that tests share, which writes into its folder alone."""
    from web_server import web_server

    base = tmp_path_factory.mktemp("web")
    home, tmp = base / "home", base / "tmp"
    home.mkdir()
    tmp.mkdir()
    options = ("--max-size", "12", "--max-duration", "2", "--allow-host", "My.Example")
    environment = {"HOME": str(home), "TMPDIR": str(tmp)}
    with web_server(base / "data", *options, **environment) as server:
        yield server
    assert {path.name for path in base.rglob("*")} >= {"songs", "lock"}
    assert not [path for folder in (home, tmp) for path in folder.rglob("*")]
