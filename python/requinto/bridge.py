# SPDX-License-Identifier: GPL-3.0-or-later
"""Attach streams to the functions that `bridge.h` declares.

Each function runs on a worker thread of the plugin, one for each instance.
When one raises, cffi returns 0 to C, which then asks for the reason.
"""

from __future__ import annotations

import itertools
import threading
from types import TracebackType
from typing import Any

import numpy as np

from requinto.errors import ModelError
from requinto.separator import Separator
from requinto.stream import BeatSource, Stream
from requinto.weights import STANDARD, load_separator, targets

_PROBLEM_MODEL, _PROBLEM_PYTHON = 1, 2
_QUALITIES = (STANDARD, "fast")  # models, in the order of the plugin's list
_BEAT_SOURCES: tuple[BeatSource, ...] = ("detect", "fixed")

_streams: dict[int, tuple[Stream, int]] = {}  # with their number of channels
_keys = itertools.count(1)
_loading = threading.Lock()  # one model, however many instances start at once
_local = threading.local()  # each thread's last problem: its kind and text


def attach(ffi: Any) -> None:
    """Give the functions of a compiled bridge their Python bodies."""

    @ffi.def_extern(onerror=_report)
    def requinto_open(setup: Any, settings: Any) -> int:
        separator = _separator(settings)
        stream = Stream(
            separator,
            sample_rate=setup.sample_rate,
            n_channels=setup.n_channels,
            latency_frames=setup.latency_frames,
        )
        _configure(stream, separator, settings)
        key = next(_keys)
        _streams[key] = (stream, setup.n_channels)
        return key

    @ffi.def_extern(onerror=_report)
    def requinto_configure(key: int, settings: Any) -> int:
        stream, _ = _streams[key]
        _configure(stream, _separator(settings), settings)
        return 1

    @ffi.def_extern(onerror=_report)
    def requinto_exchange(key: int, passage: Any) -> int:
        stream, n_channels = _streams[key]
        size = passage.n_frames * n_channels * ffi.sizeof("float")
        heard = np.frombuffer(ffi.buffer(passage.input, size), np.float32)
        made = stream.exchange(heard.reshape(-1, n_channels).T)
        # A slice of a cffi buffer refuses data of another length
        ffi.buffer(passage.output, size)[:] = made.T.tobytes()
        return int(passage.n_frames)

    @ffi.def_extern(onerror=_report)
    def requinto_close(key: int) -> int:
        del _streams[key]
        return 1

    @ffi.def_extern()
    def requinto_problem(text: Any, n_bytes: int) -> int:
        kind, reason = getattr(_local, "problem", (0, ""))
        # Cut between characters, and leave room for the end
        whole = reason.encode()[: max(n_bytes - 1, 0)].decode(errors="ignore")
        if n_bytes:
            end = whole.encode() + b"\0"
            ffi.buffer(text, n_bytes)[: len(end)] = end
        return int(kind)


def _separator(settings: Any) -> Separator:
    with _loading:
        return load_separator(_QUALITIES[settings.quality])


def _configure(stream: Stream, separator: Separator, settings: Any) -> None:
    stream.configure(
        targets()[settings.target],
        _BEAT_SOURCES[settings.beat_source],
        settings.tempo_bpm,
        separator=separator,
    )


def _report(
    kind: type[BaseException], error: BaseException, trace: TracebackType
) -> None:
    """Remember what stopped a call; cffi then returns 0 to C."""
    del trace
    if isinstance(error, ModelError):
        _local.problem = (_PROBLEM_MODEL, str(error))
    else:
        _local.problem = (_PROBLEM_PYTHON, f"{kind.__name__}: {error}")
