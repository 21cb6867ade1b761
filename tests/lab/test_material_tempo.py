# SPDX-License-Identifier: GPL-3.0-or-later
"""A song's tempo moves as its manner says, and its stems and truth move with it."""

import dataclasses

import numpy as np
import pytest

from requinto.errors import ConfigError
from requinto_lab.material import tempo
from requinto_lab.material.loops import timing
from requinto_lab.material.patterns import play
from requinto_lab.material.rendering import LEAD_IN_S, frame_of, n_frames_of
from requinto_lab.material.songs import plan_song
from requinto_lab.material.soundfonts import SAMPLE_RATE
from requinto_lab.material.style import STYLES, style
from requinto_lab.material.timbres import find
from requinto_lab.material.whole_songs import (
    WholeSongConfig,
    mix_song,
    plan_whole_song,
    render_stems,
)

SONG = plan_song(style("bachata"), 3, 2)


def lengths(song):
    return np.diff([song.seconds(beat) for beat in range(song.n_beats + 1)])


def moved(manner, seed=0):
    return tempo.vary_tempo(SONG, manner, np.random.default_rng(seed))


@pytest.mark.parametrize("beat", [-0.3, 0, 1.25, 40, 77.5])
def test_a_steady_song_keeps_its_beats(beat):
    assert SONG.seconds(beat) == beat * 60 / SONG.tempo_bpm
    evenly = tuple(np.arange(SONG.n_beats + 1) * 60 / SONG.tempo_bpm)
    same = dataclasses.replace(SONG, pulse_s=evenly)
    assert same.seconds(beat) == pytest.approx(SONG.seconds(beat))


@pytest.mark.parametrize("manner", tempo.MANNERS)
@pytest.mark.parametrize("seed", range(5))
def test_time_goes_forward_and_truth_with_it(manner, seed):
    song = moved(manner, seed)
    assert np.all(lengths(song) > 0.1)
    truth = timing(song)
    assert len(truth["beats_s"]) == song.n_beats
    expected = [song.seconds(b) + LEAD_IN_S for b in song.downbeats]
    np.testing.assert_allclose(truth["downbeats_s"], expected, atol=1e-6)
    seconds = n_frames_of(song) / SAMPLE_RATE
    assert seconds == pytest.approx(song.seconds(song.n_beats) + LEAD_IN_S, abs=1e-4)


def test_manners_are_what_they_say():
    even = 60 / SONG.tempo_bpm
    drift = lengths(moved("drift"))
    assert 0.001 < np.std(drift / even) < 0.08 and np.abs(drift / even - 1).max() < 0.1
    slowing = lengths(moved("ritardando"))
    np.testing.assert_allclose(slowing[:-12], even)
    assert slowing[-1] > 1.2 * even and np.all(np.diff(slowing[-3:]) > 0)
    free = lengths(moved("rubato"))
    first = next(b for n, b in SONG.sections if n not in ("pickup", "intro"))
    assert np.std(free[: round(first)] / even) > 0.03
    np.testing.assert_allclose(free[round(first) :], even)
    assert len(set(np.round(lengths(moved("change")), 6))) == 2
    held = lengths(moved("pauses")) / even
    assert 1 <= np.sum(held > 1.4) <= 2


def test_an_unknown_manner_is_refused():
    with pytest.raises(ConfigError, match="known are drift, ritardando"):
        moved("swing")


def test_strokes_lie_where_the_beats_are():
    song = moved("rubato", 1)
    timbre = find("guira", "ridges:02")
    part = song.style.part("guira")
    notes = play(song, part, "guira")
    sound = np.abs(timbre.render(notes, song)[0])
    note = max(notes, key=lambda n: n.velocity)
    start = frame_of(note.beat, song)
    assert sound[start : start + 2000].max() > 0.1 * sound.max()


@pytest.mark.parametrize("name", STYLES)
def test_songs_are_about_as_long_as_configured(name):
    for seed in range(4):
        song = plan_whole_song(
            seed, WholeSongConfig(pauses=0, change=0, rubato=0), STYLES[name]
        )
        assert song.style.name == name
        assert 20 < song.seconds(song.n_beats) < 120


def test_a_plan_keeps_to_what_is_given():
    song = plan_whole_song(5, WholeSongConfig.steady(), STYLES["salsa"], 90.0, 3)
    assert (song.style.name, song.tempo_bpm, song.pulse_s) == ("salsa", 90.0, ())
    assert song.bars[0].n_beats == 3 and song.bars[0].section == "pickup"
    assert (
        plan_whole_song(5, WholeSongConfig.steady(), STYLES["salsa"], 90.0, 3) == song
    )


def test_borrowed_parts_keep_the_metre():
    songs = [plan_whole_song(seed, WholeSongConfig(borrowed=1.0)) for seed in range(30)]
    borrowed = [s for s in songs if any(" for " in p.name for p in s.style.parts)]
    assert len(borrowed) > 5
    for song in borrowed:
        whole = STYLES[song.style.name]
        assert song.style.beats_per_bar == whole.beats_per_bar
        assert [p.manner for p in song.style.parts] == [p.manner for p in whole.parts]


@pytest.mark.parametrize("rest", ["no_percussion", "percussion_rests", "silence"])
def test_parts_rest(rest):
    config = WholeSongConfig.steady(seconds=12.0, **{rest: 1.0})
    song = plan_whole_song(2, config, STYLES["reggae"])
    stems = render_stems(song, "validation")
    full, _ = mix_song(
        stems, song, WholeSongConfig.steady(seconds=12.0), np.random.default_rng(1)
    )
    quiet, late_s = mix_song(stems, song, config, np.random.default_rng(1))
    assert late_s == 0 and quiet.shape == full.shape

    def power(sound):
        return np.convolve(np.mean(sound**2, axis=0), np.ones(4410) / 4410, "same")

    assert not np.allclose(full, quiet)
    if rest == "silence":
        assert np.sum(power(quiet) < 1e-5) > SAMPLE_RATE / 2


def test_a_late_start_is_reported():
    config = WholeSongConfig.steady(seconds=8.0, late_start=1.0)
    song = plan_whole_song(2, config, STYLES["waltz"])
    mixture, late_s = mix_song(
        render_stems(song, "validation"), song, config, np.random.default_rng(3)
    )
    assert late_s >= 0.5 and not mixture[:, : round(late_s * SAMPLE_RATE)].any()
    assert np.abs(mixture).max() == pytest.approx(0.9)
