# SPDX-License-Identifier: GPL-3.0-or-later
"""Exported networks answer as the trained ones do, and damage is noticed."""

import hashlib
import json
import shutil

import numpy as np
import pytest

import requinto
from models import RELEASED, SMALL, write_exported, write_neutral
from requinto import exports, loader, networks
from requinto.config import ModelConfig, from_values
from requinto.errors import ConfigError, ModelError
from requinto.metrics import si_sdr
from requinto_lab.evaluation.items import read_items
from requinto_lab.training import export as exporting
from sounds import RATE, noise

SOURCES = sorted(path.stem for path in (RELEASED / "litert").glob("*.json"))
SEPARATORS = [name for name in SOURCES if name != loader.BEATS]


def config_of(name):
    record = json.loads((RELEASED / f"{name}.json").read_text())
    return from_values(ModelConfig, record["config"], name)


def test_every_released_model_is_exported_from_its_weights():
    assert sorted(exporting.exportable(RELEASED)) == SOURCES
    assert {"standard", "fast", "beats"} <= set(SOURCES)
    for name in SOURCES:
        assert exports.is_current(RELEASED, name)
        assert loader.model_runtime(RELEASED, name) == networks.LITERT


@pytest.mark.parametrize("name", SEPARATORS)
def test_exported_masks_are_those_of_keras(name):
    config = config_of(name)
    sizes = exporting.clip_sizes(config)
    both = [loader.load_single(RELEASED, name, r) for r in networks.RUNTIMES]
    assert both[0].n_parameters == both[1].n_parameters
    rng = np.random.default_rng(1)
    embedding = rng.standard_normal((2, config.unet.reference_size), np.float32)
    for n_columns in (16, sizes[0], sizes[-1], sizes[-1] + 16):
        shape = (2, n_columns, config.spectra.n_bands, config.n_views)
        mixture = rng.gamma(0.5, 1.0, shape).astype(np.float32)
        mixture[..., 2:] = rng.random(mixture[..., 2:].shape)
        inputs = {"mixture": mixture, "embedding": embedding}
        exported, trained = (each._unet.predict(inputs) for each in both)
        assert exported.shape == trained.shape == (*shape[:3], 2)
        # Weights of 8 bits, of noise that no training showed; the ceiling is 2
        assert np.abs(exported - trained).mean() < 0.02


@pytest.mark.parametrize("name", SEPARATORS)
def test_exported_embeddings_are_those_of_keras(name):
    both = [loader.load_single(RELEASED, name, r) for r in networks.RUNTIMES]
    for n_frames in (RATE // 2, 3 * RATE, 7 * RATE + 11):
        sound = 0.1 * noise(n_frames, seed=n_frames)
        exported, trained = (each.query(sound, RATE) for each in both)
        assert np.abs(exported.embedding - trained.embedding).mean() < 0.02
        np.testing.assert_array_equal(exported.templates, trained.templates)


def test_targets_are_embedded_ahead_of_time():
    for name in filter(lambda n: exporting.answers_to_names(RELEASED, n), SEPARATORS):
        both = [loader.load_single(RELEASED, name, r) for r in networks.RUNTIMES]
        for target in requinto.targets():
            exported, trained = (each.target(target) for each in both)
            assert (exported.balance is None) == (trained.balance is None)
            for one, other in zip(exported[:3], trained[:3], strict=True):
                if one is None:
                    continue  # so is the other
                # What TensorFlow adds up depends on the processor in the last digit
                np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-6)


def test_exported_beats_are_those_of_keras():
    exported, trained = (loader.load_tracker(r) for r in networks.RUNTIMES)
    rng = np.random.default_rng(2)
    shape = (3000, trained.config.rhythm.n_features)
    features = rng.gamma(1.0, 1.0, shape).astype(np.float32)
    difference = exported.predict_from_features(
        features
    ) - trained.predict_from_features(features)
    assert np.abs(difference).mean() < 0.01


def test_clips_of_every_length_have_a_graph_of_their_own():
    """With a free number of columns LiteRT is five times slower."""
    for name in SEPARATORS:
        config = config_of(name)
        sizes = exporting.clip_sizes(config)
        step = config.spectra.n_columns_step
        assert sizes == list(range(sizes[0], sizes[-1] + 1, step))
        export = exports.read_export(RELEASED, name)
        graphs = export.networks["unet"]._names
        assert {f"columns_{n}" for n in sizes} == graphs
        for beats_per_clip in (1, 2, 4):
            clips = config.clips.of_beats(beats_per_clip)
            context_s = clips.left_context_s + clips.right_context_s
            for clip_s in (2 * clips.crossfade_s, clips.longest_clip_s + 0.1):
                n_frames = round((clip_s + context_s) * config.spectra.sample_rate)
                n_columns = config.spectra.n_columns(n_frames)
                assert sizes[0] - step < n_columns <= sizes[-1]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Return a folder with a small model, exported."""
    write_exported(tmp_path)
    monkeypatch.setenv("REQUINTO_MODELS", str(tmp_path))
    return tmp_path


def test_the_runtime_is_chosen(folder, monkeypatch):
    def runtime(**options):
        return loader.model_runtime(folder, "standard", **options)

    assert runtime() == runtime(runtime="litert") == "litert"
    assert runtime(runtime="tensorflow") == "tensorflow"
    monkeypatch.setenv("REQUINTO_RUNTIME", "tensorflow")
    assert runtime() == "tensorflow"
    assert runtime(runtime="litert") == "litert"
    monkeypatch.setenv("REQUINTO_RUNTIME", "")
    assert runtime() == "litert"

    shutil.rmtree(folder / "litert")
    assert runtime() == "tensorflow"
    with pytest.raises(ModelError, match="is not exported"):
        runtime(runtime="litert")


@pytest.mark.parametrize("value", ["torch", "LiteRT", "lite\nrt", " "])
def test_an_unknown_runtime_is_refused_with_those_there_are(monkeypatch, value):
    song = 0.1 * noise(RATE)
    with pytest.raises(ConfigError, match="runtime must be litert or tensorflow, got"):
        requinto.extract(song, RATE, runtime=value)
    monkeypatch.setenv("REQUINTO_RUNTIME", value)
    with pytest.raises(ConfigError, match="REQUINTO_RUNTIME must be litert or"):
        requinto.extract(song, RATE)


def test_new_weights_are_not_taken_for_what_was_exported(folder):
    write_neutral(folder, gain=0.5)
    assert loader.model_runtime(folder, "standard") == "tensorflow"
    with pytest.raises(ModelError, match="other weights than lie there"):
        loader.load_separator(runtime="litert")
    exporting.export(folder, "standard")
    assert loader.model_runtime(folder, "standard") == "litert"


def test_an_export_works_without_its_weights(folder):
    song = 0.1 * noise(2 * RATE)
    grid = requinto.Beats.grid(tempo_bpm=120, duration_s=2)
    expected = requinto.extract(song, RATE, "bass", beats=grid, runtime="tensorflow")
    (folder / "standard.npz").unlink()
    (folder / "standard.json").unlink()
    shutil.rmtree(folder / "references")
    assert requinto.models() == ("standard",)
    again = requinto.extract(song, RATE, "bass", beats=grid)
    np.testing.assert_allclose(again, expected, atol=1e-3)
    with pytest.raises(ModelError, match="holds no weights of 'standard'"):
        loader.load_separator(runtime="tensorflow")


def test_a_damaged_export_is_reported(folder):
    path = folder / "litert" / "standard-unet.tflite"
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    with pytest.raises(ModelError, match=r"standard-unet\.tflite is damaged"):
        loader.load_separator()
    path.unlink()
    with pytest.raises(ModelError, match="cannot be read"):
        loader.load_separator()


@pytest.mark.parametrize("change", ["truncated", "emptied", "replaced", "removed"])
def test_a_loaded_model_stays_as_it_was(folder, change):
    """LiteRT would map the file, and the process end where that shrinks."""
    song, clips = 0.1 * noise(2 * RATE), (4, 1)
    options = {"beats": requinto.Beats.grid(tempo_bpm=120, duration_s=2)}
    expected = [
        requinto.extract(song, RATE, "bass", beats_per_clip=n, **options) for n in clips
    ]
    path = folder / "litert" / "standard-unet.tflite"
    if change == "removed":
        path.unlink()
    elif change == "replaced":
        shutil.copy(folder / "litert" / "beats-beats.tflite", path)
    else:
        path.write_bytes(path.read_bytes()[:5000] if change == "truncated" else b"")
    loader.load_separator()._unet._graphs.clear()  # which begin anew
    for n, before in zip(clips, expected, strict=True):
        again = requinto.extract(song, RATE, "bass", beats_per_clip=n, **options)
        np.testing.assert_array_equal(again, before)


def test_a_model_that_changed_before_it_was_used_is_reported(folder):
    separator = loader.load_separator()
    path = folder / "litert" / "standard-unet.tflite"
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(ModelError, match=r"standard-unet\.tflite is damaged"):
        separator.separate(0.1 * noise(RATE), RATE, separator.target("bass"))


def test_a_relative_folder_is_another_one_elsewhere(tmp_path, monkeypatch):
    song = 0.1 * noise(2 * RATE)
    grid = requinto.Beats.grid(tempo_bpm=120, duration_s=2)
    monkeypatch.setenv("REQUINTO_MODELS", "models")
    for name, gain in (("one", 1.0), ("other", 0.5)):
        (tmp_path / name / "models").mkdir(parents=True)
        write_exported(tmp_path / name / "models", gain=gain)
        monkeypatch.chdir(tmp_path / name)
        extracted = requinto.extract(song, RATE, "bass", beats=grid)
        np.testing.assert_allclose(extracted, gain * song, atol=0.01)


def test_damaged_queries_are_reported(folder):
    record_path = folder / "litert" / "standard.json"
    record, queries = json.loads(record_path.read_text()), b"no archive"
    (folder / "litert" / "standard-queries.npz").write_bytes(queries)
    record["queries_sha256"] = hashlib.sha256(queries).hexdigest()
    record_path.write_text(json.dumps(record))
    with pytest.raises(ModelError, match=r"standard-queries\.npz cannot be used"):
        loader.load_separator()


def test_a_network_of_another_kind_is_reported(folder):
    separator = loader.load_separator()
    wrong = np.zeros((1, 32, 3, 1), np.float32)
    with pytest.raises(ModelError, match=r"LiteRT cannot use .*standard-unet\.tflite"):
        separator._unet.predict({"mixture": wrong, "embedding": wrong[:, 0, 0]})


def test_a_target_that_a_model_lacks_is_reported(folder):
    with pytest.raises(ModelError, match="no reference for 'zither'"):
        loader.load_separator().target("zither")


@pytest.mark.parametrize("text", ["{", "[]", "{}", '{"config": 3, "networks": {}}'])
def test_a_record_that_is_none_is_reported(folder, text):
    (folder / "standard.json").unlink()
    (folder / "litert" / "standard.json").write_text(text)
    with pytest.raises(ModelError, match="standard"):
        loader.load_separator()


@pytest.mark.parametrize("precision", exporting.PRECISIONS)
def test_a_precision_is_kept_until_another_is_wanted(folder, precision):
    path = folder / "litert" / "beats-beats.tflite"
    exporting.export(folder, "beats", precision)
    first = path.stat().st_size
    exporting.export(folder, "beats")
    assert exports.read_record(folder, "beats")["precision"] == precision
    assert path.stat().st_size == pytest.approx(first, rel=0.01)


def test_what_cannot_be_exported_is_reported(folder, run_command):
    status, _, stderr = run_command("export", "zither", "--folder", folder)
    assert status == 2
    assert "no weights of 'zither'" in stderr and "standard" in stderr
    status, _, stderr = run_command(
        "export", "standard", "--folder", folder, "--precision", "int4"
    )
    assert (status, stderr.count("\n")) == (2, 1)
    assert "precision must be int8, half, single, got 'int4'" in stderr
    assert SMALL.spectra.n_columns(0) == 1


@pytest.mark.parametrize("name", ["standard", "fast"])
def test_both_runtimes_extract_as_well(bench, name):
    changes_db = []
    for item in read_items(bench):
        (mixture, rate), (target, _) = item.read("mix"), item.read("target")
        reference, _ = item.read("reference")
        options = {"model": name, "beats": item.beats()}
        for query in ({"reference": reference}, {"target": item.instrument}):
            exported, trained = (
                requinto.extract(mixture, rate, **options, **query, runtime=runtime)
                for runtime in networks.RUNTIMES
            )
            changes_db.append(si_sdr(target, exported) - si_sdr(target, trained))
    assert len(changes_db) == 8
    assert abs(np.mean(changes_db)) < 0.05
    assert min(changes_db) > -0.3
