# SPDX-License-Identifier: GPL-3.0-or-later
"""The compiled bridge as C sees it: its structures, and calls of its functions."""

import ctypes

import numpy as np

LATENCY, RATE = 40000, 8000  # frames, Hz


class Setup(ctypes.Structure):
    """As StreamSetup in bridge.h."""

    _fields_ = (
        ("sample_rate", ctypes.c_double),
        ("n_channels", ctypes.c_uint32),
        ("n_sidechain", ctypes.c_uint32),
        ("latency_frames", ctypes.c_uint32),
        ("beats_per_clip", ctypes.c_uint32),
    )


class Settings(ctypes.Structure):
    """As StreamSettings in bridge.h."""

    _fields_ = (
        ("target", ctypes.c_uint32),
        ("quality", ctypes.c_uint32),
        ("beat_source", ctypes.c_uint32),
        ("learn", ctypes.c_uint32),
        ("tempo_bpm", ctypes.c_double),
        ("sensitivity", ctypes.c_double),
    )


class Reference(ctypes.Structure):
    """As Reference in bridge.h."""

    _fields_ = (
        ("is_target", ctypes.c_uint32),
        ("n_bytes", ctypes.c_uint32),
        ("bytes", ctypes.c_char_p),
    )


class HostPosition(ctypes.Structure):
    """As HostPosition in bridge.h."""

    _fields_ = (
        ("is_known", ctypes.c_uint32),
        ("is_seam", ctypes.c_uint32),
        ("beats_per_bar", ctypes.c_uint32),
        ("beat_unit", ctypes.c_uint32),
        ("quarter", ctypes.c_double),
        ("bar_quarter", ctypes.c_double),
        ("tempo_bpm", ctypes.c_double),
    )


class Passage(ctypes.Structure):
    """As Passage in bridge.h."""

    _fields_ = (
        ("input", ctypes.c_void_p),
        ("output", ctypes.c_void_p),
        ("n_frames", ctypes.c_uint32),
    )


class Column(ctypes.Structure):
    """As Column in bridge.h."""

    _fields_ = (
        ("frame", ctypes.c_uint64),
        ("n_frames", ctypes.c_uint32),
        ("marks", ctypes.c_uint32),
        ("mixture_power", ctypes.c_float),
        ("extracted_power", ctypes.c_float),
        ("rest_power", ctypes.c_float),
        ("tempo_bpm", ctypes.c_float),
        ("register_shift", ctypes.c_float),
        ("mixture", ctypes.c_ubyte * 64),
        ("extracted", ctypes.c_ubyte * 64),
    )


class Summary(ctypes.Structure):
    """As ReferenceSummary in bridge.h."""

    _fields_ = (
        ("duration_s", ctypes.c_double),
        ("low_pitch", ctypes.c_float),
        ("high_pitch", ctypes.c_float),
        ("peaks", ctypes.c_ubyte * 128),
    )


def problem(door, size=200):
    """Return the kind and the text of the last problem."""
    text = ctypes.create_string_buffer(b"\xff" * size, size)
    kind = door.requinto_problem(text, size)
    return kind, text.value.decode()


def opened(door, n_channels=2, latency=LATENCY, n_sidechain=0, beats=4):
    """Open a stream; return its key."""
    setup = Setup(RATE, n_channels, n_sidechain, latency, beats)
    return door.requinto_open(ctypes.byref(setup))


def configured(door, key, target=0, quality=0, beat_source=2, tempo=120.0, **more):
    """Configure a stream; return what the call does."""
    settings = Settings(
        target, quality, beat_source, more.get("learn", 0), tempo, more.get("sens", 0.5)
    )
    file = more.get("file")
    reference = Reference(file is not None, len(file or b""), file or None)
    return door.requinto_configure(key, ctypes.byref(settings), ctypes.byref(reference))


def exchange(door, key, block, n_channels=None):
    """Return what came, and the sample after it that nobody may touch."""
    n_frames = block.shape[1]
    n_channels = n_channels or len(block)
    given = np.ascontiguousarray(block.T)
    made = np.full(n_frames * n_channels + 1, 7, np.float32)
    passage = Passage(given.ctypes.data, made.ctypes.data, n_frames)
    n = door.requinto_exchange(key, ctypes.byref(passage))
    assert np.array_equal(given, block.T)
    return n, made[:-1].reshape(n_frames, n_channels).T, made[-1]
