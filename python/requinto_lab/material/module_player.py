# SPDX-License-Identifier: GPL-3.0-or-later
"""Play tracker modules through libopenmpt, any of their instruments muted."""

from __future__ import annotations

import ctypes
import ctypes.util
import functools
import itertools
from typing import Any

import numpy as np

from requinto.errors import RequintoError
from requinto_lab.material.soundfonts import SAMPLE_RATE

_NUMBER = 1  # OPENMPT_MODULE_COMMAND_INSTRUMENT: which part of a cell to read


class ModuleError(RequintoError):
    """A module cannot be played: libopenmpt is missing, or the file is no module."""


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
    file = ctypes.util.find_library("openmpt")
    if file is None:
        raise ModuleError("the library libopenmpt is not installed (libopenmpt0)")
    library = ctypes.CDLL(file)
    pointers = (
        *("ext_create_from_memory", "ext_get_module"),
        *("get_instrument_name", "get_sample_name"),
    )
    for name in pointers:
        getattr(library, f"openmpt_module_{name}").restype = ctypes.c_void_p
    for name in ("get_current_estimated_bpm", "get_duration_seconds"):
        getattr(library, f"openmpt_module_{name}").restype = ctypes.c_double
    library.openmpt_module_get_pattern_row_channel_command.restype = ctypes.c_uint8
    library.openmpt_module_read_interleaved_float_stereo.restype = ctypes.c_size_t
    library.openmpt_free_string.restype = None
    return library


class Player:
    """One module, played once from its start; close it afterwards."""

    def __init__(self, data: bytes) -> None:
        self._lib = lib = _library()
        self._ext = ctypes.c_void_p(
            lib.openmpt_module_ext_create_from_memory(
                data, ctypes.c_size_t(len(data)), *[None] * 7
            )
        )
        if not self._ext:
            raise ModuleError(f"{len(data)} bytes are no module that libopenmpt plays")
        self._module = ctypes.c_void_p(lib.openmpt_module_ext_get_module(self._ext))
        self._table = _Interactive()
        size = ctypes.c_size_t(ctypes.sizeof(self._table))
        can_mute = lib.openmpt_module_ext_get_interface(
            self._ext, b"interactive", ctypes.byref(self._table), size
        )
        if not can_mute:
            raise ModuleError("this libopenmpt cannot mute instruments (0.4 or later)")

    def close(self) -> None:
        """Free the module; nothing can be played afterwards."""
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

    def used_instruments(self) -> set[int]:
        """Return the instruments (or samples) that patterns name, from 0 as `names`."""
        lib, module = self._lib, self._module
        n_channels = lib.openmpt_module_get_num_channels(module)
        cells = itertools.chain.from_iterable(
            itertools.product(
                (pattern,),
                range(lib.openmpt_module_get_pattern_num_rows(module, pattern)),
                range(n_channels),
            )
            for pattern in range(lib.openmpt_module_get_num_patterns(module))
        )
        numbers = {
            lib.openmpt_module_get_pattern_row_channel_command(module, *cell, _NUMBER)
            for cell in cells
        }
        # Cells may name what the module does not hold
        return {number - 1 for number in numbers} & {*range(len(self.names()))}

    def mute(self, numbers: list[int]) -> None:
        """Silence instruments (or samples), from 0 as `names` lists them."""
        set_mute = _MUTE(self._table.set_instrument_mute_status)
        for number in numbers:
            if not set_mute(self._ext, number, 1):
                raise ModuleError(f"libopenmpt cannot mute instrument {number}")

    def read(self, n_frames: int) -> np.ndarray:
        """Return what comes next, float32 `(2, n)`; fewer frames at the end."""
        sound = np.zeros((n_frames, 2), np.float32)
        n_read = self._lib.openmpt_module_read_interleaved_float_stereo(
            self._module,
            ctypes.c_int32(SAMPLE_RATE),
            ctypes.c_size_t(n_frames),
            sound.ctypes.data_as(ctypes.c_void_p),
        )
        return sound[:n_read].T

    def duration_s(self) -> float:
        """Return how long it plays until it ends or repeats."""
        return float(self._lib.openmpt_module_get_duration_seconds(self._module))

    def position(self) -> tuple[int, int]:
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
