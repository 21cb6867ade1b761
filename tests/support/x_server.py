# SPDX-License-Identifier: GPL-3.0-or-later
"""An X server of a test's own, and a second program on it."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator

import numpy as np
from Xlib import XK, X, Xatom, display
from Xlib.error import BadDrawable, BadWindow
from Xlib.ext import xtest
from Xlib.protocol import event as protocol

APT = "apt-get install xvfb"
LIMIT_S = 10  # for whatever should happen at once
XDND_VERSION = 5
DESKTOP_ATOMS = """
_MOTIF_WM_HINTS _NET_ACTIVE_WINDOW _NET_FRAME_EXTENTS _NET_WM_ALLOWED_ACTIONS
_NET_WM_PID _NET_WM_PING _NET_WM_STATE _NET_WM_STATE_HIDDEN _NET_WM_USER_TIME
_NET_WM_WINDOW_TYPE _NET_WM_WINDOW_TYPE_NORMAL _NET_WORKAREA _XEMBED _XEMBED_INFO
_KDE_NET_WM_WINDOW_TYPE_OVERRIDE KWM_WIN_ICON WM_CHANGE_STATE WM_DELETE_WINDOW
WM_PROTOCOLS WM_STATE WM_TAKE_FOCUS XdndActionCopy XdndActionDescription
XdndActionList XdndActionPrivate XdndAware XdndDrop XdndEnter XdndFinished XdndLeave
XdndPosition XdndSelection XdndStatus XdndTypeList UTF8_STRING CLIPBOARD
"""


@contextlib.contextmanager
def x_server(size: str = "1000x700x24") -> Iterator[tuple[str, subprocess.Popen]]:
    """Start an X server without a screen; give its DISPLAY, and its process."""
    program = shutil.which("Xvfb")
    assert program, f"there is no Xvfb: {APT}"
    reading, writing = os.pipe()
    command = ["setpriv", "--pdeathsig", "KILL"]  # it ends with us, even if we crash
    command += [program, "-displayfd", str(writing), "-screen", "0", size]
    # -noreset: the server would start anew, for some time, after its last client
    command += ["-nolisten", "tcp", "-noreset"]
    server = subprocess.Popen(command, pass_fds=[writing], stderr=subprocess.DEVNULL)
    os.close(writing)
    try:
        with os.fdopen(reading) as numbers:
            number = numbers.readline().strip()
        assert number, f"Xvfb does not start: {' '.join(command)}"
        yield f":{number}", server
    finally:
        server.kill()
        server.wait()


def wait_until(condition: Callable[[], object]) -> None:
    """Wait until a condition holds; fail if it does not within the limit."""
    end = time.monotonic() + LIMIT_S
    while not condition():
        assert time.monotonic() < end, "it does not come"
        time.sleep(0.005)


class XClient:
    """A program beside the one tested: it types, points, drags, and looks."""

    def __init__(self, name: str) -> None:
        self.display = display.Display(name)
        self.root = self.display.screen().root

    def close(self) -> None:
        self.display.close()

    def be_desktop(self) -> None:
        """Stand in for a desktop, until closed.

        JUCE, and so pedalboard, has windows only where a settings daemon runs, and
        where a window manager has named the atoms that it uses.
        """
        owner = self.window(1, 1)
        owner.unmap()
        settings = self.display.intern_atom("_XSETTINGS_SETTINGS")
        owner.change_property(settings, settings, 8, bytes(12))  # none of them
        manager = self.display.intern_atom("_XSETTINGS_S0")
        owner.set_selection_owner(manager, X.CurrentTime)
        for name in DESKTOP_ATOMS.split():
            self.display.intern_atom(name)
        self.display.sync()

    def window(self, width: int, height: int, depth: int = 24, x: int = 0):
        """Return a mapped window, at the top of the screen."""
        screen = self.display.screen()
        visuals = next(d.visuals for d in screen.allowed_depths if d.depth == depth)
        visual = visuals[0].visual_id
        window = self.root.create_window(
            *(x, 0, width, height, 0, depth, X.InputOutput, visual),
            background_pixel=0,
            border_pixel=0,
            colormap=self.root.create_colormap(visual, X.AllocNone),
            event_mask=X.StructureNotifyMask,
        )
        window.map()
        self.display.sync()
        return window

    def resource(self, number: int):
        """Return the window of that number."""
        return self.display.create_resource_object("window", number)

    def window_named(self, name: str):
        """Return the window of that name at the top of the screen, or None."""
        for window in self.root.query_tree().children:
            with contextlib.suppress(BadWindow):  # it may go at any time
                if window.get_wm_name() == name:
                    return window
        return None

    def ask_to_close(self, name: str) -> None:
        """Ask the window of that name to close, as a window manager does."""
        window = self.window_named(name)
        words = [self.display.intern_atom("WM_DELETE_WINDOW"), 0, 0, 0, 0]
        kind = self.display.intern_atom("WM_PROTOCOLS")
        message = protocol.ClientMessage(
            window=window, client_type=kind, data=(32, words)
        )
        window.send_event(message)
        self.display.flush()

    def innermost_window(self, size: tuple[int, int], window=None) -> int | None:
        """Return the number of the innermost window of a size, if there is one.

        Hosts put a plugin's window into windows of their own.
        """
        window = window or self.root
        try:
            geometry = window.get_geometry()
            children = window.query_tree().children
        except (BadDrawable, BadWindow):  # it has gone
            return None
        inner = [self.innermost_window(size, child) for child in children]
        own = window.id if (geometry.width, geometry.height) == size else None
        return next((number for number in inner if number is not None), own)

    def pixels(
        self, number: int, width: int, height: int, x: int = 0, y: int = 0
    ) -> np.ndarray:
        """Return the colours `0xRRGGBB` in a window, `(height, width)`."""
        image = self.resource(number).get_image(
            *(x, y, width, height), X.ZPixmap, 0xFFFFFFFF
        )
        words = np.frombuffer(image.data, "<u4").reshape(height, width)
        return words & 0xFFFFFF

    def move(self, x: int, y: int) -> None:
        """Move the pointer to a point of the screen."""
        xtest.fake_input(self.display, X.MotionNotify, x=x, y=y)
        self.display.sync()

    def button(self, number: int, times: int = 1) -> None:
        """Press and release a button of the mouse."""
        for _ in range(times):
            xtest.fake_input(self.display, X.ButtonPress, number)
            xtest.fake_input(self.display, X.ButtonRelease, number)
        self.display.sync()

    def hold(self, number: int, is_down: bool) -> None:
        """Press, or release, a button of the mouse."""
        kind = X.ButtonPress if is_down else X.ButtonRelease
        xtest.fake_input(self.display, kind, number)
        self.display.sync()

    def keycode(self, keysym: int) -> int:
        """Return the key of a symbol, which is added to the keyboard if not there."""
        code = self.display.keysym_to_keycode(keysym)
        if not code:
            code = next(
                c
                for c in range(255, 8, -1)
                if not any(self.display.get_keyboard_mapping(c, 1)[0])
            )
            self.display.change_keyboard_mapping(code, [[keysym] * 4])
            self.display.sync()
            self.display.refresh_keyboard_mapping(
                protocol.MappingNotify(
                    request=X.MappingKeyboard, first_keycode=code, count=1
                )
            )
            time.sleep(0.2)  # for others to take in the new keyboard
        return code

    def key(self, name: str, held: tuple[str, ...] = ()) -> None:
        """Press and release the key of an X11 name, while others are held."""
        others = [self.keycode(XK.string_to_keysym(each)) for each in held]
        code = self.keycode(XK.string_to_keysym(name))
        for each in [*others, code]:
            xtest.fake_input(self.display, X.KeyPress, each)
        for each in [code, *reversed(others)]:
            xtest.fake_input(self.display, X.KeyRelease, each)
        self.display.sync()


class DragSource:
    """The program from which files are dragged, by the protocol Xdnd."""

    def __init__(self, client: XClient, target: int) -> None:
        self.display = client.display
        self.target = client.resource(target)
        self.window = client.window(10, 10)
        self.window.unmap()
        selection = self.atom("XdndSelection")
        self.window.set_selection_owner(selection, X.CurrentTime)
        self.display.sync()

    def atom(self, name: str) -> int:
        return self.display.intern_atom(name)

    def version(self) -> int | None:
        """Return the version of Xdnd that the target speaks."""
        aware = self.target.get_full_property(self.atom("XdndAware"), Xatom.ATOM)
        return aware.value[0] if aware else None

    def send(self, name: str, *data: int) -> None:
        words = [self.window.id, *data]
        message = protocol.ClientMessage(
            window=self.target,
            client_type=self.atom(name),
            data=(32, words + [0] * (5 - len(words))),
        )
        self.target.send_event(message)
        self.display.flush()

    def next_event(self, kind: int):
        """Return the next event of a kind, of those that come in time."""
        end = time.monotonic() + LIMIT_S
        while time.monotonic() < end:
            while self.display.pending_events():
                event = self.display.next_event()
                if event.type == kind:
                    return event
            time.sleep(0.005)
        raise AssertionError("no answer to the drag")

    def message(self, name: str) -> list[int]:
        """Return the data of the next message, which must have that name."""
        event = self.next_event(X.ClientMessage)
        assert event.client_type == self.atom(name)
        return list(event.data[1])

    def enter(self, *types: str) -> None:
        """Enter the target with data of these types."""
        atoms = [self.atom(name) for name in types]
        has_more = len(atoms) > 3
        if has_more:
            self.window.change_property(
                self.atom("XdndTypeList"), Xatom.ATOM, 32, atoms
            )
        first = atoms[:3] + [0] * (3 - len(atoms[:3]))
        self.send("XdndEnter", XDND_VERSION << 24 | has_more, *first)

    def move(self, x: int, y: int) -> bool:
        """Move to a point of the screen; return whether the target would take it."""
        action = self.atom("XdndActionCopy")
        self.send("XdndPosition", 0, x << 16 | y, X.CurrentTime, action)
        target, flags, _, _, answer = self.message("XdndStatus")
        assert target == self.target.id
        assert answer == (action if flags & 1 else 0)
        return bool(flags & 1)

    def leave(self) -> None:
        self.send("XdndLeave")

    def drop(self, data: bytes | None) -> bool:
        """Drop, and hand over data if asked; return whether the target has taken it."""
        self.send("XdndDrop", 0, X.CurrentTime)
        if data is not None:
            self.answer_request(data)
        target, is_taken, action = self.message("XdndFinished")[:3]
        assert target == self.target.id
        assert action == (self.atom("XdndActionCopy") if is_taken else 0)
        return bool(is_taken)

    def answer_request(self, data: bytes) -> None:
        request = self.next_event(X.SelectionRequest)
        assert request.target == self.atom("text/uri-list")
        request.requestor.change_property(request.property, request.target, 8, data)
        notice = protocol.SelectionNotify(
            time=request.time,
            requestor=request.requestor,
            selection=request.selection,
            target=request.target,
            property=request.property,
        )
        request.requestor.send_event(notice)
        self.display.flush()
