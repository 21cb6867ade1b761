# SPDX-License-Identifier: GPL-3.0-or-later
"""Training leaves its record, and goes on where it was."""

import dataclasses
import json
import shutil
import subprocess
import sys
import time
from pathlib import Path

import h5py
import keras
import numpy as np
import pytest

from models import FEEDFORWARD, SMALL
from requinto.errors import AudioFileError, ConfigError
from requinto.separator import NetworkSeparator
from requinto_command import cli
from requinto_lab.evaluation.items import read_items
from requinto_lab.networks.keras_runtime import KerasNetwork
from requinto_lab.networks.weights import build_networks, load_networks
from requinto_lab.training.batches import in_processes
from requinto_lab.training.fit import (
    TrainingConfig,
    _batch_maker,
    _networks,
    compile_networks,
    train,
    training_config,
)
from requinto_lab.training.mixing_config import MixingConfig
from requinto_lab.training.validation import SCORE, by_name, read_test_items, scores
from shell import SUPPORT

MIXING = MixingConfig(n_frames=30_000, reference_frames=20_000)


def config_of(library, bench, run):
    return TrainingConfig(
        loops=str(library),
        validation=str(bench),
        run=str(run),
        minutes=0.02,
        batch_size=4,
        steps_per_epoch=20,
        validation_items_per_set=1,  # each is of another length, to be traced
        model=FEEDFORWARD,  # what steps through time takes seconds to be traced
        mixing=MIXING,
    )


@pytest.fixture
def config(library, bench, tmp_path):
    return config_of(library, bench, tmp_path / "run")


@pytest.fixture(scope="module")
def first(library, bench, tmp_path_factory):
    """Return the folder of a run of one epoch, for others to begin with."""
    folder = tmp_path_factory.mktemp("first")
    config = config_of(library, bench, folder)
    return train(dataclasses.replace(config, steps=20, model=SMALL))


def log(folder):
    return [json.loads(x) for x in (folder / "log.jsonl").read_text().splitlines()]


def test_it_records_and_goes_on(config):
    config = dataclasses.replace(config, model=SMALL)
    run = train(config)
    first = log(run)
    assert all(np.isfinite(line["loss"]) for line in first)
    assert {SCORE, "snr_improvement_db", "bachata_clips"} < set(first[0])
    record = json.loads((run / "standard.json").read_text())
    assert record["provenance"]["training"]["batch_size"] == 4
    assert record["provenance"]["steps"] % 20 == 0
    assert len(record["provenance"]["commit"]) in (0, 40)

    longer = dataclasses.replace(config, minutes=first[-1]["minutes"] + 0.02)
    train(longer, resume=True)
    lines = log(run)
    assert lines[: len(first)] == first
    assert lines[len(first)]["step"] == first[-1]["step"] + 20
    with h5py.File(run / "last.weights.h5") as checkpoint:
        # The optimiser went on too: its first variable counts its steps
        assert checkpoint["optimizer/vars/0"][()] == lines[-1]["step"]

    # What was saved is what was scored
    best = max(lines, key=lambda line: line[SCORE])
    separator = NetworkSeparator(
        SMALL, *map(KerasNetwork, load_networks(run, "standard")[1])
    )
    test_items = read_test_items(read_items(Path(config.validation)), 1)
    for name, score in scores(separator, test_items).items():
        assert score == pytest.approx(best[name], abs=0.2)  # half precision
    assert list((run / "tensorboard").rglob("events.*"))


def test_a_killed_run_goes_on(config):
    """It gets no warning: what it had saved is all there is."""
    program = (
        "import json, sys\n"
        "from requinto_lab.training.fit import train, training_config\n"
        "train(training_config(json.loads(sys.stdin.read())))\n"
    )
    values = dataclasses.asdict(dataclasses.replace(config, minutes=60.0))
    run, command = Path(config.run), [sys.executable, "-c", program]
    with subprocess.Popen(command, stdin=subprocess.PIPE, text=True) as process:
        process.stdin.write(json.dumps(values))
        process.stdin.close()
        deadline = time.monotonic() + 240
        while not (run / "log.jsonl").exists() and time.monotonic() < deadline:
            time.sleep(0.05)
        process.kill()
    before = json.loads((run / "progress.json").read_text())
    assert before["step"] >= 20 and before["step"] % 20 == 0
    first = log(run)
    train(dataclasses.replace(config, steps=before["step"] + 20), resume=True)
    lines = log(run)
    assert lines[: len(first)] == first
    assert lines[-1]["step"] == before["step"] + 20
    with h5py.File(run / "last.weights.h5") as checkpoint:
        assert checkpoint["optimizer/vars/0"][()] == lines[-1]["step"]


def test_processes_mix_what_threads_mix(config):
    wanted = _batch_maker(config, 3)
    batches = in_processes(_batch_maker, (config, 3), 2)
    for index in range(3):
        inputs, truth = next(batches)
        same, other = wanted(index)
        # 2e-9 at most was seen, in what is all but silent; why is not known
        np.testing.assert_allclose(truth, other, rtol=1e-3, atol=1e-6)
        for name, rows in inputs.items():
            np.testing.assert_allclose(rows, same[name], rtol=1e-3, atol=1e-6)
    batches.close()


def test_a_run_mixes_in_processes(config):
    run = train(dataclasses.replace(config, steps=20, processes=True))
    assert [line["step"] for line in log(run)] == [20]


def test_two_devices_share_each_batch(config):
    program = """if True:
        import json, sys
        import tensorflow as tf
        cpu = tf.config.list_physical_devices("CPU")[0]
        halves = [tf.config.LogicalDeviceConfiguration()] * 2
        tf.config.set_logical_device_configuration(cpu, halves)
        import keras
        from requinto_lab.training.fit import train, training_config
        step = keras.Model.train_step
        def listening(self, data):
            n_replicas = tf.distribute.get_replica_context().num_replicas_in_sync
            n_examples = tf.shape(data[1])[0]
            tf.print(n_replicas, n_examples, output_stream=sys.stdout)
            return step(self, data)
        keras.Model.train_step = listening
        values = json.loads(sys.stdin.read())
        train(training_config(values))
    """
    values = dataclasses.asdict(config) | {"n_devices": 2}
    run = [sys.executable, "-c", program]
    done = subprocess.run(
        run, input=json.dumps(values), capture_output=True, text=True, cwd=SUPPORT
    )
    assert done.returncode == 0, done.stderr
    shares = done.stdout.splitlines()
    assert set(shares) == {"2 2"}  # replicas, examples of each
    assert len(shares) >= 2 * config.steps_per_epoch
    lines = log(Path(config.run))
    assert all(np.isfinite(line["loss"]) for line in lines)
    assert load_networks(Path(config.run), "standard")


def test_more_devices_than_there_are_is_refused(config):
    with pytest.raises(ConfigError, match="64 devices are asked for, there are"):
        train(dataclasses.replace(config, n_devices=64))


def test_a_query_by_name_has_another_timbre_of_it(config, tmp_path):
    """Two guitars stand in for each other; a bass alone and one of two do not serve."""
    first, second, third, fourth = read_test_items(read_items(Path(config.validation)))

    def named(test_item, instrument, timbre):
        meta = test_item.item.meta | {"instrument": instrument, "timbre": timbre}
        item = type(test_item.item)(test_item.item.path, "named", meta)
        return dataclasses.replace(test_item, item=item, reference_item=item)

    path = tmp_path / "rivalled"
    shutil.copytree(fourth.item.path, path)
    shutil.copy(path / "reference.flac", path / "wrong_reference.flac")
    item = dataclasses.replace(fourth.item, path=path)
    rivalled = dataclasses.replace(fourth, item=item)
    test_items = [
        named(first, "guitar", "nylon"),
        named(second, "guitar", "steel"),
        named(third, "bass", "finger"),
        named(rivalled, "guitar", "jazz"),
    ]
    one, other = by_name(test_items)
    assert one.item is test_items[0].item and other.item is test_items[1].item
    assert one.reference_item is test_items[1].item
    assert other.reference_item is test_items[3].item
    np.testing.assert_array_equal(one.reference, second.reference)
    np.testing.assert_array_equal(one.target, first.target)


def test_a_run_of_steps_ends_after_them(config):
    run = train(dataclasses.replace(config, steps=40, minutes=1e9))
    assert [line["step"] for line in log(run)] == [20, 40]
    train(dataclasses.replace(config, steps=40), resume=True)
    assert len(log(run)) == 2


@pytest.mark.parametrize("name", ["standard", "wider"])
def test_a_run_begins_with_a_smaller_model(config, first, tmp_path, name):
    unet = dataclasses.replace(SMALL.unet, widths=(5, 6, 8))
    spectra = dataclasses.replace(SMALL.spectra, hop=256)
    wider = dataclasses.replace(
        config,
        name=name,
        steps=20,
        run=str(tmp_path / "wider"),
        start_from=str(first if name == "standard" else first / "standard"),
        learning_rate=1e-9,
        model=dataclasses.replace(SMALL, spectra=spectra, unet=unet),
    )
    second = train(wider)
    record = json.loads((second / f"{name}.json").read_text())
    assert record["config"]["unet"]["widths"] == [5, 6, 8]
    earlier = json.loads((first / "standard.json").read_text())["provenance"]
    assert record["provenance"]["started_from"] == earlier
    rng = np.random.default_rng(0)
    given = rng.random((2, 16, SMALL.spectra.n_bands, SMALL.n_views), np.float32)
    sound = rng.random((2, 16, SMALL.spectra.n_bands, 2), np.float32)
    masks = []
    for folder, which in ((first, "standard"), (second, name)):
        _, (unet, encoder) = load_networks(folder, which)
        embedding = encoder.predict_on_batch(sound)
        mask = unet.predict_on_batch({"mixture": given, "embedding": embedding})
        masks.append(mask.ravel())
    assert np.std(masks[0]) > 0.1
    assert np.corrcoef(*masks)[0, 1] > 0.99  # only statistics of batches went on


def test_a_run_begins_with_a_model_that_sees_less(config, first, tmp_path):
    """What it sees beside is of no weight at first."""
    templates = dataclasses.replace(
        SMALL.templates,
        reaches=(0, 6, 9),
        prune_above=6,
        n_kept=8,
        placement=True,
    )
    model = dataclasses.replace(SMALL, templates=templates)
    more = dataclasses.replace(
        config, run=str(tmp_path / "b"), start_from=str(first), model=model
    )
    second, _ = _networks(more)
    _, (unet, _) = load_networks(first, "standard")
    rng = np.random.default_rng(0)
    views = rng.random((2, 16, SMALL.spectra.n_bands, 6), np.float32)
    embedding = rng.standard_normal((2, 5), np.float32)
    masks = [
        network.predict_on_batch({"mixture": given, "embedding": embedding})
        for network, given in ((second, views), (unet, views[..., :4]))
    ]
    np.testing.assert_allclose(*masks, atol=2e-5)
    other = dataclasses.replace(templates, reaches=(0, 5, 9))
    model = dataclasses.replace(model, templates=other)
    with pytest.raises(ConfigError, match="sees 4 views"):
        _networks(dataclasses.replace(more, model=model))


def test_a_model_that_sees_otherwise_is_no_beginning(config, first, tmp_path):
    templates = dataclasses.replace(SMALL.templates, n_templates=0)
    model = dataclasses.replace(SMALL, templates=templates)
    with pytest.raises(ConfigError, match="sees 4 views of 32 bands, not 2 views"):
        train(
            dataclasses.replace(
                config, run=str(tmp_path / "b"), start_from=str(first), model=model
            )
        )


def test_a_stale_run_ends_early(config):
    # Nothing is learnt, so nothing gets better
    run = train(dataclasses.replace(config, steps=400, learning_rate=0.0, patience=2))
    assert [line["epochs_since_best"] for line in log(run)] == [0, 1, 2]


def test_some_embeddings_are_dropped_in_training(config):
    """Each is there as it is, or not at all; all are there when nothing is learnt."""
    networks = build_networks(FEEDFORWARD)
    unet, encoder = networks
    for weight in unet.trainable_variables:  # FiLM begins with zeros
        weight.assign(weight + 0.1)
    config = dataclasses.replace(config, dropout=0.0, embedding_drop=0.5)
    model = compile_networks(networks, config)
    rng = np.random.default_rng(0)
    n_bands, n_views = FEEDFORWARD.spectra.n_bands, FEEDFORWARD.n_views
    inputs = {
        "mixture": rng.random((32, 16, n_bands, n_views), np.float32),
        "reference": rng.random((32, 16, n_bands, 2), np.float32),
    }
    inputs = {k: keras.ops.convert_to_tensor(v) for k, v in inputs.items()}
    embedding = encoder(inputs["reference"], training=False)
    mask = keras.ops.convert_to_numpy(model(inputs, training=False))
    plain = unet({"mixture": inputs["mixture"], "embedding": embedding})
    np.testing.assert_allclose(mask, plain, atol=1e-5)

    dropped = [layer for layer in model.layers if "dropout" in layer.name][-1]
    scale = model.layers[model.layers.index(dropped) + 1]
    learning = scale(dropped(embedding, training=True))
    ratio = keras.ops.convert_to_numpy(learning / embedding)
    np.testing.assert_allclose(ratio, np.round(ratio[:, :1]) + 0 * ratio, atol=1e-3)
    assert set(np.round(ratio[:, 0]).astype(int)) == {0, 1}


@pytest.mark.parametrize("weight", [0.0, 0.25])
def test_the_network_is_taught_without_template_shares_in_its_mask(config, weight):
    """With it from the first step on, a network learnt to be silent, for good."""
    unet = dataclasses.replace(FEEDFORWARD.unet, template_weight=weight)
    networks = build_networks(dataclasses.replace(FEEDFORWARD, unet=unet))
    taught = compile_networks(networks, dataclasses.replace(config, dropout=0.0))
    rng = np.random.default_rng(0)
    n_bands, n_views = FEEDFORWARD.spectra.n_bands, FEEDFORWARD.n_views
    mixture = rng.random((3, 16, n_bands, n_views), np.float32)
    reference = rng.random((3, 16, n_bands, 2), np.float32)
    own = taught.predict_on_batch({"mixture": mixture, "reference": reference})
    embedding = networks[1].predict_on_batch(reference)
    whole = networks[0].predict_on_batch({"mixture": mixture, "embedding": embedding})
    share = mixture[..., 2:].mean(axis=-1, keepdims=True)
    np.testing.assert_allclose(whole, (1 - weight) * own + weight * share, atol=1e-5)


def test_a_run_without_validation_is_refused(config):
    with pytest.raises(AudioFileError, match="nowhere is not a folder of test items"):
        train(dataclasses.replace(config, validation="nowhere"))


def test_values_keep_their_meaning_under_older_names():
    folders = {"loops": "x", "run": "y", "validation": "z"}
    older = training_config(folders | {"unheard": 0.4})
    assert older == training_config(folders | {"embedding_drop": 0.4})
    assert older.embedding_drop == 0.4


def test_a_bad_configuration_is_one_line(tmp_path, monkeypatch, capsys):
    path = tmp_path / "run.toml"
    good = 'loops = "x"\nrun = "y"\nvalidation = "z"\n'
    for text, message in [
        (good + "speed = 9", "unknown names ['speed']"),
        (good + "mixing = {speed = 9}", "mixing: unknown names ['speed']"),
        (good + 'system = "walkman"', "unknown system 'walkman'"),
        (good + 'system = "bachata2020"', "unknown names ['validation']"),
        ("loops = ", "cannot be used"),
        ('loops = "x"', "['run', 'validation'] must be given"),
    ]:
        path.write_text(text)
        monkeypatch.setattr(sys, "argv", ["requinto", "train", str(path)])
        with pytest.raises(SystemExit) as stop:
            cli.main()
        assert stop.value.code == 2
        err = capsys.readouterr().err
        assert message in err and err.count("\n") == 1
