# SPDX-License-Identifier: GPL-3.0-or-later
"""Extraction keeps shape and time, sums to the mixture, and says what is wrong."""

import importlib

import numpy as np
import pytest

import requinto
from models import write_neutral
from requinto.config import ClipConfig
from requinto.errors import AudioError, BeatsError, ConfigError, ModelError, TargetError
from requinto.host_position import Position
from requinto.loader import load_separator
from requinto.separator import Extraction
from requinto.stream import Stream
from requinto.timeline import BeatSettings
from sounds import RATE, clicks, error_db, noise, sine


@pytest.mark.parametrize("live", [False, True])
@pytest.mark.parametrize("shape", [(RATE,), (1, RATE), (2, 3 * RATE + 1)])
def test_a_model_that_changes_nothing_gives_the_input(unchanged_model, shape, live):
    song = noise(shape[-1], 2)[: shape[0] if len(shape) == 2 else 1].reshape(shape)
    output = requinto.extract(song, RATE, live=live)
    assert output.shape == shape
    assert output.dtype == np.float32
    assert error_db(song, output) < -100


@pytest.mark.parametrize("rate", [8000, 22050, 48000, 96000])
def test_any_rate(unchanged_model, rate):
    song = noise(3 * rate)
    assert error_db(song, requinto.extract(song, rate)) < -100


@pytest.mark.parametrize("tempo_bpm", [60, 128, 200])
def test_ones_own_grid(unchanged_model, tempo_bpm):
    song = noise(9 * RATE)
    grid = requinto.Beats.grid(
        tempo_bpm=tempo_bpm, duration_s=9.0, first_downbeat_s=0.3
    )
    assert error_db(song, requinto.extract(song, RATE, beats=grid)) < -100


def test_the_model_separates_its_own_targets():
    song = 0.5 * clicks(120, 4) + 0.1 * sine(4 * RATE, 1, RATE)
    parts = {name: requinto.extract(song, RATE, name) for name in requinto.targets()}
    for name, part in parts.items():
        assert part.shape == song.shape
        assert np.isfinite(part).all()
        others = [p for n, p in parts.items() if n != name]
        assert all(np.abs(part - other).max() > 1e-3 for other in others)


@pytest.mark.parametrize("n_before", [1, 16, 1000])
@pytest.mark.parametrize("live", [False, True])
def test_a_host_that_begins_a_little_earlier_hears_the_same(n_before, live):
    """As Ardour does, in silence: the spectra of the first clip were others."""
    song = 0.1 * noise(4 * RATE) + 0.3 * sine(4 * RATE, 2, RATE)
    early = np.pad(song, ((0, 0), (n_before, 0)))
    results = []
    for sound, first_s in ((song, 0.7), (early, 0.7 + n_before / RATE)):
        if live:
            stream = Stream(ClipConfig(), sample_rate=RATE, n_channels=2)
            separator = load_separator("standard")
            stream.configure(Extraction.of("bass", separator), BeatSettings("host"))
            stream.locate(Position(-2 * first_s, 120.0))
            padded = np.pad(sound, ((0, 0), (0, stream.latency_frames)))
            results.append(stream.exchange(padded)[:, stream.latency_frames :])
        else:
            beats = requinto.Beats.grid(120.0, 6.0, first_s)
            results.append(requinto.extract(sound, RATE, "bass", beats=beats))
    assert error_db(results[0], results[1][:, n_before:]) < -120


def test_extracted_and_rest_make_the_mixture():
    song = 0.3 * noise(4 * RATE)
    extracted, rest = requinto.separate(song, RATE, target="bass")
    assert error_db(song, extracted + rest) < -130
    assert np.array_equal(extracted, requinto.extract(song, RATE, "bass"))


def test_guitar_is_what_is_meant_where_nothing_is_said():
    song = 0.3 * noise(2 * RATE)
    named = requinto.extract(song, RATE, target="guitar")
    assert np.array_equal(named, requinto.extract(song, RATE))


def test_a_reference_of_ones_own_is_used():
    song = 0.3 * noise(3 * RATE)
    one = requinto.extract(song, RATE, reference=sine(RATE, 1, RATE))
    other = requinto.extract(song, RATE, reference=clicks(200, 2))
    again = requinto.extract(
        song,
        RATE,
        reference=sine(24000, 2, 48000),
        reference_sample_rate=48000,
    )
    assert one.shape == again.shape == song.shape
    assert np.abs(one - other).max() > 1e-3


def test_several_references_are_one_query():
    song = 0.1 * noise(3 * RATE) + 0.3 * sine(3 * RATE, 2, RATE)
    high = np.roll(sine(RATE, 1, RATE), 7) ** 2 - 0.1
    options = {"beats": requinto.Beats.grid(tempo_bpm=120, duration_s=3)}
    results = [
        requinto.extract(song, RATE, reference=reference, **options)
        for reference in (
            sine(RATE, 1, RATE),
            [sine(RATE, 1, RATE)],
            [sine(RATE, 1, RATE), high],
            (sine(RATE, 2, RATE), high),  # mono and stereo go together
        )
    ]
    np.testing.assert_array_equal(results[0], results[1])
    assert error_db(results[0], results[2]) > -60
    assert all(r.shape == song.shape and np.isfinite(r).all() for r in results)


def test_what_is_not_wanted_makes_a_difference():
    """Noise that an example shows to be unwanted is let through less."""
    tone, hiss = 0.3 * sine(3 * RATE, 2, RATE), 0.2 * noise(3 * RATE)
    options = {
        "reference": sine(RATE, 1, RATE) + 0.1 * noise(RATE, 1),
        "beats": requinto.Beats.grid(tempo_bpm=120, duration_s=3),
    }
    song = tone + hiss
    plain = requinto.extract(song, RATE, **options)
    unlike = requinto.extract(song, RATE, not_like=noise(RATE, seed=3), **options)
    extracted, rest = requinto.separate(
        song, RATE, not_like=[noise(RATE, seed=3)], **options
    )
    np.testing.assert_array_equal(unlike, extracted)
    assert error_db(song, extracted + rest) < -100

    def hiss_in(sound):
        """Return how much of the noise is in a sound, by correlation."""
        return float(np.vdot(hiss, sound) / np.vdot(hiss, hiss))

    assert hiss_in(unlike) < 0.99 * hiss_in(plain)


def test_a_silent_song_gives_silence():
    assert not requinto.extract(np.zeros((2, 2 * RATE), np.float32), RATE).any()


def test_float64_is_welcome(unchanged_model):
    song = noise(RATE).astype(float)
    assert requinto.extract(song, RATE).dtype == np.float32


def test_progress_ends_at_1(unchanged_model):
    for live in (False, True):
        shares = []
        requinto.extract(noise(9 * RATE), RATE, live=live, progress=shares.append)
        assert shares == sorted(shares)
        assert shares[-1] == pytest.approx(1)


def with_a_hole(value):
    song = noise(RATE)
    song[0, 1000] = value
    return song


@pytest.mark.parametrize(
    ("song", "rate", "message"),
    [
        (np.zeros((2, 0), np.float32), RATE, "empty"),
        (noise(RATE // 5), RATE, r"0\.5 s or more, got 0\.200 s"),
        (noise(RATE, 6), RATE, r"1 or 2 channels.*got \(6, 44100\)"),
        (noise(RATE).T, RATE, r"got \(44100, 2\)"),
        (with_a_hole(np.nan), RATE, "not finite"),
        (with_a_hole(-np.inf), RATE, "not finite"),
        (np.ones((2, RATE), np.int16), RATE, "floating-point samples, got int16"),
        (noise(RATE), 100, "4000 to 384000 Hz, got 100"),
        (noise(RATE), float("nan"), "got nan"),
    ],
)
def test_bad_sound(unchanged_model, song, rate, message):
    with pytest.raises(AudioError, match=message):
        requinto.extract(song, rate)
    with pytest.raises(ValueError, match=message):
        requinto.beats(song, rate)


def test_a_bad_reference(unchanged_model):
    song = noise(RATE)
    for reference, message in [
        (np.zeros((1, RATE), np.float32), "reference is silent"),
        (noise(RATE // 5), "reference must last"),
        (with_a_hole(np.nan), "reference holds samples"),
    ]:
        with pytest.raises(AudioError, match=message):
            requinto.extract(song, RATE, reference=reference)
        several = message.replace("reference ", "reference 2 of 2 ")
        with pytest.raises(AudioError, match=several):
            requinto.extract(song, RATE, reference=[song, reference])
        unwanted = message.replace("reference ", "not_like ")
        with pytest.raises(AudioError, match=unwanted):
            requinto.extract(song, RATE, reference=song, not_like=reference)


def test_a_bad_choice(unchanged_model):
    song = noise(RATE)
    with pytest.raises(TargetError, match="'zither'; known are guitar, bass, bongo"):
        requinto.extract(song, RATE, target="zither")
    with pytest.raises(TargetError, match="not both"):
        requinto.extract(song, RATE, target="bass", reference=song)
    with pytest.raises(TargetError, match="not_like is compared with a reference"):
        requinto.extract(song, RATE, target="bass", not_like=song)
    with pytest.raises(AudioError, match="reference"):
        requinto.extract(song, RATE, reference=[])
    with pytest.raises(BeatsError, match="not both"):
        grid = requinto.Beats.grid(120.0, 1.0)
        requinto.extract(song, RATE, beats=grid, live=True)
    with pytest.raises(BeatsError, match="20 to 400"):
        requinto.Beats.grid(0.0, 1.0)


@pytest.mark.parametrize("gain", [0.1, 0.5, 1.0, 1.7])
def test_more_sensitivity_is_more(monkeypatch, tmp_path, gain):
    """Of what the mask lets through: but what is all the target's stays as it was."""
    monkeypatch.setenv("REQUINTO_MODELS", str(write_neutral(tmp_path, gain=gain)))
    song = 0.3 * noise(2 * RATE)
    for sensitivity in (0.0, 0.25, 0.5, 0.75, 1.0):
        output = requinto.extract(song, RATE, sensitivity=sensitivity)
        power = 4.0 ** (1.0 - 2.0 * sensitivity)
        expected = gain**power if gain < 1 else gain
        assert error_db(expected * song, output) < -70  # the gain is a sigmoid's


def test_sensitivity_is_plain_with_the_released_model():
    song = 0.3 * clicks(110, 4) + 0.1 * noise(4 * RATE, 1)
    for target in requinto.targets():
        energies = [
            float(np.sum(requinto.extract(song, RATE, target, sensitivity=s) ** 2))
            for s in (0.0, 0.5, 1.0)
        ]
        assert energies[0] < energies[1] < energies[2]


@pytest.mark.parametrize("live", [False, True])
@pytest.mark.parametrize("beats", [4, 2, 1])
def test_clips_of_fewer_beats(unchanged_model, beats, live):
    song = noise(5 * RATE)
    output = requinto.extract(song, RATE, beats_per_clip=beats, live=live)
    assert error_db(song, output) < -100


@pytest.mark.parametrize(
    ("choice", "message"),
    [
        ({"beats_per_clip": 3}, "must be 1, 2 or 4, got 3"),
        ({"sensitivity": 1.5}, "from 0 to 1 .*by 100., got 1.5"),
        ({"sensitivity": float("nan")}, "from 0 to 1, got nan"),
    ],
)
def test_numbers_out_of_range(unchanged_model, choice, message):
    with pytest.raises(ConfigError, match=message):
        requinto.extract(noise(RATE), RATE, **choice)


def test_no_model(monkeypatch, tmp_path):
    monkeypatch.setenv("REQUINTO_MODELS", str(tmp_path))
    with pytest.raises(ModelError, match=str(tmp_path)):
        requinto.targets()


@pytest.mark.parametrize("live", [False, True])
def test_ones_choice_of_model(two_models, live):
    song = noise(RATE)
    for options, gain in [
        ({}, 1.0),
        ({"model": "standard"}, 1.0),
        ({"model": "fast"}, 0.5),
    ]:
        output = requinto.extract(song, RATE, live=live, **options)
        assert error_db(gain * song, output) < -100
        extracted, rest = requinto.separate(song, RATE, live=live, **options)
        assert np.array_equal(extracted, output)
        assert error_db((1 - gain) * song, rest) < -100


def test_a_model_that_is_not_there(monkeypatch, tmp_path):
    write_neutral(tmp_path)
    monkeypatch.setenv("REQUINTO_MODELS", str(tmp_path))
    song = noise(RATE)
    for function in (requinto.extract, requinto.separate):
        with pytest.raises(ModelError, match="'fast'; known are standard"):
            function(song, RATE, model="fast")
        with pytest.raises(ValueError, match="'fast'"):
            function(song, RATE, model="fast")
        with pytest.raises(TypeError):
            function(song, RATE, "guitar", "standard")  # by name only


@pytest.mark.slow
def test_two_hours(unchanged_model):
    # Random enough to be wrong somewhere, cheap enough to make
    minute = noise(60 * 8000, 1)
    song = np.tile(minute, (1, 120))
    grid = requinto.Beats.grid(97.0, 7200.0)
    assert error_db(song, requinto.extract(song, 8000, beats=grid)) < -100


def test_a_failing_model_leaves_its_error_alone(monkeypatch, unchanged):
    class Failing:
        def __getattr__(self, name):
            return getattr(unchanged, name)

        def separate_all(self, clips, sample_rate, query, sensitivity=0.5):
            raise MemoryError

    module = importlib.import_module("requinto.extract")
    monkeypatch.setattr(module, "load_separator", lambda *_: Failing())
    with pytest.raises(MemoryError):
        requinto.extract(noise(RATE), RATE)
