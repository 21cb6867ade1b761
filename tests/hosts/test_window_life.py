# SPDX-License-Identifier: GPL-3.0-or-later
"""A window outlives its host's window and its server, and leaves nothing behind."""

import numpy as np
import pytest
from Xlib.protocol.event import ClientMessage

from window_program import HEIGHT, WIDTH, WindowProgram, parent_of, picture
from x_server import DragSource, XClient


def everything_is_harmless(program):
    for command in ("paint 0 1 0 0 10 10", "focus 0", "size 0 10 10", "dispatch 0"):
        program.do(command)
    assert "scale 1" in program.do("scale 0")
    assert "choosing 0" in program.do("choose 0 Title")
    assert "idled n=0" in program.do("idle 200")[0]


def test_two_windows(program, client):
    windows = []
    for number in (0, 1):
        parent = client.window(WIDTH, HEIGHT, x=number * WIDTH)
        windows.append(program.open(number, parent.id))
        program.do(f"paint {number} {number + 1} 0 0 {WIDTH} {HEIGHT}")
    for number, window in enumerate(windows):
        seen = client.pixels(window, WIDTH, HEIGHT)
        np.testing.assert_array_equal(seen, picture(number + 1))
        client.move(number * WIDTH + 20, 20)
        client.button(1)
        assert program.next("press", number)["x"] == 20
    program.do("close 0")
    client.move(WIDTH + 30, 20)
    client.button(1)
    assert program.next("press", 1)["x"] == 30
    program.end()


def test_the_window_manager_closes(program, client):
    window = program.open()
    target = client.resource(window)
    assert target.get_wm_name() or target.get_full_text_property(
        client.display.intern_atom("_NET_WM_NAME")
    )
    source = DragSource(client, window)
    close = ClientMessage(
        window=target,
        client_type=source.atom("WM_PROTOCOLS"),
        data=(32, [source.atom("WM_DELETE_WINDOW"), 0, 0, 0, 0]),
    )
    target.send_event(close)
    client.display.sync()
    program.next("closed")
    program.end()


@pytest.mark.parametrize("by", ["destroying", "disconnecting"])
def test_the_parent_goes_first(server, client, program, by):
    host = XClient(server[0])
    parent = host.window(WIDTH, HEIGHT)
    program.open(parent=parent.id)
    program.do(f"paint 0 77 0 0 {WIDTH} {HEIGHT}")
    program.forget()
    if by == "destroying":
        parent.destroy()
        host.display.sync()
        # Before the program knows
        program.do(f"paint 0 78 0 0 {WIDTH} {HEIGHT}")
    host.close()
    program.next("closed")
    everything_is_harmless(program)
    program.do("close 0")
    program.open()  # another one
    program.end()


def test_a_parent_that_is_not_there(program, client):
    gone = client.window(10, 10)
    gone.destroy()
    client.display.sync()
    lines = program.do(f"open 0 {gone.id} {WIDTH} {HEIGHT}")
    assert lines[0] == "problem no window: the host's window is not there, or refuses"
    program.open()
    program.end()


@pytest.mark.parametrize("with_dialog", [False, True])
def test_the_server_dies(server, program, with_dialog):
    program.open()
    if with_dialog:
        assert "choosing 1" in program.do("choose 0 Title")
    program.forget()
    server[1].kill()
    server[1].wait()
    program.next("closed")
    everything_is_harmless(program)
    program.do("close 0")
    lines = program.do(f"open 0 0 {WIDTH} {HEIGHT}")
    assert lines[0] == "problem no window: the X server of DISPLAY does not answer"
    program.end()


def test_the_server_dies_amid_a_call(server, program):
    program.open()
    program.do("idle 100")
    server[1].kill()
    server[1].wait()
    for _ in range(3):
        program.do(f"paint 0 77 0 0 {WIDTH} {HEIGHT}")
    program.next("closed")
    program.end()


def test_no_server():
    with WindowProgram("") as program:
        lines = program.do(f"open 0 0 {WIDTH} {HEIGHT}")
        problem = "problem no window: DISPLAY is not set, so there is no X server"
        assert lines[0] == problem
        program.end()


def test_the_locale_stays(program):
    program.open()
    assert program.do("locale")[0] == "locale C"
    program.end()


@pytest.mark.parametrize(
    ("dpi", "scale"), [(None, 1), (96, 1), (144, 1.5), (60, 1), (480, 2)]
)
def test_the_scale(server, client, program, dpi, scale):
    if dpi:
        text = f"Xcursor.size:\t24\nXft.dpi:\t{dpi}\n".encode()
        client.root.change_property(23, 31, 8, text)  # RESOURCE_MANAGER, STRING
        client.display.sync()
    program.open()
    assert program.do("scale 0")[0] == f"scale {scale}"
    program.end()


def test_an_idle_window_costs_nothing(program, client):
    parent = client.window(WIDTH, HEIGHT)
    program.open(parent=parent.id)
    program.do(f"paint 0 77 0 0 {WIDTH} {HEIGHT}")
    program.forget()
    n, cpu_ms = program.do("idle 2000")[0].removeprefix("idled n=").split(" cpu_ms=")
    assert int(n) == 0
    assert float(cpu_ms) < 2
    program.end()


@pytest.mark.parametrize("kind", ["none", "parent"])
def test_opening_and_closing_leaves_nothing(program, client, kind):
    parent, number = parent_of(client, kind)
    lines = program.do(f"churn 200 {number}")
    line = next(line for line in lines if line.startswith("churned"))
    kb, n_fd = line.removeprefix("churned kb=").split(" n_fd=")
    assert abs(int(kb)) < 1024
    assert int(n_fd) == 0
    if parent:
        assert not parent.query_tree().children
    program.end()
