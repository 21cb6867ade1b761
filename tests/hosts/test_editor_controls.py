# SPDX-License-Identifier: GPL-3.0-or-later
"""A mouse, keys and dragged files reach every control of the window."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile

import requinto
from editor_user import SIZE, WHEEL_DOWN, WHEEL_UP, Control, User
from models import write_exported
from sounds import RATE, noise
from view_host import NO_PYTHON, Talk, open_host
from x_server import DragSource, XClient, wait_until, x_server

pytestmark = pytest.mark.plugin

REFERENCES = ("cuatro", "tres")  # of the user's folder
TARGETS = (*requinto.targets(), "Learned", *REFERENCES)
DIALOG = "A sound of the instrument alone"
SAID = ("", "requinto: no Python at /nowhere/python\n")  # where it would be needed


@pytest.fixture(scope="module")
def display() -> Iterator[str]:
    with x_server("2000x900x24") as (name, _):
        yield name


@pytest.fixture
def folder(tmp_path) -> Path:
    """Return a folder with two references of the user's, and a sound elsewhere."""
    (tmp_path / "references").mkdir()
    (tmp_path / "home").mkdir()
    for name in REFERENCES:
        path = tmp_path / "references" / f"{name}.wav"
        soundfile.write(path, 0.3 * noise(RATE).T, RATE)
    soundfile.write(tmp_path / "home" / "my guitar.wav", 0.3 * noise(RATE).T, RATE)
    return tmp_path


class Session:
    """An open window of VST3, its user, and what its host says."""

    def __init__(self, client: XClient, talk: Talk) -> None:
        self.user = User(client, len(TARGETS))
        self.talk = talk
        self.client = client

    def values(self, name: str) -> float:
        """Return a plain value, as the host shows it."""
        control = self.user.controls[name]
        text = self.talk.shown(control.id)[1]
        labels = TARGETS if name == "target" else control.labels
        return labels.index(text) if labels else float(text)

    def change(self, name: str, act: Callable[[], object]) -> float:
        """Do what changes a parameter; return its new plain value.

        That is to be one gesture, whose last value the host shows; the window is to
        show another picture of the control.
        """
        control = self.user.controls[name]
        before = self.user.picture(control.box)
        act()
        edits = self.talk.gesture()
        kinds = [kind for kind, *_ in edits]
        assert kinds == ["begin", *["value"] * (len(edits) - 2), "end"]
        assert len(edits) > 2
        assert {(slot, parameter) for _, slot, parameter, _ in edits} == {
            (0, control.id)
        }
        assert edits[-2][3] == pytest.approx(self.talk.shown(control.id)[0], abs=1e-6)
        assert not self.talk.has_edits()
        assert (self.user.picture(control.box) != before).any()
        return self.values(name)

    def of_kind(self, kind: str) -> list[tuple[str, Control]]:
        return [(n, c) for n, c in self.user.controls.items() if c.kind == kind]

    def window(self) -> int:
        number = self.client.innermost_window(SIZE)
        assert number is not None
        return number

    def dialog(self):
        """Return the dialog for a file, or None."""
        return self.client.window_named(DIALOG)

    def press_in_dialog(self, *names: str) -> None:
        """Press keys in the dialog for a file, which then goes."""
        wait_until(self.dialog)
        self.user.picture((0, 0, *SIZE))  # until the dialog has read the folder
        self.client.display.set_input_focus(self.dialog(), 0, 0)
        self.user.keys(*names)
        wait_until(lambda: self.dialog() is None)


@contextlib.contextmanager
def session(
    display: str, folder: Path, *options: str | Path, **variables: str
) -> Iterator[Session]:
    variables = {
        "REQUINTO_REFERENCES": str(folder / "references"),
        "HOME": str(folder / "home"),
        **(variables or NO_PYTHON),
    }
    with open_host(display, "vst3", "--talk", *options, variables=variables) as opened:
        client, process = opened
        yield Session(client, Talk(process))


def check_values_by_mouse(each: Session) -> None:
    """Change every parameter of the window, in each way that a mouse has."""
    user = each.user
    for name, control in each.of_kind("list"):
        n = len(control.choices)
        for index in (1, 0, n - 1):
            after = each.change(name, lambda n=name, i=index: user.choose(n, i))
            assert after == index
        assert each.change(name, lambda n=name: user.turn(n, WHEEL_UP)) == n - 2
        assert each.change(name, lambda n=name: user.turn(n, WHEEL_DOWN)) == n - 1
        assert each.change(name, lambda c=control: user.click(c.box, times=2)) == 0
    for name, control in each.of_kind("segments"):
        for index in (*range(1, len(control.choices)), 0):
            box = control.choices[index]
            assert each.change(name, lambda b=box: user.click(b)) == index
    for name, control in each.of_kind("switch"):
        for value in (1, 0, 1):
            assert each.change(name, lambda c=control: user.click(c.box)) == value


def choose_fixed_tempo(each: Session) -> None:
    """Have the tempo shown that can be set, and not the one in use."""
    last = len(each.user.controls["beat_source"].choices) - 1
    each.change("beat_source", lambda: each.user.choose("beat_source", last))


def check_numbers_by_mouse(each: Session) -> None:
    user = each.user
    choose_fixed_tempo(each)
    for name, control in each.of_kind("slider"):
        middle = each.change(name, lambda c=control: user.click(c.track, 0.25))
        assert middle == pytest.approx(25, abs=1)
        # Elsewhere: a second press on a point would be a double click
        dragged = each.change(name, lambda c=control: user.drag(c.track, 0.5, 46, 0))
        assert dragged == pytest.approx(75, abs=2)
    for name, control in each.of_kind("number"):
        before = each.values(name)
        # Three pixels a step
        after = each.change(name, lambda c=control: user.drag(c.digits, 0.5, 0, -60))
        assert after == pytest.approx(before + 20, abs=2)
    for name, control in (*each.of_kind("slider"), *each.of_kind("number")):
        before = each.values(name)
        assert each.change(name, lambda n=name: user.turn(n, WHEEL_UP)) == before + 1
        assert each.change(name, lambda n=name: user.turn(n, WHEEL_DOWN)) == before

        def type_number(box=control.digits) -> None:
            user.click(box)
            user.type("87.5")

        assert each.change(name, type_number) == 87.5
        double_click = each.change(
            name, lambda c=control: user.click(c.digits, times=2)
        )
        assert double_click == control.default


def check_buttons_by_mouse(each: Session) -> None:
    user = each.user
    box = {name: control.box for name, control in each.of_kind("button")}
    assert set(box) == {"previous", "next", "open"}
    first = len(TARGETS) - len(REFERENCES)
    for name, target in (("next", first), ("next", first + 1), ("previous", first)):
        assert each.change("target", lambda n=name: user.click(box[n])) == target
    user.click(box["open"])
    each.press_in_dialog("Escape")
    assert not each.talk.has_edits()


def test_a_mouse_reaches_every_control(display, folder):
    with session(display, folder) as each:
        check_values_by_mouse(each)
        check_numbers_by_mouse(each)
        check_buttons_by_mouse(each)
        report, errors = each.talk.end()
    assert errors in SAID
    # Each parameter that hosts can set is in the window
    changed = {parameter for _, _, parameter, _ in report["edits"]}
    settable = {c.id for c in each.user.controls.values() if not c.is_read_only}
    assert changed == settable - {0}
    assert len(changed) == 11


def go_to(each: Session, name: str, held: tuple[str, ...] = ()) -> None:
    """Go on to the next control by Tab, and see that the window shows so."""
    box = each.user.controls[name].box
    before = each.user.picture(box, margin=4)
    each.client.key("Tab", held)
    assert (each.user.picture(box, margin=4) != before).any()


def keys_of(control: Control) -> list[tuple[tuple[str, ...], float]]:
    """Return keys that change a control's value, one after another, and to what.

    The control has its default value before.
    """
    last = (len(control.choices) or 2) - 1
    if control.kind == "list":
        return [
            (("Down",), 1),
            (("Up",), 0),
            (("Return", "Down", "Return"), 1),
            (("Home",), 0),
            (("End",), last),
            (("space", "Home", "space"), 0),
            (("Page_Down",), last),  # of the beat source: the tempo is then shown
        ]
    if control.kind == "segments":
        return [(("Right",), 1), (("Left",), 0), (("space",), 1)]
    if control.kind == "switch":
        return [(("space",), 1), (("Return",), 0), (("Up",), 1), (("Down",), 0)]
    home, end = control.min, control.max
    return [
        (("Home",), home),
        (("Up",), home + 1),
        (("Right",), home + 2),
        (("Page_Up",), home + 12),
        (("Left",), home + 11),
        (("End",), end),
        (("8", "7", "period", "5", "Return"), 87.5),
        (("Return", "6", "4", "Return"), 64),
    ]


def test_keys_reach_every_control(display, folder):
    with session(display, folder) as each:
        user = each.user
        user.click(user.controls["song"].box)  # the window is to have the keyboard
        names = [n for n, c in user.controls.items() if c.kind != "area"]
        for name in names:
            go_to(each, name)
            control = user.controls[name]
            if control.kind == "button":
                check_button_by_keys(each, name)
                continue
            for keys, value in keys_of(control):
                after = each.change(name, lambda k=keys: user.keys(*k))
                assert after == pytest.approx(value, abs=1e-4)
        go_to(each, names[0])  # around the end
        go_to(each, names[-1], held=("Shift_L",))
        report, errors = each.talk.end()
    assert errors in SAID
    assert len({parameter for _, _, parameter, _ in report["edits"]}) == 11


def check_button_by_keys(each: Session, name: str) -> None:
    user = each.user
    first = len(TARGETS) - len(REFERENCES)
    if name == "open":
        user.keys("space")
        each.press_in_dialog("Escape")
        each.client.display.set_input_focus(each.window(), 0, 0)
        return
    expected = {"previous": first, "next": first + 1}[name]  # it was the last
    key = {"previous": "space", "next": "Return"}[name]
    assert each.change("target", lambda: user.keys(key)) == expected


def drop(each: Session, path: Path, point: tuple[int, int] = (40, 30)) -> None:
    source = DragSource(each.client, each.window())
    source.enter("text/plain", "text/uri-list")
    assert source.move(*point)
    assert source.drop(f"{path.as_uri()}\r\n".encode())


def test_a_dropped_sound_becomes_the_reference(display, folder):
    path = folder / "home" / "my guitar.wav"
    with session(display, folder) as each:
        box = each.user.controls["reference"].box
        before = each.user.picture(box)
        target = each.user.controls["target"].id
        drop(each, path)
        edits = each.talk.gesture()
        assert [(kind, parameter) for kind, _, parameter, _ in edits] == [
            *(("begin", target), ("value", target), ("end", target))
        ]
        value, text = each.talk.shown(target)
        assert text == "my guitar"
        assert value == pytest.approx(edits[1][3], abs=1e-6)
        assert (each.user.picture(box) != before).any()
        report, errors = each.talk.end()
    assert errors in SAID
    assert report["n_values"] >= 1  # the host has to read the names again


def test_so_does_one_that_is_chosen_by_the_button(display, folder):
    with session(display, folder) as each:
        target = each.user.controls["target"].id
        each.user.click(each.user.controls["open"].box)
        each.press_in_dialog("Down", "Return")
        assert [kind for kind, *_ in each.talk.gesture()] == ["begin", "value", "end"]
        assert each.talk.shown(target)[1] == "my guitar"
        _, errors = each.talk.end()
    assert errors in SAID


@pytest.mark.parametrize("name", ["missing.wav", "empty.wav", "folder.wav"])
def test_what_cannot_be_read_changes_nothing_and_is_said(display, folder, name):
    (folder / "empty.wav").write_bytes(b"")
    (folder / "folder.wav").mkdir()
    with session(display, folder) as each:
        box = each.user.controls["status"].box
        before = each.user.picture(box)
        reference = each.user.picture(each.user.controls["reference"].box)
        drop(each, folder / name)
        wait_until(lambda: (each.user.pixels(box) != before).any())
        after = each.user.picture(each.user.controls["reference"].box)
        np.testing.assert_array_equal(after, reference)
        assert each.talk.shown(each.user.controls["target"].id)[1] == TARGETS[0]
        report, errors = each.talk.end()
    assert not errors
    assert not report["edits"]
    assert not report["n_values"]


def test_what_is_no_sound_is_said_by_the_status(display, folder):
    """Once it is to be used, which takes Python."""
    (folder / "no sound.wav").write_text("This is a text.\n")
    models = write_exported(folder / "models")
    (0.3 * noise(2 * RATE)).T.astype(np.float32).tofile(folder / "in.f32")
    options = ("--in", folder / "in.f32", "--tempo", "120")
    with session(display, folder, *options, REQUINTO_MODELS=str(models)) as each:
        ids = {n: each.user.controls[n].id for n in ("target", "status")}
        drop(each, folder / "no sound.wav")
        each.talk.gesture()
        assert each.talk.shown(ids["target"])[1] == "no sound"
        wait_until(lambda: each.talk.shown(ids["status"])[1] == "No reference")
        drop(each, folder / "home" / "my guitar.wav")
        each.talk.gesture()
        wait_until(lambda: each.talk.shown(ids["status"])[1] in ("Ready", "Late"))
        _, errors = each.talk.end()
    assert "requinto: no sound: " in errors
