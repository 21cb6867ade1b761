# SPDX-License-Identifier: GPL-3.0-or-later
"""A part that plays in another register than its reference is noticed."""

import numpy as np
import pytest

from requinto.config import SpectraConfig, TemplateConfig
from requinto.register_shift import N_PIECES, PIECE_S, THRESHOLD, RegisterWatch, judge
from requinto.separator import Extraction, Query
from requinto.spectra import Spectra
from requinto.stream import Stream
from requinto.templates import SHIFTS, TemplateMatcher
from requinto.timeline import BeatSettings
from sounds import noise
from unchanged import Unchanged

RATE = 44100
SPECTRA = Spectra(SpectraConfig())
MATCHER = TemplateMatcher(TemplateConfig(), SPECTRA)
HARMONICS = 1 / np.arange(1, 9) ** 1.2
TUNE = np.array([0, 4, 7, 5, 2, 9, 7, 11, 4, 0, 5, 2])


def power(sound):
    return SPECTRA.power(SPECTRA.analyse(np.repeat(sound[None], 2, axis=0)))


def tune(note, seconds=4.0):
    """Return a tune in the octave above a MIDI note, plucked."""
    t = np.arange(round(seconds / len(TUNE) * RATE)) / RATE
    hz = 440 * 2 ** ((note + TUNE - 69) / 12)
    rows = [
        sum(a * np.sin(2 * np.pi * f * n * t) for n, a in enumerate(HARMONICS, 1))
        * np.exp(-6 * t)
        for f in hz
    ]
    return 0.2 * np.concatenate(rows).astype(np.float32)


def gains(reference, mixture):
    return MATCHER.gains(power(mixture), MATCHER.templates(power(reference)))


@pytest.mark.parametrize("note", [45, 57])
@pytest.mark.parametrize("shift", [-17, -12, 12, 19])
def test_a_part_that_plays_elsewhere_is_noticed(note, shift):
    reference = tune(note)
    hiss = 0.01 * noise(4 * RATE, 1)[0]
    part = tune(note + shift)
    estimated = judge(gains(reference, part + hiss[: len(part)]))
    assert np.sign(estimated) == np.sign(shift)
    assert estimated == pytest.approx(shift, abs=8)


@pytest.mark.parametrize("note", [40, 52, 64])
@pytest.mark.parametrize("shift", [-4, -2, 0, 3, 5])
def test_a_part_that_plays_near_is_not(note, shift):
    assert judge(gains(tune(note)[::-1].copy(), tune(note + shift))) == 0


@pytest.mark.parametrize("shift", [-14, 0, 14])
def test_the_level_does_not_matter(shift):
    reference, mixture = tune(55), tune(55 + shift)
    expected = gains(reference, mixture)
    assert expected.shape == SHIFTS.shape
    assert expected.min() >= 0 and expected.sum() <= 1.01
    for level in (1e-3, 10.0):
        scaled = gains(np.float32(level) * reference, np.float32(level) * mixture)
        np.testing.assert_allclose(scaled, expected, rtol=0.02, atol=1e-4)


def test_silence_tells_nothing():
    silence = np.zeros(RATE, np.float32)
    assert not gains(tune(50), silence).any()
    assert judge(np.zeros(len(SHIFTS))) == 0


def test_keys_between_near_and_far_count_for_neither():
    flat = np.where(np.abs(SHIFTS) <= 4, 1.0, 0.0)
    assert judge(flat + 100.0 * (np.abs(SHIFTS) == 6)) == 0
    for sign in (-1, 1):
        far = (sign * SHIFTS >= 8).astype(float)
        share = np.mean(np.abs(SHIFTS) >= 8) / np.mean(sign * SHIFTS >= 8) * THRESHOLD
        assert judge(flat + 0.99 * share * far) == 0
        assert judge(flat + 1.01 * share * far) == pytest.approx(16 * sign)


class Scripted(Unchanged):
    """A separator for which the level of a mixture says where its part plays."""

    def __init__(self):
        self.n_calls = 0

    def gains(self, sound, sample_rate, query):
        assert sound.shape == (2, round(PIECE_S * sample_rate))
        self.n_calls += 1
        return (sound[0, -1] * SHIFTS >= 8).astype(np.float32)


def watch_of(separator):
    return RegisterWatch(1000, 2), Extraction.of(separator.query(None, 0), separator)


def add(watch, extraction, level, pieces=1, n_clips=4):
    """Add so many pieces of a level, in clips; return where the part seems to play."""
    whole = np.full((2, round(PIECE_S * 1000) * pieces), level, np.float32)
    for clip in np.array_split(whole, n_clips, axis=1):
        watch.add(clip, extraction)
    return watch.semitones


@pytest.mark.parametrize("n_clips", [1, 3, 7])
def test_pieces_are_judged_together_and_twice(n_clips):
    separator = Scripted()
    watch, extraction = watch_of(separator)
    assert add(watch, extraction, 1.0, N_PIECES, n_clips) == 0
    assert add(watch, extraction, 1.0, 1, n_clips) == 16
    assert add(watch, extraction, 0.0, 3, n_clips) == 16  # silence tells nothing
    # One of each leaves it open
    assert add(watch, extraction, -1.0, 1, n_clips) == 16
    assert add(watch, extraction, -1.0, N_PIECES, n_clips) == -16
    assert separator.n_calls == 2 * N_PIECES + 5


def test_another_target_is_judged_anew():
    separator = Scripted()
    watch, extraction = watch_of(separator)
    assert add(watch, extraction, 1.0, N_PIECES + 1) == 16
    softer = extraction._replace(sensitivity=0.1)
    assert add(watch, softer, 1.0) == 16
    other = extraction._replace(target=Query(*extraction.target))
    assert add(watch, other, 1.0, N_PIECES) == 0
    assert add(watch, other, 1.0) == 16
    assert add(watch, None, 1.0, N_PIECES + 1) == 0


def test_a_name_has_no_register():
    separator = Scripted()
    watch = RegisterWatch(1000, 2)
    assert add(watch, Extraction.of("guitar", separator), 1.0, 5) == 0
    assert not separator.n_calls


def test_columns_say_where_a_part_plays():
    separator = Scripted()
    stream = Stream(separator.clips, sample_rate=1000, n_channels=2)
    extraction = Extraction.of(separator.query(None, 0), separator)
    stream.configure(extraction, BeatSettings("fixed", 120.0))
    sound = np.full((2, 50000), -1.0, np.float32)
    stream.exchange(sound)
    assert not separator.n_calls  # nobody watches
    stream.watch(True)
    stream.exchange(sound)
    columns = stream.take_columns(1 << 20)
    seen = columns["frame"][columns["register_shift"] == -16] - columns["frame"][0]
    assert 1000 * PIECE_S * N_PIECES < seen.min() < 1000 * PIECE_S * (N_PIECES + 2)
    assert set(columns["register_shift"]) == {-16, 0}
    assert (np.diff(seen) == 25).all()
