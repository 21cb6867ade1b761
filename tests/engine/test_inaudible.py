# SPDX-License-Identifier: GPL-3.0-or-later
"""Offsets, rumble and whine change neither what is extracted nor what is left."""

import numpy as np
import pytest
import scipy.signal

import requinto
from requinto.config import SpectraConfig
from requinto.errors import AudioError
from requinto.inaudible import without_infrasound, without_whine
from requinto.spectra import Spectra
from sounds import RATE, clicks, noise, sine

FULL = 44100 / 4096  # Hz between bins


def music(n_frames=4 * RATE):
    """Return a chord that comes and goes, and clicks, in two channels."""
    chord = sine(n_frames, 2, RATE) + np.roll(sine(n_frames, 2, 2 * RATE), 9, axis=1)
    return (0.3 * chord + 0.3 * clicks(120, n_frames / RATE)).astype(np.float32)


def tone(frequency_hz, amplitude, n_frames=4 * RATE):
    time_s = np.arange(n_frames) / RATE
    return (amplitude * np.sin(2 * np.pi * frequency_hz * time_s)).astype(np.float32)


def level_db(sound):
    return 20 * np.log10(np.sqrt(np.square(sound).mean()) + 1e-30)


DISTURBANCES = {
    "offset": np.float32(0.1),
    "large offset": np.float32(-0.8),
    "one channel": np.array([[0.2], [0.0]], np.float32),
    "drift": tone(0.2, 0.2),
    "rumble": tone(3.0, 0.2),
}


@pytest.mark.parametrize("name", DISTURBANCES)
@pytest.mark.parametrize("rate", [8000, 22050, 44100, 96000])
def test_what_lies_below_hearing_is_taken_out(name, rate):
    if name in ("drift", "rumble"):
        time_s = np.arange(4 * rate) / rate
        hertz = 0.2 if name == "drift" else 3.0
        disturbance = (0.2 * np.sin(2 * np.pi * hertz * time_s)).astype(np.float32)
    else:
        disturbance = DISTURBANCES[name]
    song = sine(4 * rate, 2, rate)
    cleaned = without_infrasound(song + disturbance, rate)
    # It was -14 to -2 dB; half a block at each end is held, not followed
    assert level_db(cleaned - song) < -50


@pytest.mark.parametrize("frequency_hz", [30, 41, 410, 420, 840, 5000])
def test_audible_sound_stays(frequency_hz):
    song = np.tile(tone(frequency_hz, 0.5), (2, 1))
    assert without_infrasound(song, RATE) is song
    cleaned = without_infrasound(song + np.float32(0.5), RATE)
    inner = slice(RATE // 2, -RATE // 2)  # a tone that begins in full has no pitch yet
    assert level_db((cleaned - song)[:, inner]) < -50


def test_silence_around_a_sound_stays_silent():
    song = np.zeros((2, 3 * RATE), np.float32)
    song[:, RATE : 2 * RATE] = 0.1 * noise(RATE) + 0.4
    cleaned = without_infrasound(song, RATE)
    assert not cleaned[:, :RATE].any() and not cleaned[:, 2 * RATE :].any()
    assert np.abs(cleaned.mean(axis=1)).max() < 1e-3


@pytest.mark.parametrize("frequency_hz", [0.5, 2, 5, 8])
@pytest.mark.parametrize("seconds", [0.3, 1.0, 3.5, 20.0])
def test_what_is_taken_out_is_what_a_butterworth_filter_passes(frequency_hz, seconds):
    time_s = np.arange(round(seconds * RATE)) / RATE
    rumble = 0.3 * np.sin(2 * np.pi * frequency_hz * time_s + 0.4)
    song = (0.01 * noise(len(time_s)) + rumble).astype(np.float32)
    sos = scipy.signal.butter(4, 10, fs=RATE, output="sos")
    expected = scipy.signal.sosfiltfilt(sos, song.astype(float), padlen=len(time_s) - 1)
    removed = song - without_infrasound(song, RATE)
    away = (
        slice(RATE // 5, -RATE // 5) if seconds >= 1 else slice(RATE // 20, -RATE // 20)
    )
    level = level_db(expected[:, away])
    assert level_db((removed - expected)[:, away]) < level - (
        45 if seconds >= 1 else 20
    )


@pytest.mark.parametrize("n_frames", [0, 1, 100, 4000, 12000])
def test_short_sounds(n_frames):
    assert np.allclose(without_infrasound(np.full((1, n_frames), 0.5), RATE), 0)


@pytest.mark.parametrize("frequency_hz", [15734, 17000, 19000, 21000])
@pytest.mark.parametrize("amplitude", [0.05, 0.5])
def test_a_line_above_hearing_is_as_loud_as_its_neighbours(frequency_hz, amplitude):
    spectra = Spectra(SpectraConfig())
    song = 0.05 * noise(2 * RATE)
    whine = tone(frequency_hz, amplitude, 2 * RATE)
    limited = without_whine(spectra.analyse(song + whine), FULL)
    left = spectra.synthesise(limited, 2 * RATE) - song
    assert level_db(left[:, RATE // 2 : -RATE // 2]) < level_db(song) - 9


@pytest.mark.parametrize("rate_hz", [0.2, 0.5])
def test_so_is_a_line_that_moves(rate_hz):
    spectra = Spectra(SpectraConfig())
    song = 0.05 * noise(2 * RATE)
    time_s = np.arange(2 * RATE) / RATE
    phase = 19000 * time_s + 200 / rate_hz * np.sin(2 * np.pi * rate_hz * time_s) / 6.28
    whine = (0.2 * np.sin(2 * np.pi * phase)).astype(np.float32)
    limited = without_whine(spectra.analyse(song + whine), FULL)
    left = spectra.synthesise(limited, 2 * RATE) - song
    assert level_db(left[:, RATE // 2 : -RATE // 2]) < level_db(song) - 9


@pytest.mark.parametrize("kind", ["noise", "cymbal", "coded", "low line", "silence"])
def test_a_spectrum_without_such_lines_is_left_alone(kind):
    spectra = Spectra(SpectraConfig())
    song = {
        "noise": 0.1 * noise(2 * RATE),
        "cymbal": noise(2 * RATE) * np.exp(-np.arange(2 * RATE) / 2000),
        "coded": 0.1 * noise(2 * RATE),
        "low line": 0.01 * noise(2 * RATE) + tone(9000, 0.3, 2 * RATE),
        "silence": np.zeros((2, 2 * RATE), np.float32),
    }[kind]
    spectrum = spectra.analyse(song.astype(np.float32))
    if kind == "coded":  # as of a codec that ends at 16 kHz
        spectrum[:, round(16000 / FULL) :] = 0
    assert without_whine(spectrum, FULL) is spectrum


@pytest.mark.parametrize(
    "name", ["offset", "large offset", "one channel", "drift", "rumble", "whine"]
)
def test_nothing_inaudible_steers_the_model(name):
    song = music()
    grid = requinto.Beats.grid(tempo_bpm=120, duration_s=4)
    reference = sine(2 * RATE, 1, RATE)
    plain = requinto.extract(song, RATE, reference=reference, beats=grid)
    disturbance = tone(19000, 0.1) if name == "whine" else DISTURBANCES[name]
    disturbed = (song + disturbance).astype(np.float32)
    extracted, rest = requinto.separate(
        disturbed, RATE, reference=reference, beats=grid
    )
    assert np.allclose(extracted + rest, disturbed, atol=1e-6)
    # Without this it is -3 to -20 dB; weights of 8 bits add what is left
    assert level_db(extracted - plain) < level_db(plain) - 23


@pytest.mark.parametrize("offset", [0.05, 0.5])
def test_an_offset_of_the_reference_does_not_steer(offset):
    song = music()
    grid = requinto.Beats.grid(tempo_bpm=120, duration_s=4)
    reference = sine(2 * RATE, 1, RATE) + 0.02 * noise(2 * RATE, 1)
    plain = requinto.extract(song, RATE, reference=reference, beats=grid)
    moved = reference + np.float32(offset)
    extracted = requinto.extract(song, RATE, reference=moved, beats=grid)
    assert level_db(extracted - plain) < level_db(plain) - 25


def test_an_offset_alone_is_a_silent_reference():
    constant = np.full((1, RATE), 0.3, np.float32)
    with pytest.raises(AudioError, match="reference is silent"):
        requinto.extract(music(), RATE, reference=constant)


@pytest.mark.parametrize("offset", [0.1, 0.5])
def test_an_offset_does_not_move_beats(offset):
    song = clicks(120, 8)
    plain = requinto.beats(song, RATE)
    moved = requinto.beats(song + np.float32(offset), RATE)
    assert len(moved.times_s) == len(plain.times_s)
    assert np.abs(moved.times_s - plain.times_s).max() < 0.02
