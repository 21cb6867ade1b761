# SPDX-License-Identifier: GPL-3.0-or-later
"""The plugin inside hosts that are Python: pedalboard and DawDreamer."""

import concurrent.futures
import subprocess
import sys
import time

import numpy as np
import pedalboard
import pytest

import requinto
from requinto import bridge
from requinto.errors import ModelError
from sounds import RATE, error_db, noise, sine

pytestmark = pytest.mark.plugin


def test_parameters(load):
    plugin = load()
    assert list(plugin.parameters) == [
        *("target", "output", "amount", "beat_source", "tempo", "status", "quality"),
        *("clip", "learn", "sensitivity", "bypass", "dropouts", "compare"),
    ]
    targets = [*requinto.targets(), "Learned"]
    assert plugin.parameters["target"].valid_values == targets
    assert plugin.parameters["output"].valid_values == ["Extracted", "Everything else"]
    assert plugin.parameters["beat_source"].valid_values == [
        "Host",
        "Detect",
        "Fixed tempo",
    ]
    assert plugin.parameters["quality"].valid_values == ["Standard", "Fast"]
    assert [q.lower() for q in ("Standard", "Fast")] == list(bridge._MODELS)
    assert plugin.quality == "Standard"
    assert plugin.parameters["clip"].valid_values == ["4 beats", "2 beats", "1 beat"]
    assert plugin.parameters["sensitivity"].range[:2] == (0, 100)
    assert (plugin.learn, plugin.bypass, plugin.dropouts) == (False, False, 0)
    assert not plugin.compare
    assert (plugin.sensitivity, plugin.beat_source) == (50, "Host")
    assert plugin.parameters["amount"].range[:2] == (0, 100)
    assert plugin.parameters["tempo"].range[:2] == (40, 240)
    assert (plugin.target, plugin.output, plugin.amount) == ("guitar", "Extracted", 100)
    plugin.target, plugin.tempo = "bongo", 93.4
    assert (plugin.target, plugin.tempo) == ("bongo", 93.4)
    with pytest.raises(ValueError, match="zither"):
        plugin.target = "zither"


def test_loading_wakes_no_python():
    script = (
        "import sys, pedalboard\n"
        f"p = pedalboard.load_plugin({str(requinto.plugin_path())!r})\n"
        "assert p.status == 'Idle', p.status\n"
        "assert p.target == 'guitar' and p.raw_state\n"
        "assert 'tensorflow' not in sys.modules and 'requinto' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", script], check=True)


def test_it_starts_whatever_the_host_has_done_to_capsules():
    # Before Python 3.12 cffi waits for ever after such a lookup
    script = f"""
import datetime, numpy, pedalboard
for name in ("a", "b", "__doc__"):
    getattr(datetime.datetime_CAPI, name, None)
plugin = pedalboard.load_plugin({str(requinto.plugin_path())!r})
plugin.process(numpy.ones((2, 20000), "float32"), 8000)
assert plugin.status == "Ready", plugin.status
"""
    subprocess.run([sys.executable, "-c", script], check=True, timeout=120)


@pytest.mark.parametrize("n_channels", [1, 2])
@pytest.mark.parametrize("rate", [8000, 44100, 96000])
@pytest.mark.parametrize("buffer_size", [64, 999, 8192])
def test_what_comes_out_is_aligned(load, n_channels, rate, buffer_size):
    plugin = load()
    plugin.beat_source = "Fixed tempo"
    sound = noise(3 * rate + 11, n_channels)
    output = plugin.process(sound, rate, buffer_size=buffer_size)
    assert plugin.status == "Ready"
    assert output.shape == sound.shape
    assert error_db(sound, output) < -100


def test_one_frame_at_a_time(load):
    plugin = load()
    sound = noise(3000)
    assert error_db(sound, plugin.process(sound, RATE, buffer_size=1)) < -100


def test_detected_beats_change_nothing_either(load):
    sound = noise(12 * RATE)
    assert error_db(sound, load().process(sound, RATE)) < -100


@pytest.mark.parametrize("amount", [0, 30, 100])
def test_output_and_amount(load, amount):
    plugin = load()
    plugin.beat_source, plugin.amount = "Fixed tempo", amount
    sound = noise(2 * RATE)
    assert error_db(sound, plugin.process(sound, RATE)) < -100
    plugin.output = "Everything else"
    left = (1 - amount / 100) * sound
    assert error_db(left, plugin.process(sound, RATE)) < -100


def test_rates_may_change_between_activations(load):
    plugin = load()
    for rate in (44100, 22050, 48000):
        sound = sine(2 * rate, 2, rate)
        assert error_db(sound, plugin.process(sound, rate)) < -100


def test_streaming_in_pieces(load):
    plugin = load()
    plugin.beat_source = "Fixed tempo"
    plugin.reset()  # what pedalboard ran through it as it loaded
    sound = noise(9 * RATE)
    # The longest first: pedalboard activates anew when a longer block comes
    cuts = [2 * RATE, 2 * RATE + 900, 2 * RATE + 903, 3 * RATE, 8 * RATE]
    pieces = np.array_split(sound, cuts, axis=1)
    outputs = [plugin.process(p, RATE, reset=False) for p in pieces]
    output = np.concatenate([h for h in outputs if h.size], axis=1)
    assert output.shape[1] == sound.shape[1] - plugin.reported_latency_samples
    assert error_db(sound[:, : output.shape[1]], output) < -100


def test_a_reset_forgets(load):
    plugin = load()
    plugin.process(noise(2 * RATE), RATE, reset=False)
    plugin.reset()
    output = plugin.process(np.zeros((2, 2 * RATE), np.float32), RATE)
    assert not output.any()


def test_state_comes_back(load):
    plugin = load()
    plugin.target, plugin.tempo, plugin.amount = "bass", 87.6, 40
    plugin.output, plugin.beat_source = "Everything else", "Fixed tempo"
    plugin.quality = "Fast"
    other = load()
    other.raw_state = plugin.raw_state
    for name in ("target", "tempo", "amount", "output", "beat_source", "quality"):
        assert getattr(other, name) == getattr(plugin, name)
    assert other.status == "Idle"
    sound = noise(RATE)
    assert error_db(plugin.process(sound, RATE), other.process(sound, RATE)) < -100


def test_a_preset_file_comes_back(load, tmp_path):
    plugin = load()
    plugin.target, plugin.tempo = "guira", 111.0
    path = tmp_path / "guira.vstpreset"
    path.write_bytes(plugin.preset_data)
    other = load()
    other.load_preset(str(path))
    assert (other.target, other.tempo) == ("guira", 111.0)


def test_instances_in_threads(load):
    plugins = [load() for _ in range(3)]
    sounds = [noise(4 * RATE, seed=seed) for seed in range(3)]
    with concurrent.futures.ThreadPoolExecutor() as pool:
        outputs = list(pool.map(lambda p, s: p.process(s, RATE), plugins, sounds))
    for sound, output in zip(sounds, outputs, strict=True):
        assert error_db(sound, output) < -100


@pytest.mark.alone
def test_dropping_a_busy_plugin_does_not_hang(load, monkeypatch, unchanged):
    class Slow:
        def __getattr__(self, name):
            return getattr(unchanged, name)

        def separate(self, clip, sample_rate, query, sensitivity=0.5):
            time.sleep(1)
            return clip

    slow = Slow()
    monkeypatch.setattr(bridge, "load_separator", lambda *_: slow)
    plugin = load()
    plugin.process(noise(7 * RATE), RATE, reset=False)
    begun = time.monotonic()
    del plugin
    assert time.monotonic() - begun < 4


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (ModelError("gone"), "No model"),
        (ValueError("oops"), "Python error"),
        (SystemExit(1), "Python error"),
    ],
)
def test_what_raises_passes_dry(load, monkeypatch, capfd, error, status):
    def fail(name):
        raise error

    plugin = load()
    monkeypatch.setattr(bridge, "load_separator", fail)
    sound = noise(2 * RATE)
    output = plugin.process(sound, RATE)
    assert plugin.status == status
    assert error_db(sound, output) < -140
    assert "requinto: " in capfd.readouterr().err


def test_an_error_later_on_passes_dry_from_there(load, monkeypatch, unchanged):
    class Fragile:
        n_left = 2

        def __getattr__(self, name):
            return getattr(unchanged, name)

        def separate(self, clip, sample_rate, query, sensitivity=0.5):
            self.n_left -= 1
            if self.n_left < 0:
                raise RuntimeError("as the test ordered")
            return 0 * clip

    fragile = Fragile()
    monkeypatch.setattr(bridge, "load_separator", lambda *_: fragile)
    plugin = load()
    plugin.beat_source = "Fixed tempo"
    sound = noise(20 * RATE)
    output = plugin.process(sound, RATE)
    assert plugin.status == "Python error"
    assert not output[:, :RATE].any()
    assert error_db(sound[:, -RATE:], output[:, -RATE:]) < -100


def test_quality_chooses_the_model(two_models):
    plugin = pedalboard.load_plugin(str(requinto.plugin_path()))
    plugin.beat_source = "Fixed tempo"
    latency = plugin.reported_latency_samples
    sound = noise(3 * RATE)
    for quality, gain in (("Standard", 1.0), ("Fast", 0.5), ("Standard", 1.0)):
        plugin.quality = quality
        output = plugin.process(sound, RATE)
        assert plugin.status == "Ready"
        assert plugin.reported_latency_samples == latency
        assert error_db(gain * sound, output) < -100


@pytest.mark.parametrize("first", ["Standard", "Fast"])
def test_a_missing_model_passes_dry_until_another_is_chosen(two_models, capfd, first):
    for path in (*two_models.glob("fast.*"), *two_models.glob("*/fast.json")):
        path.unlink()
    plugin = pedalboard.load_plugin(str(requinto.plugin_path()))
    plugin.beat_source, plugin.output = "Fixed tempo", "Everything else"
    plugin.quality = first
    plugin.reset()
    sound = noise(40 * RATE)
    pieces = {"Fast": slice(10 * RATE, 20 * RATE), "Standard": slice(20 * RATE, None)}
    outputs = [plugin.process(sound[:, : 10 * RATE], RATE, reset=False)]
    for quality, piece in pieces.items():
        plugin.quality = quality
        outputs.append(plugin.process(sound[:, piece], RATE, reset=False))
        assert plugin.status == ("No model" if quality == "Fast" else "Ready")
    output = np.concatenate(outputs, axis=1)

    # By the time of the output, which is late by the latency
    late = plugin.reported_latency_samples
    dry = slice(11 * RATE, 20 * RATE - late)
    assert error_db(sound[:, dry], output[:, dry]) < -140
    recovered = slice(21 * RATE, None)
    assert error_db(0 * output[:, recovered], output[:, recovered]) < -100
    assert "'fast'" in capfd.readouterr().err


def test_it_agrees_with_the_library():
    plugin = pedalboard.load_plugin(str(requinto.plugin_path()))
    plugin.target, plugin.beat_source, plugin.tempo = "bongo", "Fixed tempo", 127.4
    sound = 0.3 * noise(11 * RATE)
    grid = requinto.Beats.grid(tempo_bpm=127.4, duration_s=11.0)
    expected = requinto.extract(sound, RATE, "bongo", beats=grid)
    assert error_db(expected, plugin.process(sound, RATE)) < -80
    plugin.beat_source = "Detect"
    expected = requinto.extract(sound, RATE, "bongo", live=True)
    assert error_db(expected, plugin.process(sound, RATE)) < -80
