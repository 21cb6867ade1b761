# SPDX-License-Identifier: GPL-3.0-or-later
"""Values cross between C and Python, failures return 0, nothing is written astray."""

import ctypes
import dataclasses

import numpy as np
import pytest

import requinto
from models import SMALL, write_neutral
from requinto import bridge
from requinto.config import ClipConfig
from requinto.errors import ModelError
from sounds import error_db, noise, sine

pytestmark = pytest.mark.plugin

LATENCY, RATE = 40000, 8000  # frames, Hz


class Setup(ctypes.Structure):
    """As StreamSetup in bridge.h."""

    _fields_ = (
        ("sample_rate", ctypes.c_double),
        ("n_channels", ctypes.c_uint32),
        ("latency_frames", ctypes.c_uint32),
    )


class Settings(ctypes.Structure):
    """As StreamSettings in bridge.h."""

    _fields_ = (
        ("target", ctypes.c_uint32),
        ("quality", ctypes.c_uint32),
        ("beat_source", ctypes.c_uint32),
        ("tempo_bpm", ctypes.c_double),
    )


class Passage(ctypes.Structure):
    """As Passage in bridge.h."""

    _fields_ = (
        ("input", ctypes.c_void_p),
        ("output", ctypes.c_void_p),
        ("n_frames", ctypes.c_uint32),
    )


@pytest.fixture
def open_door():
    """Return the compiled bridge."""
    path = next(requinto.plugin_path().glob("Contents/*/requinto_bridge.so"))
    library = ctypes.CDLL(str(path))
    assert library.requinto_start(b"", b"") == 1  # Python runs already
    return library


@pytest.fixture
def door(open_door, monkeypatch, unchanged):
    """Return the compiled bridge, in front of a model that changes nothing."""
    monkeypatch.setattr(bridge, "load_separator", lambda name: unchanged)
    return open_door


def problem(door, size=200):
    text = ctypes.create_string_buffer(b"\xff" * size, size)
    kind = door.requinto_problem(text, size)
    return kind, text.value.decode()


def opened(door, n_channels=2, latency=LATENCY, settings=(0, 0, 0, 120.0)):
    setup = Setup(RATE, n_channels, latency)
    return door.requinto_open(ctypes.byref(setup), ctypes.byref(Settings(*settings)))


def configured(door, key, *settings):
    return door.requinto_configure(key, ctypes.byref(Settings(*settings)))


def exchange(door, key, block):
    """Return what came, and the sample after it that nobody may touch."""
    n_frames = block.shape[1]
    given = np.ascontiguousarray(block.T)
    made = np.full(given.size + 1, 7, np.float32)
    passage = Passage(given.ctypes.data, made.ctypes.data, n_frames)
    n = door.requinto_exchange(key, ctypes.byref(passage))
    assert np.array_equal(given, block.T)
    return n, made[:-1].reshape(given.shape).T, made[-1]


@pytest.mark.parametrize("n_channels", [1, 2])
def test_sound_comes_back_late_and_whole(door, n_channels):
    key = opened(door, n_channels)
    assert key
    assert configured(door, key, 1, 0, 1, 100.0) == 1
    sound = noise(3 * LATENCY, n_channels)
    heard = []
    for block in np.array_split(sound, [1, 700, 701, 9000, 50000], axis=1):
        n, made, beyond = exchange(door, key, block)
        assert n == block.shape[1]
        assert beyond == 7
        heard.append(made)
    found = np.concatenate(heard, axis=1)
    assert not found[:, :LATENCY].any()
    assert error_db(sound[:, :-LATENCY], found[:, LATENCY:]) < -100
    assert door.requinto_close(key) == 1
    assert key not in bridge._streams


def test_streams_do_not_mix(door):
    keys = [opened(door), opened(door)]
    assert keys[0] != keys[1]
    sounds = [noise(2 * LATENCY, seed=seed) for seed in (1, 2)]
    for key, sound in zip(keys, sounds, strict=True):
        configured(door, key, 0, 0, 0, 120.0)
        _, made, _ = exchange(door, key, sound)
        assert error_db(sound[:, :LATENCY], made[:, LATENCY:]) < -100
    for key in keys:
        assert door.requinto_close(key) == 1


def test_what_raises_returns_0_and_says_why(door):
    assert opened(door, latency=10) == 0
    kind, text = problem(door)
    assert kind == 2
    assert text.startswith("ConfigError: latency_frames must be")

    assert exchange(door, 123456, noise(10))[0] == 0
    assert problem(door) == (2, "KeyError: 123456")
    assert door.requinto_close(123456) == 0

    key = opened(door)
    assert configured(door, key, 99, 0, 0, 120.0) == 0
    assert configured(door, key, 0, 9, 0, 120.0) == 0
    assert configured(door, key, 0, 0, 9, 120.0) == 0
    assert problem(door)[0] == 2
    assert configured(door, key, 0, 0, 1, 1.0) == 0
    assert "20 to 400" in problem(door)[1]
    assert door.requinto_close(key) == 1


def test_a_missing_model_is_told_apart(door, monkeypatch):
    def fail(name):
        raise ModelError("model 'ñ' cannot be read")

    monkeypatch.setattr(bridge, "load_separator", fail)
    assert opened(door) == 0
    assert problem(door) == (1, "model 'ñ' cannot be read")


@pytest.mark.parametrize(("first", "gains"), [(0, (1.0, 0.5)), (1, (0.5, 1.0))])
def test_quality_chooses_the_model_at_the_next_clip(
    open_door, two_models, first, gains
):
    sound = sine(4 * LATENCY, 2, RATE)
    key = opened(open_door, settings=(0, first, 1, 120.0))
    heard = exchange(open_door, key, sound[:, : 2 * LATENCY])[1]
    assert configured(open_door, key, 0, 1 - first, 1, 120.0) == 1
    heard = [heard, exchange(open_door, key, sound[:, 2 * LATENCY :])[1]]
    found = np.concatenate(heard, axis=1)[:, LATENCY:]
    join = 6 * RATE  # of clips of 2 s, three are decided after 10 s
    faded = round(0.06 * RATE)  # on each side, and a little more
    before, after = slice(0, join - faded), slice(join + faded, None)
    wanted = sound[:, : found.shape[1]]
    assert error_db(gains[0] * wanted[:, before], found[:, before]) < -60
    assert error_db(gains[1] * wanted[:, after], found[:, after]) < -60
    assert open_door.requinto_close(key) == 1


def test_a_missing_choice_leaves_the_stream_as_it_was(open_door, two_models):
    (two_models / "fast.json").unlink()
    assert opened(open_door, settings=(0, 1, 1, 120.0)) == 0
    kind, text = problem(open_door)
    assert kind == 1
    assert text.startswith("unknown model 'fast'; known are standard")

    key = opened(open_door, settings=(0, 0, 1, 120.0))
    assert configured(open_door, key, 0, 1, 1, 120.0) == 0
    assert problem(open_door)[0] == 1
    sound = sine(2 * LATENCY, 2, RATE)
    n, heard, _ = exchange(open_door, key, sound)
    assert n == 2 * LATENCY
    assert error_db(sound[:, :LATENCY], heard[:, LATENCY:]) < -60
    assert configured(open_door, key, 0, 0, 1, 120.0) == 1
    assert open_door.requinto_close(key) == 1


def test_a_model_of_other_clips_is_refused(open_door, two_models):
    other = dataclasses.replace(SMALL, clips=ClipConfig(beats_per_clip=2))
    write_neutral(two_models, "fast", config=other)
    key = opened(open_door)
    assert configured(open_door, key, 0, 1, 0, 120.0) == 0
    kind, text = problem(open_door)
    assert kind == 1 and "beats_per_clip=2" in text
    assert open_door.requinto_close(key) == 1


@pytest.mark.parametrize("size", range(12))
def test_a_reason_is_cut_to_its_room(door, monkeypatch, size):
    def fail(name):
        raise ModelError("añadido")

    monkeypatch.setattr(bridge, "load_separator", fail)
    assert opened(door) == 0
    room = ctypes.create_string_buffer(b"\xff" * 20, 20)
    assert door.requinto_problem(room, size) == 1
    whole = "añadido".encode()
    assert room.raw[size:] == b"\xff" * (20 - size)
    if size:
        told = room.raw[:size].split(b"\0")[0]
        assert whole.startswith(told)
        assert len(told) in (min(size - 1, len(whole)), size - 2)
        told.decode()
