# SPDX-License-Identifier: GPL-3.0-or-later
"""Fit the networks to mixes of loops, and leave a complete record beside them."""

from __future__ import annotations

import dataclasses
import importlib.util
import json
import os
import platform
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

from requinto.config import ModelConfig, from_values
from requinto.errors import ConfigError
from requinto.separator import NetworkSeparator
from requinto_lab.evaluation.items import read_items
from requinto_lab.networks.keras_runtime import KerasNetwork
from requinto_lab.networks.weights import build_networks, load_networks, save_networks
from requinto_lab.training.batches import Batch, BatchMaker, in_processes, in_threads
from requinto_lab.training.devices import device_scope
from requinto_lab.training.examples import ExampleGenerator
from requinto_lab.training.generators import MaterialConfig, build_generator
from requinto_lab.training.loop import Epoch, Loop, Plan, Scores, half_cosine
from requinto_lab.training.mixing_config import MixingConfig
from requinto_lab.training.provenance import commit
from requinto_lab.training.validation import SCORE, by_name, read_test_items, scores
from requinto_lab.training.widen import widen


@dataclass(frozen=True)
class TrainingConfig:
    """Every number of a run."""

    loops: str | tuple[str, ...]  # folders of loop libraries
    run: str  # folder for checkpoints, log and the resulting model
    validation: str  # folder of test items of the validation split
    minutes: float = 60.0  # of training, after which the learning rate is zero
    steps: int = 0  # of it instead, where above 0: the same on any machine
    batch_size: int = 16
    learning_rate: float = 1e-3
    decay: float = 0.25  # share of the run, its last, in which the rate falls
    weight_decay: float = 0.02  # times the learning rate
    dropout: float = 0.3  # of the embedding's numbers
    embedding_drop: float = 0.3  # of embeddings, so that templates alone do too
    level_weight: float = 0.0  # of each dB that an estimate is too quiet by
    clip_norm: float = 1.0  # of the gradient
    average: float = 0.995  # momentum of the weights' running average
    patience: int = 0  # epochs without a better score that end a run; 0: any
    steps_per_epoch: int = 400  # between validations and checkpoints
    validation_stride: int = 1  # score each item, each second one, ...
    validation_items_per_set: int = 0  # at most so many, spread evenly; 0: all
    n_devices: int = 1  # that share each batch
    n_mixers: int = 1  # threads that mix
    processes: bool = False  # mix in processes instead: for many cores
    precision: str = "float32"  # or "mixed_bfloat16", where the processor has it
    seed: int = 0
    name: str = "standard"  # of the model
    start_from: str = ""  # a model as large or smaller: its folder, or FOLDER/NAME
    model: ModelConfig = field(default_factory=ModelConfig)
    mixing: MixingConfig = field(default_factory=MixingConfig)
    material: MaterialConfig = field(default_factory=MaterialConfig)

    EARLIER_NAMES: ClassVar = {"unheard": "embedding_drop"}


def training_config(values: dict[str, Any]) -> TrainingConfig:
    """Return the configuration held in nested dictionaries, as TOML gives them.

    Raises
    ------
    ConfigError
        If a name or value is unknown, or one is missing.
    """
    return from_values(TrainingConfig, values, "training")


def train(config: TrainingConfig, *, resume: bool = False) -> Path:
    """Train until minutes or patience are used up; return the best model's folder.

    Parameters
    ----------
    config : TrainingConfig
    resume : bool
        Go on from the run's last checkpoint, where there is one.
    """
    import keras

    keras.utils.set_random_seed(config.seed)
    keras.mixed_precision.set_global_policy(config.precision)
    with device_scope(config.n_devices):
        networks = _networks(config)
        model = compile_networks(networks, config)
    generator, checksums = build_generator(
        config.loops, config.mixing, config.material, split="train"
    )
    run = Path(config.run)

    def save_best(epoch: Epoch) -> None:
        record = _record(config, checksums, epoch)
        save_networks(run, config.name, config.model, networks, record)

    loop = Loop(
        run,
        model,
        build_plan(config),
        evaluate=_evaluation(config, networks),
        save_best=save_best,
        resume=resume,
    )
    loop.fit(_batches(config, generator, loop.progress.step), _tensorboard(run))
    return run


def build_plan(config: TrainingConfig) -> Plan:
    """Return how long a run lasts, and how fast it learns."""
    return Plan(
        steps_per_epoch=config.steps_per_epoch,
        score=SCORE,
        minutes=config.minutes,
        steps=config.steps,
        rate=half_cosine(config.learning_rate, config.decay),
        patience=config.patience,
    )


def _batches(
    config: TrainingConfig, generator: ExampleGenerator, first: int
) -> Iterator[Batch]:
    """Yield batches without end, made by as many threads or processes as wanted."""
    if config.processes:
        return in_processes(_batch_maker, (config, first), config.n_mixers)
    return in_threads(_maker(config, generator, first), config.n_mixers)


def _batch_maker(config: TrainingConfig, first: int) -> BatchMaker:
    """Return the source of batches that a process of its own makes."""
    generator, _ = build_generator(
        config.loops, config.mixing, config.material, split="train"
    )
    return _maker(config, generator, first)


def _maker(
    config: TrainingConfig, generator: ExampleGenerator, first: int
) -> BatchMaker:
    return BatchMaker(generator, config.model, config.batch_size, config.seed, first)


def _evaluation(
    config: TrainingConfig, networks: tuple[Any, Any]
) -> Callable[[], Scores]:
    """Return what scores the networks on test items of the validation split."""
    items = read_items(Path(config.validation))[:: config.validation_stride]
    test_items = read_test_items(items, config.validation_items_per_set)
    if config.mixing.by_name:
        test_items = by_name(test_items)
    unet, encoder = map(KerasNetwork, networks)
    separator = NetworkSeparator(config.model, unet, encoder)
    return lambda: scores(separator, test_items)


def _tensorboard(run: Path) -> list[Any]:
    import keras

    if not all(map(importlib.util.find_spec, ("tensorflow", "tensorboard"))):
        return []
    return [keras.callbacks.TensorBoard(run / "tensorboard")]


def _networks(config: TrainingConfig) -> tuple[Any, Any]:
    """Return networks to train, with the weights that they are to begin with."""
    if not config.start_from:
        return build_networks(config.model)
    model, networks = load_networks(*parent_model(config))
    # The transform and the factorisation may be others: what they mean is learnt anew
    if not _sees_more(config.model, model):
        old, new = (
            f"{each.n_views} views of {each.spectra.n_bands} bands"
            for each in (model, config.model)
        )
        raise ConfigError(f"the model in {config.start_from} sees {old}, not {new}")
    if model.unet == config.model.unet and model.n_views == config.model.n_views:
        return networks
    larger = build_networks(config.model)
    for network, large in zip(networks, larger, strict=True):
        widen(network, large)
    return larger


def _sees_more(new: ModelConfig, old: ModelConfig) -> bool:
    """Whether a model sees all views of another, first and in their order."""
    n_shares = old.n_shares
    same = new.templates.reaches[:n_shares] == old.templates.reaches[:n_shares]
    more = new.n_shares == n_shares or not old.templates.placement
    return (
        new.spectra.n_bands == old.spectra.n_bands
        and new.n_shares >= n_shares
        and new.n_views >= old.n_views
        and same
        and more
    )


def parent_model(config: TrainingConfig) -> tuple[Path, str]:
    """Return the folder and the name of the model that the run begins with."""
    path = Path(config.start_from)
    return (path, config.name) if path.is_dir() else (path.parent, path.name)


def compile_networks(networks: tuple[Any, Any], config: TrainingConfig) -> Any:
    """Return both networks as one that learns from pairs."""
    import keras

    from requinto_lab.networks.unet import TAUGHT
    from requinto_lab.training.losses import SeparationLoss

    unet, encoder = networks
    n_bands = config.model.spectra.n_bands
    inputs = {
        name: keras.Input((None, n_bands, n_channels), name=name)
        for name, n_channels in (("mixture", config.model.n_views), ("reference", 2))
    }
    # What is learnt of a timbre by heart does not hold for the next
    embedding = keras.layers.Dropout(config.dropout)(encoder(inputs["reference"]))
    if config.embedding_drop:
        drop = keras.layers.Dropout(config.embedding_drop, noise_shape=(None, 1))
        # Undo its scaling: an embedding is there as it is, or not at all
        embedding = keras.layers.Rescaling(1 - config.embedding_drop)(drop(embedding))
    # With template shares in the mask from the start it learns to stay silent
    taught = keras.Model(unet.input, unet.get_layer(TAUGHT).output)
    mask = taught({"mixture": inputs["mixture"], "embedding": embedding})
    model = keras.Model(inputs, mask)
    model.compile(
        keras.optimizers.AdamW(
            config.learning_rate,
            weight_decay=config.weight_decay,
            global_clipnorm=config.clip_norm,
            use_ema=True,
            ema_momentum=config.average,
        ),
        loss=SeparationLoss(config.level_weight),
        # On a CPU, TensorFlow's own convolutions are faster than XLA's
        jit_compile=keras.backend.backend() != "tensorflow",
    )
    model.optimizer.build(model.trainable_variables)  # on the devices in scope
    return model


def _record(
    config: TrainingConfig, checksums: dict[str, str], epoch: Epoch
) -> dict[str, Any]:
    """How a model was made, to be saved beside its weights."""
    import keras

    training = dataclasses.asdict(config)
    for name in ("model", "loops", "run", "validation", "start_from"):
        training.pop(name)
    started_from = {}
    if config.start_from:
        folder, name = parent_model(config)
        record = json.loads((folder / f"{name}.json").read_text())
        started_from = record["provenance"]
    return {
        "commit": commit(),
        "started_from": started_from,
        "training": training,
        "libraries_sha256": checksums,
        "minutes": round(epoch.progress["minutes"], 1),
        "steps": epoch.progress["step"],
        "validation_db": {k: round(v, 2) for k, v in epoch.scores.items()},
        "host": f"{platform.machine()}, {platform.system()}, {os.cpu_count()} cores",
        "backend": f"{keras.backend.backend()}, keras {keras.__version__}",
    }
