# SPDX-License-Identifier: GPL-3.0-or-later
"""The plugin's window in hosts that people use."""

from __future__ import annotations

import contextlib
import os
import subprocess
from collections.abc import Iterator

import numpy as np
import pytest

import live
from editor_user import SIZE, User
from sounds import RATE
from view_host import NO_PYTHON, binary, open_host
from x_server import XClient, wait_until, x_server

pytestmark = pytest.mark.plugin

URI = "urn:requinto:requinto"


@pytest.fixture(scope="module")
def display() -> Iterator[str]:
    with x_server("2000x900x24") as (name, _):
        yield name


@pytest.fixture
def client(display) -> Iterator[XClient]:
    client = XClient(display)
    yield client
    client.close()


@pytest.fixture
def variables(display, tmp_path) -> dict[str, str]:
    """Return the environment of jalv, which finds our bundle alone."""
    bundle = binary("lv2").parent
    (tmp_path / bundle.name).symlink_to(bundle)
    ours = {"LV2_PATH": str(tmp_path), "DISPLAY": display}
    return {**os.environ, **NO_PYTHON, **ours}


@pytest.fixture(scope="module")
def own_picture(display) -> np.ndarray:
    """Return what the window shows in our own host, before anything has happened."""
    with open_host(display, "lv2", "--seconds", "60") as (client, _):
        return User(client).picture((0, 0, *SIZE))


def user_of(client: XClient) -> User:
    """Wait for our window, wherever a host shows it; return its user."""
    wait_until(lambda: client.innermost_window(SIZE))
    window = client.resource(client.innermost_window(SIZE))
    origin = window.translate_coords(client.root, 0, 0)
    return User(client, corner=(-origin.x, -origin.y))


@contextlib.contextmanager
def jalv(variables: dict[str, str]) -> Iterator[subprocess.Popen]:
    """Run jalv with GTK, on a JACK server of its own."""
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    with live.server(RATE) as server:
        environment = {**variables, "JACK_DEFAULT_SERVER": server}
        process = subprocess.Popen(["jalv.gtk3", URI], env=environment, **quiet)
        with live.ended(process):
            yield process


def test_jalv_shows_it_in_a_window_of_its_own(client, variables, own_picture):
    """Embedded in GTK's by suil, twice: jalv ends with its window."""
    for _ in range(2):
        with jalv(variables) as process:
            whole = (0, 0, *SIZE)
            wait_until(lambda: (user_of(client).picture(whole) == own_picture).all())
            user = user_of(client)
            # It responds, and does so by itself: a tooltip comes to who waits
            slider = user.controls["amount"]
            user.click(slider.track, 0.3)
            changed = user.picture(slider.box)
            x, y, width, height = map(round, slider.box)
            before = own_picture[y : y + height, x : x + width]
            assert (changed != before).any()
            user.point(slider.box, 0.1)
            hovered = user.pixels(whole)
            wait_until(lambda: (user.pixels(whole) != hovered).sum() > 1000)
            client.ask_to_close("Requinto")
            assert process.wait(10) == 0
