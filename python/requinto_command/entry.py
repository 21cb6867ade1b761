# SPDX-License-Identifier: GPL-3.0-or-later
"""Run a command: an exit status, and one line on stderr for whatever goes wrong."""

from __future__ import annotations

import codecs
import contextlib
import errno
import os
import signal
import sys
import warnings

import typer

from requinto_command.messages import (
    DEBUG,
    complete_usage,
    describe_error,
    discard,
    say,
)

_NAME = "requinto"
_KEEP_BYTES = "requinto_keep_bytes"
FAILED, INTERRUPTED, BROKEN_PIPE = 2, 130, 141  # 128 + the signal, as in shells


def run(app: typer.Typer) -> int:
    """Return the exit status of the command that `sys.argv` holds.

    0, or 2 with one line on stderr, 130 if it was stopped, 141 if what it prints is
    not read, or what the command itself exits with.
    """
    _prepare_streams()
    if not sys.warnoptions:
        warnings.simplefilter("ignore")  # of libraries, about their own affairs
    try:
        status = app(prog_name=_NAME, standalone_mode=False)
        _flush(sys.stdout)
    except BaseException as error:
        if os.environ.get(DEBUG) and isinstance(error, Exception):
            raise
        _show_cursor()
        return _report(error)
    if status == INTERRUPTED:  # Typer returns it where it was interrupted
        _show_cursor()
        return _report(KeyboardInterrupt())
    return status if isinstance(status, int) else 0


def _show_cursor() -> None:
    """Undo what a progress bar hides that was interrupted while it started."""
    from rich.console import Console

    with contextlib.suppress(OSError):
        Console(stderr=True).show_cursor()


def _report(error: BaseException) -> int:
    """Say what went wrong, and return the exit status."""
    if isinstance(error, SystemExit) and isinstance(error.__context__, BrokenPipeError):
        error = BrokenPipeError()  # which is what Typer made of it
    if isinstance(error, SystemExit):
        status = error.code or 0
        if str(error) not in ("", str(error.code)) or isinstance(status, str):
            say(str(error))  # of a signal, which says which
        return FAILED if isinstance(status, str) else status
    if isinstance(error, BrokenPipeError):
        discard(sys.stdout)
        return BROKEN_PIPE
    if isinstance(error, (KeyboardInterrupt, typer.Abort)):
        signal.signal(signal.SIGINT, signal.SIG_DFL)  # another ends the process
        say("stopped")
        return INTERRUPTED
    if hasattr(error, "format_message"):  # of usage, in whatever version of Typer
        message = error.format_message()
        if not message:  # help was shown
            return 0
        say(f"{complete_usage(message, error)} Try --help.")
        return FAILED
    is_flushed = _flush_or_discard()
    if isinstance(error, OSError) and not error.filename:
        # Where each line is written at once, none is left to be tried
        is_unbuffered = getattr(sys.stdout, "write_through", False)
        is_full = is_unbuffered and error.errno == errno.ENOSPC
        if is_full or not is_flushed:
            error = OSError(error.errno, error.strerror, "standard output")
    say(describe_error(error))
    return FAILED


def _prepare_streams() -> None:
    """Let any name be printed, and no file take the number of a closed stream."""
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # takes the lowest number that is free
    codecs.register_error(_KEEP_BYTES, _keep_bytes)
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            # What a program reads is the file's name, to its bytes
            errors = "backslashreplace" if stream.isatty() else _KEEP_BYTES
            stream.reconfigure(errors=errors)


def _keep_bytes(error: UnicodeError) -> tuple[str | bytes, int]:
    """Write bytes of a name that are no text as they are, other characters escaped."""
    assert isinstance(error, UnicodeEncodeError)
    code = ord(error.object[error.start])
    if 0xDC80 <= code <= 0xDCFF:  # how Python keeps such a byte
        return bytes([code - 0xDC00]), error.start + 1
    error.end = error.start + 1
    return codecs.backslashreplace_errors(error)


def _flush(stream: object) -> None:
    if stream is not None and hasattr(stream, "flush"):
        stream.flush()


def _flush_or_discard() -> bool:
    """Print what is left for stdout; return whether that worked."""
    try:
        _flush(sys.stdout)
    except OSError:
        discard(sys.stdout)
        return False
    return True
