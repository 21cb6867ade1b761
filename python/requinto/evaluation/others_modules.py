# SPDX-License-Identifier: GPL-3.0-or-later
"""Stems of tracker modules in Debian's games, rendered by libopenmpt.

A module holds its samples and rows of notes, so each instrument is rendered alone by
muting all others.  Many modules use the names of their samples for greetings: only
those are listed here whose names say what the samples are.
"""

from __future__ import annotations

import ctypes
import ctypes.util
import functools
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np

from requinto.evaluation.others import (
    LONGEST_S,
    SAMPLE_RATE,
    OthersError,
    StemSong,
    audible,
    instrument_named,
    mix_error_db,
)


@dataclass(frozen=True)
class Module:
    """A module as Debian packages it."""

    package: str
    path: str
    licence: str


MODULES: tuple[Module, ...] = (
    *(
        Module("bb", f"/usr/share/bb/{name}.s3m", "GPL-2+ (bb, Dawn Music)")
        for name in ("bb", "bb2", "bb3")
    ),
    Module("gweled", "/usr/share/sounds/gweled/autonom.s3m", "GPL-2+ (gweled)"),
    *(
        Module("rockdodger", f"/usr/share/rockdodger/{name}.mod", "GPL-2+ (rockdodger)")
        for name in ("front_1", "ramcharg")
    ),
    Module(
        "rafkill-data",
        "/usr/share/games/rafkill/music/song3.xm",
        "LGPL-2 (rafkill, Ilkka Kaartinen)",
    ),
    *(
        Module(
            "biniax2-data",
            f"/usr/share/games/biniax2/music/biniax_common0{number}.it",
            "Zlib (biniax2, Jordan Tuzsuzov)",
        )
        for number in (3, 4, 5)
    ),
)
_BLOCK = 64  # frames between looks at the row that plays
_CHUNK = 1 << 16  # frames at once where nobody looks
_ROWS_PER_BAR = 16
_SLOWEST_BPM, _FASTEST_BPM = 65.0, 190.0  # what a beat may be, of those that fit
_STEADY = 0.2  # largest change of tempo, as a share, for which beats are given


class _Interactive(ctypes.Structure):
    """Function table `openmpt_module_ext_interface_interactive` of libopenmpt 0.6."""

    _fields_ = tuple(
        (name, ctypes.c_void_p)
        for name in (
            *("set_current_speed", "set_current_tempo"),
            *("set_tempo_factor", "get_tempo_factor"),
            *("set_pitch_factor", "get_pitch_factor"),
            *("set_global_volume", "get_global_volume"),
            *("set_channel_volume", "get_channel_volume"),
            *("set_channel_mute_status", "get_channel_mute_status"),
            *("set_instrument_mute_status", "get_instrument_mute_status"),
            *("play_note", "stop_note"),
        )
    )


_MUTE = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_int32, ctypes.c_int)


@functools.cache
def _library() -> Any:
    found = ctypes.util.find_library("openmpt")
    if found is None:
        raise OthersError("the library libopenmpt is not installed (libopenmpt0)")
    library = ctypes.CDLL(found)
    pointers = (
        *("ext_create_from_memory", "ext_get_module"),
        *("get_instrument_name", "get_sample_name"),
    )
    for name in pointers:
        getattr(library, f"openmpt_module_{name}").restype = ctypes.c_void_p
    for name in ("get_current_estimated_bpm", "get_duration_seconds"):
        getattr(library, f"openmpt_module_{name}").restype = ctypes.c_double
    library.openmpt_module_read_interleaved_float_stereo.restype = ctypes.c_size_t
    library.openmpt_free_string.restype = None
    return library


class Player:
    """One module, played once from its start; a context that frees it at its end."""

    def __init__(self, data: bytes) -> None:
        self._lib = lib = _library()
        self._ext = ctypes.c_void_p(
            lib.openmpt_module_ext_create_from_memory(
                data, ctypes.c_size_t(len(data)), *[None] * 7
            )
        )
        if not self._ext:
            raise OthersError(f"{len(data)} bytes are no module that libopenmpt plays")
        self._module = ctypes.c_void_p(lib.openmpt_module_ext_get_module(self._ext))
        self._table = _Interactive()
        size = ctypes.c_size_t(ctypes.sizeof(self._table))
        found = lib.openmpt_module_ext_get_interface(
            self._ext, b"interactive", ctypes.byref(self._table), size
        )
        if not found:
            raise OthersError("this libopenmpt cannot mute instruments (0.4 or later)")

    def __enter__(self) -> Player:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._lib.openmpt_module_ext_destroy(self._ext)

    def names(self) -> list[str]:
        """Return the names of its instruments, or of its samples if it has none."""
        lib = self._lib
        n_instruments = lib.openmpt_module_get_num_instruments(self._module)
        if n_instruments:
            count, name_of = n_instruments, lib.openmpt_module_get_instrument_name
        else:
            count = lib.openmpt_module_get_num_samples(self._module)
            name_of = lib.openmpt_module_get_sample_name
        names = []
        for number in range(count):
            raw = ctypes.c_void_p(name_of(self._module, ctypes.c_int32(number)))
            names.append(ctypes.string_at(raw).decode("utf-8", "replace").strip())
            lib.openmpt_free_string(raw)
        return names

    def mute(self, numbers: list[int]) -> None:
        """Silence instruments (or samples), from 0 as `names` lists them."""
        set_mute = _MUTE(self._table.set_instrument_mute_status)
        for number in numbers:
            if not set_mute(self._ext, number, 1):
                raise OthersError(f"libopenmpt cannot mute instrument {number}")

    def read(self, n_frames: int) -> np.ndarray:
        """Return what comes next, float32 `(2, n)`; fewer frames at the end."""
        sound = np.zeros((n_frames, 2), np.float32)
        got = self._lib.openmpt_module_read_interleaved_float_stereo(
            self._module,
            ctypes.c_int32(SAMPLE_RATE),
            ctypes.c_size_t(n_frames),
            sound.ctypes.data_as(ctypes.c_void_p),
        )
        return sound[:got].T

    def duration_s(self) -> float:
        """Return how long it plays until it ends or repeats."""
        return float(self._lib.openmpt_module_get_duration_seconds(self._module))

    def place(self) -> tuple[int, int]:
        """Return the order and row that play."""
        lib, module = self._lib, self._module
        order = lib.openmpt_module_get_current_order(module)
        return order, lib.openmpt_module_get_current_row(module)

    def pace(self) -> tuple[float, int]:
        """Return beats per minute as libopenmpt sees them, and rows a beat."""
        lib, module = self._lib, self._module
        tempo_bpm = lib.openmpt_module_get_current_estimated_bpm(module)
        tempo = lib.openmpt_module_get_current_tempo(module)
        speed = lib.openmpt_module_get_current_speed(module)
        # A row is `speed` ticks of 2.5 / tempo seconds (ProTracker, CIA timing)
        row_s = speed * 2.5 / max(tempo, 1)
        return tempo_bpm, round(60 / max(tempo_bpm, 1.0) / row_s)


def songs() -> Iterator[StemSong]:
    """Yield the songs of `MODULES`.

    Raises
    ------
    OthersError
        If a package or libopenmpt is not installed.
    """
    for module in MODULES:
        path = Path(module.path)
        if not path.is_file():
            raise OthersError(f"{path} is not there: install {module.package}")
        title = f"modules-{module.package.removesuffix('-data')}-{path.stem}"
        source = f"{module.package}, {path.name}"
        yield song(
            title.lower().replace("_", ""), path.read_bytes(), source, module.licence
        )


def song(name: str, data: bytes, source: str, licence: str) -> StemSong:
    """Return the stems of a module, given as the bytes of its file."""
    with Player(data) as player:
        names = player.names()
        mix, beats_s, downbeats_s = _with_beats(player)
    parts = [instrument_named(text) for text in names]
    stems = {
        part: _alone(data, [n for n, p in enumerate(parts) if p != part], mix.shape[1])
        for part in sorted(set(parts))
    }
    error_db = mix_error_db(stems, mix)
    return StemSong(
        name,
        audible(stems),
        beats_s,
        downbeats_s,
        source,
        licence,
        error_db,
    )


def _alone(data: bytes, muted: list[int], n_frames: int) -> np.ndarray:
    with Player(data) as player:
        player.mute(muted)
        blocks, here = [], 0
        while here < n_frames:
            block = player.read(min(_CHUNK, n_frames - here))
            if block.shape[1] == 0:
                break
            blocks.append(block)
            here += block.shape[1]
    sound = np.concatenate(blocks, axis=1) if blocks else np.zeros((2, 0), np.float32)
    return np.pad(sound, ((0, 0), (0, n_frames - sound.shape[1])))


def _with_beats(
    player: Player,
) -> tuple[np.ndarray, tuple[float, ...], tuple[float, ...]]:
    """Return the whole song, the times of its beats, and of its downbeats.

    Times are right to 1.5 ms: the row is looked up every `_BLOCK` frames.
    """
    blocks: list[np.ndarray] = []
    rows: list[tuple[float, int, float, int]] = []  # second, row, bpm, rows a beat
    last, here = (-1, -1), 0
    end = player.duration_s() * SAMPLE_RATE
    while here < LONGEST_S * SAMPLE_RATE:
        block = player.read(_BLOCK)
        if block.shape[1] == 0:
            break
        blocks.append(block)
        # After its end a module stands at its start again, and notes die away
        ended = here + _BLOCK > end
        if not ended and (place := player.place()) != last:
            rows.append((here / SAMPLE_RATE, place[1], *player.pace()))
            last = place
        here += block.shape[1]
    mix = np.concatenate(blocks, axis=1) if blocks else np.zeros((2, 1), np.float32)
    return (mix, *_beats(rows))


def _beats(
    rows: list[tuple[float, int, float, int]],
) -> tuple[tuple[float, ...], tuple[float, ...]]:
    if not rows:
        return (), ()
    tempi_bpm = np.array([bpm for _, _, bpm, _ in rows])
    tempo_bpm = float(np.median(tempi_bpm))
    # Where the pace changes much, rows a beat change too, and no one says to what
    if np.any(np.abs(tempi_bpm / max(tempo_bpm, 1.0) - 1) > _STEADY):
        return (), ()
    per_beat = round(float(np.median([n for *_, n in rows])))
    # Four rows a beat is a habit only: a tempo out of range means another number
    while tempo_bpm > _FASTEST_BPM:
        tempo_bpm, per_beat = tempo_bpm / 2, per_beat * 2
    while 0 < tempo_bpm < _SLOWEST_BPM and per_beat % 2 == 0:
        tempo_bpm, per_beat = tempo_bpm * 2, per_beat // 2
    if per_beat < 1:
        return (), ()
    beats_s = tuple(round(s, 6) for s, row, *_ in rows if row % per_beat == 0)
    # Patterns of other lengths are in another metre, or break in mid-bar
    lengths = [a for (_, a, *_), (_, b, *_) in pairwise(rows) if b == 0]
    odd = any((length + 1) % _ROWS_PER_BAR for length in lengths)
    if odd or _ROWS_PER_BAR % per_beat:
        return beats_s, ()
    bar = max(_ROWS_PER_BAR, 4 * per_beat)
    return beats_s, tuple(round(s, 6) for s, row, *_ in rows if row % bar == 0)
