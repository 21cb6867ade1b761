# SPDX-License-Identifier: GPL-3.0-or-later
"""Songs by others: items are cut from them, and instruments named only where plain."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from requinto.errors import RequintoError
from requinto_lab.evaluation import (
    others,
)
from requinto_lab.evaluation.items import read_items, write_item
from requinto_lab.evaluation.others import SAMPLE_RATE, StemSong
from requinto_lab.material.instrument_names import instrument_named
from requinto_lab.material.modules import mix_error_db


@pytest.mark.parametrize(
    ("instrument", "texts"),
    [
        ("drums", ("Bass Drum", "MiniBassDrum", "hardsnare", "china pelti")),
        ("bass", ("Guitar.Bass.NewPoem2", "realitybass", "bassline 1")),
        ("guitar", ("Guitar.Lead.PM", "soolokitara2")),
        ("strings", ("Saw Strings 4", "orion_string01")),
        ("conga", ("conga hi",)),
        ("other", ("Plucked String2", "Strings Pad2", "BrassWave.1", "organ flute")),
        ("other", ("Cowbell", "oh...that is not mine!", "")),
    ],
)
def test_only_plain_names_name_an_instrument(instrument, texts):
    assert {instrument_named(text) for text in texts} == {instrument}


def _song(seconds: float = 60.0) -> StemSong:
    """Return a song whose bass rests after 25 s, with drums and a faint pad."""
    rng = np.random.default_rng(0)
    time_s = np.arange(int(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    bass = 0.6 * np.sin(2 * np.pi * 80.5 * time_s) * (time_s < 25)
    drums = rng.standard_normal(len(time_s)) * np.exp(-8 * (time_s % 0.5))
    pad = 0.01 * np.sin(2 * np.pi * 500 * time_s)
    parts = {"bass": bass, "drums": drums, "pad": pad, "other": 0.1 * drums[::-1]}
    stems = {
        name: np.stack([mono, 0.8 * mono]).astype(np.float32)
        for name, mono in parts.items()
    }
    beats_s, downbeats_s = others.grid(120.0, seconds, 4)
    return StemSong("made-up", stems, beats_s, downbeats_s, "this test", "none", None)


SONG = _song()


@pytest.mark.parametrize("share", [0.9, 0.5, 0.999])
def test_the_error_of_a_mix_is_what_its_stems_lack(share):
    bass, pad = SONG.stems["bass"], SONG.stems["pad"]
    error_db = mix_error_db({"bass": bass, "pad": pad}, share * (bass + pad))
    assert error_db == pytest.approx(20 * np.log10((1 - share) / share), abs=0.01)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("seconds", [6.0, 10.0])
def test_an_item_is_cut_from_its_song_and_its_reference_from_elsewhere(seconds, seed):
    by_instrument = {
        i["meta"]["instrument"]: i for i in others.items(SONG, seconds, seed)
    }
    # Never "other", nor the pad, which is over 25 dB below the mixture
    assert set(by_instrument) == {"bass", "drums"}
    for instrument, item in by_instrument.items():
        start_s, reference_s = (item["meta"][f"{w}start_s"] for w in ("", "reference_"))
        span = slice(round(start_s * SAMPLE_RATE), round((start_s + seconds) * 44100))
        whole, stem = SONG.mix()[:, span], SONG.stems[instrument][:, span]
        gain = 0.9 / np.abs(whole).max()
        np.testing.assert_allclose(item["mixture"], whole * gain, atol=1e-6)
        np.testing.assert_allclose(item["target"], stem * gain, atol=1e-6)
        assert reference_s >= start_s + seconds + 3 or reference_s + 3 + 3 <= start_s
        here = slice(
            round(reference_s * SAMPLE_RATE), round((reference_s + 3) * SAMPLE_RATE)
        )
        reference = SONG.stems[instrument][:, here]
        scale = min(1.0, 0.9 / np.abs(reference).max())
        np.testing.assert_allclose(item["reference"], reference * scale, atol=1e-6)


@pytest.mark.parametrize("seed", range(10))
def test_a_target_and_its_reference_sound_for_two_fifths_of_the_time(seed):
    item = next(i for i in others.items(SONG, seed=seed))
    assert item["meta"]["instrument"] == "bass"
    for audio in (item["target"], item["reference"]):
        sounding = np.abs(audio).max(axis=0) > 1e-3
        assert sounding.mean() > 0.38  # a little silence is in every sine


def test_beats_of_an_item_count_from_its_start():
    for item in others.items(SONG):
        meta = item["meta"]
        for name, spacing_s in (("beats_s", 0.5), ("downbeats_s", 2.0)):
            times_s = np.array(meta[name])
            assert len(times_s) == 10 / spacing_s
            in_song = (times_s + meta["start_s"]) / spacing_s
            np.testing.assert_allclose(in_song, np.round(in_song), atol=1e-5)


@pytest.mark.parametrize(
    "song",
    [
        _song(15.9),  # no room for a reference
        replace(SONG, stems={"bass": SONG.stems["bass"]}),  # nothing else sounds
        replace(
            SONG, stems={"other": SONG.stems["bass"], "pad": 1e-3 * SONG.stems["pad"]}
        ),
    ],
)
def test_what_does_not_serve_is_left_out(song):
    assert not list(others.items(song))


def test_items_are_written_as_the_bench_reads_them(tmp_path):
    for item in others.items(SONG):
        write_item(tmp_path / f"x-{item['meta']['instrument']}", **item)
    read = read_items(tmp_path)
    assert [item.instrument for item in read] == ["bass", "drums"]
    assert all(item.beats().tempo_bpm == 120 for item in read)
    item = next(others.items(SONG))
    for stem, name in (("mix", "mixture"), ("target", "target")):
        np.testing.assert_allclose(read[0].read(stem)[0], item[name], atol=2 / 32767)


@pytest.mark.parametrize("shapes", [{"harp": (2, 9)}, {"bass": (1, 9)}])
def test_stems_that_cannot_be_are_refused(shapes):
    stems = {name: np.zeros(shape, np.float32) for name, shape in shapes.items()}
    with pytest.raises(RequintoError, match="stems"):
        replace(SONG, stems=stems)
    with pytest.raises(RequintoError, match="all alike"):
        replace(SONG, stems={**SONG.stems, "organ": np.zeros((2, 9), np.float32)})


def test_an_unknown_source_is_refused_by_name():
    with pytest.raises(RequintoError, match="opera"):
        next(others.songs(sources=("opera",)))
