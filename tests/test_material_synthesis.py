# SPDX-License-Identifier: GPL-3.0-or-later
"""Models of instruments must be in tune, begin at once and differ by draw."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from requinto.errors import RequintoError
from requinto.material import soundfonts
from requinto.material import synthesis_heldout as heldout
from requinto.material import synthesis_percussion as percussion
from requinto.material import synthesis_strings as strings
from requinto.material.songs import generator

RATE = strings.SAMPLE_RATE
PLUCKS = [
    (strings.draw_string, strings.pluck_waveguide),
    (strings.draw_string, strings.pluck_partials),
    (strings.draw_string, strings.pluck_fm),
    (strings.draw_string, strings.synth_bass),
    (heldout.draw_course, heldout.pluck_course),
]
DRUMS = [
    (percussion.draw_drum, percussion.strike),
    (heldout.draw_sweep, heldout.strike_sweep),
]
SCRAPES = [
    percussion.scrape_ridges,
    percussion.shake_grains,
    percussion.scrape_noise,
]


@pytest.mark.parametrize(("draw", "pluck"), PLUCKS)
@pytest.mark.parametrize("pitch", [28, 40, 57, 76])
def test_strings_are_in_tune(
    draw: Callable[..., Any], pluck: Callable[..., np.ndarray], pitch: int
) -> None:
    rng = generator("tune", pitch)
    note = pluck(pitch, RATE, 0.8, draw(rng, bass=pitch < 45), rng)
    wanted = strings.hertz(pitch)
    size = 1 << 19
    hertz = np.fft.rfftfreq(size, 1 / RATE)
    near = (hertz > wanted * 0.95) & (hertz < wanted * 1.05)
    power = np.abs(np.fft.rfft(note * np.hanning(len(note)), size))[near]
    cents = 1200 * np.log2(hertz[near][np.argmax(power)] / wanted)
    # A semitone is 100; players hear about 5
    assert abs(cents) < 4


@pytest.mark.parametrize(("draw", "pluck"), PLUCKS)
def test_strings_start_at_once_and_decay(
    draw: Callable[..., Any], pluck: Callable[..., np.ndarray]
) -> None:
    rng = generator("decay")
    note = pluck(57, 2 * RATE, 0.8, draw(rng, bass=False), rng)
    rms = [np.sqrt(np.mean(part**2)) for part in np.split(note, 40)]
    assert np.isfinite(note).all()
    assert np.abs(note[:441]).max() > 0.1 * np.abs(note).max()
    assert rms[-1] < 0.5 * max(rms[:4])


@pytest.mark.parametrize(("draw", "strike"), DRUMS)
def test_the_low_drum_is_lower(
    draw: Callable[..., Any], strike: Callable[..., np.ndarray]
) -> None:
    rng = generator("drums")
    pair = draw(rng)
    strokes = {s: strike(s, 0.9, pair, rng) for s in ("hi", "lo", "tip", "slap")}
    peaks = {
        s: np.argmax(np.abs(np.fft.rfft(strokes[s], 1 << 16))) for s in ("hi", "lo")
    }
    assert peaks["lo"] < peaks["hi"]
    assert len(strokes["tip"]) < len(strokes["hi"])


@pytest.mark.parametrize("scrape", SCRAPES)
def test_long_scrapes_last_longer(scrape: Callable[..., np.ndarray]) -> None:
    rng = generator("scrapes")
    draw = percussion.draw_scraper(rng)
    lengths = {}
    for sound in ("long", "short"):
        power = np.cumsum(scrape(sound, 0.9, draw, rng) ** 2)
        lengths[sound] = np.searchsorted(power, 0.95 * power[-1])
    assert lengths["long"] > 1.5 * lengths["short"]


def test_draws_sound_different() -> None:
    notes = []
    for seed in (1, 2):
        draw = strings.draw_string(generator(seed), bass=False)
        note = strings.pluck_waveguide(57, RATE, 0.8, draw, generator(0))
        notes.append(note / np.linalg.norm(note))
    assert abs(notes[0] @ notes[1]) < 0.9


def test_a_missing_bank_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(soundfonts, "BANK_FOLDERS", ())
    with pytest.raises(RequintoError, match=r"FluidR3_GM\.sf2 is not installed"):
        soundfonts.find_bank("fluid")


def test_a_missing_library_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ctypes.util.find_library", lambda name: None)
    soundfonts._library.cache_clear()
    try:
        with pytest.raises(RequintoError, match="libfluidsynth"):
            soundfonts._library()
    finally:
        soundfonts._library.cache_clear()
