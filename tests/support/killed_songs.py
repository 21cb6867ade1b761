# SPDX-License-Identifier: GPL-3.0-or-later
"""Extract a song in a process that is killed at some point."""

import os
import pathlib
import signal

import catalogues
from requinto_batch import records, song_work
from requinto_files.audio_writer import SoundWriter

# What is called at a point, and at which of the calls
POINTS = {
    "working": (catalogues.Scaled, "separate_all", 1),
    "coding": (SoundWriter, "finish", 2),
    "recording": (records.json, "dump", 1),
    "announced": (SoundWriter, "publish", 1),
    "one published": (SoundWriter, "publish", 2),
    "published": (records.Record, "publish", 1),
    "marking": (records.json, "dump", 2),
    "marked": (pathlib.Path, "unlink", 1),
}


def extract_until(point, song, output, options):
    """Extract a song, and kill this process before it calls something."""
    catalogues.use_scaled_model()
    owner, name, n = POINTS[point]
    function, calls = getattr(owner, name), []

    def call_or_kill(*arguments, **keywords):
        calls.append(name)
        if len(calls) == n:
            os.kill(os.getpid(), signal.SIGKILL)
        return function(*arguments, **keywords)

    setattr(owner, name, call_or_kill)
    plan = catalogues.plan_for(output, options=options)
    song_work.extract_song_files(song, plan)
