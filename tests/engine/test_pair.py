# SPDX-License-Identifier: GPL-3.0-or-later
"""Names reach the network for names, references the other."""

import dataclasses

import numpy as np
import pytest

import requinto
from models import FEEDFORWARD, write_neutral
from requinto import loader
from requinto.errors import ModelError
from sounds import noise

CLIP = noise(40000)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Return a model that lets references through and halves what names ask for."""
    write_neutral(tmp_path)
    write_neutral(tmp_path, "standard-names", gain=0.5)
    monkeypatch.setenv("REQUINTO_MODELS", str(tmp_path))
    return tmp_path


def test_each_kind_of_query_has_its_network(folder):
    separator = loader.load_separator()
    named = separator.separate(CLIP, 44100, separator.target("bass"))
    np.testing.assert_allclose(named, CLIP / 2, atol=1e-3)
    shown = separator.separate(CLIP, 44100, separator.query(noise(30000), 44100))
    np.testing.assert_allclose(shown, CLIP, atol=1e-3)


def test_extract_asks_as_its_caller_did(folder):
    named = requinto.extract(CLIP, 44100, target="guira")
    shown = requinto.extract(CLIP, 44100, reference=noise(30000))
    np.testing.assert_allclose(2 * named, shown, atol=2e-3)
    np.testing.assert_allclose(shown, CLIP, atol=1e-3)


def test_the_network_for_names_is_a_part_of_the_model(folder):
    assert requinto.models() == ("standard",)
    pair = loader.load_separator()
    assert pair.n_parameters == pair.examples.n_parameters + pair.names.n_parameters
    assert pair.clips == pair.examples.clips
    with pytest.raises(ModelError, match="unknown model 'standard-names'; known are"):
        loader.load_separator("standard-names")


def test_a_damaged_network_for_names_is_noticed(folder):
    (folder / "standard-names.npz").write_bytes(b"PK")
    with pytest.raises(ModelError, match=r"standard-names\.npz is damaged"):
        loader.load_separator()


def test_both_must_cut_alike(folder):
    clips = dataclasses.replace(FEEDFORWARD.clips, left_context_s=2.0)
    other = dataclasses.replace(FEEDFORWARD, clips=clips)
    write_neutral(folder, "standard-names", config=other)
    with pytest.raises(ModelError, match="must cut clips alike"):
        loader.load_separator()
