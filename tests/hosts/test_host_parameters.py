# SPDX-License-Identifier: GPL-3.0-or-later
"""What each parameter does, in pedalboard: clips, references, what is heard."""

import numpy as np
import pedalboard
import pytest
import soundfile

import requinto
from sounds import RATE, clicks, error_db, noise, sine

pytestmark = pytest.mark.plugin


@pytest.mark.parametrize(
    ("clip", "latency_s"), [("4 beats", 5.35), ("2 beats", 3.1), ("1 beat", 1.15)]
)
@pytest.mark.parametrize("rate", [22050, 48000])
def test_each_clip_has_its_latency(load, clip, latency_s, rate):
    plugin = load()
    plugin.clip = clip
    sound = sine(3 * rate, 2, rate)
    assert error_db(sound, plugin.process(sound, rate)) < -100
    assert plugin.reported_latency_samples == pytest.approx(latency_s * rate, abs=2)
    # Chosen while it is active, it applies at the next activation
    plugin.clip = "1 beat" if clip != "1 beat" else "4 beats"
    assert plugin.reported_latency_samples == pytest.approx(latency_s * rate, abs=2)
    assert error_db(sound, plugin.process(sound, rate)) < -100


def test_bypass_has_the_same_latency(load):
    plugin = load()
    plugin.output, plugin.amount = "Everything else", 100
    sound = noise(2 * RATE)
    latency = plugin.reported_latency_samples
    assert not np.abs(plugin.process(sound, RATE)).max() > 1e-5
    plugin.bypass = True
    assert error_db(sound, plugin.process(sound, RATE)) < -140
    assert plugin.reported_latency_samples == latency


@pytest.mark.parametrize("clip", ["4 beats", "2 beats", "1 beat"])
def test_where_the_position_stands_still_beats_are_detected(clip):
    """As pedalboard's does: the same samples as the library's, hearing as far ahead."""
    plugin = pedalboard.load_plugin(str(requinto.plugin_path()))
    assert plugin.beat_source == "Host"
    plugin.clip, plugin.sensitivity = clip, 70
    song = 0.3 * clicks(113.0, 8.0) + 0.01 * noise(8 * RATE)
    expected = requinto.extract(
        song, RATE, live=True, beats_per_clip=int(clip[0]), sensitivity=0.7
    )
    assert np.abs(expected).max() > 1e-3
    assert error_db(expected, plugin.process(song, RATE)) < -80


def test_the_two_outputs_add_up_to_the_input():
    plugin = pedalboard.load_plugin(str(requinto.plugin_path()))
    song = 0.3 * clicks(113.0, 8.0) + 0.05 * noise(8 * RATE)
    extracted = plugin.process(song, RATE)
    plugin.output = "Everything else"
    rest = plugin.process(song, RATE)
    assert min(np.abs(extracted).max(), np.abs(rest).max()) > 0.01
    assert error_db(song, extracted + rest) < -90


@pytest.mark.parametrize("clip", ["4 beats", "1 beat"])
def test_a_bounce_is_the_same_whatever_the_blocks(clip):
    plugin = pedalboard.load_plugin(str(requinto.plugin_path()))
    plugin.target, plugin.clip = "bongo", clip
    song = 0.3 * clicks(97.0, 7.0) + 0.05 * noise(7 * RATE)
    bounces = [
        plugin.process(song, RATE, buffer_size=size) for size in (64, 8192, 777, 64)
    ]
    for bounce in bounces[1:]:
        np.testing.assert_array_equal(bounce, bounces[0])


def test_a_bar_is_learnt_and_travels_with_the_state(load, monkeypatch, unchanged):
    references = []

    def query(reference, sample_rate):
        references.append(reference)
        return unchanged.target("")

    monkeypatch.setattr(unchanged, "query", query)
    plugin = load()
    plugin.target, plugin.beat_source = "Learned", "Fixed tempo"
    sound = 0.5 * noise(8 * RATE)
    dry = plugin.process(sound, RATE)
    assert plugin.status == "No reference"
    assert error_db(sound, dry) < -140
    plugin.learn = True
    plugin.process(sound, RATE)
    assert (plugin.learn, plugin.status) == (False, "Ready")
    assert references[-1].shape == (2, 2 * RATE)
    assert error_db(sound[:, : 2 * RATE], references[-1]) < -130

    other = load()
    other.raw_state = plugin.raw_state
    assert other.target == "Learned"
    other.process(sound, RATE)
    assert other.status == "Ready"
    np.testing.assert_array_equal(references[-1], references[0])


def test_the_users_references_are_targets(load, monkeypatch, unchanged, tmp_path):
    references = []

    def query(reference, sample_rate):
        references.append(reference)
        return unchanged.target("")

    monkeypatch.setattr(unchanged, "query", query)
    folder = tmp_path / "references"
    folder.mkdir()
    sounds = {"tres cubano": noise(RATE, 1), "güiro de mamá": noise(RATE, 2, seed=1)}
    for name, sound in sounds.items():
        soundfile.write(folder / f"{name}.wav", 0.5 * sound.T, RATE)
    for litter in ("notes.wav.txt", "._tres cubano.wav", ".DS_Store", "Thumbs.db"):
        (folder / litter).write_text("no sound")
    (folder / "broken.flac").write_bytes(b"fLaC, but not for long")

    plugin = load()
    listed = plugin.parameters["target"].valid_values
    names = [*requinto.targets(), "Learned", "broken", *sorted(sounds)]
    assert listed == names
    song = noise(2 * RATE)
    for name, sound in sounds.items():
        plugin.target = name
        plugin.process(song, RATE)
        assert plugin.status == "Ready"
        assert error_db(0.5 * sound, references[-1]) < -80  # of 16 bits
    plugin.target = "broken"
    assert error_db(song, plugin.process(song, RATE)) < -140
    assert plugin.status == "No reference"

    # A session opens where the user has no such folder
    plugin.target = "güiro de mamá"
    state = plugin.raw_state
    monkeypatch.setenv("REQUINTO_REFERENCES", str(tmp_path / "nowhere"))
    other = load()
    assert other.parameters["target"].valid_values == names[:5]
    other.raw_state = state
    assert other.target == "güiro de mamá"
    other.process(song, RATE)
    assert other.status == "Ready"
    np.testing.assert_array_equal(references[-1], references[-2])


def weighted_db(sound, rate):
    """Return the loudness of a sound by ITU-R BS.1770, without gates and its offset.

    The filters' frequencies, gain and factors are those that its table has at 48 kHz.
    """
    frequencies = np.fft.rfftfreq(sound.shape[-1], 1 / rate)
    s = 1j * np.tan(np.pi * np.minimum(frequencies, 0.499 * rate) / rate)
    high, low = (np.tan(np.pi * f / rate) for f in (1681.974, 38.135))
    shelf = (1.58486 * s**2 + 1.25872 / 0.70718 * s * high + high**2) / (
        s**2 + s * high / 0.70718 + high**2
    )
    weights = shelf * s**2 / (s**2 + s * low / 0.50033 + low**2)
    spectrum = np.fft.rfft(sound.astype(np.float64)) * weights
    return 10 * np.log10((np.abs(spectrum) ** 2).sum() / sound.shape[-1] ** 2)


@pytest.mark.parametrize(
    ("output", "amount"), [("Extracted", 30), ("Everything else", 100)]
)
@pytest.mark.parametrize("rate", [44100, 48000, 96000])
def test_what_is_compared_is_as_loud(rate, output, amount):
    """The input itself, at one level, which is never above its own."""
    plugin = pedalboard.load_plugin(str(requinto.plugin_path()))
    plugin.output, plugin.amount, plugin.target = output, amount, "guira"
    plugin.beat_source, plugin.clip, plugin.sensitivity = "Fixed tempo", "2 beats", 100
    song = 0.1 * noise(10 * rate)
    mixed = plugin.process(song, rate)
    plugin.compare = True
    compared = plugin.process(song, rate)
    # The noise is steady, and so is how much of it a model takes for a scraper
    steady = slice(5 * rate, 9 * rate)
    of_song, of_mix, of_input = (
        weighted_db(sound[:, steady], rate) for sound in (song, mixed, compared)
    )
    assert of_mix < of_song - 1
    assert of_input == pytest.approx(of_mix, abs=0.5)
    level = np.sum(compared * song, axis=0) / np.sum(song**2, axis=0)
    assert level[: rate // 4] == pytest.approx(1, abs=1e-5)
    assert (level < 1 + 1e-5).all()
    assert (level > 0.01 - 1e-5).all()
    assert error_db(level * song, compared) < -100
    np.testing.assert_array_equal(compared, plugin.process(song, rate, buffer_size=333))
    plugin.compare = False
    np.testing.assert_array_equal(mixed, plugin.process(song, rate))


def test_nothing_is_compared_with_the_input_itself(load):
    plugin = load()
    plugin.output, plugin.bypass, plugin.compare = "Everything else", True, True
    sound = noise(2 * RATE)
    assert error_db(sound, plugin.process(sound, RATE)) < -140
    plugin.bypass, plugin.target = False, "Learned"  # of which there is no reference
    assert error_db(sound, plugin.process(sound, RATE)) < -140
    assert plugin.status == "No reference"


def test_what_is_compared_is_not_saved(load):
    plugin = load()
    state = plugin.raw_state
    plugin.compare = True
    assert plugin.raw_state == state
    other = load()
    other.raw_state = plugin.raw_state
    assert not other.compare
