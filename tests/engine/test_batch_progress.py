# SPDX-License-Identifier: GPL-3.0-or-later
"""What a terminal shows of a batch."""

from types import SimpleNamespace

import pytest

from catalogues import write_songs
from requinto_batch.batch import Totals
from requinto_batch.catalogue import check_roots
from requinto_batch.summary import FAILED, Row
from requinto_command import batch_progress
from requinto_command.batch_progress import BatchProgress


class ThreadNow:
    """Does the work of a thread when that starts."""

    def __init__(self, target, daemon):
        assert daemon  # it does not hold the command up
        self.start = target


@pytest.fixture
def show(tmp_path, monkeypatch, capsys):
    """Return a function that gives what is shown of some totals, of four songs."""
    songs = write_songs(tmp_path / "songs", *(f"{n}.wav" for n in "abcd"))
    roots = check_roots([songs], tmp_path / "out")
    monkeypatch.setattr(batch_progress, "threading", SimpleNamespace(Thread=ThreadNow))

    def call(totals, link=""):
        with BatchProgress(roots, tmp_path / "out", link) as notify:
            notify(totals)
        return capsys.readouterr().err

    return call


@pytest.fixture
def terminal(monkeypatch):
    for name, value in {"FORCE_COLOR": "1", "TERM": "xterm", "COLUMNS": "120"}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("NO_COLOR", raising=False)


def test_songs_and_the_time_left(show, terminal):
    totals = Totals(n_done=1, n_done_before=1, elapsed_s=60.0)
    shown = show(totals, "http://127.0.0.1:1/status")
    assert shown.startswith("requinto: dashboard: http://127.0.0.1:1/status\n")
    assert "2/4" in shown
    assert "60 songs/h, 0:02:00 left" in shown


def test_failures_and_the_end(show, terminal):
    totals = Totals(n_done=3, elapsed_s=60.0, failures=[Row("d.wav", FAILED)])
    shown = show(totals)
    assert "4/4" in shown
    assert "180 songs/h, 1 failed" in shown
    assert "left" not in shown


def test_nothing_where_there_is_no_terminal(show):
    assert show(Totals(n_done=1, elapsed_s=60.0)) == ""
