# SPDX-License-Identifier: GPL-3.0-or-later
"""Have a child process decode what a client sent, and survive whatever that does."""

from __future__ import annotations

import asyncio
import signal
import sys
from pathlib import Path

from requinto_web.children import Child, clean_environment
from requinto_web.tasks import Decoded, DecodingTask, Message, Notify


class DecodingError(Exception):
    """A file that cannot be decoded; the message is for the user."""


async def decode(
    task: DecodingTask, folder: Path, tmp: Path, limit_s: float, notify: Notify
) -> Decoded:
    """Decode a file in a child process.

    Parameters
    ----------
    task : DecodingTask
    folder, tmp : Path
        Where the process works, and where libraries may write.
    limit_s : float
        Seconds that it may take.
    notify : callable
        Called with the share of the work that is done.

    Raises
    ------
    DecodingError
        If it is not sound, or takes more than it may.
    """
    child = await Child.start("decoding", folder, clean_environment(tmp))
    try:
        await child.send(task._asdict())
        answer = await asyncio.wait_for(_receive_answer(child, notify), limit_s)
    except asyncio.TimeoutError:
        raise DecodingError(
            f"{task.name} cannot be read as sound in the time that is allowed for it"
        ) from None
    finally:
        status = await child.kill()
    if answer is None:
        raise DecodingError(_describe_end(task, status))
    if "error" in answer:
        raise DecodingError(str(answer["error"]))
    try:
        return _check(Decoded(**answer["done"]))
    except (TypeError, ValueError, KeyError) as error:
        raise DecodingError(_describe_end(task, status)) from error


async def _receive_answer(child: Child, notify: Notify) -> Message | None:
    while message := await child.receive():
        if "progress" not in message:
            return message
        notify(min(1.0, max(0.0, float(message["progress"]))))
    return None


def _check(decoded: Decoded) -> Decoded:
    """Return what a process said that had read a hostile file, as what it should be."""
    return Decoded(
        int(decoded.sample_rate),
        int(decoded.n_channels),
        int(decoded.n_frames),
        float(decoded.peak),
        [str(problem) for problem in decoded.problems],
    )


def _describe_end(task: DecodingTask, status: int) -> str:
    if sys.platform != "win32" and status == -signal.SIGXCPU:
        return f"{task.name} takes too long to decode"
    return f"{task.name} cannot be read as sound: decoding it failed"
