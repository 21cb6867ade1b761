# SPDX-License-Identifier: GPL-3.0-or-later
"""Models of instruments must be in tune, begin at once and differ by seed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from requinto.errors import RequintoError
from requinto_lab.material import presets, soundfonts
from requinto_lab.material import synthesis_heldout as heldout
from requinto_lab.material import synthesis_percussion as percussion
from requinto_lab.material import synthesis_strings as strings
from requinto_lab.material.characters import CHARACTERS
from requinto_lab.material.instruments import RANGES, STROKES
from requinto_lab.material.rendering import MODELS
from requinto_lab.material.songs import generator

RATE = strings.SAMPLE_RATE
MELODIC_MODELS = [
    (model, instrument)
    for model, counts in presets.MODEL_TIMBRES.items()
    if MODELS[model].kind != "struck"
    for instrument in counts
]
STRUCK_MODELS = [
    (model, instrument)
    for model, counts in presets.MODEL_TIMBRES.items()
    if MODELS[model].kind == "struck"
    for instrument in counts
]
DRUMS = [
    (percussion.sample_drum, percussion.strike),
    (heldout.sample_sweep, heldout.strike_sweep),
]
SCRAPES = [
    percussion.scrape_ridges,
    percussion.scrape_comb,
    percussion.shake_grains,
    percussion.scrape_noise,
]


def note_of(model: str, instrument: str, pitch: int, seconds: float) -> np.ndarray:
    rng = generator("note", model, pitch)
    params = MODELS[model].sample(rng, instrument=instrument)
    size = round(seconds * RATE)
    return MODELS[model].sound(pitch, size, 0.8, params, rng)


@pytest.mark.parametrize(("model", "instrument"), MELODIC_MODELS)
@pytest.mark.parametrize("position", [0.1, 0.5, 0.8])
def test_notes_are_in_tune(model: str, instrument: str, position: float) -> None:
    low, high = RANGES[instrument]
    pitch = round(low + position * (high - low))
    note = note_of(model, instrument, pitch, 1.0)
    assert np.isfinite(note).all()
    wanted = strings.hertz(pitch)
    size = 1 << 19
    hertz = np.fft.rfftfreq(size, 1 / RATE)
    power = np.abs(np.fft.rfft(note * np.hanning(len(note)), size))
    cents = []
    # Of any of the lowest partials: some instruments have no fundamental
    for partial in (1, 2, 3, 4):
        near = np.abs(np.log2(np.maximum(hertz, 1) / (wanted * partial))) < 0.04
        if power[near].max() > 0.1 * power.max():
            peak = hertz[near][np.argmax(power[near])]
            cents.append(1200 * np.log2(peak / (wanted * partial)))
    # A semitone is 100; a detuned pair may lie 20 off, stiff strings stretch
    # their partials, and what vibrates is mostly at the ends of its swing
    swing = CHARACTERS[instrument].vibrato_cents[1] if instrument in CHARACTERS else 0
    assert cents and min(np.abs(cents)) < 21 + swing


@pytest.mark.parametrize("model", [m for m in MODELS if MODELS[m].kind == "rings"])
def test_plucks_start_at_once_and_decay(model: str) -> None:
    instrument = next(iter(presets.MODEL_TIMBRES[model]))
    note = note_of(model, instrument, 45, 2.0)
    rms = [np.sqrt(np.mean(part**2)) for part in np.split(note, 40)]
    assert np.abs(note[:441]).max() > 0.1 * np.abs(note).max()
    assert rms[-1] < 0.5 * max(rms[:4])


@pytest.mark.parametrize(("model", "instrument"), STRUCK_MODELS)
def test_every_stroke_sounds_and_ends(model: str, instrument: str) -> None:
    rng = generator("strokes", model)
    params = MODELS[model].sample(rng, instrument=instrument)
    for stroke in {name for name, _ in STROKES[instrument].values()}:
        sound = MODELS[model].sound(stroke, 0.9, params, rng)
        assert np.isfinite(sound).all()
        assert np.abs(sound).max() > 0.01
        # What remains at the end is 30 dB down
        assert np.abs(sound[-50:]).max() < 0.032 * np.abs(sound).max()


@pytest.mark.parametrize(("params", "strike"), DRUMS)
def test_the_low_drum_is_lower(
    params: Callable[..., Any], strike: Callable[..., np.ndarray]
) -> None:
    rng = generator("drums")
    pair = params(rng)
    strokes = {s: strike(s, 0.9, pair, rng) for s in ("hi", "lo", "tip", "slap")}
    peaks = {
        s: np.argmax(np.abs(np.fft.rfft(strokes[s], 1 << 16))) for s in ("hi", "lo")
    }
    assert peaks["lo"] < peaks["hi"]
    assert len(strokes["tip"]) < len(strokes["hi"])


@pytest.mark.parametrize("scrape", SCRAPES)
def test_long_scrapes_last_longer(scrape: Callable[..., np.ndarray]) -> None:
    rng = generator("scrapes")
    params = percussion.sample_scraper(rng)
    lengths = {}
    for sound in ("long", "short"):
        power = np.cumsum(scrape(sound, 0.9, params, rng) ** 2)
        lengths[sound] = np.searchsorted(power, 0.95 * power[-1])
    assert lengths["long"] > 1.5 * lengths["short"]


@pytest.mark.parametrize(("model", "instrument"), MELODIC_MODELS)
def test_instruments_sound_different(model: str, instrument: str) -> None:
    spectra = []
    for seed in (1, 2, 3):
        params = MODELS[model].sample(generator(seed), instrument=instrument)
        note = MODELS[model].sound(57, RATE // 2, 0.8, params, generator(0))
        size = np.abs(np.fft.rfft(note))
        spectra.append(size / np.linalg.norm(size))
    assert min(spectra[0] @ spectra[1], spectra[0] @ spectra[2]) < 0.98


@pytest.mark.parametrize("name", ["tim", "opl3"])
@pytest.mark.parametrize("drums", [False, True])
def test_a_bank_remembers_nothing(name: str, drums: bool) -> None:
    bank = soundfonts.bank(name)
    notes = [(i * 4000, i * 4000 + 3500, 60 + i % 5, 0.8) for i in range(10)]
    first = bank.render(notes, 50_000, 0, drums=drums)
    # Notes that ring past the end would sound in the next stem
    bank.render([(0, 90_000, 61, 1.0)], 20_000, 0, drums=drums)
    np.testing.assert_array_equal(bank.render(notes, 50_000, 0, drums=drums), first)
    assert np.abs(first).max() > 0.01
    if not drums:
        with pytest.raises(soundfonts.BankError, match="no preset 999"):
            bank.render(notes, 1000, 999)


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
