# SPDX-License-Identifier: GPL-3.0-or-later
"""Sources of sound must be in tune, on time, repeatable and independent."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

import families
from requinto.errors import RequintoError
from requinto_lab.material import (
    drum_machines,
    freepats,
    recorded,
    sampler,
    singers,
    soundfonts,
    zyn,
)
from requinto_lab.material.instruments import RANGES, STROKES

RATE = soundfonts.SAMPLE_RATE
VOICE = "carlo"


@pytest.fixture(scope="module", autouse=True)
def _own_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Render everything anew, and nothing into the cache of who runs the tests."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        yield


def cents_off(sound: np.ndarray, pitch: int) -> float:
    """Return the distance from a pitch in cents, of whole octaves regardless.

    From the peak of the autocorrelation near eight periods of it, where an
    inexact period counts eightfold; infinite if one period of another semitone,
    of the twelve around it, is likelier.
    """
    mono = sound.mean(axis=0)[2000:22000]
    mono = mono * np.hanning(len(mono))
    power = np.abs(np.fft.rfft(mono, 4 * len(mono))) ** 2
    likeness = np.fft.irfft(power)
    period = RATE / (440 * 2 ** ((pitch - 69) / 12))

    def at_one_period(semitones: int) -> float:
        ends = [period * 2 ** ((c / 100 - semitones) / 12) for c in (-30, 30)]
        return float(likeness[int(ends[0]) : int(np.ceil(ends[1])) + 1].max())

    if max(range(-6, 7), key=at_one_period) != 0:
        return float("inf")
    around = np.arange(int(8 * period * 0.96), int(8 * period * 1.04) + 1)
    at = around[np.argmax(likeness[around])]
    before, here, after = likeness[at - 1 : at + 2]
    exact = at + (before - after) / (2 * (before - 2 * here + after))
    return float(1200 * np.log2(8 * period / exact))


def onset_s(sound: np.ndarray) -> float:
    """Return when a note first has a quarter of its loudest 10 ms."""
    sums = np.cumsum((sound.astype(float) ** 2).sum(axis=0))
    power = sums[441:] - sums[:-441]
    return float(220 + np.argmax(power > power.max() / 16)) / RATE


def sine(pitch: float, seconds: float) -> np.ndarray:
    time = np.arange(round(seconds * RATE)) / RATE
    hz = 440 * 2 ** ((pitch - 69) / 12)
    return np.sin(2 * np.pi * hz * time)[None].astype(np.float32)


@pytest.mark.parametrize("pitch", [50, 57, 60, 61, 69])
def test_sampler_plays_in_tune_from_one_sample(pitch: int) -> None:
    instrument = sampler.SampleSet([sampler.Sample(sine(60.3, 1), 60.3)])
    sound = instrument.render([(0, RATE, pitch, 1.0)], RATE)
    assert abs(cents_off(sound, pitch)) < 2


def test_sampler_lets_a_note_go_where_it_ends() -> None:
    instrument = sampler.SampleSet([sampler.Sample(sine(60, 2), 60)], release_s=0.05)
    sound = instrument.render([(1000, 41000, 60, 1.0)], 2 * RATE)[0]
    assert np.abs(sound[:1000]).max() == 0
    assert np.abs(sound[40000:41000]).max() > 0.99
    later = np.abs(sound[41000 + 2205 : 41000 + 2405]).max()  # one time constant on
    assert later == pytest.approx(np.exp(-1), rel=0.05)
    assert np.abs(sound[41000 + RATE // 2 :]).max() == 0


def test_sampler_takes_the_nearest_recording() -> None:
    both = [
        sampler.Sample(np.full((1, 9000), 0.2, np.float32), 40),
        sampler.Sample(np.full((1, 9000), 0.8, np.float32), 60),
    ]
    instrument = sampler.SampleSet(both)
    for pitch, level in ((38, 0.2), (49, 0.2), (51, 0.8), (62, 0.8)):
        sound = instrument.render([(0, 5000, pitch, 1.0)], 4000)
        assert sound[0, 2000] == pytest.approx(level, rel=0.01)


@pytest.mark.parametrize("start", [-700, 0, 12345])
def test_sampler_strokes_begin_on_their_frame(start: int) -> None:
    kit = sampler.StrokeSet({"hi": [np.ones((1, 1000), np.float32)]})
    sound = kit.render([(start, "hi", 1.0)], 20000)
    expected = np.zeros(20000)
    expected[max(start, 0) : start + 1000] = 1
    np.testing.assert_array_equal(sound[0], expected)


def test_sampler_velocity_chooses_the_layer_and_the_level() -> None:
    layers = [np.ones((1, 10), np.float32), -np.ones((1, 10), np.float32)]
    kit = sampler.StrokeSet({"hi": layers})
    soft = kit.render([(0, "hi", 0.3)], 10)[0, 0]
    loud = kit.render([(0, "hi", 0.9)], 10)[0, 0]
    assert soft > 0 > loud
    assert abs(loud) > abs(soft)


def test_sampler_refuses_what_it_has_not() -> None:
    with pytest.raises(RequintoError, match="at least one"):
        sampler.SampleSet([])
    kit = sampler.StrokeSet({"hi": [np.ones((1, 10), np.float32)]})
    with pytest.raises(RequintoError, match="'lo'; there are hi"):
        kit.render([(0, "lo", 1.0)], 10)


def test_sampler_makes_a_sound_once() -> None:
    made = []

    def make() -> dict[str, np.ndarray]:
        made.append(1)
        return {"a": np.arange(3)}

    for _ in range(2):
        np.testing.assert_array_equal(
            sampler.load_or_make("once", make)["a"], [0, 1, 2]
        )
    assert len(made) == 1


ZYN = [(instrument, name) for instrument, rows in zyn.PATCHES.items() for name in rows]


@pytest.mark.parametrize(("instrument", "name"), ZYN)
def test_zyn_patches_are_in_tune_and_prompt(instrument: str, name: str) -> None:
    low, high = RANGES[instrument]
    pitch = round(low + 0.4 * (high - low))
    sound = zyn.render(instrument, name, [(0, 25000, pitch, 0.8)], 26000)
    assert np.isfinite(sound).all()
    assert np.abs(sound).max() > 0.01
    assert onset_s(sound) < 0.1
    assert abs(cents_off(sound, pitch)) < 30


@pytest.mark.parametrize("instrument", list(zyn.PATCHES))
def test_zyn_the_same_notes_sound_the_same(instrument: str) -> None:
    name, other = list(zyn.PATCHES[instrument])[:2]
    notes = [(i * 9000, i * 9000 + 8000, 50 + i, 0.7) for i in range(5)]
    first = zyn.render(instrument, name, notes, 50000)
    zyn.render(instrument, other, notes, 33333)
    again = zyn.render(instrument, name, notes, 50000)
    np.testing.assert_allclose(again, first, atol=1e-6)


def test_zyn_has_enough_of_each_instrument() -> None:
    wanted = {"guitar": 8, "bass": 8, "piano": 4, "organ": 6, "strings": 6}
    wanted |= {"brass": 4, "reed": 4, "flute": 2, "mallets": 3, "lead": 6}
    wanted |= {"pad": 6, "voice": 4}
    for instrument, n in wanted.items():
        assert len(zyn.PATCHES[instrument]) >= n


def test_zyn_no_patch_is_two_timbres() -> None:
    files = [file for rows in zyn.PATCHES.values() for file in rows.values()]
    assert len(set(files)) == len(files)


def test_zyn_notes_end() -> None:
    sound = zyn.render("organ", "organ-2", [(0, RATE // 2, 60, 0.8)], 2 * RATE)
    assert np.abs(sound[:, RATE:]).max() < 1e-3 * np.abs(sound).max()


def test_zyn_leaves_the_arithmetic_of_others_alone() -> None:
    """It is built to flush denormals to zero, which other code must not do."""
    program = """if True:
        import numpy as np
        from requinto_lab.material import zyn
        sounds = []
        for _ in range(2):
            notes = [(0, 8000, 60, 0.8)]
            sounds.append(zyn.render("organ", "organ-2", notes, 44100))
            print(np.float32(1e-38) * np.float32(0.01) > 0)
        print(np.array_equal(*sounds))
    """
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["True"] * 3


def test_zyn_refuses_unknown_patches() -> None:
    with pytest.raises(RequintoError, match="known are clean-guitar1"):
        zyn.render("guitar", "lute", [], 10)


@pytest.mark.parametrize("instrument", list(drum_machines.KITS))
def test_drum_machines_every_stroke_sounds_at_once(instrument: str) -> None:
    wanted = {stroke for stroke, _ in STROKES[instrument].values()}
    for name in drum_machines.KITS[instrument]:
        kit = drum_machines.kit(instrument, name)
        assert set(kit.strokes) >= wanted
        for stroke in kit.strokes:
            sound = kit.render([(1000, stroke, 0.9)], RATE)
            assert np.abs(sound[:, :1000]).max() == 0
            assert 0.02 < np.abs(sound).max() <= 1.01
            # A shaker swells; nothing waits longer
            assert onset_s(sound) < 0.12


def test_drum_machines_a_muted_stroke_is_shorter() -> None:
    kit = drum_machines.kit("bongo", "cr78")
    power = {s: kit.render([(0, s, 0.9)], RATE) ** 2 for s in kit.strokes}
    assert power["tip"].sum() < power["slap"].sum() < power["hi"].sum()


def test_drum_machines_refuses_unknown_kits() -> None:
    with pytest.raises(RequintoError, match="known are cr78"):
        drum_machines.kit("bongo", "tr1000")


@pytest.mark.parametrize("program", [0, 16, 24, 33, 40, 65, 73])
@pytest.mark.parametrize("pitch", [57, 66])
def test_freepats_notes_are_in_tune_and_on_their_frame(
    program: int, pitch: int
) -> None:
    notes = [(5000, 40000, pitch, 0.8)]
    sound = freepats.render(notes, RATE, program)
    assert sound.shape == (2, RATE)
    assert np.abs(sound[:, :4990]).max() < 1e-4 * np.abs(sound).max()
    assert 5000 / RATE - 0.01 <= onset_s(sound) < 5000 / RATE + 0.12
    assert abs(cents_off(sound[:, 5000:], pitch)) < 30
    np.testing.assert_array_equal(sound, freepats.render(notes, RATE, program))


@pytest.mark.parametrize("key", [36, 38, 42, 60, 61, 63, 70, 74])
def test_freepats_drum_keys_sound(key: int) -> None:
    assert key in freepats.drum_keys()
    sound = freepats.render([(0, 4000, key, 0.9)], RATE, 0, drums=True)
    assert np.abs(sound).max() > 0.005


def test_freepats_refuses_what_it_has_not() -> None:
    assert 3 not in freepats.programs()
    with pytest.raises(RequintoError, match="no preset 3"):
        freepats.render([(0, 100, 60, 0.5)], 1000, 3)
    with pytest.raises(RequintoError, match="no percussion key 90"):
        freepats.render([(0, 100, 90, 0.5)], 1000, 0, drums=True)


@pytest.mark.parametrize("name", list(recorded.SONIC_PI_NOTES["bass"]))
@pytest.mark.parametrize("pitch", [33, 40])
def test_recorded_bass_is_in_tune(name: str, pitch: int) -> None:
    bass = recorded.sonic_pi_notes("bass", name)
    sound = bass.render([(0, 30000, pitch, 0.9)], RATE)
    assert abs(cents_off(sound, pitch)) < 30


@pytest.mark.parametrize(
    "kit",
    [
        *(lambda n=n: recorded.avl_kit(n) for n in recorded.AVL_BANKS),
        *(lambda n=n: recorded.hand_kit(n) for n in recorded.HAND),
        *(lambda n=n: recorded.sonic_pi_kit("drums", n) for n in ("acoustic",)),
        *(lambda n=n: recorded.sonic_pi_kit("tabla", n) for n in ("tabla",)),
    ],
)
def test_recorded_louder_strokes_are_louder(
    kit: Callable[[], sampler.StrokeSet],
) -> None:
    strokes = kit()
    for stroke in strokes.strokes:
        soft, loud = (strokes.render([(0, stroke, v)], RATE) for v in (0.1, 0.95))
        assert np.sum(loud**2) > np.sum(soft**2) > 0
        assert onset_s(loud) < 0.03


def test_recorded_refuses_what_it_has_not() -> None:
    for call in (
        lambda: recorded.avl_kit("x"),
        lambda: recorded.hand_kit("x"),
        lambda: recorded.sonic_pi_kit("drums", "x"),
        lambda: recorded.sonic_pi_notes("bass", "x"),
    ):
        with pytest.raises(RequintoError, match="known are"):
            call()


@pytest.mark.parametrize("pitch", [48, 55, 62, 70])
def test_singers_sings_the_note(pitch: int) -> None:
    rng = np.random.default_rng(pitch)
    sound = singers.sing([(0, 30000, pitch, 0.8)], RATE, VOICE, rng)
    assert sound.shape == (1, RATE)
    # Vibrato is up to 40 cents to either side
    assert abs(cents_off(sound, pitch)) < 30
    assert np.abs(sound[:, 36000:]).max() < 0.05 * np.abs(sound).max()


def test_singers_a_seed_gives_one_performance() -> None:
    notes = [(i * 9000, i * 9000 + 8000, 60 + i, 0.7) for i in range(5)]
    one, same, other = (
        singers.sing(notes, 50000, VOICE, np.random.default_rng(seed))
        for seed in (1, 1, 2)
    )
    np.testing.assert_array_equal(one, same)
    assert np.abs(one - other).max() > 0.01


def test_singers_chords_take_several_singers() -> None:
    chord = [(0, 30000, pitch, 0.8) for pitch in (55, 59, 62)]
    rng = np.random.default_rng(0)
    sound = singers.sing(chord, RATE, VOICE, rng)[0, 5000:25000]
    spectrum = np.abs(np.fft.rfft(sound * np.hanning(len(sound))))
    for pitch in (55, 59, 62):
        at = 440 * 2 ** ((pitch - 69) / 12) * len(sound) / RATE
        near = spectrum[int(at * 0.97) : int(at * 1.03) + 2].max()
        assert near > 20 * np.median(spectrum[: int(3 * at)])


def test_singers_refuses_unknown_voices() -> None:
    with pytest.raises(RequintoError, match="known are allison"):
        singers.sing([], 10, "caruso", np.random.default_rng(0))


@pytest.mark.parametrize("gain", [0.1, -1.0])
@pytest.mark.parametrize("delay", [0, 500])
@pytest.mark.parametrize("cents", [-5, 0, 7])
def test_families_knows_a_note_again(gain: float, delay: int, cents: int) -> None:
    note = soundfonts.bank("tim").render([(0, RATE, 57, 0.8)], RATE, 24)
    copy = sampler.SampleSet([sampler.Sample(note, 57 - cents / 100)])
    moved = gain * copy.render([(delay, RATE, 57, 1.0)], RATE)
    assert families.similarity(note, moved) > families.SHARED


def test_families_silence_is_like_nothing() -> None:
    assert families.similarity(np.zeros((1, RATE)), sine(60, 1)) == 0


def test_families_of_ours_are_independent() -> None:
    def note(p: int) -> list[tuple[int, int, int, float]]:
        return [(0, RATE, p, 0.8)]

    fluid, tim = (soundfonts.bank(name) for name in ("fluid", "tim"))
    sources: dict[str, Callable[[int], np.ndarray]] = {
        "fluid": lambda p: fluid.render(note(p), RATE, 24),
        "tim": lambda p: tim.render(note(p), RATE, 24),
        "freepats": lambda p: freepats.render(note(p), RATE, 24),
        "zyn": lambda p: zyn.render("guitar", "nylon-guitar", note(p), RATE),
        "a copy": lambda p: 0.5 * tim.render(note(p), RATE, 24),
    }
    pairs = families.shared_pairs(sources, (45, 52))
    assert [(pair.first, pair.second) for pair in pairs] == [("tim", "a copy")]


def test_what_is_not_installed_names_its_package(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    nowhere = (Path("/nowhere"),)
    monkeypatch.setattr(zyn, "PLUGINS", nowhere)
    monkeypatch.setattr(zyn, "BANK_FOLDERS", nowhere)
    monkeypatch.setattr(singers, "FOLDERS", nowhere)
    monkeypatch.setattr(freepats, "FOLDERS", nowhere)
    monkeypatch.setattr(recorded, "SONIC_PI_FOLDERS", nowhere)
    monkeypatch.setattr(drum_machines, "FOLDERS", nowhere)
    drum_machines._presets.cache_clear()
    calls: dict[str, Callable[[], object]] = {
        "zynaddsubfx-dssi": zyn.Synth,
        "zynaddsubfx-data": lambda: zyn.find_patch("Bass/0001-Bass 1"),
        "asterisk-core-sounds-it-g722": lambda: singers._prompts("it_IT_m_Carlo"),
        "in freepats": lambda: freepats.render([], 10, 0),
        "sonic-pi-samples": lambda: recorded._sonic_pi("bass_hard_c"),
        "in lmms and lmms-common": drum_machines._presets,
    }
    for package, call in calls.items():
        with pytest.raises(soundfonts.BankError, match=package):
            call()
