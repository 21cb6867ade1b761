# SPDX-License-Identifier: GPL-3.0-or-later
"""Read the sounds that a command is given, and say what is missing of them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from requinto import audio as sound
from requinto.apps.messages import warn
from requinto.audio_reader import Recording, read_available


def read_song(path: Path) -> Recording:
    """Return a song, as far as it can be read; warn on stderr of what cannot.

    Raises
    ------
    AudioFileError
        If nothing can be read.
    AudioError
        If it is not sound to work with; the message names the file.
    """
    recording = read_available(path)
    samples = sound.checked(recording.samples, recording.sample_rate, str(path))
    _warn_of_problems(path, recording)
    return recording._replace(samples=samples)


def read_reference(path: Path) -> Recording:
    """Return a reference in the same way; silence is no reference either."""
    recording = read_available(path)
    samples = sound.checked_reference(
        recording.samples, recording.sample_rate, str(path)
    )
    _warn_of_problems(path, recording)
    return recording._replace(samples=samples)


def _warn_of_problems(path: Path, recording: Recording) -> None:
    if recording.problems:
        problems = "; ".join(recording.problems)
        warn(f"{path} is not whole: {problems}; what is there is used")


def problems_of(recordings: Mapping[Path, Recording]) -> list[str]:
    """Return what is missing of some files, each with its name."""
    return [
        f"{path}: {problem}"
        for path, recording in recordings.items()
        for problem in recording.problems
    ]
