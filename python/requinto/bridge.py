# SPDX-License-Identifier: GPL-3.0-or-later
"""Attach streams to the functions that `bridge.h` declares.

Each function runs on a worker thread of the plugin, one for each instance.
When one raises, cffi returns 0 to C, which then calls `problem`.  Once Python
calls its exit functions, none is called any more: see `plugin/python/gate.h`.
"""

from __future__ import annotations

import itertools
import threading
from dataclasses import dataclass
from types import TracebackType
from typing import Any, NamedTuple

import numpy as np

from requinto.audio import check_reference_samples, decode, encode_flac
from requinto.config import ClipConfig
from requinto.errors import AudioError, AudioFileError, ModelError, TargetError
from requinto.host_position import Position
from requinto.loader import load_separator
from requinto.model_folder import STANDARD, targets
from requinto.reference_summary import summarise
from requinto.separator import Extraction, Query, Separator
from requinto.stream import Stream
from requinto.timeline import BeatSettings, BeatSource

_NOISE_LEVEL = 0.1  # amplitude, to warm up with
_MODELS = (STANDARD, "fast")  # in the order of the plugin's list of qualities


@dataclass
class _Open:
    """A stream, and how C opened it."""

    stream: Stream
    clips: ClipConfig
    sample_rate: float
    n_in: int  # channels of the input, with those of the sidechain
    n_out: int
    bar: bytes = b""  # a sound file that C has not copied yet


class _Workload(NamedTuple):
    """What is slow when it runs first."""

    model: str
    is_reference: bool
    beat_source: BeatSource
    clips: ClipConfig


_streams: dict[int, _Open] = {}
_warm: set[_Workload] = set()  # guarded by `_loading`
_keys = itertools.count(1)
_loading = threading.Lock()  # one model, however many instances start at once
_local = threading.local()  # each thread's last problem: its kind and text


class _Bridge:
    """The functions that `bridge.h` declares, of one compiled bridge."""

    def __init__(self, ffi: Any, lib: Any) -> None:
        self._ffi, self._lib = ffi, lib
        self._beat_sources: dict[int, BeatSource] = {
            lib.BEATS_HOST: "host",
            lib.BEATS_DETECT: "detect",
            lib.BEATS_FIXED: "fixed",
        }

    def open(self, setup: Any) -> int:
        """Start a stream and return its key."""
        clips = ClipConfig().of_beats(setup.beats_per_clip)
        stream = Stream(
            clips,
            sample_rate=setup.sample_rate,
            n_channels=setup.n_channels,
            n_sidechain=setup.n_sidechain,
            latency_frames=setup.latency_frames,
        )
        key = next(_keys)
        n_in = setup.n_channels + setup.n_sidechain
        _streams[key] = _Open(stream, clips, setup.sample_rate, n_in, setup.n_channels)
        return key

    def configure(self, key: int, settings: Any, reference: Any) -> int:
        """Choose what a stream extracts; return 1."""
        file = bytes(self._ffi.buffer(reference.bytes, reference.n_bytes))
        opened = _streams[key]
        opened.stream.capture_bar(bool(settings.learn))
        model = _MODELS[settings.quality]
        beats = BeatSettings(
            self._beat_sources[settings.beat_source], settings.tempo_bpm
        )
        is_reference = bool(reference.is_target)
        with _loading:
            separator = load_separator(model)
            target = (
                _query(file, separator) if is_reference else targets()[settings.target]
            )
            workload = _Workload(model, is_reference, beats.source, opened.clips)
            if workload not in _warm:
                warm_up(
                    target,
                    beats.source,
                    separator=separator,
                    clips=opened.clips,
                    sample_rate=opened.sample_rate,
                )
                _warm.add(workload)
        extraction = Extraction.of(target, separator, settings.sensitivity)
        opened.stream.configure(extraction, beats)
        return 1

    def locate(self, key: int, position: Any) -> int:
        """Give a stream the host's position; return 1."""
        host_position = Position(
            position.quarter,
            position.tempo_bpm,
            position.bar_quarter,
            position.beats_per_bar,
            position.beat_unit,
        )
        _streams[key].stream.locate(
            host_position if position.is_known else None,
            is_seam=bool(position.is_seam),
        )
        return 1

    def exchange(self, key: int, passage: Any) -> int:
        """Exchange sound; return the frames written."""
        opened = _streams[key]
        n_samples, size = passage.n_frames * opened.n_in, self._ffi.sizeof("float")
        samples = np.frombuffer(
            self._ffi.buffer(passage.input, n_samples * size), np.float32
        )
        output = opened.stream.exchange(samples.reshape(-1, opened.n_in).T)
        # A slice of a cffi buffer refuses data of another length
        n_bytes = passage.n_frames * opened.n_out * size
        self._ffi.buffer(passage.output, n_bytes)[:] = output.T.tobytes()
        return int(passage.n_frames)

    def take_bar(self, key: int, file: Any, n_bytes: int) -> int:
        """Copy the bar that was captured, if it fits; return its file's size."""
        opened = _streams[key]
        bar = opened.stream.take_bar()
        if bar is not None:
            opened.bar = encode_flac(bar, opened.sample_rate)
        size = len(opened.bar)
        if 0 < size <= n_bytes:
            self._ffi.buffer(file, size)[:] = opened.bar
            opened.bar = b""
        return size

    def take_columns(self, key: int, columns: Any, n_columns: int) -> int:
        """Copy the next columns, and have the stream make more; with 0, stop it."""
        stream = _streams[key].stream
        stream.watch(n_columns > 0)
        taken = stream.take_columns(n_columns)
        if len(taken):
            self._ffi.buffer(columns, taken.nbytes)[:] = taken.tobytes()
        return len(taken)

    def summarise(self, reference: Any, summary: Any) -> int:
        """Fill in the summary of a sound file; return 1."""
        sound, rate = _decode_reference(
            bytes(self._ffi.buffer(reference.bytes, reference.n_bytes))
        )
        values = summarise(sound, rate)
        summary.duration_s = values.duration_s
        summary.low_pitch, summary.high_pitch = values.low_pitch, values.high_pitch
        self._ffi.buffer(summary.peaks)[:] = values.peaks.tobytes()
        return 1

    def close(self, key: int) -> int:
        """End a stream; return 1."""
        del _streams[key]
        return 1

    def problem(self, text: Any, n_bytes: int) -> int:
        """Copy why the last call returned 0; return its kind."""
        kind, reason = getattr(_local, "problem", (self._lib.PROBLEM_NONE, ""))
        # Cut between characters, and leave room for the end
        whole = reason.encode()[: max(n_bytes - 1, 0)].decode(errors="ignore")
        if n_bytes:
            end = whole.encode() + b"\0"
            self._ffi.buffer(text, n_bytes)[: len(end)] = end
        return int(kind)

    def report(
        self, kind: type[BaseException], error: BaseException, trace: TracebackType
    ) -> None:
        """Remember what stopped a call; cffi then returns 0 to C."""
        del trace
        if isinstance(error, ModelError):
            _local.problem = (self._lib.PROBLEM_MODEL, str(error))
        elif isinstance(error, (AudioError, AudioFileError, TargetError)):
            _local.problem = (self._lib.PROBLEM_REFERENCE, str(error))
        else:
            _local.problem = (self._lib.PROBLEM_PYTHON, f"{kind.__name__}: {error}")


def attach(ffi: Any, lib: Any) -> None:
    """Give the functions of a compiled bridge their Python bodies."""
    bridge = _Bridge(ffi, lib)
    for body in (
        *(bridge.open, bridge.configure, bridge.locate, bridge.exchange),
        *(bridge.take_bar, bridge.take_columns, bridge.summarise, bridge.close),
    ):
        ffi.def_extern(f"python_{body.__name__}", onerror=bridge.report)(body)
    ffi.def_extern("python_problem")(bridge.problem)


def warm_up(
    target: str | Query,
    beat_source: BeatSource,
    *,
    separator: Separator,
    clips: ClipConfig,
    sample_rate: float,
) -> None:
    """Extract from noise once, with the settings that sound will be extracted with.

    Networks compile when they are first run, and libraries load when they are first
    used, which takes seconds: with sound to wait for, a user would call that a hang.

    Parameters
    ----------
    target : str or Query
        As in `Extraction.of`.
    beat_source : "host", "detect" or "fixed"
        As in `BeatSettings`. For "host" the beat tracker is warmed up too, as it is
        needed where the host has no position.
    separator : Separator
        The model.
    clips : ClipConfig
        How the sound is cut.
    sample_rate : float
        Hz.
    """
    stream = Stream(clips, sample_rate=sample_rate, n_channels=1)
    stream.configure(Extraction.of(target, separator), BeatSettings(beat_source))
    # Until the first clip is due
    shape = (1, stream.latency_frames)
    noise = np.random.default_rng(0).standard_normal(shape, np.float32)
    stream.exchange(_NOISE_LEVEL * noise)


def _query(file: bytes, separator: Separator) -> Query:
    """Return the query for a reference that came as a sound file."""
    return separator.query(*_decode_reference(file))


def _decode_reference(file: bytes) -> tuple[np.ndarray, float]:
    """Return a reference that came as a sound file, and its rate in Hz."""
    if not file:
        raise TargetError("the target has no sound: learn a bar, or choose another")
    reference, rate = decode(file)
    return check_reference_samples(reference, rate, "the reference"), rate
