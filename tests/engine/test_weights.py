# SPDX-License-Identifier: GPL-3.0-or-later
"""A model is found, comes back as it was saved, and damage is noticed."""

import json

import numpy as np
import pytest
import soundfile

import requinto
from models import SMALL as CONFIG
from models import random_inputs, shake
from requinto import loader, model_folder
from requinto.errors import ModelError
from requinto_lab.networks import weights
from sounds import noise


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Return a folder with a small untrained model."""
    networks = tuple(shake(n) for n in weights.build_networks(CONFIG))
    weights.save_networks(tmp_path, "standard", CONFIG, networks, {"minutes": 0})
    (tmp_path / "targets.txt").write_text("guitar\nbass\n")
    (tmp_path / "references").mkdir()
    for name in ("guitar-1", "guitar-2", "bass-1"):
        path = tmp_path / "references" / f"{name}.flac"
        soundfile.write(path, 0.1 * noise(44100, seed=len(name)).T, 44100)
    monkeypatch.setenv("REQUINTO_MODELS", str(tmp_path))
    return tmp_path


def test_a_model_comes_back_to_half_precision(folder):
    config, (unet, _) = weights.load_networks(folder, "standard")
    assert config == CONFIG
    again = tuple(shake(n) for n in weights.build_networks(CONFIG))
    again[0].set_weights(unet.get_weights())
    inputs = random_inputs()
    np.testing.assert_array_equal(
        unet.predict_on_batch(inputs), again[0].predict_on_batch(inputs)
    )
    record = json.loads((folder / "standard.json").read_text())
    assert record["provenance"] == {"minutes": 0}
    assert record["n_parameters"] > 1000


def test_separator_is_loaded_once_and_knows_its_targets(folder):
    separator = loader.load_separator()
    assert loader.load_separator() is separator
    assert requinto.targets() == ("guitar", "bass")
    one = separator.target("guitar")
    assert one.embedding.shape == (5,)
    assert one.templates.shape == (32, 13, 4)
    other = separator.target("bass")
    for mine, theirs in zip(one[:2], other[:2], strict=True):
        assert np.abs(mine - theirs).max() > 1e-4


@pytest.mark.parametrize("n_channels", [1, 2])
@pytest.mark.parametrize("rate", [8000, 44100, 48000, 96000])
def test_a_clip_keeps_its_shape(folder, n_channels, rate):
    separator = loader.load_separator()
    clip = 0.1 * noise(rate + 7, n_channels)
    separated = separator.separate(clip, rate, separator.target("bass"))
    assert separated.shape == clip.shape
    assert separated.dtype == np.float32
    assert np.isfinite(separated).all()
    assert separated.any()


def test_the_same_reference_is_looked_at_once(folder, monkeypatch):
    separator = loader.load_separator()
    made = []
    make = separator._make_query

    def listening(sounds):
        made.append(sounds)
        return make(sounds)

    monkeypatch.setattr(separator, "_make_query", listening)
    first = separator.query(noise(30000, seed=1), 44100)
    assert separator.query(noise(30000, seed=1).copy(), 44100) is first
    for seed in range(2, 60):  # more than are remembered
        separator.query(noise(30000, seed=seed), 44100)
    assert len(made) == 59
    again = separator.query(noise(30000, seed=1), 44100)
    assert len(made) == 60 and again is not first
    np.testing.assert_array_equal(again.templates, first.templates)
    assert separator.query(noise(30000, seed=1), 22050) is not again


def test_any_length_is_traced_once(folder):
    separator = loader.load_separator(runtime="tensorflow")
    query = separator.target("bass")
    network = separator._unet.model
    lengths = [30000, 41000, 52345, 61111, 70001, 88888, 99999, 120007]
    for n_frames in lengths[:2]:
        separator.separate(noise(n_frames), 44100, query)
    separator.separate_all([noise(30000)] * 2, 44100, query)  # and of any number
    traced = network.predict_function.experimental_get_tracing_count()
    for n_frames in lengths[2:]:
        separator.separate(noise(n_frames), 44100, query)
        separator.separate_all([noise(n_frames)] * 4, 44100, query)
    n_traced = network.predict_function.experimental_get_tracing_count()
    assert n_traced == traced


def test_clips_at_once_give_what_they_give_one_by_one(folder):
    separator = loader.load_separator()
    query = separator.target("bass")
    clips = [noise(n, seed=n) for n in (30000, 30100, 52345, 30000)]
    clips.insert(2, np.zeros((2, 20000), np.float32))
    together = separator.separate_all(clips, 44100, query)
    assert separator.separate_all([], 44100, query) == []
    for clip, separated in zip(clips, together, strict=True):
        alone = separator.separate(clip, 44100, query)
        np.testing.assert_allclose(separated, alone, atol=1e-5)
        assert separated.shape == clip.shape
        assert separated.any() == clip.any()


def test_silence_stays_silent(folder):
    separator = loader.load_separator()
    silence = np.zeros((2, 30000), np.float32)
    assert not separator.separate(silence, 44100, separator.target("bass")).any()


def test_models_are_those_of_this_network(folder):
    assert requinto.models() == ("standard",)
    networks = weights.build_networks(CONFIG)
    for name in ("zoom", "fast"):
        weights.save_networks(folder, name, CONFIG, networks, {})
    assert requinto.models() == ("standard", "fast", "zoom")

    record = json.loads((folder / "standard.json").read_text())
    others = {
        "another": {**record, "config": {"sample_rate": 11025}},
        "newer": {**record, "config": {"unet": {"attention": True}}},
        "bare": {"sha256": ""},
        "list": [],
        "strange": {"config": [["clips", 1]]},
    }
    for name, text in others.items():
        (folder / f"{name}.json").write_text(json.dumps(text))
        (folder / f"{name}.npz").write_bytes(b"PK")
    (folder / "broken.json").write_text("{")
    (folder / "zoom.npz").unlink()
    assert requinto.models() == ("standard", "fast")
    (folder / "standard.json").unlink()
    assert requinto.models() == ("fast",)


def test_the_released_models_are_listed_and_cut_alike():
    assert requinto.models()[0] == "standard"
    assert "bachata2020" not in requinto.models()
    assert (model_folder.models_folder() / "bachata2020.npz").is_file()
    standard, *others = map(loader.load_separator, requinto.models())
    for other in others:  # or the plugin could not go from one to the other
        assert other.clips == standard.clips


@pytest.mark.parametrize("name", ["fast", "../standard", "", "a" * 5000, "a\0b"])
def test_an_unknown_model_is_named_with_those_there_are(folder, name):
    for kind in (ModelError, requinto.RequintoError, ValueError):
        with pytest.raises(kind, match="known are standard, in ") as error:
            loader.load_separator(name)
        assert repr(name) in str(error.value)


def test_both_models_stay_loaded(folder):
    weights.save_networks(folder, "fast", CONFIG, weights.build_networks(CONFIG), {})
    separators = [loader.load_separator(name) for name in requinto.models()]
    assert separators[0] is not separators[1]
    assert [loader.load_separator(name) for name in requinto.models()] == separators


def test_damage_is_noticed(folder):
    packed = bytearray((folder / "standard.npz").read_bytes())
    packed[len(packed) // 2] ^= 1
    (folder / "standard.npz").write_bytes(packed)
    with pytest.raises(ModelError, match="damaged"):
        loader.load_separator()


@pytest.mark.parametrize(
    ("break_it", "message"),
    [
        (lambda f: (f / "standard.npz").unlink(), "cannot be read"),
        (lambda f: (f / "standard.json").write_text("{"), "cannot be read"),
        (lambda f: (f / "references" / "bass-1.flac").unlink(), "no reference sounds"),
        (lambda f: (f / "targets.txt").unlink(), "no models in"),
    ],
)
def test_what_is_missing_is_said(folder, break_it, message):
    break_it(folder)
    with pytest.raises(ModelError, match=message):
        loader.load_separator()


def test_a_config_of_another_version_is_refused(folder):
    record = json.loads((folder / "standard.json").read_text())
    record["config"]["unet"]["telepathy"] = True
    (folder / "standard.json").write_text(json.dumps(record))
    with pytest.raises(ModelError, match=r"cannot be used.*telepathy"):
        loader.load_separator()
