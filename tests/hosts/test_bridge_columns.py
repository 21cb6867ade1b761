# SPDX-License-Identifier: GPL-3.0-or-later
"""What a window shows crosses from Python to C."""

import ctypes

import cffi
import numpy as np
import pytest

from bridge_calls import (
    RATE,
    Column,
    Reference,
    Summary,
    configured,
    exchange,
    opened,
    problem,
)
from requinto import bridge, columns
from requinto.audio import encode_flac
from requinto.columns import COLUMN, column_frames
from shell import ROOT
from sounds import noise, sine

pytestmark = pytest.mark.plugin


def ffi_of_header():
    """Return cffi's own reading of bridge.h."""
    ffi = cffi.FFI()
    header = (ROOT / "plugin/python/bridge.h").read_text()
    ffi.cdef(header)
    return ffi


def test_columns_are_laid_out_as_in_c():
    ffi = ffi_of_header()
    assert COLUMN.itemsize == ffi.sizeof("Column") == ctypes.sizeof(Column)
    names = [name for name, _ in ffi.typeof("Column").fields]
    assert list(COLUMN.names) == names
    for name in names:
        kind, offset = COLUMN.fields[name][:2]
        assert offset == ffi.offsetof("Column", name)
        field = dict(ffi.typeof("Column").fields)[name]
        assert kind.itemsize == ffi.sizeof(field.type)


def test_marks_are_those_of_c():
    marks = {"BEAT": 1, "BAR": 2, "CLIP": 4, "SEAM": 8}
    ffi = ffi_of_header()
    named = ffi.typeof("ColumnMark").relements
    assert named == {f"MARK_{name}": value for name, value in marks.items()}
    for name, value in named.items():
        assert getattr(columns, name) == value


def taken(door, key, n):
    """Return the columns that came, and the one after them that nobody may touch."""
    room = (Column * (n + 1))()
    ctypes.memset(room, 0xAA, ctypes.sizeof(room))
    n_taken = door.requinto_take_columns(key, room, n)
    assert n_taken <= n
    assert bytes(room)[n_taken * COLUMN.itemsize :].strip(b"\xaa") == b""
    return np.frombuffer(bytes(room), COLUMN)[:n_taken]


@pytest.mark.parametrize("n_channels", [1, 2])
def test_columns_come_while_they_are_taken(door, n_channels):
    key = opened(door, n_channels)
    assert configured(door, key) == 1
    sound = 0.5 * noise(20 * RATE, n_channels)
    exchange(door, key, sound[:, : 8 * RATE])
    assert not len(taken(door, key, 10))  # they are made from here on
    exchange(door, key, sound[:, 8 * RATE : 16 * RATE])
    first = taken(door, key, 7)
    assert len(first) == 7
    rest = taken(door, key, 1000)
    assert len(rest) > 100 and not len(taken(door, key, 10))
    both = np.concatenate([first, rest])
    n = column_frames(RATE)
    assert (np.diff(both["frame"].astype(int)) == n).all()
    for column in both:
        frames = slice(int(column["frame"]), int(column["frame"]) + n)
        power = np.mean(np.square(sound[:, frames]))
        assert column["mixture_power"] == pytest.approx(power, rel=1e-4)
    assert both["marks"].any() and both["tempo_bpm"] == pytest.approx(120, rel=1e-3)

    assert door.requinto_take_columns(key, None, 0) == 0  # and not from here on
    assert bridge._streams[key].stream._maker is None
    exchange(door, key, sound[:, 16 * RATE :])
    assert not len(taken(door, key, 1000))
    assert door.requinto_close(key) == 1
    assert door.requinto_take_columns(key, None, 0) == 0
    assert "KeyError" in problem(door)[1]


def summarised(door, file):
    reference, summary = Reference(1, len(file), file), Summary()
    done = door.requinto_summarise(ctypes.byref(reference), ctypes.byref(summary))
    return done, summary


def test_a_reference_is_summarised(door):
    tone = 0.4 * sine(2 * RATE, 1, RATE)
    file = encode_flac(np.concatenate([tone, 0 * tone], axis=1), RATE)
    done, summary = summarised(door, file)
    assert done == 1
    assert summary.duration_s == pytest.approx(4)
    assert summary.low_pitch == pytest.approx(69, abs=0.3)
    assert summary.high_pitch == pytest.approx(69, abs=0.3)
    assert max(summary.peaks) == 255 and not any(summary.peaks[64:])


def test_a_reference_that_cannot_be_read_has_no_summary(door):
    for file in (b"", b"no sound"):
        done, summary = summarised(door, file)
        assert done == 0 and problem(door)[0] == 2
        assert summary.duration_s == 0
