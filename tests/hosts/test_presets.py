# SPDX-License-Identifier: GPL-3.0-or-later
"""A preset holds what it was made of, and hosts load it."""

import re

import numpy as np
import pedalboard
import pytest

import requinto
from requinto import bridge, presets
from requinto.audio import encode_flac
from requinto.errors import AudioError, AudioFileError, PluginError, TargetError
from requinto.plugin import parameters, preset
from requinto.plugin_table import max_reference_bytes
from shell import ROOT
from sounds import RATE, error_db, noise

pytestmark = pytest.mark.plugin
REFERENCE = 0.3 * noise(RATE, seed=3)


@pytest.fixture
def plugin():
    return pedalboard.load_plugin(str(requinto.plugin_path()))


def test_parameters_are_the_plugins(plugin):
    others = {"target", "learn", "status", "dropouts", "compare"}
    assert set(plugin.parameters) - others == set(parameters())
    for name, expected in parameters().items():
        parameter = plugin.parameters[name]
        if expected.kind == "switch":
            assert parameter.valid_values == [False, True]
        elif expected.kind == "list":
            assert parameter.valid_values == list(expected.items)
        else:
            assert parameter.range[:2] == expected.range


def test_values_arrive(plugin, tmp_path):
    path = tmp_path / "bass.vstpreset"
    values = {
        "output": "Everything else",
        "amount": 40.0,
        "beat_source": "Fixed tempo",
        "tempo": 93.4,
        "quality": "Fast",
        "clip": "1 beat",
        "sensitivity": 75.0,
        "bypass": True,
    }
    whole = preset("bass", path=path, **values)
    assert path.read_bytes() == whole
    plugin.load_preset(str(path))
    assert plugin.target == "bass"
    for name, value in values.items():
        assert getattr(plugin, name) == value


def test_a_reference_arrives_and_sounds(plugin, monkeypatch, unchanged, tmp_path):
    """The plugin asks the model for the reference that the preset carries."""
    queries = []

    def query(reference, sample_rate):
        queries.append((reference, sample_rate))
        return unchanged.target("")

    monkeypatch.setattr(unchanged, "query", query)
    monkeypatch.setattr(bridge, "load_separator", lambda *_: unchanged)
    path = tmp_path / "mine.vstpreset"
    preset(reference=REFERENCE, reference_sample_rate=RATE, path=path)
    plugin.load_preset(str(path))
    assert plugin.target == "Learned"
    sound = noise(2 * RATE)
    assert error_db(sound, plugin.process(sound, RATE)) < -100
    assert plugin.status == "Ready"
    reference, rate = queries[-1]
    assert rate == RATE
    assert error_db(REFERENCE, reference) < -130


def test_it_gives_what_the_library_gives(plugin):
    plugin.preset_data = preset(
        reference=REFERENCE,
        reference_sample_rate=RATE,
        beat_source="Fixed tempo",
        tempo=127.4,
        clip="2 beats",
        sensitivity=80.0,
    )
    song = 0.3 * noise(8 * RATE)
    expected = requinto.extract(
        song,
        RATE,
        reference=REFERENCE,
        beats=requinto.Beats.grid(tempo_bpm=127.4, duration_s=8.0),
        beats_per_clip=2,
        sensitivity=0.8,
    )
    rendered = plugin.process(song, RATE)
    assert np.abs(expected).max() > 0.001
    # A reference in a preset has 24 bits, and weights of 8 bits round what differs
    assert error_db(expected, rendered) < -65


@pytest.mark.parametrize(
    ("arguments", "error", "reason"),
    [
        ({"target": "zither"}, TargetError, "zither"),
        ({"target": "bass", "reference": REFERENCE}, TargetError, "not both"),
        ({"reference": REFERENCE}, AudioError, "reference_sample_rate"),
        (
            {"reference": 0 * REFERENCE, "reference_sample_rate": RATE},
            AudioError,
            "silent",
        ),
        ({"status": "Ready"}, PluginError, "unknown parameter 'status'"),
        ({"compare": True}, PluginError, "unknown parameter 'compare'"),
        ({"clip": "3 beats"}, PluginError, "'1 beat'.*got '3 beats'"),
        ({"tempo": 300}, PluginError, "from 40 to 240, got 300"),
        ({"tempo": "fast"}, PluginError, "got 'fast'"),
        ({"path": "/nowhere/at/all.vstpreset"}, AudioFileError, "does not exist"),
    ],
)
def test_what_cannot_be_is_refused(arguments, error, reason):
    with pytest.raises(error, match=reason):
        preset(**arguments)


def test_a_reference_that_the_plugin_would_not_take_is_no_preset(monkeypatch):
    """It was written, and the plugin called it gone."""
    header = ROOT / "plugin" / "core" / "sound_file.h"
    shift = re.search(r"SOUND_FILE_MAX_SIZE = (\d+) << 20", header.read_text())
    assert shift and int(shift[1]) << 20 == max_reference_bytes()
    size = len(encode_flac(REFERENCE, RATE))
    monkeypatch.setattr(presets, "max_reference_bytes", lambda: size)
    preset(reference=REFERENCE, reference_sample_rate=RATE)
    monkeypatch.setattr(presets, "max_reference_bytes", lambda: size - 1)
    with pytest.raises(AudioError, match="MiB, and the plugin takes 0 at most"):
        preset(reference=REFERENCE, reference_sample_rate=RATE)


def test_more_than_a_minute_in_stereo_is_a_reference(plugin, tmp_path):
    """Of 24 bits it has 20 MB; 16 MiB was all that a target might have."""
    stem = 0.3 * noise(80 * RATE, seed=3)
    whole = preset(reference=stem, reference_sample_rate=RATE)
    assert len(whole) > 16 << 20
    plugin.preset_data = whole
    assert plugin.target == "Learned"
    assert len(plugin.raw_state) > 16 << 20


@pytest.mark.parametrize("tempo", [128.0, 97.3, 174.67])
def test_a_state_renders_the_same_samples(plugin, tempo):
    """As the first instance, which hosts set in single precision, and the library."""
    song = 0.3 * noise(8 * RATE)
    plugin.target, plugin.beat_source, plugin.tempo = "bass", "Fixed tempo", tempo
    first = plugin.process(song, RATE)
    other = pedalboard.load_plugin(str(requinto.plugin_path()))
    other.raw_state = plugin.raw_state
    assert np.array_equal(first, other.process(song, RATE))
    grid = requinto.Beats.grid(tempo_bpm=tempo, duration_s=8.0)
    assert error_db(first, requinto.extract(song, RATE, "bass", beats=grid)) < -120
