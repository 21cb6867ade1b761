# SPDX-License-Identifier: GPL-3.0-or-later
"""The plugin in pedalboard, its bridge alone, windows on our X servers, the page."""

import ctypes

import pytest


@pytest.fixture
def load(monkeypatch, unchanged):
    """Return a function that loads the plugin, over a model that changes nothing."""
    import pedalboard

    import requinto
    from requinto import bridge

    monkeypatch.setattr(bridge, "load_separator", lambda *_: unchanged)
    return lambda: pedalboard.load_plugin(str(requinto.plugin_path()))


@pytest.fixture
def server():
    """Return an X server's DISPLAY, and its process."""
    from x_server import x_server

    with x_server() as (name, process):
        yield name, process


@pytest.fixture
def client(server):
    """Return another program on that server."""
    from x_server import XClient

    client = XClient(server[0])
    yield client
    client.close()


@pytest.fixture
def program(server):
    """Return the program under test there, which opens windows."""
    from window_program import WindowProgram

    with WindowProgram(server[0]) as program:
        yield program


@pytest.fixture
def open_door():
    """Return the compiled bridge."""
    import requinto

    path = next(requinto.plugin_path().glob("Contents/*/requinto_bridge.so"))
    library = ctypes.CDLL(str(path))
    assert library.requinto_start(b"", b"") == 1  # Python runs already
    return library


@pytest.fixture
def door(open_door, monkeypatch, unchanged):
    """Return the compiled bridge, in front of a model that changes nothing."""
    from requinto import bridge

    monkeypatch.setattr(bridge, "load_separator", lambda *_: unchanged)
    return open_door


@pytest.fixture(scope="module")
def browser():
    """Return a running Chromium."""
    from page import chromium

    with chromium() as browser:
        yield browser


@pytest.fixture(scope="session")
def web(tmp_path_factory):
    """Return a running `requinto serve`, with the released models."""
    from models import RELEASED
    from web_server import web_server

    folder = tmp_path_factory.mktemp("web")
    with web_server(folder, REQUINTO_MODELS=str(RELEASED)) as server:
        yield server


@pytest.fixture(scope="session")
def bachata(tmp_path_factory):
    """Return a file with the first bars of the demo's song."""
    from page import write_song

    return write_song(tmp_path_factory.mktemp("song") / "bachata.wav")


@pytest.fixture
def page(browser, web):
    """Return the page, of which the browser must not complain."""
    from page import close_page, open_page

    page = open_page(browser, web.url)
    yield page
    close_page(page)


@pytest.fixture(scope="session")
def extracted_url(web, bachata):
    """Return the address of a song whose bass is extracted."""
    from page import extract_bass

    return extract_bass(web, bachata)


@pytest.fixture(scope="module")
def opened(browser, extracted_url):
    """Return a page with that song, for tests that leave it so."""
    from page import close_page, open_page, wait_until_sounding

    page = open_page(browser, extracted_url)
    wait_until_sounding(page)
    yield page
    close_page(page)
