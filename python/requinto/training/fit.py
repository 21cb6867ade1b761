# SPDX-License-Identifier: GPL-3.0-or-later
"""Fit the networks to mixes of loops, and leave a complete record beside them."""

from __future__ import annotations

import dataclasses
import json
import math
import platform
import queue
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

from requinto.config import ModelConfig
from requinto.errors import ConfigError
from requinto.separator import NetworkSeparator
from requinto.spectra import Spectra
from requinto.training.features import moments, reference_view
from requinto.training.mixing import Mixer, MixingConfig
from requinto.training.validation import scores, validation_items
from requinto.weights import build_networks, load_networks, save_networks

_QUEUED_BATCHES = 8  # mixed ahead of the training step
_KEPT_BATCHES = 24  # from which each step draws one


@dataclass(frozen=True)
class TrainingConfig:
    """Every number of a run."""

    loops: str  # folder of the loop library
    run: str  # folder for checkpoints, log and the resulting model
    minutes: float = 60.0  # of training, after which the learning rate is zero
    batch_size: int = 16
    learning_rate: float = 1e-3  # at the start; falls as a half cosine
    weight_decay: float = 1e-4
    clip_norm: float = 1.0  # of the gradient
    steps_per_epoch: int = 200  # between validations and checkpoints
    n_validation_items: int = 8  # mixes of about eight seconds
    n_mixers: int = 1  # threads that mix
    n_uses: int = 2  # of each batch: mixing costs half as much as a step on a CPU
    precision: str = "float32"  # or "mixed_bfloat16", where the processor has it
    seed: int = 0
    start_from: str = ""  # folder of a model whose weights to begin with
    model: ModelConfig = field(default_factory=ModelConfig)
    mixing: MixingConfig = field(default_factory=MixingConfig)

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> TrainingConfig:
        """Return the configuration held in nested dictionaries, as TOML gives them."""
        known = {f.name for f in dataclasses.fields(cls)}
        if unknown := set(values) - known:
            raise ConfigError(
                f"unknown names {sorted(unknown)}; known: {sorted(known)}"
            )
        given = dict(values)
        given["model"] = ModelConfig.from_dict(given.get("model", {}))
        given["mixing"] = MixingConfig(**given.get("mixing", {}))
        return cls(**given)


def training_config(path: Path) -> TrainingConfig:
    """Return the configuration in a TOML file.

    Raises
    ------
    ConfigError
        If the file cannot be read, or a name or value in it is not one of ours.
    """
    try:
        return TrainingConfig.from_dict(tomllib.loads(path.read_text()))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, TypeError) as error:
        raise ConfigError(f"{path} cannot be used: {error}") from error


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
    model = _compiled(networks, config)
    progress = {"minutes": 0.0, "step": 0, "best_db": -math.inf}
    checkpoint, progress_path = run / "last.weights.h5", run / "progress.json"
    if resume and progress_path.exists():
        model.optimizer.build(model.trainable_variables)  # or its state is dropped
        model.load_weights(checkpoint)
        progress = json.loads(progress_path.read_text())

    batches = _batches(config, seed=config.seed + int(progress["step"]))
    mixes = validation_items(
        Path(config.loops), config.mixing, config.n_validation_items, config.seed
    )
    separator = NetworkSeparator(config.model, *networks, references={})
    while progress["minutes"] < config.minutes:
        begun = time.monotonic()
        share = progress["minutes"] / config.minutes
        rate = config.learning_rate * 0.5 * (1 + math.cos(math.pi * share))
        model.optimizer.learning_rate.assign(max(rate, 1e-6))
        losses = [
            float(model.train_on_batch(*next(batches)))
            for _ in range(config.steps_per_epoch)
        ]
        progress["step"] += config.steps_per_epoch
        progress["minutes"] += (time.monotonic() - begun) / 60
        gains = {k: row["gain"] for k, row in scores(separator, mixes).items()}
        mean_db = float(np.mean(list(gains.values())))
        if mean_db > progress["best_db"]:
            progress["best_db"] = mean_db
            record = _record(config, progress, gains)
            save_networks(run, "standard", config.model, networks, record)
        _note(run, progress, float(np.mean(losses)), mean_db, gains)
        model.save_weights(checkpoint)
        progress_path.write_text(json.dumps(progress))
    return run


def _networks(config: TrainingConfig) -> tuple[Any, Any]:
    if not config.start_from:
        return build_networks(config.model)
    model, networks = load_networks(Path(config.start_from), "standard")
    if (model.unet, model.spectra) != (config.model.unet, config.model.spectra):
        raise ConfigError(f"the model in {config.start_from} has another shape")
    return networks


def _compiled(networks: tuple[Any, Any], config: TrainingConfig) -> Any:
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


def _batches(config: TrainingConfig, seed: int) -> Iterator[tuple[Any, Any]]:
    """Yield batches that threads of their own mix ahead of the training step."""
    mixed: queue.Queue[tuple[Any, Any]] = queue.Queue(_QUEUED_BATCHES)
    mixer = Mixer(Path(config.loops), config.mixing, split="train", seed=config.seed)

    def mix(thread: int) -> None:
        rng = np.random.default_rng([seed, thread])
        spectra = Spectra(config.model.spectra)
        while True:
            mixed.put(_batch(mixer, spectra, rng, config.batch_size))

    for thread in range(config.n_mixers):
        threading.Thread(target=mix, args=(thread,), daemon=True).start()

    # Batches come back after others, so that no two steps in a row see the same
    rng = np.random.default_rng(seed)
    kept: list[list[Any]] = []
    while True:
        while len(kept) < _KEPT_BATCHES and not (len(kept) > 1 and mixed.empty()):
            kept.append([config.n_uses, mixed.get()])
        chosen = kept[rng.integers(len(kept))]
        chosen[0] -= 1
        if not chosen[0]:
            kept = [other for other in kept if other is not chosen]
        yield chosen[1]


def _batch(
    mixer: Mixer, spectra: Spectra, rng: np.random.Generator, size: int
) -> tuple[Any, Any]:
    seen, references, truths = [], [], []
    for _ in range(size):
        example = mixer.example(rng)
        view, truth = moments(spectra, example.mixture, example.target)
        seen.append(view)
        truths.append(truth)
        references.append(reference_view(spectra, example.reference))
    inputs = {"mixture": np.stack(seen), "reference": np.stack(references)}
    return inputs, np.stack(truths)


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
    commit = subprocess.run(
        ["git", "rev-parse", "HEAD"], capture_output=True, text=True, check=False
    ).stdout.strip()
    training = dataclasses.asdict(config)
    for name in ("model", "loops", "run", "start_from"):
        training.pop(name)
    started_from = {}
    if config.start_from:
        parent = Path(config.start_from) / "standard.json"
        started_from = json.loads(parent.read_text())["provenance"]
    return {
        "commit": commit,
        "started_from": started_from,
        "training": training,
        "minutes": round(progress["minutes"], 1),
        "steps": progress["step"],
        "validation_si_sdr_improvement_db": {k: round(v, 2) for k, v in gains.items()},
        "host": f"{platform.machine()}, {platform.system()}",
    }
