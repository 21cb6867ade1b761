# SPDX-License-Identifier: GPL-3.0-or-later
"""Fit the beat network to rendered songs, and write it beside the separators.

    python -m requinto.training.beat_fit FOLDER -o models

Checkpoints lie in FOLDER; a fit that was stopped goes on from the last one.
"""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Annotated, Any

import keras
import numpy as np
import typer
from keras import ops

from requinto.beat_network import build_beat_network
from requinto.config import TrackerConfig
from requinto.training.beat_material import Heard, read

_COLUMNS = 1500  # of an example: 30 s
_STEPS_PER_EPOCH = 100
_WARM_EPOCHS = 1
_NEAR = (1.0, 0.5, 0.2)  # what the columns on a beat, beside it and next are worth
_TILT = 0.3  # standard deviation of what is added to the logarithm over the bands
_GAIN = 0.8  # standard deviation of a gain's natural logarithm
_MOVED = 2  # bands by which a sound is higher or lower, at most


class Stretches(keras.utils.PyDataset):
    """Batches of half a minute, drawn from whatever songs there are.

    Parameters
    ----------
    rows : list of Heard
    config : TrackerConfig
    batch_size : int
    seed : int
    first : int
        Batches of earlier runs.
    """

    def __init__(
        self,
        rows: list[Heard],
        config: TrackerConfig,
        *,
        batch_size: int = 8,
        seed: int = 0,
        first: int = 0,
        **options: Any,
    ) -> None:
        super().__init__(**options)
        self._rows = rows
        self._targets = [targets(row, config) for row in rows]
        self._n_bands = config.rhythm.n_bands
        self._batch_size, self._seed, self._first = batch_size, seed, first

    @property
    def num_batches(self) -> int:
        """Batches, by the name that Keras asks for: without end."""
        return 10**9

    def __getitem__(self, index: int) -> tuple[np.ndarray, np.ndarray]:
        rng = np.random.default_rng([self._seed, self._first + index])
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
        tilt = np.interp(np.arange(n), [0, n / 3, 2 * n / 3, n], rng.normal(0, _TILT, 4))
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


def fit(folder: Path, config: TrackerConfig, n_epochs: int, batch_size: int) -> Path:
    """Fit a network; return the file of the weights that did best on validation."""
    train, validation = read(folder, "train"), read(folder, "validation")
    network = build_beat_network(config.rhythm, config.network)
    last, best = folder / "last.keras", folder / "best.weights.h5"
    state_path = folder / "state.json"
    n_steps = n_epochs * _STEPS_PER_EPOCH
    warm = _WARM_EPOCHS * _STEPS_PER_EPOCH
    schedule = keras.optimizers.schedules.CosineDecay(
        1e-4, n_steps - warm, alpha=0.02, warmup_target=2e-3, warmup_steps=warm
    )
    network.compile(
        keras.optimizers.Adam(schedule, clipnorm=1.0, use_ema=True, ema_momentum=0.995),
        loss=loss,
    )
    state: dict[str, Any] = {"epoch": 0, "best": float("inf")}
    if last.exists():
        network = keras.saving.load_model(last, custom_objects={"loss": loss})
        state = json.loads(state_path.read_text())
    held = _held_out(validation, config)
    for epoch in range(state["epoch"], n_epochs):
        begun = time.perf_counter()
        batches = Stretches(
            train, config, batch_size=batch_size, seed=1, first=epoch * _STEPS_PER_EPOCH
        )
        history = network.fit(
            batches,
            steps_per_epoch=_STEPS_PER_EPOCH,
            epochs=1,
            shuffle=False,
            verbose=0,
        )
        trained = network.get_weights()
        network.optimizer.finalize_variable_values(network.trainable_variables)
        found = float(network.evaluate(*held, batch_size=8, verbose=0))
        if found < state["best"]:
            state["best"] = found
            network.save_weights(best)
        network.set_weights(trained)
        state["epoch"] = epoch + 1
        network.save(last)
        state_path.write_text(json.dumps(state))
        taken = time.perf_counter() - begun
        print(
            f"{epoch + 1}/{n_epochs}  train {history.history['loss'][0]:.4f}  "
            f"validation {found:.4f}  best {state['best']:.4f}  {taken:.0f} s",
            flush=True,
        )
    return best


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


def main(
    folder: Annotated[Path, typer.Argument(help="Where `beat_material` rendered to.")],
    epochs: Annotated[int, typer.Option(help="Of 100 steps.", min=1)] = 40,
    batch: Annotated[int, typer.Option(help="Stretches a step.", min=1)] = 8,
) -> None:
    """Fit the beat network."""
    print(fit(folder, TrackerConfig(), epochs, batch))


if __name__ == "__main__":
    typer.run(main)
