# SPDX-License-Identifier: GPL-3.0-or-later
"""Windows on X11, without an editor: pixels go out, and events come in."""

import os
import subprocess
import threading
import time
from urllib.parse import quote

import numpy as np
import pytest
from Xlib.protocol.event import ClientMessage

from shell import build
from x_server import DragSource, XClient, wait_until, x_server

WIDTH, HEIGHT = 300, 200
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


class Program:
    """The C program that opens windows, of which each line of output is an event."""

    def __init__(self, name, **variables):
        environment = {**os.environ, "DISPLAY": name, **variables}
        if not name:
            del environment["DISPLAY"]
        self.process = subprocess.Popen(
            [build("release") / "tests" / "plugin" / "test_window"],
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.lines = []
        self.n_taken = 0
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        self.reader.join(5)
        for pipe in (self.process.stdin, self.process.stdout, self.process.stderr):
            pipe.close()

    def read(self):
        for line in self.process.stdout:
            self.lines.append(line.strip())

    def do(self, command):
        """Have a command done; return the lines that it has written."""
        n_before, n_done = len(self.lines), self.lines.count("done")
        self.process.stdin.write(command + "\n")
        self.process.stdin.flush()
        wait_until(lambda: self.lines.count("done") > n_done or not self.is_alive())
        return self.lines[n_before:]

    def is_alive(self):
        return self.process.poll() is None

    def open(self, number=0, parent=0, width=WIDTH, height=HEIGHT):
        """Open a window; return the number that the server gave it."""
        lines = self.do(f"open {number} {parent} {width} {height}")
        return int(next(line for line in lines if line.startswith("opened"))[7:])

    def next(self, kind, number=0):
        """Return the fields of the next event of a kind; those before it are over."""

        def look():
            for i in range(self.n_taken, len(self.lines)):
                if self.lines[i].startswith(f"{kind} {number} "):
                    self.n_taken = i + 1
                    return self.lines[i]
            return None

        end = time.monotonic() + 10
        while not (line := look()):
            assert time.monotonic() < end, f"no {kind} in {self.lines}"
            time.sleep(0.005)
        fields, path = line.split(" path=")
        values = dict(field.split("=") for field in fields.split()[2:])
        return {name: int(value) for name, value in values.items()} | {"path": path}

    def forget(self):
        """Forget events so far, once what has happened has arrived."""
        time.sleep(0.1)
        self.do("idle 50")
        self.n_taken = len(self.lines)

    def since(self):
        """Return the kinds of events since then."""
        time.sleep(0.1)
        self.do("idle 50")
        lines = self.lines[self.n_taken :]
        return [line.split()[0] for line in lines if " x=" in line]

    def end(self):
        """End the program; it must end well, with nothing to say on stderr."""
        self.process.stdin.close()
        status = self.process.wait(20)
        self.reader.join(5)
        complaints = self.process.stderr.read()
        assert (status, complaints) == (0, "")
        assert self.lines[-1] == "ended"


def picture(seed, width=WIDTH, height=HEIGHT):
    """Return the colours that the program paints."""
    x = np.arange(width, dtype=np.uint64) * 2654435761
    y = np.arange(height, dtype=np.uint64)[:, None] * 40503
    return ((x + y).astype(np.uint32) ^ np.uint32(seed)) & 0xFFFFFF


@pytest.fixture
def server():
    with x_server() as (name, process):
        yield name, process


@pytest.fixture
def client(server):
    client = XClient(server[0])
    yield client
    client.close()


@pytest.fixture
def program(server):
    with Program(server[0]) as program:
        yield program


def parent_of(client, kind):
    """Return a window to open in, and its number; 0 for none."""
    if kind == "none":
        return None, 0
    window = client.window(2 * WIDTH, 2 * HEIGHT, 32 if kind == "deep" else 24)
    return window, window.id


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
    with x_server(f"1000x700x{depth}") as (name, _), Program(name) as program:
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
    with x_server("2000x2000x24") as (name, _), Program(name) as program:
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


def test_a_dropped_file(program, client, tmp_path):
    path = tmp_path / "Größe 1 (100%) #2.wav"
    uri = "file://" + quote(str(path))
    window = program.open()
    program.forget()
    origin = client.resource(window).translate_coords(client.root, 0, 0)
    source = DragSource(client, window)
    assert source.version() == 5

    source.enter("text/plain", "text/uri-list")
    assert source.move(40 - origin.x, 30 - origin.y)
    event = program.next("drag")
    assert (event["x"], event["y"]) == (40, 30)
    assert source.drop(f"# one\r\n{uri}\r\nfile:///other.wav\r\n".encode())
    assert program.next("drop")["path"] == str(path)
    assert "drag_leave" not in program.since()

    # With more than three types the list is a property of the source
    source.enter("a/1", "a/2", "a/3", "a/4", "text/uri-list")
    assert source.move(1, 1)
    assert source.drop(uri.encode())
    assert program.next("drop")["path"] == str(path)
    program.end()


def test_drags_that_drop_nothing(program, client):
    window = program.open()
    program.forget()
    source = DragSource(client, window)

    source.enter("text/uri-list")
    assert source.move(5, 5)
    program.next("drag")
    source.leave()
    program.next("drag_leave")

    source.enter("text/uri-list")
    assert source.move(5, 5)
    assert not source.drop(b"http://example.org/a.wav\r\n")
    program.next("drag")
    program.next("drag_leave")

    program.forget()
    for types in (["text/plain"], ["a/1", "a/2", "a/3", "a/4"]):
        source.enter(*types)
        assert not source.move(5, 5)
        assert not source.drop(None)
    assert not {"drag", "drop", "drag_leave"} & set(program.since())

    # What never entered cannot move, and one that vanishes does not stop the next
    source.send("XdndPosition", 0, 0, 0, 0)
    source.enter("text/uri-list")
    assert source.move(5, 5)
    again = DragSource(client, window)
    again.enter("text/uri-list")
    assert again.move(6, 6)
    assert again.drop(b"file:///a.wav")
    assert program.next("drop")["path"] == "/a.wav"
    program.end()


def dialog_of(client, windows):
    """Return the dialog, which is the one window of the screen that is not given."""
    known = {*windows}
    others = [w for w in client.root.query_tree().children if w.id not in known]
    return next((w for w in others if w.get_wm_name() == "Pick"), None)


def focus(client, window):
    client.display.set_input_focus(window, 0, 0)
    client.display.sync()


@pytest.fixture
def home(tmp_path, monkeypatch):
    """Return the folder where the dialog begins, made before the program starts."""
    for name in ("a.txt", "ä b.WAV", "z.flac"):
        (tmp_path / name).write_bytes(b"")
    monkeypatch.setenv("HOME", str(tmp_path))
    return tmp_path


def test_a_file_is_chosen(home, program, client):
    windows = [program.open(0), program.open(1)]
    assert "choosing 1" in program.do("choose 0 Pick")
    assert "choosing 0" in program.do("choose 1 Pick")
    assert "choosing 0" in program.do("choose 0 Pick")
    focus(client, dialog_of(client, windows))
    client.key("Down")
    client.key("Return")
    assert program.next("chosen")["path"] in {
        str(home / "ä b.WAV"),
        str(home / "z.flac"),
    }
    wait_until(lambda: dialog_of(client, windows) is None)

    assert "choosing 1" in program.do("choose 1 Pick")
    focus(client, dialog_of(client, windows))
    client.key("Escape")
    assert program.next("chosen", 1)["path"] == ""

    # A window that goes takes its dialog with it, and leaves the next its turn
    assert "choosing 1" in program.do("choose 1 Pick")
    program.do("close 1")
    wait_until(lambda: dialog_of(client, windows[:1]) is None)
    assert "choosing 1" in program.do("choose 0 Pick")
    program.end()


@pytest.mark.parametrize("variable", ["", "/nowhere", "a//b", "/" + 3000 * "x"])
def test_the_dialog_opens_whatever_home_is(monkeypatch, server, variable):
    monkeypatch.setenv("HOME", variable)
    with Program(server[0]) as program:
        program.open()
        assert "choosing 1" in program.do("choose 0 Pick")
        program.do("idle 100")
        program.end()


def test_the_dialog_shows_sounds_alone(home, program, client):
    window = program.open()
    program.do("choose 0 Pick")
    chosen = set()
    for n_down in range(4):
        focus(client, dialog_of(client, [window]))
        for _ in range(n_down):
            client.key("Down")
        client.key("Return")
        chosen.add(program.next("chosen")["path"])
        program.do("choose 0 Pick")
    assert chosen == {str(home / "ä b.WAV"), str(home / "z.flac")}
    program.end()


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


def everything_is_harmless(program):
    for command in ("paint 0 1 0 0 10 10", "focus 0", "size 0 10 10", "dispatch 0"):
        program.do(command)
    assert "scale 1" in program.do("scale 0")
    assert "choosing 0" in program.do("choose 0 Title")
    assert "idled n=0" in program.do("idle 200")[0]


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
    with Program("") as program:
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
