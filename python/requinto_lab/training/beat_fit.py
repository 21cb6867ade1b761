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
from requinto.model_folder import BEATS
from requinto_lab.networks.beat_network import build_beat_network
from requinto_lab.networks.weights import read_weights, save_networks, set_weights
from requinto_lab.ranges import check_at_least
from requinto_lab.training.beat_material import BeatExample, read
from requinto_lab.training.loop import CHECKPOINT, PROGRESS, Epoch, Loop, Plan
from requinto_lab.training.provenance import commit

_N_COLUMNS = 1500  # of an excerpt: 30 s
_WARM_EPOCHS = 1
_EPOCHS_PER_READ = 10  # after which songs rendered since are read too
_NEAR = (1.0, 0.5, 0.2)  # what the columns on a beat, beside it and next are worth
_TILT = 0.3  # standard deviation of what is added to the logarithm over the bands
_GAIN = 0.8  # standard deviation of a gain's natural logarithm
_MAX_SHIFT = 2  # bands by which a sound is higher or lower
_SCORE = "validation_loss"
# Of a run that was started before there was `loop.py`
_OLDER_CHECKPOINT, _OLDER_STATE = "last.keras", "state.json"


@dataclass(frozen=True)
class BeatTraining:
    """A run: what it learns from, where it writes, and for how long."""

    material: str  # a folder that `beat_material` rendered to
    output: str  # a folder for checkpoints and for the best network
    epochs: int = 120
    steps_per_epoch: int = 100
    batch_size: int = 8  # excerpts of half a minute
    learning_rate: float = 2e-3  # at its highest; falls as a cosine
    seed: int = 1
    start_from: str = ""  # a folder with a network to begin with; none when empty
    resume: bool = False

    def __post_init__(self) -> None:
        check_at_least(self, 1, "epochs", "steps_per_epoch", "batch_size")


class BeatBatches:
    """Batches of half a minute, of whatever songs there are.

    Parameters
    ----------
    rows : list of BeatExample
    config : TrackerConfig
    batch_size : int
    seed : int
    """

    def __init__(
        self,
        rows: list[BeatExample],
        config: TrackerConfig,
        *,
        batch_size: int,
        seed: int,
    ) -> None:
        self._rows = rows
        self._targets = [targets(row, config) for row in rows]
        self._n_bands = config.rhythm.n_bands
        self._batch_size, self._seed = batch_size, seed

    def __len__(self) -> int:
        return len(self._rows)

    def __call__(self, index: int) -> tuple[np.ndarray, np.ndarray]:
        """Return features and truth of a step: `(batch, n_columns, ...)`."""
        rng = np.random.default_rng([self._seed, index])
        pairs = [self._excerpt(rng) for _ in range(self._batch_size)]
        features, truth = (np.stack(part) for part in zip(*pairs, strict=True))
        return features, truth

    def _excerpt(self, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        row = int(rng.integers(len(self._rows)))
        features, truth = self._rows[row].features, self._targets[row]
        n_columns = len(features)
        # Beginnings and ends of songs come up as often as what lies between
        last = max(n_columns - _N_COLUMNS // 2, 1)
        start = int(rng.integers(-_N_COLUMNS // 3, last))
        start = min(max(start, 0), max(n_columns - _N_COLUMNS, 0))
        part, part_truth = _cut(features, truth, start)
        n_present = min(n_columns - start, _N_COLUMNS)
        part[:n_present] = self._augment(part[:n_present], rng)
        return part, part_truth

    def _augment(self, features: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Return features of the sound through another desk."""
        n = self._n_bands
        tilt = np.interp(
            np.arange(n), [0, n / 3, 2 * n / 3, n], rng.normal(0, _TILT, 4)
        )
        shift = int(rng.integers(-_MAX_SHIFT, _MAX_SHIFT + 1))
        bands = np.roll(features[:, :n], shift, axis=1) + tilt + rng.normal(0, _GAIN)
        return np.concatenate([np.maximum(bands, 0), features[:, n:]], axis=1)


class _RereadBatches:
    """Batches of a folder of songs, which is read again while more are rendered."""

    def __init__(self, config: BeatTraining, tracker: TrackerConfig) -> None:
        self._config, self._tracker = config, tracker
        self._batches: BeatBatches | None = None

    @property
    def n_sounds(self) -> int:
        return len(self._batches) if self._batches else 0

    def __call__(self, index: int) -> tuple[np.ndarray, np.ndarray]:
        config = self._config
        is_due = index % (_EPOCHS_PER_READ * config.steps_per_epoch) == 0
        if self._batches is None or is_due:
            self._batches = BeatBatches(
                read(Path(config.material), "train"),
                self._tracker,
                batch_size=config.batch_size,
                seed=config.seed,
            )
        return self._batches(index)


def targets(row: BeatExample, config: TrackerConfig) -> np.ndarray:
    """Return what the network is to answer, `(n_columns, 2)`, 0 to 1."""
    truth = np.zeros((len(row.features), 2), np.float32)
    for kind, times_s in enumerate((row.beats_s, row.downbeats_s)):
        columns = np.round(times_s * config.rhythm.columns_per_s).astype(int)
        for distance in reversed(range(len(_NEAR))):
            for side in (-distance, distance):
                near = columns + side
                inside = near[(near >= 0) & (near < len(truth))]
                truth[inside, kind] = _NEAR[distance]
    return truth


def loss(truth: Any, activations: Any) -> Any:
    """Cross entropy; a downbeat counts as much as the beats of a bar."""
    activations = ops.clip(activations, 1e-6, 1 - 1e-6)
    entropy = -truth * ops.log(activations) - (1 - truth) * ops.log(1 - activations)
    return ops.mean(entropy[..., 0] + 1.5 * entropy[..., 1])


def train(config: BeatTraining) -> Path:
    """Fit a network; return the record of the one that did best on validation.

    It is written with its weights to the run's folder, whenever it is better than
    before; a run that was stopped goes on, with `resume`, from its last epoch.
    """
    tracker = TrackerConfig()
    batches = _RereadBatches(config, tracker)
    loop = _build_loop(config, tracker, batches)
    start_s = time.perf_counter()
    for epoch in loop.epochs(batches):
        print(
            f"{_number(epoch, config)}/{config.epochs}  "
            f"train {epoch.losses['loss']:.4f}  "
            f"validation {epoch.scores[_SCORE]:.4f}  "
            f"best {epoch.progress['best']:.4f}  "
            f"{time.perf_counter() - start_s:.0f} s",
            flush=True,
        )
        start_s = time.perf_counter()
    return Path(config.output) / f"{BEATS}.json"


def _build_loop(
    config: BeatTraining, tracker: TrackerConfig, batches: _RereadBatches
) -> Loop:
    folder = Path(config.output)
    validation = _validation_excerpts(config, tracker)
    parent = _parent_record(config)
    network = _start(config, tracker)
    if config.resume:
        _convert_older_run(folder, config.steps_per_epoch)

    def evaluate() -> dict[str, float]:
        return {_SCORE: float(network.evaluate(*validation, batch_size=8, verbose=0))}

    def save_best(epoch: Epoch) -> None:
        record = {
            "loss": epoch.scores[_SCORE],
            "epoch": _number(epoch, config),
            "n_sounds": batches.n_sounds,
        }
        made = {**dataclasses.asdict(config), **record, **parent}
        save_tracker(folder, network, tracker, made)

    plan = Plan(
        steps_per_epoch=config.steps_per_epoch,
        steps=config.epochs * config.steps_per_epoch,
        score=_SCORE,
        lowest_is_best=True,
    )
    return Loop(
        *(folder, network, plan),
        evaluate=evaluate,
        save_best=save_best,
        resume=config.resume,
    )


def save_tracker(
    folder: Path, network: Any, tracker: TrackerConfig, record: dict[str, Any]
) -> None:
    """Write a network as the tracker loads it, and how it was made."""
    provenance = {
        **record,
        "commit": commit(),
        "keras": keras.__version__,
        "material": "patterns and timbres of ours: see LICENCES.md",
    }
    save_networks(folder, BEATS, tracker, (network,), provenance)


def _number(epoch: Epoch, config: BeatTraining) -> int:
    return round(epoch.progress["step"] / config.steps_per_epoch)


def _parent_record(config: BeatTraining) -> dict[str, Any]:
    if not config.start_from:
        return {}
    record, _ = read_weights(Path(config.start_from), BEATS)
    return {"began_from": record["provenance"]}


def _start(config: BeatTraining, tracker: TrackerConfig) -> keras.Model:
    """Return a network ready to be fitted."""
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
    return network


def _convert_older_run(folder: Path, steps_per_epoch: int) -> None:
    """Turn the state of a run from before `loop.py` into what `Loop` goes on from."""
    state_path = folder / _OLDER_STATE
    if (folder / PROGRESS).exists() or not state_path.exists():
        return
    state = json.loads(state_path.read_text())
    network = keras.saving.load_model(
        folder / _OLDER_CHECKPOINT, custom_objects={"loss": loss}
    )
    network.save_weights(folder / CHECKPOINT)
    progress = {"step": state["epoch"] * steps_per_epoch, "best": state["best"]}
    (folder / PROGRESS).write_text(json.dumps(progress))


def _validation_excerpts(
    config: BeatTraining, tracker: TrackerConfig
) -> tuple[np.ndarray, np.ndarray]:
    """Return the same excerpt of each validation song."""
    pairs = []
    for row in read(Path(config.material), "validation"):
        start = max((len(row.features) - _N_COLUMNS) // 2, 0)
        pairs.append(_cut(row.features, targets(row, tracker), start))
    features, truth = (np.stack(part) for part in zip(*pairs, strict=True))
    return features, truth


def _cut(
    features: np.ndarray, truth: np.ndarray, start: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return an excerpt of both, `_N_COLUMNS` long; zeros are beyond their end."""
    part = slice(start, start + _N_COLUMNS)
    missing = ((0, max(start + _N_COLUMNS - len(truth), 0)), (0, 0))
    return (
        np.pad(features[part].astype(np.float32), missing),
        np.pad(truth[part], missing),
    )
