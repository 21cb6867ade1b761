# SPDX-License-Identifier: GPL-3.0-or-later
"""The other end of a `Child`: messages on standard streams, in the process itself."""

from __future__ import annotations

import json
import os
import queue
import sys
import threading

from requinto_web.tasks import Message


class Parent:
    """The process that started this one, which ends when that one does.

    Attributes
    ----------
    last_cancelled : int
        The number in the last message `{"cancel": number}`, of a task.
    """

    def __init__(self) -> None:
        # Whatever a library prints must not come between messages
        self._out = os.fdopen(os.dup(1), "w", encoding="utf-8")
        os.dup2(2, 1)
        self._lock = threading.Lock()
        self._messages: queue.SimpleQueue[Message] = queue.SimpleQueue()
        self.last_cancelled = 0
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        for line in sys.stdin:
            message = json.loads(line)
            if "cancel" in message:
                self.last_cancelled = message["cancel"]
            else:
                self._messages.put(message)
        os._exit(0)  # at once, whatever this process is doing

    def receive(self) -> Message:
        """Wait for the next message."""
        return self._messages.get()

    def send(self, message: Message) -> None:
        """Send a message."""
        with self._lock:
            self._out.write(json.dumps(message) + "\n")
            self._out.flush()
