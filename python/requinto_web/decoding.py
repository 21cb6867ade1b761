# SPDX-License-Identifier: GPL-3.0-or-later
"""Decode what a client sent, in a process that may take little time and memory."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from requinto.audio import AUDIBLE, SampleChecks
from requinto.errors import AudioError, AudioFileError, RequintoError
from requinto_files.audio_reader import SoundReader, open_sound
from requinto_files.audio_writer import SoundWriter
from requinto_web.child_side import Parent
from requinto_web.tasks import Decoded, DecodingTask, Notify

_NOTIFY_S = 0.2  # between messages of progress
_HEADERS = 1 << 20  # bytes that a file may have beside samples


def main() -> None:
    """Decode what the parent says, and say how it went."""
    parent = Parent()
    task = DecodingTask(**parent.receive())
    limit_resources(task)
    try:
        decoded = decode(task, lambda share: parent.send({"progress": share}))
    except RequintoError as error:
        message = str(error).replace(os.fspath(task.source), task.name)
        parent.send({"error": message.replace(os.fspath(task.output), task.name)})
    except MemoryError:
        parent.send({"error": f"{task.name} takes too much memory to decode"})
    else:
        parent.send({"done": decoded._asdict()})


def limit_resources(task: DecodingTask) -> None:
    """Limit this process and those that it starts, where the system can."""
    if sys.platform == "win32":
        return
    import resource

    limits = {
        resource.RLIMIT_AS: task.memory_bytes,
        resource.RLIMIT_CPU: task.cpu_s,
        resource.RLIMIT_FSIZE: task.max_bytes + _HEADERS,
        resource.RLIMIT_CORE: 0,
    }
    for kind, limit in limits.items():
        _, hard = resource.getrlimit(kind)
        lower = limit if hard == resource.RLIM_INFINITY else min(limit, hard)
        resource.setrlimit(kind, (lower, lower))


def decode(task: DecodingTask, notify: Notify) -> Decoded:
    """Check a sound and write it as samples, float32.

    It is decoded twice, first without writing: so what a small file may hold, such as
    hours of silence, takes no room.

    Raises
    ------
    RequintoError
        If it is no sound to work with, or lasts too long.
    """
    with open_sound(task.source, downmix=True) as reader:
        checks = SampleChecks(reader.sample_rate, task.name)
        extremes = np.outer([np.inf, -np.inf], np.ones(reader.n_channels))
        n_frames = 0
        for block in _notifying(reader, notify, 0.0):
            checks.add(block)
            extremes[0] = np.minimum(extremes[0], block.min(axis=1))
            extremes[1] = np.maximum(extremes[1], block.max(axis=1))
            n_frames += block.shape[1]
            _check_duration(task, n_frames / reader.sample_rate)
        checks.finish()
        problems = [*_mixed_down(reader), *reader.problems]
        if task.is_reference:
            _check_audible(task, extremes)
        _write(task, reader, n_frames, notify)
    peak = float(np.abs(extremes).max())
    return Decoded(reader.sample_rate, reader.n_channels, n_frames, peak, problems)


def _mixed_down(reader: SoundReader) -> list[str]:
    n_channels = reader.n_channels_in_file
    if n_channels == reader.n_channels:
        return []
    return [f"its {n_channels} channels were mixed down to {reader.n_channels}"]


def _check_duration(task: DecodingTask, duration_s: float) -> None:
    if duration_s > task.max_duration_s:
        raise AudioError(
            f"{task.name} lasts longer than {format_duration(task.max_duration_s)}, "
            "which is the longest that is accepted here"
        )


def _check_audible(task: DecodingTask, extremes: np.ndarray) -> None:
    """Raise `AudioError` for silence, as `check_reference_samples` would."""
    if not np.any(extremes[1] - extremes[0] > 2 * AUDIBLE):
        raise AudioError(f"{task.name} is silent: it must hold the instrument")


def _write(
    task: DecodingTask,
    reader: SoundReader,
    n_frames: int,
    notify: Notify,
) -> None:
    n_bytes = 4 * reader.n_channels * n_frames
    if n_bytes > task.max_bytes:
        raise AudioFileError(
            f"{task.name} takes {n_bytes / 1e6:.1f} MB when it is decoded; there are "
            f"{task.max_bytes / 1e6:.1f} MB for it: send a lower rate, or less of it"
        )
    shape = (reader.n_channels, n_frames, reader.sample_rate)
    with SoundWriter(Path(task.output), *shape, overwrite=True) as writer:
        for block in _notifying(reader, notify, 0.5, n_frames):
            writer.write(block)
        writer.finish()
        writer.publish()


def _notifying(
    reader: SoundReader,
    notify: Notify,
    share_before: float,
    n_expected: int = 0,
) -> Iterator[np.ndarray]:
    """Yield the blocks of one of two passes, and say how far it is now and then."""
    n_expected = n_expected or reader.n_expected
    n_read, last_s = 0, time.monotonic()
    for block in reader.blocks():
        yield block
        n_read += block.shape[1]
        if n_expected and time.monotonic() - last_s > _NOTIFY_S:
            last_s = time.monotonic()
            notify(share_before + 0.5 * min(1.0, n_read / n_expected))


def format_duration(seconds: float) -> str:
    """Return a duration as a sentence has it."""
    if seconds < 120:
        return f"{seconds:g} seconds"
    return f"{seconds / 60:.3g} minutes"
