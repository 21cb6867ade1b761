# SPDX-License-Identifier: GPL-3.0-or-later
"""Show the plugin's editor in pedalboard, twice, and move a slider meanwhile.

Prints `Amount` after each time.
"""

import ctypes
import os
import sys
import threading

import pedalboard

from x_server import XClient, wait_until


@ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p)
def ignore(_display, _event) -> int:
    """Ignore an error, where Xlib would end the process."""
    return 0


def largest_window(client: XClient) -> tuple[int, int] | None:
    """Return where the window with the editor is on the screen, or None."""
    for window in client.root.query_tree().children:
        box = window.get_geometry()
        if box.width >= 720 and window.query_tree().children:
            return box.x, box.y
    return None


def drag(at: tuple[int, int], n: int, closing: threading.Event) -> None:
    """Drag a slider to the right, and have the editor closed."""
    client = XClient(os.environ["DISPLAY"])
    try:
        wait_until(lambda: largest_window(client))
        corner = largest_window(client)
        assert corner
        x, y = corner
        before = plugin.amount
        for _ in range(100):  # until the window takes what comes
            client.move(x + at[0] + 10 * n, y + at[1])
            client.button(1)
            if closing.wait(0.05) or plugin.amount != before:
                break
    finally:
        client.close()
        closing.set()


if __name__ == "__main__":
    # Without a window manager JUCE reads a property of the window 0
    ctypes.CDLL("libX11.so.6").XSetErrorHandler(ignore)
    plugin = pedalboard.load_plugin(sys.argv[1])
    position = (int(sys.argv[2]), int(sys.argv[3]))
    for index in range(2):
        event = threading.Event()
        thread = threading.Thread(target=drag, args=(position, index, event))
        thread.start()
        plugin.show_editor(event)
        thread.join()
        print(plugin.amount, flush=True)
