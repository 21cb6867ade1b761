# SPDX-License-Identifier: GPL-3.0-or-later
"""The plugin on a track in Ardour: sessions are saved, exported and opened again."""

import shutil
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest
import soundfile

import requinto
from ardour import (
    bounce,
    build_session,
    export,
    make_home,
    plain_value,
    reopen,
    saved_state,
)
from models import write_exported
from shell import run_host
from sounds import RATE, clicks, error_db, noise, sine

pytestmark = pytest.mark.plugin

NO_PYTHON = {"REQUINTO_PYTHON": "/nowhere/bin/python"}
FIXED_TEMPO = {"Beat source": "Fixed tempo", "Tempo": 100}
OTHER_RATE = 48000  # Hz, than the model's


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    return make_home(tmp_path_factory.mktemp("home"), requinto.plugin_path())


@pytest.fixture(scope="module")
def neutral(tmp_path_factory):
    """Return what has the plugin load a model that changes nothing."""
    return {"REQUINTO_MODELS": str(write_exported(tmp_path_factory.mktemp("neutral")))}


@pytest.fixture(scope="module")
def whole(home, neutral, tmp_path_factory):
    """Return a sound, and a session that exports all of it."""
    sound = sine(8 * OTHER_RATE, 2, OTHER_RATE)
    folder = tmp_path_factory.mktemp("whole") / "session"
    return sound, build_session(
        home, folder, sound, OTHER_RATE, settings=FIXED_TEMPO, environment=neutral
    )


@pytest.fixture(scope="module")
def middle(home, neutral, tmp_path_factory):
    """Return the seconds 3.3 to 8.3 of a sound, and a session that exports these."""
    sound = noise(10 * RATE)
    first, end = 33 * RATE // 10, 83 * RATE // 10
    return sound[:, first:end], build_session(
        home,
        tmp_path_factory.mktemp("middle") / "session",
        sound,
        RATE,
        settings=FIXED_TEMPO,
        tempo_bpm=100,
        metre=(7, 8),
        span=(first, end),
        environment=neutral,
    )


def test_a_neutral_model_gives_the_sound_aligned(whole):
    sound, session = whole
    output = export(session)
    assert output.shape == sound.shape
    assert error_db(sound, output) < -80  # to the model's rate and back


def test_so_does_an_export_from_the_middle_of_the_session(middle):
    sound, session = middle
    output = export(session)
    assert output.shape == sound.shape
    assert error_db(sound, output) < -100


@pytest.mark.parametrize(("name", "rate"), [("whole", OTHER_RATE), ("middle", RATE)])
def test_ardour_reads_our_latency(name, rate, request, tmp_path):
    _, report, _ = run_host(
        requinto.plugin_path(),
        tmp_path,
        noise(rate // 10),
        *("--rate", str(rate)),
        environment=NO_PYTHON,
    )
    _, session = request.getfixturevalue(name)
    assert reopen(session).latency == int(report["latency"])


def test_settings_are_saved_and_come_back_and_sound(home, neutral, tmp_path):
    sound = noise(6 * RATE)
    settings = {
        "Target": "bongo",
        "Output": "Everything else",
        "Amount": 25,
        "Beat source": "Fixed tempo",
        "Tempo": 97.5,
    }
    session = build_session(
        home, tmp_path / "session", sound, RATE, settings=settings, environment=neutral
    )
    back = reopen(session)
    for state in (saved_state(session), back.state):
        for name, value in settings.items():
            saved = state[name.lower().replace(" ", "_")]
            if isinstance(value, str):
                assert saved == value
            else:  # Ardour keeps single precision
                assert float(saved) == pytest.approx(value, abs=1e-4)
    for name, value in settings.items():
        assert back.values[name] == pytest.approx(plain_value(name, value), abs=1e-4)

    # Everything else is nothing here, and three quarters of the dry signal are left
    assert error_db(0.75 * sound, export(session)) < -100


def plucked(duration_s):
    """Return low notes with clicks and noise, a bass to extract."""
    sound = 0.05 * noise(duration_s * RATE) + clicks(100, duration_s)
    time_s = np.arange(sound.shape[1]) / RATE
    sound += 0.3 * np.sin(2 * np.pi * 82.4 * time_s) * np.exp(-4 * (time_s % 0.6))
    return sound.astype(np.float32)


def test_an_export_lies_on_the_sessions_bars(home, tmp_path):
    """Of 7/8 at 100 bpm, from the middle: as the library cuts them."""
    first, end = 33 * RATE // 10, 113 * RATE // 10
    sound = plucked(12)
    session = build_session(
        home,
        tmp_path / "session",
        sound,
        RATE,
        settings={"Target": "bass", "Quality": "Fast", "Clip": "2 beats"},
        tempo_bpm=100,
        metre=(7, 8),
        span=(first, end),
    )
    output = export(session)
    bar_s = 3.5 * 0.6
    grid = requinto.Beats.grid(200.0, 8.0, -3.3 % bar_s, beats_per_bar=7)
    expected = requinto.extract(
        sound[:, first:end], RATE, "bass", beats=grid, beats_per_clip=2, model="fast"
    )
    # Ardour begins a little earlier, in silence, and with it the first clip; and
    # the last one hears what comes after the range
    inside = slice(RATE, -RATE)
    assert np.abs(expected[:, inside]).max() > 0.01
    assert error_db(expected[:, inside], output[:, inside]) < -100


def test_a_bounce_waits_though_ardour_calls_it_live(middle, neutral):
    """And as there is no silence before it, it is the sound to its first frame."""
    _, session = middle
    first, n_frames = 3 * RATE, 6 * RATE
    output = bounce(session, first, first + n_frames)
    assert output.shape == (2, n_frames)
    assert error_db(noise(10 * RATE)[:, first : first + n_frames], output) < -100


def test_a_reference_comes_back_on_another_machine(home, neutral, tmp_path):
    """By name and with its sound, though other references are there now."""
    references = tmp_path / "references"
    references.mkdir()
    for name in ("cuatro", "tres"):
        soundfile.write(references / f"{name}.wav", 0.3 * noise(RATE).T, RATE)
    sound = noise(6 * RATE)
    here = {**neutral, "REQUINTO_REFERENCES": str(references)}
    session = build_session(
        home,
        tmp_path / "session",
        sound,
        RATE,
        settings={"Target": 6.0, **FIXED_TEMPO},
        environment=here,
    )
    assert saved_state(session)["target"] == "tres"

    there = tmp_path / "there"
    there.mkdir()
    for name in ("laud", "oud", "saz", "sitar"):
        soundfile.write(there / f"{name}.wav", 0.3 * noise(RATE).T, RATE)
    moved = replace(session, environment={**here, "REQUINTO_REFERENCES": str(there)})
    assert reopen(moved).state["target"] == "tres"
    assert error_db(sound, export(moved)) < -100


def test_two_exports_are_equal(home, tmp_path):
    session = build_session(
        home,
        tmp_path / "session",
        plucked(8),
        RATE,
        settings={"Target": "bass", "Quality": "Fast", "Beat source": "Detect"},
    )
    copy = replace(session, folder=tmp_path / "copy")
    shutil.copytree(session.folder, copy.folder)
    with ThreadPoolExecutor() as pool:  # two hosts at once, in each other's way
        first, second = pool.map(export, (session, copy))
    assert np.abs(first).max() > 0.01  # it is not two times nothing
    np.testing.assert_array_equal(first, second)


def test_without_python_the_dry_signal_is_aligned(whole):
    sound, session = whole
    assert error_db(sound, export(session, NO_PYTHON)) < -140
