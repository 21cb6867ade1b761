# SPDX-License-Identifier: GPL-3.0-or-later
"""Fit the networks to mixes of loops, and leave a complete record beside them."""

from __future__ import annotations

import dataclasses
import json
import math
import platform
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import numpy as np

from requinto.config import ModelConfig, from_values
from requinto.errors import ConfigError
from requinto.evaluation.items import read_items
from requinto.separator import NetworkSeparator
from requinto.training import heap
from requinto.training.loader import Batches
from requinto.training.mixing import Mixer, MixingConfig
from requinto.training.provenance import commit
from requinto.training.validation import mean_gains
from requinto.weights import build_networks, load_networks, save_networks

_QUEUED_BATCHES = 8  # mixed ahead of the training step
_MANY = 10**6  # epochs; the minutes run out before


@dataclass(frozen=True)
class TrainingConfig:
    """Every number of a run."""

    loops: str  # folder of the loop library
    run: str  # folder for checkpoints, log and the resulting model
    validation: str  # folder of test items of the validation split
    minutes: float = 60.0  # of training, after which the learning rate is zero
    batch_size: int = 16
    learning_rate: float = 1e-3  # at the start; falls as a half cosine
    weight_decay: float = 1e-4
    clip_norm: float = 1.0  # of the gradient
    steps_per_epoch: int = 200  # between validations and checkpoints
    validation_stride: int = 1  # score each item, each second one, ...
    n_mixers: int = 1  # threads that mix
    n_uses: int = 2  # of each batch: mixing costs half as much as a step on a CPU
    precision: str = "float32"  # or "mixed_bfloat16", where the processor has it
    seed: int = 0
    start_from: str = ""  # folder of a model whose weights to begin with
    model: ModelConfig = field(default_factory=ModelConfig)
    mixing: MixingConfig = field(default_factory=MixingConfig)


def training_config(values: dict[str, Any]) -> TrainingConfig:
    """Return the configuration held in nested dictionaries, as TOML gives them.

    Raises
    ------
    ConfigError
        If a name or value is not one of ours, or one is missing.
    """
    given = dict(values)
    given["model"] = ModelConfig.from_dict(given.get("model", {}))
    given["mixing"] = from_values(MixingConfig, given.get("mixing", {}), "mixing")
    return cast(TrainingConfig, from_values(TrainingConfig, given, "training"))


def train(config: TrainingConfig, *, resume: bool = False) -> Path:
    """Train until the minutes are used up; return the folder of the best model.

    Parameters
    ----------
    config : TrainingConfig
    resume : bool
        Go on from the run's last checkpoint, where there is one.
    """
    import keras

    run = Path(config.run)
    run.mkdir(parents=True, exist_ok=True)
    keras.utils.set_random_seed(config.seed)
    keras.mixed_precision.set_global_policy(config.precision)
    networks = _networks(config)
    model = compiled(networks, config)
    progress = {"minutes": 0.0, "step": 0, "best_db": -math.inf}
    checkpoint, progress_path = run / "last.weights.h5", run / "progress.json"
    if resume and progress_path.exists():
        model.optimizer.build(model.trainable_variables)  # or its state is dropped
        model.load_weights(checkpoint)
        progress = json.loads(progress_path.read_text())

    batches = Batches(
        Mixer(Path(config.loops), config.mixing, split="train"),
        config.model,
        batch_size=config.batch_size,
        n_uses=config.n_uses,
        seed=config.seed,
        first=int(progress["step"]),
        workers=config.n_mixers,
        use_multiprocessing=False,
        max_queue_size=_QUEUED_BATCHES,
    )
    keeper = _keeper(config, networks, progress, checkpoint, progress_path)
    if progress["minutes"] < config.minutes:
        model.fit(
            batches,
            steps_per_epoch=config.steps_per_epoch,
            epochs=_MANY,
            shuffle=False,
            verbose=0,
            callbacks=[keeper],
        )
    return run


def _keeper(
    config: TrainingConfig,
    networks: tuple[Any, Any],
    progress: dict[str, Any],
    checkpoint: Path,
    progress_path: Path,
) -> Any:
    """Return the callback that keeps time, validates, saves, and stops the run."""
    import keras

    run = Path(config.run)
    items = read_items(Path(config.validation))[:: config.validation_stride]
    separator = NetworkSeparator(config.model, *networks, references={})

    class Keeper(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
            self.begun = time.monotonic()
            share = progress["minutes"] / config.minutes
            rate = config.learning_rate * 0.5 * (1 + math.cos(math.pi * share))
            self.model.optimizer.learning_rate.assign(max(rate, 1e-6))

        def on_train_batch_begin(self, batch: int, logs: Any = None) -> None:
            if batch == 0:
                heap.keep()

        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
            progress["step"] += config.steps_per_epoch
            progress["minutes"] += (time.monotonic() - self.begun) / 60
            gains = mean_gains(separator, items)
            mean_db = float(np.mean(list(gains.values())))
            if mean_db > progress["best_db"]:
                progress["best_db"] = mean_db
                record = _record(config, progress, gains)
                save_networks(run, "standard", config.model, networks, record)
            _note(run, progress, float(logs["loss"]), mean_db, gains)
            self.model.save_weights(checkpoint)
            progress_path.write_text(json.dumps(progress))
            self.model.stop_training = progress["minutes"] >= config.minutes

    return Keeper()


def _networks(config: TrainingConfig) -> tuple[Any, Any]:
    if not config.start_from:
        return build_networks(config.model)
    model, networks = load_networks(Path(config.start_from), "standard")
    if (model.unet, model.spectra) != (config.model.unet, config.model.spectra):
        raise ConfigError(f"the model in {config.start_from} has another shape")
    return networks


def compiled(networks: tuple[Any, Any], config: TrainingConfig) -> Any:
    """Both networks as one that learns from pairs."""
    import keras

    from requinto.training.losses import separation_loss

    unet, encoder = networks
    shape = (None, config.model.spectra.n_bands, 2)
    inputs = {name: keras.Input(shape, name=name) for name in ("mixture", "reference")}
    embedding = encoder(inputs["reference"])
    mask = unet({"mixture": inputs["mixture"], "embedding": embedding})
    model = keras.Model(inputs, mask)
    model.compile(
        keras.optimizers.AdamW(
            config.learning_rate,
            weight_decay=config.weight_decay,
            global_clipnorm=config.clip_norm,
        ),
        loss=separation_loss,
    )
    return model


def _note(
    run: Path,
    progress: dict[str, Any],
    loss: float,
    mean_db: float,
    gains: dict[str, float],
) -> None:
    line = {**progress, "loss": loss, "mean_db": mean_db, **gains}
    line = {k: round(v, 4) for k, v in line.items()}
    with (run / "log.jsonl").open("a") as log:
        log.write(json.dumps(line) + "\n")


def _record(
    config: TrainingConfig, progress: dict[str, Any], gains: dict[str, float]
) -> dict[str, Any]:
    """How a model was made, to be saved beside its weights."""
    training = dataclasses.asdict(config)
    for name in ("model", "loops", "run", "validation", "start_from"):
        training.pop(name)
    started_from = {}
    if config.start_from:
        parent = Path(config.start_from) / "standard.json"
        started_from = json.loads(parent.read_text())["provenance"]
    return {
        "commit": commit(),
        "started_from": started_from,
        "training": training,
        "minutes": round(progress["minutes"], 1),
        "steps": progress["step"],
        "validation_si_sdr_improvement_db": {k: round(v, 2) for k, v in gains.items()},
        "host": f"{platform.machine()}, {platform.system()}",
    }
