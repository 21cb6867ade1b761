# SPDX-License-Identifier: GPL-3.0-or-later
"""Files reach a window by a drag from another program, or by the dialog."""

from urllib.parse import quote

import pytest

from window_program import WindowProgram
from x_server import DragSource, wait_until


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


def dialog_of(client):
    """Return the window of the dialog, or None."""
    return client.window_named("Pick")


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
    program.open(0)
    program.open(1)
    assert "choosing 1" in program.do("choose 0 Pick")
    assert "choosing 0" in program.do("choose 1 Pick")
    assert "choosing 1" in program.do("choose 0 Pick")  # the one that is open
    focus(client, dialog_of(client))
    client.key("Down")
    client.key("Return")
    assert program.next("chosen")["path"] in {
        str(home / "ä b.WAV"),
        str(home / "z.flac"),
    }
    wait_until(lambda: dialog_of(client) is None)

    assert "choosing 1" in program.do("choose 1 Pick")
    focus(client, dialog_of(client))
    client.key("Escape")
    assert program.next("chosen", 1)["path"] == ""

    # A window that goes takes its dialog with it, and leaves the next its turn
    assert "choosing 1" in program.do("choose 1 Pick")
    program.do("close 1")
    wait_until(lambda: dialog_of(client) is None)
    assert "choosing 1" in program.do("choose 0 Pick")
    program.end()


def test_a_dialog_that_is_behind_is_raised(home, program, client):
    program.open(0)
    assert "choosing 1" in program.do("choose 0 Pick")
    dialog = dialog_of(client)
    cover = client.window(1000, 700)

    def order():
        return [w.id for w in client.root.query_tree().children]

    wait_until(lambda: order().index(dialog.id) < order().index(cover.id))
    assert "choosing 1" in program.do("choose 0 Pick")
    wait_until(lambda: order().index(dialog.id) > order().index(cover.id))
    program.do("close 0")
    cover.destroy()
    program.end()


@pytest.mark.parametrize("variable", ["", "/nowhere", "a//b", "/" + 3000 * "x"])
def test_the_dialog_opens_whatever_home_is(monkeypatch, server, variable):
    monkeypatch.setenv("HOME", variable)
    with WindowProgram(server[0]) as program:
        program.open()
        assert "choosing 1" in program.do("choose 0 Pick")
        program.do("idle 100")
        program.end()


def test_the_dialog_shows_sounds_alone(home, program, client):
    program.open()
    program.do("choose 0 Pick")
    chosen = set()
    for n_down in range(4):
        focus(client, dialog_of(client))
        for _ in range(n_down):
            client.key("Down")
        client.key("Return")
        chosen.add(program.next("chosen")["path"])
        program.do("choose 0 Pick")
    assert chosen == {str(home / "ä b.WAV"), str(home / "z.flac")}
    program.end()
