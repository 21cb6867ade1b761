# SPDX-License-Identifier: GPL-3.0-or-later
"""Patterns must follow their seed, their chords and their instrument."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from requinto.errors import ConfigError
from requinto.material import pattern_tables as tables
from requinto.material.patterns import PARTS, play
from requinto.material.songs import SEED_RANGES, plan_song, split_of_seed, voicing
from requinto.material.timbres import BACHATA, timbres

SEEDS = (0, 17, 100_003, 110_001)
RANGES = {"bass": (28, 55), "requinto": (40, 88), "segunda": (40, 88), "lead": (40, 88)}


@pytest.mark.parametrize("part", sorted(PARTS))
@pytest.mark.parametrize("seed", SEEDS)
def test_parts_fill_the_song(part: str, seed: int) -> None:
    song = plan_song(seed)
    notes = play(song, part)
    assert notes == play(plan_song(seed), part)
    beats = np.array([n.beat for n in notes])
    # Humanised by at most 20 ms and a habit of a few more
    assert beats.min() > -0.1 and beats.max() < song.n_beats
    assert len(set((beats + 0.1) // tables.BEATS_PER_BAR)) >= len(song.chords) - 1
    assert all(0 < n.velocity <= 1 and n.beats > 0 for n in notes)


@pytest.mark.parametrize("part", sorted(RANGES))
@pytest.mark.parametrize("seed", range(12))
def test_pitches_suit_the_instrument(part: str, seed: int) -> None:
    low, high = RANGES[part]
    assert all(low <= n.pitch <= high for n in play(plan_song(seed), part))


def test_seeds_differ() -> None:
    parts = [tuple(play(plan_song(seed), "requinto")) for seed in range(6)]
    assert len(set(parts)) == 6


def test_swing_and_looseness_stay_near_the_grid() -> None:
    song = plan_song(5)
    for note in play(song, "bongo"):
        sixteenths = note.beat * 4
        off_s = abs(sixteenths - round(sixteenths)) / 4 * 60 / song.tempo_bpm
        swing_s = song.swing / 4 * 60 / song.tempo_bpm
        # Loose by at most 20 ms, and a habit of 3 ms deviation
        assert off_s < 0.032 + swing_s


def test_splits_share_no_pattern_seed() -> None:
    for one, other in itertools.combinations(SEED_RANGES.values(), 2):
        assert not set(one) & set(other)
    assert [split_of_seed(s) for s in SEEDS] == ["train", "train", "validation", "test"]
    with pytest.raises(ConfigError):
        split_of_seed(-1)


def test_splits_share_no_family() -> None:
    found = {
        split: {t.family for rows in timbres(split).values() for t in rows}
        for split in ("train", "validation")
    }
    assert not found["train"] & found["validation"]
    for instrument in BACHATA:
        families = {t.family for t in timbres("train")[instrument]}
        assert len(families) >= 3, instrument


def test_timbres_have_names_of_their_own() -> None:
    for split in ("train", "validation"):
        for instrument, rows in timbres(split).items():
            assert len({t.id for t in rows}) == len(rows), instrument


@pytest.mark.parametrize("quality", sorted(tables.CHORD_TONES))
def test_voicings_hold_chord_tones_only(quality: str) -> None:
    song = plan_song(0)
    chord = song.chords[0]._replace(quality=quality)
    notes = voicing(chord, 52, 6)
    wanted = {(chord.root + t) % 12 for t in tables.CHORD_TONES[quality]}
    assert len(notes) == 6 and {p % 12 for p in notes} == wanted
    assert notes == sorted(notes)


@pytest.mark.parametrize(
    "rows",
    [
        tables.BONGO_BARS,
        tables.BONGO_MAMBO_BARS,
        tables.BONGO_FILLS,
        tables.GUIRA_BARS,
        tables.GUIRA_MAJAO_BARS,
        tables.GUIRA_MAMBO_BARS,
        tables.GUIRA_FILLS,
        tables.CONGA_BARS,
        tables.TIMBALE_BARS,
        tables.STRUMS,
        tables.COMPING,
        tables.ARPEGGIOS,
        tables.MAMBO_ARPEGGIOS,
    ],
)
def test_bars_last_a_bar(rows: tuple[str, ...]) -> None:
    assert {len(row) for row in rows} <= {8, 16}
