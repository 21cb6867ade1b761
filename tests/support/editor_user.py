# SPDX-License-Identifier: GPL-3.0-or-later
"""Use the plugin's window as a user does, by a mouse and keys."""

from __future__ import annotations

import functools
import json
import time
from dataclasses import dataclass

import numpy as np

from shell import build, run
from x_server import XClient, wait_until

SIZE = (720, 420)  # pixels of the window, at a scale of 1
AWAY = (1990, 890)  # a point of the screen, beside all windows
WHOLE = (0.0, 0.0, *map(float, SIZE))
STILL_S = 0.06  # unchanged for two of the window's ticks: all is painted
SCROLL_LIMIT_S = 60.0  # until Python runs, and the latency has gone by
SCROLLED_SHARE = 0.1  # of the song's pixels, in which a moving one differs
WHEEL_UP, WHEEL_DOWN = 4, 5

Box = tuple[float, float, float, float]


@dataclass(frozen=True)
class Control:
    """A control of the window, or an area that is only looked at."""

    kind: str
    box: Box  # x, y, width, height
    is_read_only: bool
    id: int = 0  # of the parameter, for hosts; 0 for what is none
    min: float = 0.0
    max: float = 0.0
    default: float = 0.0
    labels: tuple[str, ...] = ()
    choices: tuple[Box, ...] = ()  # of each value, of an open list
    track: Box = (0.0, 0.0, 0.0, 0.0)
    digits: Box = (0.0, 0.0, 0.0, 0.0)


@functools.cache
def controls(n_targets: int = 5) -> dict[str, Control]:
    """Return the layout's own table, in the order of Tab, with areas at its end."""
    result = run(
        build("release") / "tests" / "plugin" / "editor_controls", str(n_targets)
    )
    assert result.returncode == 0, result.stderr
    return {name: Control(**row) for name, row in json.loads(result.stdout).items()}


class User:
    """The user of a window, of which the corner lies at a point of the screen."""

    def __init__(
        self, client: XClient, n_targets: int = 5, corner: tuple[int, int] = (0, 0)
    ) -> None:
        self.client = client
        self.controls = controls(n_targets)
        self.corner = corner

    def _move(self, x: float, y: float) -> None:
        self.client.move(self.corner[0] + round(x), self.corner[1] + round(y))

    def point(self, box: Box, across: float = 0.5) -> None:
        """Move the pointer into a box, to a share of its width."""
        x, y, width, height = box
        self._move(x + across * width, y + height / 2)

    def leave(self) -> None:
        """Move the pointer away, so that nothing is lit because it is there."""
        self.client.move(*AWAY)

    def click(self, box: Box, across: float = 0.5, times: int = 1) -> None:
        self.point(box, across)
        self.client.button(1, times)

    def turn(self, name: str, wheel: int) -> None:
        """Turn the wheel by a step over a control."""
        self.point(self.controls[name].box)
        self.client.button(wheel)

    def choose(self, name: str, index: int) -> None:
        """Choose an entry of a list by the mouse."""
        row = self.controls[name].choices[index]
        before = self.pixels(row)
        self.click(self.controls[name].box)
        wait_until(lambda: (self.pixels(row) != before).any())
        self.click(row)

    def drag(self, box: Box, across: float, dx: int, dy: int, n_steps: int = 5) -> None:
        """Press at a share of a box's width, and move so many pixels in steps."""
        x = round(box[0] + across * box[2])
        y = round(box[1] + box[3] / 2)
        self._move(x, y)
        self.client.hold(1, True)
        for step in range(1, n_steps + 1):
            self._move(x + dx * step / n_steps, y + dy * step / n_steps)
        self.client.hold(1, False)

    def keys(self, *names: str) -> None:
        for name in names:
            self.client.key(name)

    def type(self, text: str) -> None:
        """Type digits, and Enter."""
        self.keys(*("period" if c == "." else c for c in text), "Return")

    def pixels(self, box: Box, margin: int = 0) -> np.ndarray:
        """Return the pixels of a box, and around it, as the screen has them."""
        x, y, width, height = (round(value) for value in box)
        left, top = max(x - margin, 0), max(y - margin, 0)
        right = min(x + width + margin, SIZE[0])
        bottom = min(y + height + margin, SIZE[1])
        return self.client.pixels(
            self.client.root.id,
            right - left,
            bottom - top,
            self.corner[0] + left,
            self.corner[1] + top,
        )

    def still(self, box: Box, margin: int = 0) -> np.ndarray:
        """Return what a box shows once all is painted."""
        after = self.pixels(box, margin)
        while True:
            before = after
            time.sleep(STILL_S)
            after = self.pixels(box, margin)
            if (before == after).all():
                return after

    def picture(self, box: Box, margin: int = 0) -> np.ndarray:
        """Return what a box shows without the pointer, once all is painted."""
        self.leave()
        return self.still(box, margin)

    def scrolls(self) -> bool:
        """Wait until the song goes by; return whether it does within the limit."""
        box = self.controls["song"].box
        end = time.monotonic() + SCROLL_LIMIT_S
        while time.monotonic() < end:
            before = self.pixels(box)
            time.sleep(0.4)
            if (self.pixels(box) != before).mean() > SCROLLED_SHARE:
                return True
        return False
