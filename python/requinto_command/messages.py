# SPDX-License-Identifier: GPL-3.0-or-later
"""Say something on stderr, in one line, whatever stderr is connected to."""

from __future__ import annotations

import contextlib
import os
import sys

from requinto_files.errors import RequintoError

DEBUG = "REQUINTO_DEBUG"  # set, unexpected errors show where they came from


def say(message: str) -> None:
    """Print a line on stderr, if it is open and read.

    What a terminal cannot show, or would obey, is shown with escapes.
    """
    if sys.stderr is None:  # it was closed when Python started
        return
    line = f"requinto: {printable(' '.join(message.split()))}"
    try:
        print(line, file=sys.stderr, flush=True)
    except (OSError, ValueError):  # a full disk, a broken pipe, a closed file
        discard(sys.stderr)


def warn(message: str) -> None:
    """Say something that is no error."""
    say(f"warning: {message}")


def printable(text: str) -> str:
    """Return text with escapes for what a terminal cannot show, or would obey."""
    return "".join(c if c.isprintable() else _escape(c) for c in text)


def discard(stream: object) -> None:
    """Have what is left of a stream's lines go nowhere when Python ends."""
    with contextlib.suppress(OSError, ValueError, AttributeError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())  # type: ignore[attr-defined]
        os.close(nowhere)


def describe_error(error: BaseException) -> str:
    """Return one line that says what went wrong, whatever it was."""
    if isinstance(error, RequintoError):
        return str(error)
    if isinstance(error, MemoryError):
        return "not enough memory for this file"
    if isinstance(error, ModuleNotFoundError) and error.name:
        return (
            f"the Python package {error.name.split('.')[0]} is missing; "
            "pip install 'requinto[train]' brings what building and measuring needs"
        )
    if isinstance(error, OSError) and error.strerror:
        names = filter(None, (error.filename, error.filename2))
        return ": ".join([*(os.fsdecode(name) for name in names), error.strerror])
    return f"{type(error).__name__}: {error} ({DEBUG}=1 shows where)"


def complete_usage(message: str, error: BaseException) -> str:
    """Return a message about usage as a sentence that says what was given.

    Typer words some of them by Pydantic, whose errors hold the value apart.
    """
    errors = getattr(error.__cause__, "errors", None)
    for detail in errors()[:1] if callable(errors) else ():
        given = repr(detail.get("input"))
        if given not in message:
            message = f"{message.rstrip('.')}, got {given}"
    return message if message.endswith((".", "?", "!")) else f"{message}."


def _escape(character: str) -> str:
    code = ord(character)
    if 0xDC80 <= code <= 0xDCFF:  # how Python keeps a byte that is no text
        return f"\\x{code - 0xDC00:02x}"
    return character.encode("unicode_escape").decode()
