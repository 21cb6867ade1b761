# SPDX-License-Identifier: GPL-3.0-or-later
"""The command in processes of its own, and what it leaves in a folder."""

import functools
import os
import signal
import subprocess
import sys
from pathlib import Path

from shell import SUPPORT

COMMAND = [sys.executable, "-c", "from requinto_command import main; main()"]

# The command over a model that changes nothing, which takes no TensorFlow to start
LIGHT = f"""
import importlib
import sys
from requinto_command import cli

sys.path.append({str(SUPPORT)!r})
from unchanged import PlainTracker, Unchanged

extract = importlib.import_module("requinto.extract")
extract.load_separator = lambda *_: Unchanged()
extract.load_tracker = lambda *_: PlainTracker()
cli.main()
"""


def command(*arguments, program=COMMAND[-1], **options):
    """Run the command in a process of its own."""
    words = [os.fsencode(a) if isinstance(a, Path) else a for a in arguments]
    return subprocess.run(
        [sys.executable, "-c", program, *words],
        **{"capture_output": True, "timeout": 300, "check": False},
        **options,
    )


def interrupt(arguments, until, signum=signal.SIGINT, command=COMMAND, **options):
    """Return status, stdout and stderr of a command that a signal ends at some time."""
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    words = [*command, *map(str, arguments)]
    # Where the tests run in the background, as of nohup, SIGINT is ignored
    obey = functools.partial(signal.signal, signal.SIGINT, signal.SIG_DFL)
    process = subprocess.Popen(words, text=True, preexec_fn=obey, **(pipes | options))
    until(process)
    process.send_signal(signum)
    out, err = process.communicate(timeout=60)
    return process.returncode, out, err


def contents(folder):
    """Return what each file holds, and of what mode it is."""
    return {
        path.name: (path.read_bytes(), path.lstat().st_mode)
        for path in folder.iterdir()
        if path.is_file()
    }


def parsers(command, words=()):
    """Yield each command of the command's parser, and the words that call it."""
    children = getattr(command, "commands", None)
    if children is None:
        yield words, command
    else:
        for name, child in children.items():
            yield from parsers(child, (*words, name))
