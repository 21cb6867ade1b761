# SPDX-License-Identifier: GPL-3.0-or-later
"""The demonstration runs the built plugin, and the released model earns its place."""

import json

import pytest
import soundfile

import requinto
from requinto_command.demo import load_song, run

pytestmark = pytest.mark.plugin


@pytest.fixture(scope="module")
def result(tmp_path_factory):
    return run(tmp_path_factory.mktemp("demo"), as_json=True)


def test_it_writes_what_it_says(result):
    from pathlib import Path

    folder = Path(result["folder"])
    stems, rate, _ = load_song()
    parts = {}
    for name in ("mixture", "guitar", "everything-else"):
        parts[name], written_rate = soundfile.read(folder / f"{name}.wav")
        assert written_rate == rate
        assert parts[name].T.shape == stems["guitar"].shape
    picture = (folder / "picture.png").read_bytes()
    assert picture.startswith(b"\x89PNG") and len(picture) > 10_000
    assert result["status"] == "Ready"
    json.dumps(result)


@pytest.mark.parametrize("name", requinto.targets())
def test_each_instrument_gains(result, name):
    row = result["instruments"][name]
    assert row["gain_db"] == pytest.approx(row["extracted_db"] - row["mixture_db"])
    assert row["gain_db"] > 4
    assert row["extracted_db"] < row["ideal_mask_db"] + 3


def test_the_mean_gain_is_what_the_model_card_promises(result):
    assert result["mean_gain_db"] > 8
