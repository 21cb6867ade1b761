# SPDX-License-Identifier: GPL-3.0-or-later
"""Recorded notes keep their pitch, their split and their level."""

from __future__ import annotations

import dataclasses
import json

import numpy as np
import pytest
import soundfile

from requinto.errors import ConfigError
from requinto_lab.evaluation import bench
from requinto_lab.material import (
    loops,
    recorded_notes,
    recorded_playing,
    recorded_timbres,
    splits,
)
from requinto_lab.material import timbres as every_timbre
from requinto_lab.material.amplifier import KINDS, LEVEL, sample_amplifier
from requinto_lab.material.finishing import active_power
from requinto_lab.material.recorded_notes import LAYOUTS, measure_pitch, midi_note
from requinto_lab.material.rendering import frame_of, n_frames_of
from requinto_lab.material.songs import Note, generator, plan_loop
from requinto_lab.material.style import LATER_STYLES, STYLES, style

RATE = 44100
# What their files are called; `{}` is the note
_NAMES = {
    "black-guitar": ("ord-twang_{}_p_rr1", "ord-twang_{}_f_rr1", "ord-twang_{}_f_rr2"),
    "green-guitar": ("ord-twang_{}_f_rr1", "stac-staccato_{}_rr1"),
    "shiny-guitar-electric": ("electric-{}_vl1_rr1_2", "electric-mute_string1_rr1_2"),
    "shiny-guitar-acoustic": ("acoustic-{}_vl4_rr1_1",),
    "classical-guitar": ("{}",),
    "growly-bass": ("sustain-{}_ff_rr1", "sustain-{}_pp_rr1"),
    "meat-bass": ("{}_vl1_rr1",),
    "meat-bass-bowed": ("arco-{}_vl1_down",),
    "double-bass": ("pizz_{}_fa", "pizz_{}_mb"),
    "were-sax": ("alto-{}_f_rr1_cnd", "alto-{}_f_rr1_dnm"),
    "war-tuba": ("{}_sus_dyn", "{}_s_vl1_rr1_dyn"),
    "transistor-organ": tuple(
        f"{c.variant}_{{}}" for c in recorded_timbres.CHARACTERS["transistor-organ"]
    ),
    "upright-piano": ("{}vH", "{}vL"),
}
_DRUMS = {
    "bobobo": ("bobobo-bobobo_bass_vl1_rr1", "bobobo-bobobo_tenor_s2_vl1_rr2"),
    "cajon": ("cnd-cajon_sr1_vl1_rr1_cnd", "cnd-cajon_sl5_vl4_rr1_cnd"),
}
SONG = dataclasses.replace(plan_loop(style("bachata"), 0, 3), tempo_bpm=120.0)


def _note(pitch, seed):
    """Return 0.8 s of a decaying note with ten partials."""
    time = np.arange(int(0.8 * RATE)) / RATE
    hz = 440 * 2 ** ((pitch - 69) / 12)
    rng = np.random.default_rng(seed)
    partials = [
        np.sin(2 * np.pi * n * hz * time + rng.uniform(0, 6)) / n for n in range(1, 11)
    ]
    return 0.3 * np.sum(partials, axis=0) * np.exp(-time)


@pytest.fixture(scope="session")
def samples(tmp_path_factory):
    """Return a folder that holds four notes of each library."""
    folder = tmp_path_factory.mktemp("samples")
    rows = []

    def add(library, name, sound):
        path = folder / library / f"{name}.wav"
        path.parent.mkdir(exist_ok=True)
        soundfile.write(path, sound, RATE)
        file = f"{library}/{name}.wav"
        rows.append({"file": file, "library": library, "gain_db": 0.0})

    for library, patterns in _NAMES.items():
        octave = LAYOUTS[library].octave
        for name in ("E2", "E3", "A3", "E4"):
            name = name if library != "war-tuba" else name.replace("4", "2")
            for i, pattern in enumerate(patterns):
                sound = _note(midi_note(name) + octave, i)
                add(library, pattern.format(name), sound)
    for library, names in _DRUMS.items():
        for name in names:
            add(library, name, _note(50, 3) * 0.5)
    (folder / "index.json").write_text(json.dumps(rows))
    return folder


def _cents(timbre, pitch):
    """Return how far a rendered note is from what was written, and its octaves."""
    sound = timbre.render([Note(1, 1.4, pitch, 0.8)], SONG).mean(axis=0)
    start = frame_of(1, SONG)
    away = measure_pitch(sound[start : start + RATE // 2]) - pitch
    octaves = 12 * round(away / 12)
    return 100 * (away - octaves), octaves


def test_the_pitch_of_a_note_is_measured():
    for pitch in (28.0, 40.0, 52.3, 64.0, 79.9):
        assert measure_pitch(_note(pitch, 0)) == pytest.approx(pitch, abs=0.03)
    assert [midi_note(n) for n in ("C4", "a#1", "Eb3")] == [60, 34, 51]


def test_octaves_of_the_table_are_what_a_measurement_gives(samples):
    for library, layout in LAYOUTS.items():
        assert recorded_notes.measure_octave(samples, library) == layout.octave


@pytest.mark.parametrize("split", ["train", "validation"])
def test_rendered_notes_have_the_written_pitch(samples, split):
    for instrument, rows in recorded_timbres.timbres(split, samples).items():
        # One of each family and amplifier
        some = {(t.family, t.name.split("-")[0]): t for t in rows}
        for timbre in some.values() if instrument != "conga" else ():
            # Between two recordings, so that it is resampled
            pitch = 38 if instrument == "bass" else 50
            cents, octaves = _cents(timbre, pitch)
            assert abs(cents) < 20, timbre.id
            assert octaves == 0 or instrument != "guitar", timbre.id


def test_a_library_is_in_one_split_and_no_older_table():
    tables = {s: splits.recorded_notes(s) for s in splits.SPLITS}
    names = {s: {n for row in t.values() for n in row} for s, t in tables.items()}
    assert not names["train"] & names["validation"]
    assert not names["test"]
    # One archtop by pickup and by microphone, one bass plucked and bowed
    for first, second in (
        ("shiny-guitar-electric", "shiny-guitar-acoustic"),
        ("meat-bass", "meat-bass-bowed"),
        ("bobobo", "bobobo"),
    ):
        assert (first in names["train"]) == (second in names["train"])
    every = names["train"] | names["validation"]
    for split in splits.SPLITS:
        older = {f for row in splits.families(split).values() for f in row}
        assert not older & every
        rows = every_timbre.timbres(split).values()
        assert not {t.family for row in rows for t in row} & every


def test_sets_that_count_styles_by_order_do_not_change():
    assert (
        *("bolero", "salsa", "merengue", "cumbia", "bossa", "reggae", "rock"),
        *("funk", "hip hop", "house", "folk", "ballad", "waltz"),
    ) == bench.OTHER_STYLES
    assert not set(STYLES) & set(LATER_STYLES)


def test_timbres_know_their_split_and_licence(samples):
    for split in ("train", "validation"):
        for rows in recorded_timbres.timbres(split, samples).values():
            assert len({t.id for t in rows}) == len(rows) > 1
            for timbre in rows:
                assert timbre.split == split
                assert timbre.licence.startswith("CC0-1.0")
    assert recorded_timbres.timbres("test", samples) == {}


@pytest.mark.parametrize("kind", KINDS)
def test_an_amplifier_keeps_length_and_level(kind):
    sound = np.concatenate([np.zeros(5000), _note(45, 0) + _note(52, 1)])[None]
    sound = sound.astype(np.float32)
    amplifier = sample_amplifier(kind, generator("test", kind))
    loud = amplifier(sound)
    assert loud.shape == sound.shape and np.isfinite(loud).all()
    assert np.sqrt(active_power(loud)) == pytest.approx(LEVEL, rel=1e-3)
    assert np.abs(loud[:, :4900]).max() < 1e-3  # silence before a note stays silent
    # The level of what goes in is the player's cable's, not the tone's
    np.testing.assert_allclose(amplifier(0.1 * sound), loud, atol=1e-3)
    assert not amplifier(np.zeros_like(sound)).any()


def test_gain_adds_partials():
    def brightness(kind):
        """Return the share of power that a pure tone gets above its fundamental."""
        tone = np.sin(2 * np.pi * 220 * np.arange(RATE) / RATE)[None]
        amplifier = sample_amplifier(kind, generator("partials", kind))
        power = np.abs(np.fft.rfft(amplifier(tone.astype(np.float32))[0])) ** 2
        return power[330:].sum() / power.sum()

    assert brightness("high-gain") > 10 * brightness("direct")


def test_an_unknown_amplifier_is_refused():
    with pytest.raises(ConfigError, match="unknown amplifier 'loud'"):
        sample_amplifier("loud", np.random.default_rng(0))


def test_takes_of_a_doubled_part_differ(samples):
    library = recorded_notes.library(samples, "black-guitar")
    notes = [Note(beat, 0.9, 45, 0.8, "power") for beat in range(1, 9)]
    amplifiers = (sample_amplifier("crunch", generator("one")),) * 2
    rng = np.random.default_rng(3)
    sound = recorded_timbres.double_track(library, notes, SONG, amplifiers, 1.0, rng)
    left, right = sound
    assert sound.shape == (2, n_frames_of(SONG))
    assert np.corrcoef(left, right)[0, 1] < 0.95
    levels = [np.sqrt(np.mean(side**2)) for side in sound]
    assert levels[0] == pytest.approx(levels[1], rel=0.2)


def test_power_chords_leave_out_thirds():
    root = SONG.chord_at(0).root
    notes = [Note(0, 1, 48 + root + t, 0.8, "down") for t in (0, 3, 4, 7, 10, 12)]
    kept = recorded_timbres.power_chords(notes, SONG)
    assert [n.pitch - 48 - root for n in kept] == [0, 7, 12]
    assert recorded_timbres.power_chords(notes[1:2], SONG) == notes[1:2]


def test_a_bend_ends_on_the_written_pitch(samples):
    library = recorded_notes.library(samples, "classical-guitar")
    touch = recorded_playing.Touch(bends=1.0)
    rng = np.random.default_rng(1)
    notes = [Note(0, 1.5, 57, 0.8)]
    sound = recorded_playing.play_take(library, notes, SONG, touch, rng)[0]
    start = frame_of(0, SONG)
    first = measure_pitch(sound[start : start + 3000])
    last = measure_pitch(sound[start + RATE // 2 :][: RATE // 5])
    assert first < 56.5
    assert last == pytest.approx(57, abs=0.1)


def test_a_palm_mute_dies_sooner_than_a_held_note(samples):
    library = recorded_notes.library(samples, "black-guitar")
    powers = []
    for stroke in ("palm", "power"):
        notes = [Note(0, 1, 45, 0.8, stroke)]
        rng = np.random.default_rng(2)
        touch = recorded_playing.Touch()
        sound = recorded_playing.play_take(library, notes, SONG, touch, rng)
        start = frame_of(0, SONG)
        late = sound[0, start + 11000 : start + 15000]
        powers.append(np.mean(late**2) / np.mean(sound[0, start:][:4000] ** 2))
    assert powers[0] < 0.01 * powers[1]


def test_a_missing_folder_differs_from_a_missing_index(samples, tmp_path):
    config = loops.LibraryConfig(
        loops={"train": {"metal": 1}}, samples=str(tmp_path / "nowhere")
    )
    with pytest.raises(ConfigError, match=r"no folder .*nowhere"):
        loops.build(tmp_path / "library", config, n_workers=1)
    assert not (tmp_path / "library").exists()
    with pytest.raises(ConfigError, match=r"index\.json cannot be read"):
        recorded_timbres.timbres("train", tmp_path)
    (tmp_path / "index.json").write_text("[]")
    with pytest.raises(ConfigError, match="has no notes of black-guitar"):
        recorded_timbres.timbres("train", tmp_path)


def test_parts_are_played_by_recordings_that_suit_them(samples):
    song = plan_loop(style("metal"), 0, 2)
    chosen = list(loops.choose(song, "train", 2, samples=samples))
    guitars = [(p.name, t) for p, t in chosen if t.instrument == "guitar"]
    assert {t.family for _, t in guitars} <= {"black-guitar", "shiny-guitar-electric"}
    for part, timbre in guitars:
        kind = "high-gain" if part == "rhythm" else "lead"
        assert timbre.name.startswith(kind)
    drums = [t for p, t in chosen if t.instrument == "drums"]
    known = splits.families("train")["drums"]
    assert drums and all(t.family in known for t in drums)
    bachata = plan_loop(style("bachata"), 0, 2)
    for _, timbre in loops.choose(bachata, "train", 3, samples=samples):
        assert "gain" not in timbre.name


def test_without_a_folder_everything_is_chosen_as_before():
    for name in ("metal", "bachata"):
        song = plan_loop(style(name), 0, 2)
        for _, timbre in loops.choose(song, "train", 2):
            known = splits.families("train")[timbre.instrument]
            assert timbre.family in known
