# SPDX-License-Identifier: GPL-3.0-or-later
"""Styles must be whole, and players follow plan, chords and instrument."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from requinto.errors import ConfigError
from requinto_lab.material import tables
from requinto_lab.material.instruments import INSTRUMENTS, PERCUSSION, RANGES, STROKES
from requinto_lab.material.patterns import play, players
from requinto_lab.material.songs import (
    CHORD_TONES,
    PICKUP_BEATS,
    Chord,
    plan_loop,
    plan_song,
    progression,
    voicing,
)
from requinto_lab.material.style import (
    LATER_STYLES,
    STYLES,
    Part,
    layers,
    parse_form,
    style,
)

SEEDS = (0, 17, 100_003, 110_001)
PARTS = [
    (s.name, part.name, instrument)
    for s in (*STYLES.values(), *LATER_STYLES.values())
    for part in s.parts
    for instrument in part.instruments
]


def test_styles_are_as_many_and_as_deep_as_promised():
    assert len(STYLES) >= 11
    rows = {s.name: sum(len(p.all_rows()) for p in s.parts) for s in STYLES.values()}
    assert max(rows, key=lambda name: rows[name]) == "bachata"
    assert {s.beats_per_bar for s in STYLES.values()} >= {3, 4}
    played = {i for s in STYLES.values() for p in s.parts for i in p.instruments}
    assert played == set(INSTRUMENTS)


def test_every_file_of_styles_is_read():
    files = Path(tables.__file__).parent.glob("styles/*.toml")
    names = {name.replace(" ", "_") for name in (*STYLES, *LATER_STYLES)}
    assert {file.stem for file in files} == names
    with pytest.raises(ConfigError, match="cannot be used"):
        tables.read_table("styles/polka")


@pytest.mark.parametrize("name", {**STYLES, **LATER_STYLES})
def test_bars_divide_the_metre(name):
    chosen = style(name)
    for part in chosen.parts:
        for row in part.all_rows():
            for layer in layers(row):
                for bar in layer:
                    per_beat = len(bar) / chosen.beats_per_bar
                    assert per_beat in (0.25, 0.5, 1, 2, 3, 4), (part.name, row)


@pytest.mark.parametrize("name", {**STYLES, **LATER_STYLES})
def test_progressions_can_be_read(name):
    chosen = style(name)
    for row in chosen.minor_progressions + chosen.major_progressions:
        for bar in progression(row, 5):
            assert 1 <= len(bar) <= 2
            assert all(c.quality in CHORD_TONES and 0 <= c.root < 12 for c in bar)


def test_roman_numerals():
    row = progression("i bVII7|V7|IVM7|iio|vi7|I5", 9)
    assert row == (
        (Chord(9, "m"), Chord(7, "7")),
        (Chord(4, "7"),),
        (Chord(2, "M7"),),
        (Chord(11, "o"),),
        (Chord(6, "m7"),),
        (Chord(9, "5"),),
    )
    for wrong in ("H", "iiii", "", "V9"):
        with pytest.raises(ConfigError):
            progression(wrong or "x", 0)


@pytest.mark.parametrize(("name", "part", "instrument"), PARTS)
def test_parts_fill_the_song(name, part, instrument):
    for seed in SEEDS[:2]:
        song = plan_loop(style(name), seed)
        written = song.style.part(part)
        notes = play(song, written, instrument)
        assert notes == play(plan_loop(style(name), seed), written, instrument)
        playing = [bar for bar in song.bars if bar.section not in written.silent_in]
        beats = np.array([n.beat for n in notes])
        # Humanised by at most 20 ms and a habit of a few more
        assert all(beats > -0.15) and all(beats < song.n_beats)
        assert bool(notes) == bool(playing)
        sounding = {
            bar.start
            for bar in playing
            if np.any((beats > bar.start - 0.2) & (beats < bar.start + bar.n_beats))
        }
        assert len(sounding) >= len(playing) / 2
        assert all(0 < n.velocity <= 1 and n.beats > 0 for n in notes)
        if instrument in PERCUSSION:
            strokes = {sound for sound, _ in STROKES[instrument].values()}
            assert {n.sound for n in notes} <= strokes
        else:
            low, high = RANGES[instrument]
            assert all(low <= n.pitch <= high for n in notes)


def test_seeds_differ():
    requinto = style("bachata").part("requinto")
    songs = [plan_loop(style("bachata"), seed) for seed in range(6)]
    assert len({tuple(play(song, requinto, "guitar")) for song in songs}) == 6


@pytest.mark.parametrize("name", ["bachata", "waltz", "funk"])
def test_swing_and_looseness_stay_near_the_grid(name):
    song = plan_loop(style(name), 5)
    part = next(p for p in song.style.parts if p.manner == "strokes")
    for note in play(song, part, part.instruments[0]):
        steps = note.beat / 0.25
        off_s = abs(steps - round(steps)) * 0.25 * 60 / song.tempo_bpm
        swing_s = song.swing * song.style.swung_beats * 60 / song.tempo_bpm
        # Loose by at most 20 ms, and a habit of 3 ms deviation
        assert off_s < 0.032 + swing_s


@pytest.mark.parametrize("pickup", PICKUP_BEATS)
@pytest.mark.parametrize("name", ["bachata", "waltz", "house"])
def test_songs_begin_with_their_pickup(name, pickup):
    song = plan_song(style(name), 3, pickup)
    metre = song.style.beats_per_bar
    first = next(bar for bar in song.bars if bar.section != "pickup")
    assert first.start == pickup
    assert song.downbeats[0] == pickup % metre
    assert all(bar.n_beats <= metre for bar in song.bars)
    ends = [bar.start + bar.n_beats for bar in song.bars]
    assert ends[:-1] == [bar.start for bar in song.bars[1:]]
    assert ends[-1] == song.n_beats
    # Only who leads plays it, but for a drummer's last beat
    for part, instrument in players(song):
        early = [n for n in play(song, part, instrument) if n.beat < pickup - 1.2]
        assert not early or part.leads


def test_a_pickup_of_eight_beats_is_refused():
    with pytest.raises(ConfigError, match="0 to 7, got 8"):
        plan_song(style("bachata"), 0, 8)


def test_songs_have_form_breaks_and_half_bars():
    songs = [plan_song(style("bachata"), seed) for seed in range(40)]
    bars = [bar for song in songs for bar in song.bars if bar.section != "pickup"]
    assert {bar.section for bar in bars} >= {"intro", "verse", "chorus", "mambo"}
    assert any(bar.is_break for bar in bars)
    halves = [bar for bar in bars if bar.n_beats == 2]
    assert halves and all(bar.is_last for bar in halves)
    for song in songs[:8]:
        after = [b for b in song.bars if b.is_break]
        for part, instrument in players(song):
            if part.leads:
                continue
            beats = np.array([n.beat for n in play(song, part, instrument)])
            for bar in after:
                # A late player is still within a tenth of a beat
                inside = (beats > bar.start + 1.1) & (
                    beats < bar.start + bar.n_beats - 0.1
                )
                assert not inside.any()


def test_verses_keep_their_chords():
    song = plan_song(style("bachata"), 2, 0, "verse:4 chorus:4 verse:4")
    chords = [bar.chords for bar in song.bars]
    assert chords[:4] == chords[8:]


def test_chords_go_by_beat():
    song = plan_song(style("ballad"), 1, 3)
    for bar in song.bars:
        assert song.chord_at(bar.start) == bar.chords[0]
        if len(bar.chords) == 2 and bar.n_beats == 4:
            assert song.chord_at(bar.start + 2) == bar.chords[1]


def test_every_instrument_is_chosen_at_times():
    bolero = style("bolero")
    names = {i for seed in range(60) for _, i in players(plan_loop(bolero, seed))}
    assert names >= {"guitar", "bass", "bongo", "maracas", "voice", "piano"}


@pytest.mark.parametrize("quality", sorted(CHORD_TONES))
def test_voicings_hold_chord_tones_only(quality):
    notes = voicing(Chord(4, quality), 52, 6)
    wanted = {(4 + t) % 12 for t in CHORD_TONES[quality]}
    assert len(notes) == 6 and {p % 12 for p in notes} == wanted
    assert notes == sorted(notes)


def test_what_cannot_be_read_is_refused():
    good = {"name": "x", "instruments": ("bongo",), "manner": "strokes"}
    Part(**good, rows=("H.t.",))
    for wrong in (
        {**good, "rows": ("Q...",)},
        {**good, "rows": ("H...||",)},
        {**good, "rows": ()},
        {**good, "manner": "juggling", "rows": ("H",)},
        {**good, "instruments": ("theremin",), "rows": ("H",)},
    ):
        with pytest.raises(ConfigError):
            Part(**wrong)
    for form in ("verse", "verse:0", "solo:4"):
        with pytest.raises(ConfigError):
            parse_form(form)
    with pytest.raises(ConfigError, match="unknown style 'polka'; known are bachata"):
        style("polka")
    with pytest.raises(ConfigError, match="has no part"):
        style("bachata").part("kazoo")
    bachata = style("bachata")
    with pytest.raises(ConfigError, match="two parts of one name"):
        dataclasses.replace(bachata, parts=(bachata.parts[0],) * 2)
    with pytest.raises(ConfigError, match="not 'bass'"):
        play(plan_loop(bachata, 0), bachata.part("requinto"), "bass")
