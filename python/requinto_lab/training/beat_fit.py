# SPDX-License-Identifier: GPL-3.0-or-later
"""Fit the beat network to the songs that `beat_material` renders."""

from __future__ import annotations

import dataclasses
import json
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np
from keras import ops

from requinto.config import TrackerConfig
from requinto.errors import ConfigError
from requinto.model_folder import BEATS
from requinto_lab.networks.beat_network import build_beat_network
from requinto_lab.networks.weights import read_weights, save_networks, set_weights
from requinto_lab.training.beat_material import Heard, read
from requinto_lab.training.provenance import commit

_COLUMNS = 1500  # of an example: 30 s
_WARM_EPOCHS = 1
_LOOK_AGAIN = 10  # epochs after which songs rendered since are read too
_NEAR = (1.0, 0.5, 0.2)  # what the columns on a beat, beside it and next are worth
_TILT = 0.3  # standard deviation of what is added to the logarithm over the bands
_GAIN = 0.8  # standard deviation of a gain's natural logarithm
_MOVED = 2  # bands by which a sound is higher or lower, at most


_LAST, _STATE = "last.keras", "state.json"


@dataclass(frozen=True)
class BeatTraining:
    """A run: what it learns from, where it writes, and for how long."""

    material: str  # a folder that `beat_material` rendered to
    output: str  # a folder for checkpoints and for the best network
    epochs: int = 120
    steps_per_epoch: int = 100
    batch_size: int = 8  # stretches of half a minute
    learning_rate: float = 2e-3  # at its highest; falls as a cosine
    seed: int = 1
    start_from: str = ""  # a folder with a network to begin with; none when empty
    resume: bool = False

    def __post_init__(self) -> None:
        for name in ("epochs", "steps_per_epoch", "batch_size"):
            if getattr(self, name) < 1:
                raise ConfigError(
                    f"{name} must be 1 or more, got {getattr(self, name)}"
                )


class Stretches:
    """Batches of half a minute, drawn from whatever songs there are.

    Parameters
    ----------
    rows : list of Heard
    config : TrackerConfig
    batch_size : int
    seed : int
    """

    def __init__(
        self, rows: list[Heard], config: TrackerConfig, *, batch_size: int, seed: int
    ) -> None:
        self._rows = rows
        self._targets = [targets(row, config) for row in rows]
        self._n_bands = config.rhythm.n_bands
        self._batch_size, self._seed = batch_size, seed

    def __getitem__(self, index: int) -> tuple[np.ndarray, np.ndarray]:
        rng = np.random.default_rng([self._seed, index])
        pairs = [self._stretch(rng) for _ in range(self._batch_size)]
        heard, truth = (np.stack(part) for part in zip(*pairs, strict=True))
        return heard, truth

    def _stretch(self, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        row = int(rng.integers(len(self._rows)))
        heard, truth = self._rows[row].features, self._targets[row]
        # Beginnings and ends of songs come up as often as what lies between
        start = int(rng.integers(-_COLUMNS // 3, max(len(heard) - _COLUMNS // 2, 1)))
        start = min(max(start, 0), max(len(heard) - _COLUMNS, 0))
        part = heard[start : start + _COLUMNS].astype(np.float32)
        missing = _COLUMNS - len(part)
        part = self._changed(part, rng)
        return (
            np.pad(part, ((0, missing), (0, 0))),
            np.pad(truth[start : start + _COLUMNS], ((0, missing), (0, 0))),
        )

    def _changed(self, heard: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Return features of the sound through another desk."""
        n = self._n_bands
        tilt = np.interp(
            np.arange(n), [0, n / 3, 2 * n / 3, n], rng.normal(0, _TILT, 4)
        )
        moved = int(rng.integers(-_MOVED, _MOVED + 1))
        bands = np.roll(heard[:, :n], moved, axis=1) + tilt + rng.normal(0, _GAIN)
        return np.concatenate([np.maximum(bands, 0), heard[:, n:]], axis=1)


def targets(row: Heard, config: TrackerConfig) -> np.ndarray:
    """Return what the network is to say, `(n_columns, 2)`, 0 to 1."""
    truth = np.zeros((len(row.features), 2), np.float32)
    for kind, times_s in enumerate((row.beats_s, row.downbeats_s)):
        columns = np.round(times_s * config.rhythm.columns_per_s).astype(int)
        for distance in reversed(range(len(_NEAR))):
            for side in (-distance, distance):
                places = columns + side
                inside = places[(places >= 0) & (places < len(truth))]
                truth[inside, kind] = _NEAR[distance]
    return truth


def loss(truth: Any, found: Any) -> Any:
    """Cross entropy; a downbeat counts as much as the beats of a bar."""
    found = ops.clip(found, 1e-6, 1 - 1e-6)
    entropy = -truth * ops.log(found) - (1 - truth) * ops.log(1 - found)
    return ops.mean(entropy[..., 0] + 1.5 * entropy[..., 1])


def train(config: BeatTraining) -> Path:
    """Fit a network; return the record of the one that did best on validation.

    It is written with its weights to the run's folder, whenever it is better than
    before; a run that was stopped goes on, with `resume`, from its last epoch.
    """
    tracker, folder = TrackerConfig(), Path(config.output)
    folder.mkdir(parents=True, exist_ok=True)
    validation = read(Path(config.material), "validation")
    held = _held_out(validation, tracker)
    parent = {}
    if config.start_from:
        parent["began_from"] = read_weights(Path(config.start_from), BEATS)[0][
            "provenance"
        ]
    network, state = _begun(config, tracker)
    batches = None
    for epoch in range(state["epoch"], config.epochs):
        begun = time.perf_counter()
        if epoch % _LOOK_AGAIN == 0 or batches is None:
            rows = read(Path(config.material), "train")
            batches = Stretches(
                rows, tracker, batch_size=config.batch_size, seed=config.seed
            )
        first = epoch * config.steps_per_epoch
        loss_here = _fitted(network, batches, first, config.steps_per_epoch)
        trained = network.get_weights()
        network.optimizer.finalize_variable_values(network.trainable_variables)
        found = float(network.evaluate(*held, batch_size=8, verbose=0))
        state["epoch"] = epoch + 1
        if found < state["best"]:
            state["best"] = found
            record = {"loss": found, "epoch": epoch + 1, "n_sounds": len(rows)}
            made = {**dataclasses.asdict(config), **record, **parent}
            keep(folder, network, tracker, made)
        network.set_weights(trained)
        network.save(folder / _LAST)
        (folder / _STATE).write_text(json.dumps(state))
        print(
            f"{epoch + 1}/{config.epochs}  train {loss_here:.4f}  "
            f"validation {found:.4f}  best {state['best']:.4f}  "
            f"{time.perf_counter() - begun:.0f} s",
            flush=True,
        )
    return folder / f"{BEATS}.json"


def keep(
    folder: Path, network: Any, tracker: TrackerConfig, record: dict[str, Any]
) -> None:
    """Write a network as the tracker finds it, and how it was made."""
    provenance = {
        **record,
        "commit": commit(),
        "keras": keras.__version__,
        "material": "patterns and timbres of ours: see LICENCES.md",
    }
    save_networks(folder, BEATS, tracker, (network,), provenance)


def _begun(
    config: BeatTraining, tracker: TrackerConfig
) -> tuple[keras.Model, dict[str, Any]]:
    """Return a network ready to be fitted, and where its run stands."""
    folder = Path(config.output)
    if config.resume and (folder / _LAST).exists():
        state = json.loads((folder / _STATE).read_text())
        known = {"loss": loss}
        return keras.saving.load_model(folder / _LAST, custom_objects=known), state
    keras.utils.set_random_seed(config.seed)
    network = build_beat_network(tracker.rhythm, tracker.network)
    if config.start_from:
        set_weights(network, read_weights(Path(config.start_from), BEATS)[1])
    warm = _WARM_EPOCHS * config.steps_per_epoch
    schedule = keras.optimizers.schedules.CosineDecay(
        1e-4,
        max(config.epochs * config.steps_per_epoch - warm, 1),
        alpha=0.02,
        warmup_target=config.learning_rate,
        warmup_steps=warm,
    )
    optimizer = keras.optimizers.Adam(
        schedule, clipnorm=1.0, use_ema=True, ema_momentum=0.995
    )
    network.compile(optimizer, loss=loss)
    return network, {"epoch": 0, "best": float("inf")}


def _fitted(
    network: keras.Model, batches: Stretches, first: int, n_steps: int
) -> float:
    """Fit a network to some of the batches; return its loss.

    One by one: what `fit` is given stays in memory, and at its end it puts the
    averaged weights in the place of those that are trained.
    """
    network.reset_metrics()
    for index in range(first, first + n_steps):
        found = network.train_on_batch(*batches[index])
    return float(found)


def _held_out(
    rows: list[Heard], config: TrackerConfig
) -> tuple[np.ndarray, np.ndarray]:
    """Return the same stretch of each validation song."""
    pairs = []
    for row in rows:
        truth = targets(row, config)
        start = max((len(truth) - _COLUMNS) // 2, 0)
        part = slice(start, start + _COLUMNS)
        missing = ((0, max(_COLUMNS - len(truth), 0)), (0, 0))
        pairs.append(
            (
                np.pad(row.features[part].astype(np.float32), missing),
                np.pad(truth[part], missing),
            )
        )
    heard, truths = (np.stack(part) for part in zip(*pairs, strict=True))
    return heard, truths
