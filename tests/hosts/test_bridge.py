# SPDX-License-Identifier: GPL-3.0-or-later
"""Values cross between C and Python, failures return 0, nothing is written astray."""

import ctypes
import dataclasses

import numpy as np
import pytest

import requinto
from bridge_calls import (
    LATENCY,
    RATE,
    HostPosition,
    configured,
    exchange,
    opened,
    problem,
)
from models import FEEDFORWARD, write_neutral
from requinto import bridge
from requinto.audio import decode, encode_flac
from requinto.config import ClipConfig
from requinto.errors import ModelError
from sounds import error_db, noise, sine

pytestmark = pytest.mark.plugin


def learned(door, key):
    """Return the sound file that was learnt."""
    n_bytes = door.requinto_take_bar(key, None, 0)
    room = ctypes.create_string_buffer(b"\xff" * (n_bytes + 1), n_bytes + 1)
    assert door.requinto_take_bar(key, room, n_bytes) == n_bytes
    assert room.raw[-1] == 0xFF
    return room.raw[:-1]


@pytest.mark.parametrize("n_channels", [1, 2])
def test_sound_comes_back_late_and_whole(door, n_channels):
    key = opened(door, n_channels)
    assert key
    assert configured(door, key, 1, tempo=100.0) == 1
    sound = noise(3 * LATENCY, n_channels)
    outputs = []
    for block in np.array_split(sound, [1, 700, 701, 9000, 50000], axis=1):
        n, made, beyond = exchange(door, key, block)
        assert n == block.shape[1]
        assert beyond == 7
        outputs.append(made)
    output = np.concatenate(outputs, axis=1)
    assert not output[:, :LATENCY].any()
    assert error_db(sound[:, :-LATENCY], output[:, LATENCY:]) < -100
    assert door.requinto_close(key) == 1
    assert key not in bridge._streams


def test_streams_do_not_mix(door):
    keys = [opened(door), opened(door)]
    assert keys[0] != keys[1]
    sounds = [noise(2 * LATENCY, seed=seed) for seed in (1, 2)]
    for key, sound in zip(keys, sounds, strict=True):
        configured(door, key, 0, 0, 1)
        _, made, _ = exchange(door, key, sound)
        assert error_db(sound[:, :LATENCY], made[:, LATENCY:]) < -100
    for key in keys:
        assert door.requinto_close(key) == 1


def test_what_raises_returns_0_and_says_why(door):
    assert opened(door, latency=10) == 0
    kind, text = problem(door)
    assert kind == 3
    assert text.startswith("ConfigError: latency_frames must be")
    assert opened(door, beats=3) == 0
    assert "must be 1, 2 or 4, got 3" in problem(door)[1]

    assert exchange(door, 123456, noise(10))[0] == 0
    assert problem(door) == (3, "KeyError: 123456")
    assert door.requinto_close(123456) == 0

    key = opened(door)
    assert configured(door, key, target=99) == 0
    assert configured(door, key, quality=9) == 0
    assert configured(door, key, beat_source=9) == 0
    assert problem(door)[0] == 3
    assert configured(door, key, tempo=1.0) == 0
    assert "20 to 400" in problem(door)[1]
    assert door.requinto_close(key) == 1


def test_a_missing_model_has_its_own_status(door, monkeypatch):
    def fail(name):
        raise ModelError("model 'ñ' cannot be read")

    key = opened(door)
    monkeypatch.setattr(bridge, "load_separator", fail)
    assert configured(door, key) == 0
    assert problem(door) == (1, "model 'ñ' cannot be read")
    n, output, _ = exchange(door, key, noise(2 * LATENCY))  # silence, in time
    assert n == 2 * LATENCY and not output.any()
    assert door.requinto_close(key) == 1


@pytest.mark.parametrize(
    ("file", "reason"),
    [
        (b"", "the target has no sound"),
        (b"no sound", "not sound we can read"),
        (encode_flac(np.zeros((1, RATE), np.float32), RATE), "the reference is silent"),
        (encode_flac(noise(RATE // 4, 1), RATE), "must last 0.5 s or more"),
        (encode_flac(noise(RATE, 3), RATE), "1 or 2 channels"),
    ],
)
def test_a_reference_that_cannot_be_used_has_its_own_status(door, file, reason):
    key = opened(door)
    assert configured(door, key, target=4, file=file) == 0
    kind, text = problem(door)
    assert kind == 2
    assert reason in text
    assert configured(door, key, target=4, file=encode_flac(noise(RATE, 1), RATE)) == 1
    assert door.requinto_close(key) == 1


@pytest.mark.parametrize("n_sidechain", [0, 1, 2])
def test_a_bar_is_learnt(door, n_sidechain):
    """At 120 bpm bars are of 2 s; requested after 1 s, the second is learnt."""
    key = opened(door, 2, n_sidechain=n_sidechain)
    sound = 0.5 * noise(10 * RATE, 2 + n_sidechain)
    assert configured(door, key) == 1
    exchange(door, key, sound[:, :RATE], 2)
    assert configured(door, key, learn=1) == 1
    n, output, beyond = exchange(door, key, sound[:, RATE : 9 * RATE], 2)
    assert n == 8 * RATE and beyond == 7
    assert error_db(sound[:2, : 4 * RATE], output[:, 4 * RATE :]) < -100
    bar, rate = decode(learned(door, key))
    rows = slice(2, None) if n_sidechain else slice(0, 2)
    assert rate == RATE
    assert error_db(sound[rows, 2 * RATE : 4 * RATE], bar) < -130
    assert door.requinto_take_bar(key, None, 0) == 0  # once
    assert door.requinto_close(key) == 1


def test_the_host_says_where_bars_are(door):
    """A bar that begins 0.5 s into the stream is the one that is learnt."""
    key = opened(door)
    assert configured(door, key, beat_source=0, learn=1) == 1
    position = HostPosition(1, 1, 3, 4, -1.0, 0.0, 120.0)
    assert door.requinto_locate(key, ctypes.byref(position)) == 1
    sound = 0.5 * noise(6 * RATE)
    exchange(door, key, sound)
    bar, _ = decode(learned(door, key))
    assert error_db(sound[:, RATE // 2 : 2 * RATE], bar) < -130
    assert door.requinto_close(key) == 1


@pytest.mark.parametrize(("first", "gains"), [(0, (1.0, 0.5)), (1, (0.5, 1.0))])
def test_quality_chooses_the_model_from_there(open_door, two_models, first, gains):
    sound = sine(4 * LATENCY, 2, RATE)
    key = opened(open_door)
    assert configured(open_door, key, quality=first) == 1
    outputs = exchange(open_door, key, sound[:, : 2 * LATENCY])[1]
    assert configured(open_door, key, quality=1 - first) == 1
    outputs = [outputs, exchange(open_door, key, sound[:, 2 * LATENCY :])[1]]
    output = np.concatenate(outputs, axis=1)[:, LATENCY:]
    join = 2 * LATENCY
    faded = round(0.06 * RATE)  # on each side, and a little more
    before, after = slice(0, join - faded), slice(join + faded, None)
    wanted = sound[:, : output.shape[1]]
    assert error_db(gains[0] * wanted[:, before], output[:, before]) < -60
    assert error_db(gains[1] * wanted[:, after], output[:, after]) < -60
    assert open_door.requinto_close(key) == 1


def test_what_is_new_is_warmed_up_once(door, monkeypatch):
    warmed_up = []
    monkeypatch.setattr(bridge, "_warm", set())
    monkeypatch.setattr(
        bridge, "warm_up", lambda target, beats, **_: warmed_up.append((target, beats))
    )
    keys = [opened(door), opened(door)]
    for key in keys:
        for target, beat_source in ((0, 1), (1, 1), (1, 2), (0, 1)):
            assert configured(door, key, target, 0, beat_source) == 1
    names = requinto.targets()
    assert warmed_up == [(names[0], "detect"), (names[1], "fixed")]
    short = opened(door, beats=1)
    assert configured(door, short, 0, 0, 1) == 1
    assert len(warmed_up) == 3
    for key in (*keys, short):
        assert door.requinto_close(key) == 1


def test_a_missing_choice_leaves_the_stream_as_it_was(open_door, two_models):
    for path in (*two_models.glob("fast.*"), *two_models.glob("*/fast.json")):
        path.unlink()
    key = opened(open_door)
    assert configured(open_door, key, quality=1) == 0
    kind, text = problem(open_door)
    assert kind == 1
    assert text.startswith("unknown model 'fast'; known are standard")

    assert configured(open_door, key) == 1
    assert configured(open_door, key, quality=1) == 0
    assert problem(open_door)[0] == 1
    sound = sine(2 * LATENCY, 2, RATE)
    n, output, _ = exchange(open_door, key, sound)
    assert n == 2 * LATENCY
    assert error_db(sound[:, :LATENCY], output[:, LATENCY:]) < -60
    assert configured(open_door, key) == 1
    assert open_door.requinto_close(key) == 1


def test_a_model_of_other_clips_is_refused(open_door, two_models):
    other = dataclasses.replace(FEEDFORWARD, clips=ClipConfig(left_context_s=2.0))
    write_neutral(two_models, "fast", config=other)
    key = opened(open_door)
    assert configured(open_door, key, quality=1) == 0
    kind, text = problem(open_door, 400)
    assert kind == 1 and "left_context_s=2.0" in text
    assert open_door.requinto_close(key) == 1


@pytest.mark.parametrize("size", range(12))
def test_a_reason_is_cut_to_its_room(door, monkeypatch, size):
    def fail(name):
        raise ModelError("añadido")

    monkeypatch.setattr(bridge, "load_separator", fail)
    assert configured(door, opened(door)) == 0
    room = ctypes.create_string_buffer(b"\xff" * 20, 20)
    assert door.requinto_problem(room, size) == 1
    whole = "añadido".encode()
    assert room.raw[size:] == b"\xff" * (20 - size)
    if size:
        text = room.raw[:size].split(b"\0")[0]
        assert whole.startswith(text)
        assert len(text) in (min(size - 1, len(whole)), size - 2)
        text.decode()
