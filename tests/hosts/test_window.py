# SPDX-License-Identifier: GPL-3.0-or-later
"""Windows on X11, without an editor: pixels go out, and events come in."""

import time

import numpy as np
import pytest

from window_program import HEIGHT, WIDTH, WindowProgram, parent_of, picture
from x_server import XClient, x_server

KEYS = {
    "Tab": 1,
    "Return": 2,
    "KP_Enter": 2,
    "Escape": 3,
    "BackSpace": 4,
    "Delete": 5,
    "Left": 6,
    "Right": 7,
    "Up": 8,
    "Down": 9,
    "Page_Up": 10,
    "Page_Down": 11,
    "Home": 12,
    "End": 13,
}
SHIFT, CONTROL, ALT = 1, 2, 4


@pytest.mark.parametrize("kind", ["none", "parent", "deep"])
def test_pixels_come_back_equal(client, program, kind):
    parent, number = parent_of(client, kind)
    window = program.open(parent=number)
    program.do(f"paint 0 77 0 0 {WIDTH} {HEIGHT}")
    np.testing.assert_array_equal(client.pixels(window, WIDTH, HEIGHT), picture(77))

    # A part of another picture changes that part alone
    program.do("paint 0 1234 10 20 30 40")
    expected = picture(77)
    expected[20:60, 10:40] = picture(1234)[20:60, 10:40]
    np.testing.assert_array_equal(client.pixels(window, WIDTH, HEIGHT), expected)
    tree = client.resource(window).query_tree()
    assert tree.parent == (parent or client.root)
    program.end()


@pytest.mark.parametrize("depth", [16, 24, 30])
def test_screens_of_other_depths(depth):
    with x_server(f"1000x700x{depth}") as (name, _), WindowProgram(name) as program:
        client = XClient(name)
        window = program.open()
        program.do(f"paint 0 77 0 0 {WIDTH} {HEIGHT}")
        image = client.resource(window).get_image(0, 0, WIDTH, HEIGHT, 2, 0xFFFFFFFF)
        client.close()
        program.end()
    bits = {16: (5, 6, 5), 24: (8, 8, 8), 30: (10, 10, 10)}[depth][::-1]  # blue first
    words = np.frombuffer(image.data, "<u2" if depth == 16 else "<u4")
    words = words.reshape(HEIGHT, -1)[:, :WIDTH].astype(np.int64)
    for i, n in enumerate(bits):
        max_value = (1 << n) - 1
        value = (words >> sum(bits[:i])) & max_value
        painted = (picture(77).astype(np.int64) >> (8 * i)) & 0xFF
        assert np.abs(value - painted * max_value / 255).max() <= 0.5


def test_a_picture_larger_than_a_request():
    with x_server("2000x2000x24") as (name, _), WindowProgram(name) as program:
        client = XClient(name)
        window = program.open(width=2000, height=2000)
        program.do("paint 0 5 0 0 2000 2000")
        seen = client.pixels(window, 2000, 2000)
        client.close()
        program.end()
    np.testing.assert_array_equal(seen, picture(5, 2000, 2000))


def test_lost_pixels_are_shown_again(program, client):
    parent = client.window(WIDTH, HEIGHT)
    window = program.open(parent=parent.id)
    program.do(f"paint 0 77 0 0 {WIDTH} {HEIGHT}")
    program.forget()
    other = client.window(50, 50)
    client.display.sync()
    other.destroy()
    client.display.sync()
    program.next("expose")
    program.do("idle 50")
    np.testing.assert_array_equal(client.pixels(window, WIDTH, HEIGHT), picture(77))


def test_the_pointer(program, client):
    parent = client.window(WIDTH, HEIGHT)
    program.open(parent=parent.id)
    client.move(40, 30)
    program.forget()
    client.move(41, 32)
    event = program.next("move")
    assert (event["x"], event["y"], event["modifiers"]) == (41, 32, 0)
    for button in (1, 2, 3):
        client.button(button)
        for kind in ("press", "release"):
            event = program.next(kind)
            assert (event["x"], event["y"], event["button"]) == (41, 32, button)
            assert event["n_clicks"] == 1
    for button, steps in ((4, 1), (5, -1)):
        client.button(button)
        event = program.next("scroll")
        assert (event["x"], event["y"], event["steps"]) == (41, 32, steps)
    program.forget()
    client.move(900, 600)
    program.next("leave")
    program.end()


def test_a_double_click_is_two_presses_near_each_other(program, client):
    parent = client.window(WIDTH, HEIGHT)
    program.open(parent=parent.id)
    client.move(40, 30)

    def clicks(*steps):
        """Return the count of clicks at each press."""
        program.forget()
        for step in steps:
            step()
        return [program.next("press")["n_clicks"] for _ in steps]

    def press(button=1, wait_s=0.0, x=40):
        time.sleep(wait_s)
        client.move(x, 30)
        client.button(button)

    assert clicks(press) == [1]
    time.sleep(0.5)
    assert clicks(press, press) == [1, 2]
    time.sleep(0.5)
    assert clicks(press, press, press, press) == [1, 2, 1, 2]
    time.sleep(0.5)
    assert clicks(press, lambda: press(x=43)) == [1, 2]
    time.sleep(0.5)
    assert clicks(press, lambda: press(x=46)) == [1, 1]
    time.sleep(0.5)
    assert clicks(press, lambda: press(button=3)) == [1, 1]
    time.sleep(0.5)
    assert clicks(press, lambda: press(wait_s=0.6)) == [1, 1]
    program.end()


def test_a_button_holds_the_pointer(program, client):
    parent = client.window(WIDTH, HEIGHT)
    program.open(parent=parent.id)
    client.move(40, 30)
    client.hold(1, True)
    program.next("press")
    program.forget()
    client.move(700, 500)
    event = program.next("move")
    assert (event["x"], event["y"]) == (700, 500)
    assert "leave" not in program.since()
    client.hold(1, False)
    event = program.next("release")
    assert (event["x"], event["y"]) == (700, 500)
    program.next("leave")
    program.end()


def test_the_keyboard(program, client):
    parent = client.window(WIDTH, HEIGHT)
    client.keycode(0xFC)  # ü, before the program reads the keyboard
    program.open(parent=parent.id)
    program.forget()
    client.key("a")
    assert "text" not in program.since()  # the keys go elsewhere
    program.do("focus 0")
    program.next("focus")

    for name, key in KEYS.items():
        program.forget()
        client.key(name)
        assert program.next("key")["key"] == key, name
        assert program.since().count("text") == 0, name
    for name, modifier in (("Shift_L", SHIFT), ("Control_L", CONTROL), ("Alt_L", ALT)):
        client.key("Right", held=(name,))
        event = program.next("key")
        assert (event["key"], event["modifiers"]) == (KEYS["Right"], modifier)

    for name, character in {"a": "a", "7": "7", "period": ".", "minus": "-"}.items():
        client.key(name)
        assert program.next("text")["character"] == ord(character)
    client.key("a", held=("Shift_L",))
    event = program.next("text")
    assert (event["character"], event["modifiers"]) == (ord("A"), SHIFT)
    client.key("udiaeresis")
    assert program.next("text")["character"] == ord("ü")

    program.forget()
    for name in ("Control_L", "Alt_L"):
        client.key("a", held=(name,))
    client.key("F5")
    assert not {"text", "key"} & set(program.since())

    client.display.set_input_focus(parent, 0, 0)
    client.display.sync()
    program.next("blur")
    program.end()


def test_the_focus_goes_back_to_the_parent(program, client):
    parent = client.window(WIDTH, HEIGHT)
    program.open(parent=parent.id)
    program.do("focus 0")
    program.next("focus")
    program.do("close 0")
    assert client.display.get_input_focus().focus == parent
    program.end()


def test_sizes(program, client):
    parent = client.window(2 * WIDTH, 2 * HEIGHT)
    window = program.open(parent=parent.id)
    program.do(f"paint 0 77 0 0 {WIDTH} {HEIGHT}")
    program.forget()

    program.do("size 0 333 222")
    event = program.next("size")
    assert (event["x"], event["y"]) == (333, 222)
    assert program.since().count("size") == 0

    client.resource(window).configure(width=400, height=250)  # as a host may
    client.display.sync()
    event = program.next("size")
    assert (event["x"], event["y"]) == (400, 250)
    program.next("expose")
    program.do("idle 50")
    np.testing.assert_array_equal(
        client.pixels(window, 400, 250), picture(77, 400, 250)
    )
    program.end()
