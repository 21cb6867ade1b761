# SPDX-License-Identifier: GPL-3.0-or-later
"""The demo song and the references must be as their descriptions say."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import soundfile

from requinto_lab.material import built_in_references, demo_song
from requinto_lab.material.instruments import BACHATA
from requinto_lab.material.splits import split_of_seed
from requinto_lab.material.timbres import find, timbres

MODELS = Path(__file__).parents[2] / "models"


def test_the_demo_song_is_rendered_from_this_code() -> None:
    stems, _ = demo_song.render()
    for name, stem in stems.items():
        stored, rate = soundfile.read(
            MODELS / "demo" / f"{name}.flac", dtype="float32", always_2d=True
        )
        assert rate == 44100
        # 16 bits; mathematical libraries may differ in the last one
        np.testing.assert_allclose(stored.T, stem, atol=4 / 32768)


def test_the_mix_of_the_demo_song_does_not_clip() -> None:
    stems, _ = demo_song.render()
    assert set(stems) == set(BACHATA)
    assert 0.5 < np.abs(np.sum(list(stems.values()), axis=0)).max() < 0.99


def test_the_demo_song_begins_with_a_pickup() -> None:
    meta = json.loads((MODELS / "demo" / "meta.json").read_text())
    assert meta["pickup_beats"] == 3
    assert meta["beats_s"][3] == meta["downbeats_s"][0]
    np.testing.assert_allclose(
        np.diff(meta["beats_s"]), 60 / meta["tempo_bpm"], atol=1e-5
    )
    bass, rate = soundfile.read(MODELS / "demo" / "bass.flac")
    quiet = bass[: int((meta["downbeats_s"][0] - 0.05) * rate)]
    assert np.abs(quiet).max() < 0.01 < np.abs(bass).max()


def test_nothing_of_the_demo_song_is_trained_on() -> None:
    assert split_of_seed(demo_song.SEED) == "test"
    for instrument, (_, model, *_) in demo_song._DESK.items():
        assert model not in {t.family for t in timbres("train")[instrument]}


@pytest.mark.parametrize("instrument", BACHATA)
def test_references_sound_and_may_be_given_away(instrument: str) -> None:
    meta = json.loads((MODELS / "references" / "meta.json").read_text())
    for index, timbre in enumerate(built_in_references.TIMBRES[instrument]):
        file = f"{instrument}-{index + 1}.flac"
        sound, rate = soundfile.read(MODELS / "references" / file)
        assert rate == 44100 and len(sound) == 4 * rate
        assert np.sqrt(np.mean(sound**2)) > 0.03
        assert meta[file]["timbre"] == timbre
        assert find(instrument, timbre).split == "train"
        assert meta[file]["licence"].startswith(("MIT", "GPL-3.0-or-later"))
