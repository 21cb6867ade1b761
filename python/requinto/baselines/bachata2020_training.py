# SPDX-License-Identifier: GPL-3.0-or-later
"""Train the 2020 thesis' network on rendered loops, as the thesis trained it.

    requinto train CONFIG.toml [--resume]     # system = "bachata2020"

Four-beat clips of the four bachata instruments are stretched once, kept, and
summed at random, one of each.  The loss is the mean square error of the scaled
logarithmic spectrogram; the optimiser is Adam.  The learning rate falls as a half
cosine, which the thesis did not do and which can only help it.
"""

from __future__ import annotations

import dataclasses
import itertools
import json
import math
import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import librosa
import numpy as np

from requinto.baselines import bachata2020
from requinto.baselines.bachata2020 import Bachata2020, Bachata2020Config
from requinto.beats import Beats
from requinto.errors import ConfigError
from requinto.evaluation.metrics import si_sdr
from requinto.evaluation.systems import Task
from requinto.material.cache import Cache, Stem
from requinto.training.provenance import commit

INSTRUMENTS = ("guitar", "bass", "bongo", "guira")
# The thesis balanced its mixtures by hand
GAINS = {"guitar": 1 / 3, "bass": 1.0, "bongo": 1.0, "guira": 3.0}

_CACHE_RATE = 44100  # Hz, what Cache.read returns
_SILENT_RMS = 0.001  # of a clip at -20 dBFS: nothing plays there
_ITEM_CLIPS = 4  # length of an item that is heard in validation


@dataclass(frozen=True)
class Bachata2020Training:
    """Every number of a run."""

    loops: str  # folder of the loop library
    run: str  # folder for checkpoints, log and the resulting model
    clips: str = ""  # folder for the stretched clips, which runs may share
    minutes: float = 40.0  # of one core; then the learning rate is zero
    batch_size: int = 8
    learning_rate: float = 1e-3  # at the start; falls as a half cosine
    width_divisor: int = 1  # 4: channels 16...256 instead of 64...1024
    steps_per_epoch: int = 200  # between validations and checkpoints
    n_validation_batches: int = 4
    n_validation_songs: int = 2  # whole, for SI-SDR
    epochs_per_hearing: int = 4  # between measurements of SI-SDR
    precision: str = "float32"  # or "mixed_bfloat16", where the processor has it
    seed: int = 0
    resume: bool = False  # go on from the last checkpoint, where there is one

    def __post_init__(self) -> None:
        for name in ("batch_size", "steps_per_epoch", "epochs_per_hearing"):
            if getattr(self, name) < 1:
                raise ConfigError(
                    f"{name} must be 1 or more, got {getattr(self, name)}"
                )


class Bank(NamedTuple):
    """Stretched clips of one split."""

    waves: np.ndarray  # (n_clips, clip_frames), float16
    instruments: np.ndarray  # (n_clips,) of str
    songs: np.ndarray  # (n_clips,) of str


def bank(cache: Cache, place: Path, config: Bachata2020Config) -> Bank:
    """Return all sounding clips of the four instruments, stretched.

    They are kept in two files, `place`.npy for the sound and `place`.json for
    what it is, and read from there the next time, whatever the cache then holds.

    Raises
    ------
    ConfigError
        If one of the instruments is nowhere heard.
    """
    sound, record = place.with_suffix(".npy"), place.with_suffix(".json")
    if not record.exists():
        place.parent.mkdir(parents=True, exist_ok=True)
        waves, rows = [], []
        for stem in cache.stems:
            if stem.instrument in INSTRUMENTS:
                clips = _stem_clips(cache, stem, config)
                waves += clips
                rows += [(stem.instrument, stem.song)] * len(clips)
        if missing := set(INSTRUMENTS) - {name for name, _ in rows}:
            raise ConfigError(f"no clip of {sorted(missing)} in the loops")
        unfinished = place.with_name(f"{place.name}-{os.getpid()}.npy")
        np.save(unfinished, np.stack(waves))
        unfinished.replace(sound)
        _write_whole(record, json.dumps(rows))
    rows = json.loads(record.read_text())
    names, songs = np.array(rows).T
    return Bank(np.load(sound, mmap_mode="r"), names, songs)


def _stem_clips(
    cache: Cache, stem: Stem, config: Bachata2020Config
) -> list[np.ndarray]:
    heard = cache.read(stem, 0, stem.n_frames).mean(axis=0)
    mono = librosa.resample(heard, orig_sr=_CACHE_RATE, target_sr=config.sample_rate)
    beats = [*stem.beats, 2 * stem.beats[-1] - stem.beats[-2]]  # the last one's end
    edges = np.array(beats[:: config.beats_per_clip])
    frames = np.round(edges * config.sample_rate / _CACHE_RATE).astype(int)
    parts = [mono[a:b] for a, b in itertools.pairwise(frames.tolist())]
    return [
        bachata2020.stretched(part, config.clip_frames).astype(np.float16)
        for part in parts
        if np.sqrt(np.mean(np.square(part))) > _SILENT_RMS
    ]


def draw(
    bank: Bank, size: int, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return mixtures, targets and references, each `(size, clip_frames)`.

    A mixture is the sum of one clip of each instrument, at `GAINS`; its target is
    one of them as it sounds there; the reference is another clip of the same
    instrument, from another song where there is one.
    """
    by_instrument = [np.flatnonzero(bank.instruments == name) for name in INSTRUMENTS]
    gains = np.array([GAINS[name] for name in INSTRUMENTS], np.float32)
    mixtures, targets, references = [], [], []
    for _ in range(size):
        chosen = [int(rng.choice(rows)) for rows in by_instrument]
        stems = bank.waves[chosen].astype(np.float32) * gains[:, None]
        wanted = int(rng.integers(len(INSTRUMENTS)))
        rows = by_instrument[wanted]
        elsewhere = rows[bank.songs[rows] != bank.songs[chosen[wanted]]]
        others = elsewhere if len(elsewhere) else rows[rows != chosen[wanted]]
        reference = int(rng.choice(others)) if len(others) else chosen[wanted]
        mixtures.append(stems.sum(axis=0))
        targets.append(stems[wanted])
        references.append(bank.waves[reference].astype(np.float32))
    return np.stack(mixtures), np.stack(targets), np.stack(references)


def pictures(
    mixtures: np.ndarray,
    targets: np.ndarray,
    references: np.ndarray,
    config: Bachata2020Config,
) -> tuple[np.ndarray, np.ndarray]:
    """Return what the network sees and what it shall draw, in [0, 1].

    Logarithmic spectrograms over the batch's maximum: mixtures and targets over
    the mixtures', so that a drawing has a size, references over their own.
    """
    mixed, wanted, heard = (
        bachata2020.compressed(bachata2020.spectrum(waves, config))
        for waves in (mixtures, targets, references)
    )
    peak = max(float(mixed.max()), float(np.finfo(np.float32).tiny))
    own_peak = max(float(heard.max()), float(np.finfo(np.float32).tiny))
    seen = np.stack([mixed / peak, heard / own_peak], axis=-1)
    return seen, np.clip(wanted / peak, 0, 1)[..., None]


def compiled(model: Bachata2020Config, config: Bachata2020Training) -> Any:
    """Return the untrained network with its loss and optimiser."""
    import keras

    keras.utils.set_random_seed(config.seed)
    network = bachata2020.build(model, config.precision)
    # XLA makes convolutions on a CPU slower: 89 against 180 ms an example
    network.compile(
        keras.optimizers.Adam(config.learning_rate), loss="mse", jit_compile=False
    )
    network.optimizer.build(network.trainable_variables)
    return network


def train(config: Bachata2020Training) -> Path:
    """Train until the minutes are used up; return the folder of the best model.

    Minutes are the processor's, so that a run does not learn less on a busy machine.

    The best is the one of the lowest error on fixed batches of the validation
    split.  Batches depend on the seed and the step alone.
    """
    run = Path(config.run)
    run.mkdir(parents=True, exist_ok=True)
    model = Bachata2020Config(width_divisor=config.width_divisor)
    clips = Path(config.clips or config.run)
    caches = {s: Cache(Path(config.loops), s) for s in ("train", "validation")}
    banks = {s: bank(caches[s], clips / f"clips-{s}", model) for s in caches}
    network = compiled(model, config)
    progress = _resumed(network, run) if config.resume else None
    progress = progress or {"minutes": 0.0, "step": 0, "best_mse": math.inf}
    fixed = [
        pictures(
            *draw(banks["validation"], config.batch_size, _rng(config, 1, i)), model
        )
        for i in range(config.n_validation_batches)
    ]
    while progress["minutes"] < config.minutes:
        loss = _epoch(network, banks["train"], model, config, progress)
        mse = float(np.mean([network.test_on_batch(*batch) for batch in fixed]))
        line = {**progress, "loss": loss, "validation_mse": mse}
        epoch = progress["step"] // config.steps_per_epoch
        if epoch % config.epochs_per_hearing == 0:
            line |= gains_db(
                caches["validation"], model, network, config.n_validation_songs
            )
        if mse < progress["best_mse"]:
            progress["best_mse"] = line["best_mse"] = mse
            bachata2020.save(run, model, network, _provenance(config, line))
        with (run / "log.jsonl").open("a") as log:
            log.write(json.dumps({k: round(v, 6) for k, v in line.items()}) + "\n")
        _checkpoint(network, run, progress)
    return run


def _epoch(
    network: Any,
    clips: Bank,
    model: Bachata2020Config,
    config: Bachata2020Training,
    progress: dict[str, Any],
) -> float:
    """Train for one epoch, note it in `progress`, return the mean loss."""
    begun = time.process_time()
    share = progress["minutes"] / config.minutes
    rate = config.learning_rate * 0.5 * (1 + math.cos(math.pi * share))
    network.optimizer.learning_rate.assign(max(rate, 1e-6))
    losses = []
    for step in range(progress["step"], progress["step"] + config.steps_per_epoch):
        waves = draw(clips, config.batch_size, _rng(config, 0, step))
        losses.append(float(network.train_on_batch(*pictures(*waves, model))))
    progress["step"] += config.steps_per_epoch
    progress["minutes"] += (time.process_time() - begun) / 60
    return float(np.mean(losses))


def _rng(config: Bachata2020Training, *which: int) -> np.random.Generator:
    return np.random.default_rng([config.seed, *which])


def gains_db(
    cache: Cache, model: Bachata2020Config, network: Any, n_songs: int
) -> dict[str, float]:
    """Return improvements of SI-SDR over the first whole songs, by instrument.

    Songs are cut after 16 beats and mixed at equal loudness, without `GAINS`;
    names begin with `vocoder` or `mask`, the way back from the stretch.
    """
    systems = [
        Bachata2020(model, network, unstretch=way) for way in bachata2020.UNSTRETCHES
    ]
    rows: dict[str, list[float]] = {}
    complete = [
        s for s in sorted(cache.songs) if set(INSTRUMENTS) <= set(cache.songs[s])
    ]
    for song in complete[:n_songs]:
        for task in _tasks(cache, song, model):
            before = si_sdr(task.truth, task.mixture)
            for system in systems:
                after = si_sdr(task.truth, system.estimate(task))
                key = f"{system.unstretch}_{task.instrument}"
                rows.setdefault(key, []).append(max(after, -100.0) - before)
    return {f"{key}_gain_db": float(np.mean(found)) for key, found in rows.items()}


def _tasks(cache: Cache, song: str, model: Bachata2020Config) -> list[Task]:
    """One question for each instrument of a song, with its true beats."""
    stems = {name: cache.songs[song][name][0] for name in INSTRUMENTS}
    any_stem = stems[INSTRUMENTS[0]]
    times_s = np.array(any_stem.beats) / _CACHE_RATE
    size = any_stem.n_frames
    if len(any_stem.beats) > _ITEM_CLIPS * model.beats_per_clip:
        size = any_stem.beats[_ITEM_CLIPS * model.beats_per_clip]
    beats = Beats(times_s, times_s[::4], any_stem.tempo_bpm)
    sounds = {
        name: cache.read(stem, 0, size).mean(axis=0, keepdims=True)
        for name, stem in stems.items()
    }
    mixture = sum(sounds.values(), start=np.zeros((1, size), np.float32))
    tasks = []
    for name, sound in sounds.items():
        rows = cache.by_instrument[name]
        other = next((s for s in rows if s.song != song), rows[-1])
        reference = cache.read(other, 0, other.n_frames)
        tasks.append(Task(mixture, reference, _CACHE_RATE, name, beats, sound))
    return tasks


def _checkpoint(network: Any, run: Path, progress: dict[str, Any]) -> None:
    unfinished = run / "next.weights.h5"
    network.save_weights(unfinished)
    unfinished.replace(run / "last.weights.h5")
    _write_whole(run / "progress.json", json.dumps(progress))


def _resumed(network: Any, run: Path) -> dict[str, Any] | None:
    """Load the last checkpoint, with its optimiser, and return how far it was."""
    path = run / "progress.json"
    if not path.exists():
        return None
    network.load_weights(run / "last.weights.h5")
    return dict(json.loads(path.read_text()))


def _write_whole(path: Path, text: str) -> None:
    unfinished = path.with_name(f"{path.name}-{os.getpid()}")
    unfinished.write_text(text)
    unfinished.replace(path)


def _provenance(config: Bachata2020Training, line: dict[str, Any]) -> dict[str, Any]:
    """How a model was made, to be saved beside its weights."""
    training = dataclasses.asdict(config)
    for name in ("loops", "run", "clips", "resume"):
        training.pop(name)
    return {"commit": commit(), "training": training, "reached": line}
