# SPDX-License-Identifier: GPL-3.0-or-later
"""The public functions say what they were given and what they accept, at once."""

import importlib
import unicodedata
from fractions import Fraction

import numpy as np
import pytest

import requinto
from requinto.arguments import Instrument
from requinto.arithmetic import plain_iterations
from requinto.config import TrackerConfig
from requinto.errors import (
    AudioError,
    BeatsError,
    ConfigError,
    ModelError,
    PluginError,
    RequintoError,
    TargetError,
)
from requinto.extract import extract_song
from requinto.plugin import preset
from requinto.song import ArraySong
from requinto_lab.networks.weights import read_weights
from sounds import RATE, error_db, noise

SONG = 0.3 * noise(RATE)
GRID = requinto.Beats.grid(tempo_bpm=120, duration_s=1)


@pytest.fixture(autouse=True)
def nothing_heavy(monkeypatch):
    """Let nothing be loaded: what is wrong must be seen before."""

    def fail(*arguments):
        raise AssertionError("too late")

    extract = importlib.import_module("requinto.extract")
    monkeypatch.setattr(extract, "load_separator", fail)
    monkeypatch.setattr(extract, "load_tracker", fail)


class FaintTracker:
    """A tracker that lays a plain grid, by arithmetic that underflows."""

    config = TrackerConfig()

    def __init__(self, runtime):
        pass

    def track_features(self, columns, duration_s):
        """Return a beat each half second."""
        assert type(duration_s) is float and columns[:9].any()
        np.float32(1e-38) * np.float32(1e-38)
        return requinto.Beats.grid(120.0, duration_s)


@pytest.fixture
def plain_tracker(monkeypatch):
    """Let beats be tracked without a network."""
    extract = importlib.import_module("requinto.extract")
    monkeypatch.setattr(extract, "load_tracker", FaintTracker)


@pytest.mark.parametrize(
    ("choice", "error", "message"),
    [
        ({"target": 3}, TargetError, "one of guitar, .*, got 3"),
        ({"target": b"bass"}, TargetError, "one of guitar, .*, got b'bass'"),
        ({"target": ""}, TargetError, "unknown target ''; known are guitar"),
        ({"target": "guiter"}, TargetError, "'guiter'; .*; did you mean guitar"),
        ({"target": "g\u00fciro"}, TargetError, "did you mean guira"),
        ({"target": "x" * 9999}, TargetError, "xxx"),
        ({"sensitivity": "high"}, ConfigError, "from 0 to 1, got 'high'"),
        ({"sensitivity": None}, ConfigError, "from 0 to 1, got None"),
        ({"sensitivity": True}, ConfigError, "from 0 to 1, got True"),
        ({"sensitivity": float("nan")}, ConfigError, "from 0 to 1, got nan"),
        ({"sensitivity": np.ones(2)}, ConfigError, "from 0 to 1, got an array"),
        ({"sensitivity": 50}, ConfigError, "plugin's 0 to 100 %, divided by 100"),
        ({"sensitivity": -0.1}, ConfigError, "from 0 to 1, got -0.1"),
        ({"beats_per_clip": 3}, ConfigError, "1, 2 or 4, got 3"),
        ({"beats_per_clip": 4.0}, ConfigError, r"1, 2 or 4, got 4\.0"),
        ({"beats_per_clip": True}, ConfigError, "1, 2 or 4, got True"),
        ({"beats_per_clip": "4"}, ConfigError, "1, 2 or 4, got '4'"),
        ({"model": None}, ModelError, "one of standard, .*, got None"),
        ({"model": "x" * 5000}, ModelError, "unknown model 'xxx"),
        ({"model": "a\0b"}, ModelError, "unknown model"),
        ({"model": "\ud800"}, ModelError, "unknown model"),
        ({"model": "fats"}, ModelError, "unknown model 'fats'; .*did you mean fast"),
        ({"beats": [0.0, 0.5]}, BeatsError, r"requinto\.Beats.*got \[0\.0, 0\.5\]"),
        ({"beats": GRID, "live": True}, BeatsError, "not both"),
        ({"live": "no"}, ConfigError, "True or False, got 'no'"),
        ({"progress": 1}, ConfigError, "a function of one number, got 1"),
        ({"reference": "solo.wav"}, AudioError, "not 'solo.wav': read a file first"),
        ({"reference": ["solo.wav"]}, AudioError, "not 'solo.wav': read a file first"),
        ({"reference": [SONG, "b.wav"]}, AudioError, "reference 2 of 2 must be"),
        ({"reference": 1}, AudioError, "floating-point samples, got int"),
        ({"reference": {}}, AudioError, "floating-point samples, got object"),
        (
            {"reference": SONG, "reference_sample_rate": 0},
            *(AudioError, "the sample rate of reference must be from 4000"),
        ),
        (
            {"reference": SONG, "reference_sample_rate": "44100"},
            *(AudioError, "reference_sample_rate must be a number of Hz.*'44100'"),
        ),
        (
            {"reference": SONG, "not_like": "b.wav"},
            *(AudioError, "not_like must be an array"),
        ),
        ({"target": "bass", "reference": SONG}, TargetError, "not both"),
    ],
)
@pytest.mark.parametrize("function", [requinto.extract, requinto.separate])
def test_choices(function, choice, error, message):
    with pytest.raises(error, match=message) as raised:
        function(SONG, RATE, **choice)
    assert isinstance(raised.value, (RequintoError, ValueError))
    assert len(str(raised.value)) < 300


@pytest.mark.parametrize(
    ("song", "rate", "message"),
    [
        ("song.wav", RATE, "audio must be an array .* not 'song.wav': read a file"),
        (None, RATE, "audio must be an array of samples"),
        (3, RATE, "floating-point samples, got int"),
        ([[0.1], [0.1, 0.2]], RATE, "audio must be an array of samples"),
        (SONG.astype(complex), RATE, "floating-point samples, got complex"),
        (SONG, None, "sample_rate must be a number of Hz, .*got None"),
        (SONG, "44100", "sample_rate must be a number of Hz, .*got '44100'"),
        (SONG, True, "sample_rate must be a number of Hz, .*got True"),
        (SONG, float("nan"), "sample rate of audio must be .*got nan"),
        (SONG, float("inf"), "sample rate of audio must be .*got inf"),
        (SONG, np.array([RATE]), "sample_rate must be a number of Hz"),
        (RATE, SONG, "sample_rate must be a number of Hz.*got an array"),
        (SONG, 10**400, "sample rate of audio must be from 4000 to 384000 Hz, got 10"),
        (SONG, np.float16(2000), "sample rate of audio must be .*got"),
    ],
)
@pytest.mark.parametrize(
    "function",
    [requinto.extract, requinto.separate, requinto.beats, requinto.sections],
)
def test_sound(function, song, rate, message):
    with pytest.raises(AudioError, match=message):
        function(song, rate)


def test_beats_of_sections():
    with pytest.raises(BeatsError, match=r"requinto\.Beats"):
        requinto.sections(SONG, RATE, beats=np.arange(4.0))


@pytest.mark.parametrize("form", ["NFC", "NFD", "NFKC"])
@pytest.mark.parametrize("name", ["G\u00fcira", "g\u00fcira", "GUIRA", " guira"])
def test_a_target_by_any_spelling(unchanged_model, name, form):
    spelt = unicodedata.normalize(form, name)
    extracted = requinto.extract(SONG, RATE, spelt, beats=GRID)
    assert error_db(SONG, extracted) < -100
    assert preset(spelt) == preset("guira")


@pytest.mark.parametrize("content", [b"guitar\ncaf\xe9\n", None])
def test_a_list_of_targets_that_cannot_be_read_is_named(monkeypatch, tmp_path, content):
    path = tmp_path / "targets.txt"
    monkeypatch.setattr("requinto.model_folder.models_folder", lambda: tmp_path)
    if content:
        path.write_bytes(content)
    with pytest.raises(ModelError, match=f"{path} cannot be read"):
        requinto.targets()


@pytest.mark.parametrize("content", [b"caf\xe9", b"[]", b"{"])
def test_a_record_that_cannot_be_read_is_named(tmp_path, content):
    (tmp_path / "odd.json").write_bytes(content)
    (tmp_path / "odd.npz").touch()
    with pytest.raises(ModelError, match="odd"):
        read_weights(tmp_path, "odd")


@pytest.mark.parametrize("number", [np.float32(0.5), np.float64(0.5), 0, 1])
def test_numbers_of_any_kind(unchanged_model, number):
    choice = {"sensitivity": number, "beats_per_clip": np.int64(2), "beats": GRID}
    extracted = requinto.extract(SONG, np.int32(RATE), live=np.bool_(False), **choice)
    assert error_db(SONG, extracted) < -100


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"sensitivity": 0.5}, "in percent here, 0 to 100: 0.5 of 0 to 1 is 50"),
        ({"sensitivity": 1}, "in percent here, 0 to 100: 1 of 0 to 1 is 100"),
        ({"sensitivity": True}, "number from 0 to 100, got True"),
        ({"amount": float("nan")}, "got nan"),
        ({"output": True}, "one of .*got True"),
        ({"clip": np.ones(2)}, "one of .*got"),
    ],
)
def test_a_preset_takes_percent(values, message):
    with pytest.raises(PluginError, match=message):
        preset("bass", **values)
    assert preset("bass", sensitivity=np.float32(60)) == preset("bass", sensitivity=60)
    assert preset("bass", sensitivity=0)
    assert preset("bass", bypass=np.True_) == preset("bass", bypass=True)


RATES = [np.float16(8000), np.uint16(8000), Fraction(8000), Fraction(16001, 2)]


@pytest.mark.parametrize("rate", RATES, ids=repr)
def test_rates_of_any_kind(unchanged_model, plain_tracker, rate):
    """Floats of 16 bits overflow, and fractions meet no array."""
    result = requinto.extract(SONG, float(rate), reference=SONG)
    for references in ({}, {"reference": SONG, "reference_sample_rate": rate}):
        extracted = requinto.extract(SONG, rate, **references)
        assert np.array_equal(extracted, result)
    rest = requinto.separate(SONG, rate, reference=SONG, live=True)[1]
    assert error_db(SONG, SONG - rest) < -100
    assert requinto.beats(SONG, rate) == requinto.beats(SONG, float(rate))
    assert requinto.sections(SONG, rate) == requinto.sections(SONG, float(rate))
    file = preset(reference=SONG, reference_sample_rate=rate)
    assert file == preset(reference=SONG, reference_sample_rate=float(rate))


def test_the_callers_arithmetic_is_left_outside(unchanged_model, plain_tracker):
    """Samples below what float32 holds precisely are no error."""
    faint = SONG * np.linspace(1, 0, SONG.shape[1], dtype=np.float32) ** 9
    faint[:, -99:] *= np.float32(1e-38)
    results = [requinto.separate(faint, RATE, reference=faint)[1]]
    with np.errstate(all="raise"):
        results.append(requinto.separate(faint, RATE, reference=faint)[1])
        requinto.extract(faint, RATE, live=True)
        requinto.sections(faint, RATE, beats=requinto.beats(faint, RATE))
        preset(reference=faint, reference_sample_rate=np.float16(8000))
        with pytest.raises(FloatingPointError):
            np.float32(1) / np.float32(0)
    assert np.array_equal(*results)


def test_the_callers_arithmetic_is_left_outside_each_step(
    unchanged_model, plain_tracker
):
    """A song in blocks is extracted in steps, between which the caller computes."""
    faint = SONG * np.float32(1e-38)
    with np.errstate(all="raise"):
        song = ArraySong(faint, float(RATE))
        for _ in extract_song(song, [Instrument("bass", "bass")]):
            with pytest.raises(FloatingPointError):
                np.float32(1) / np.float32(0)
        with pytest.raises(FloatingPointError):
            np.float32(1e-38) * np.float32(1e-38)


def test_a_step_that_fails_ends_what_yields():
    """Its resources are released before the error arrives."""
    ends = []

    @plain_iterations
    def steps():
        try:
            yield np.float32(1e-38) * np.float32(1e-38)
            raise AudioError("no more")
        finally:
            ends.append(np.geterr()["under"])

    with np.errstate(all="raise"):
        with pytest.raises(AudioError, match="no more"):
            list(steps())
        next(steps())
    assert ends == ["ignore"] * 2


class Odd:
    """What an array of another library may do, such as one on a GPU."""

    def __array__(self, *arguments, **options):
        raise RuntimeError("copy it to the host first")


@pytest.mark.parametrize(
    ("song", "message"),
    [
        (np.ma.masked_array(SONG, SONG > 0.1), "audio holds masked samples"),
        (Odd(), "audio must be an array of samples: copy it"),
    ],
)
def test_odd_arrays_are_refused(song, message):
    for function in (requinto.extract, requinto.separate, requinto.beats):
        with pytest.raises(AudioError, match=message):
            function(song, RATE)
    with pytest.raises(AudioError, match=message.replace("audio", "reference")):
        requinto.extract(SONG, RATE, reference=song)


@pytest.mark.parametrize("path", [5, [], b"a.vstpreset", "", "a\0.vstpreset", False])
def test_a_preset_is_written_to_a_path(path):
    with pytest.raises(PluginError, match=r"path must be .*, as str or Path, got"):
        preset("guitar", path=path)


def test_a_preset_replaces_on_a_plain_yes(tmp_path):
    with pytest.raises(PluginError, match="overwrite must be True or False, got 'no'"):
        preset("guitar", path=tmp_path / "a.vstpreset", overwrite="no")
