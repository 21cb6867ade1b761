# SPDX-License-Identifier: GPL-3.0-or-later
"""Prepare songs and extract from them, in a process that holds the models."""

from __future__ import annotations

import contextlib
import functools
import json
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from requinto.arguments import Instrument, Options
from requinto.beats import Beats
from requinto.errors import RequintoError
from requinto.extract import track_song
from requinto.file_extraction import Paths, extract_to_files
from requinto.loader import load_separator, load_tracker
from requinto.overview import N_PEAKS_PER_S, Overview
from requinto.song_file import SongFile, open_song
from requinto.song_separation import Stretch
from requinto_files.audio_reader import read_available
from requinto_files.audio_writer import SoundWriter
from requinto_files.output_files import whole_file
from requinto_files.sound_kinds import kind_of
from requinto_web.child_side import Parent
from requinto_web.store import SoundFolder
from requinto_web.tasks import ExtractionTask, Message, Notify

_NOTIFY_S = 0.15  # between messages of progress
_DIGITS = 4  # of peaks, and of seconds


class _Cancelled(Exception):
    """The parent does not want the result any more."""


def main() -> None:
    """Do what the parent says, one task after another."""
    parent = Parent()
    with contextlib.suppress(RequintoError):  # whoever needs a model is told so
        load_tracker()
        load_separator()
    while True:
        message = parent.receive()
        number, name = message.pop("number"), message.pop("task")
        notify = functools.partial(_notify, parent, number, [0.0])
        parent.send({"number": number, **_run(_TASKS[name], message, notify)})


def _notify(parent: Parent, number: int, last_s: list[float], share: float) -> None:
    if parent.last_cancelled >= number:
        raise _Cancelled
    if time.monotonic() - last_s[0] > _NOTIFY_S:
        last_s[0] = time.monotonic()
        parent.send({"number": number, "progress": share})


def _run(
    task: Callable[..., Message], arguments: dict[str, Any], notify: Notify
) -> Message:
    try:
        return {"done": task(**arguments, notify=notify)}
    except _Cancelled:
        return {"cancelled": True}
    except RequintoError as error:
        return {"error": str(error)}
    except MemoryError:
        return {"error": "there is not enough memory for this song"}
    except Exception as error:
        if os.environ.get("REQUINTO_DEBUG"):
            raise
        return {"error": f"{type(error).__name__}: {error}"}


def prepare(folder: str, gain: float, notify: Notify) -> Message:
    """Track a song's beats, and make all that is shown and played of it."""
    files = SoundFolder(Path(folder))
    with open_song(files.wav) as song:
        beats = track_song(song, lambda share: notify(0.8 * share))
        overview = _write_played(
            song, files, gain, lambda share: notify(0.8 + share / 5)
        )
    _write_overview(files, overview, _describe_beats(beats))
    return {}


def extract(notify: Notify, **values: Any) -> Message:
    """Extract one instrument of a song, and make all that is shown and played of it."""
    task = ExtractionTask(**values)
    source, files = SoundFolder(Path(task.song)), SoundFolder(Path(task.output))
    files.path.mkdir(parents=True, exist_ok=True)
    described = json.loads(source.overview.read_text())
    peaks = [0.0, 0.0]

    def watch(stretch: Stretch) -> None:
        sounds = (stretch.extracted[0], stretch.rest)
        peaks[:] = [max(p, _peak(s)) for p, s in zip(peaks, sounds, strict=True)]

    with open_song(source.wav) as song:
        extract_to_files(
            *(song, [_instrument(task, song)], Paths((files.wav,))),
            options=Options(task.beats_per_clip, task.sensitivity, task.model),
            beats=_beats_of(described),
            masks=Path(task.masks),
            overwrite=True,
            progress=lambda share: notify(0.95 * share),
            watch=watch,
        )
    gain = min(task.gain, kind_of(files.flac).gain_for(peaks[0]))
    with open_song(files.wav) as extracted:
        overview = _write_played(extracted, files, gain, lambda share: None)
    beats = {key: value for key, value in described.items() if key != "peaks"}
    _write_overview(files, overview, beats)
    return {"peaks": peaks, "gain": gain}


_TASKS: dict[str, Callable[..., Message]] = {"prepare": prepare, "extract": extract}


def _write_played(
    song: SongFile, files: SoundFolder, gain: float, notify: Notify
) -> Overview:
    """Write a song as it is played and its spectrogram; return what is shown."""
    shape = (song.n_channels, song.n_frames, song.sample_rate)
    overview = Overview(song.n_channels, song.sample_rate, song.n_frames)
    n_done = 0
    with SoundWriter(files.flac, *shape, overwrite=True) as writer:
        for block in song.blocks():
            overview.add(block)
            writer.write(np.float32(gain) * block)
            n_done += block.shape[1]
            notify(n_done / song.n_frames)
        writer.finish()
        writer.publish()
    overview.write_picture(files.picture)
    return overview


def _write_overview(
    files: SoundFolder, overview: Overview, beats: dict[str, Any]
) -> None:
    """Write what clients read of a sound, as they read it."""
    peaks = np.asarray(overview.peaks, np.float64).round(_DIGITS).tolist()
    record = {"peaks": peaks, "n_peaks_per_s": N_PEAKS_PER_S, **beats}
    with whole_file(files.overview, overwrite=True) as unfinished:
        Path(unfinished).write_text(json.dumps(record, separators=(",", ":")))


def _describe_beats(beats: Beats) -> dict[str, Any]:
    return {
        "beats_s": beats.times_s.round(_DIGITS).tolist(),
        "downbeats_s": beats.downbeats_s.round(_DIGITS).tolist(),
        "tempo_bpm": beats.tempo_bpm,
        "beats_per_bar": beats.beats_per_bar,
        "confidence": beats.confidence,
    }


def _beats_of(described: dict[str, Any]) -> Beats:
    return Beats(
        np.array(described["beats_s"]),
        np.array(described["downbeats_s"]),
        *(described[key] for key in ("tempo_bpm", "beats_per_bar", "confidence")),
    )


def _instrument(task: ExtractionTask, song: SongFile) -> Instrument:
    if task.reference:
        recording = read_available(task.reference)
        return Instrument(task.title, None, recording.samples, recording.sample_rate)
    if task.stretch_s:
        start_s, end_s = task.stretch_s
        with open_song(song.path, start_s=start_s, end_s=end_s) as excerpt:
            samples = np.concatenate(list(excerpt.blocks()), axis=1)
        return Instrument(task.title, None, samples, excerpt.sample_rate)
    return Instrument(task.title, task.target)


def _peak(sound: np.ndarray) -> float:
    return float(np.abs(sound).max(initial=0.0))
