# SPDX-License-Identifier: GPL-3.0-or-later
"""The plugin's window in hosts that people use."""

from __future__ import annotations

import contextlib
import os
import subprocess
from collections.abc import Iterator

import numpy as np
import pytest
from Xlib.error import XError

import ardour
import live
import requinto
from editor_user import SIZE, WHOLE, User
from sounds import RATE, sine
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
        return User(client).picture(WHOLE)


def user_of(client: XClient) -> User:
    """Return the user of our window, wherever a host shows it."""
    number = client.innermost_window(SIZE)
    window = client.resource(number or 0)
    origin = window.translate_coords(client.root, 0, 0)
    return User(client, corner=(-origin.x, -origin.y))


def shows(client: XClient, picture: np.ndarray) -> bool:
    """Return whether a host shows our window with that picture."""
    with contextlib.suppress(XError):  # it is not there yet, or not where it will be
        return bool((user_of(client).picture(WHOLE) == picture).all())
    return False


@contextlib.contextmanager
def jalv(variables: dict[str, str]) -> Iterator[subprocess.Popen]:
    """Run jalv with GTK, on a JACK server of its own."""
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    with live.server(RATE) as server:
        environment = {**variables, "JACK_DEFAULT_SERVER": server}
        process = subprocess.Popen(["jalv.gtk3", URI], env=environment, **quiet)
        with live.ended(process):
            yield process


def use(client: XClient, own_picture: np.ndarray) -> None:
    """See that a host shows our window, and that this responds and ticks."""
    wait_until(lambda: shows(client, own_picture))
    user = user_of(client)
    slider = user.controls["amount"]
    before = user.picture(slider.box)
    user.click(slider.track, 0.3)
    assert (user.picture(slider.box) != before).any()
    # A tooltip comes to who waits: nothing but time has gone by
    user.point(slider.box, 0.1)
    hovered = user.still(WHOLE)
    wait_until(lambda: (user.pixels(WHOLE) != hovered).sum() > 1000)


def test_jalv_shows_it_in_a_window_of_its_own(client, variables, own_picture):
    """Embedded in GTK's by suil, twice: jalv ends with its window."""
    for _ in range(2):
        with jalv(variables) as process:
            use(client, own_picture)
            client.ask_to_close("Requinto")
            assert process.wait(10) == 0


def point_of_processor(client: XClient) -> tuple[int, int] | None:
    """Return a point of our plugin in Ardour's mixer, by the red of such boxes."""
    pixels = client.pixels(client.root.id, 1200, 700).astype(int)
    red, green, blue = pixels >> 16, pixels >> 8 & 255, pixels & 255
    is_box = (abs(red - 2.14 * green) < 12) & (abs(green - blue) < 4) & (red > 80)
    row = int(is_box.sum(axis=1).argmax())
    columns = np.nonzero(is_box[row])[0]
    return (int(np.median(columns)), row) if len(columns) > 50 else None


@pytest.mark.slow
def test_ardour_shows_it_hides_it_and_shows_it_again(
    display, client, own_picture, tmp_path
):
    name = "mix: Requinto (by Requinto) [VST3]"
    home = ardour.make_home(tmp_path / "home", requinto.plugin_path())
    session = ardour.build_session(
        *(home, tmp_path / "session", sine(RATE, 2, RATE), RATE), environment=NO_PYTHON
    )
    with ardour.opened(session, display) as process:
        live.wait_for("Ardour's windows", lambda: client.window_named(name))
        use(client, own_picture)
        after_use = user_of(client).picture(WHOLE)
        client.ask_to_close(name)
        wait_until(lambda: point_of_processor(client))
        assert not shows(client, after_use)
        client.move(*point_of_processor(client))
        client.button(1, 2)
        wait_until(lambda: shows(client, after_use))
        assert process.poll() is None
