# SPDX-License-Identifier: GPL-3.0-or-later
"""Train the 2020 thesis' network on rendered loops, as the thesis trained it.

    requinto train models/bachata2020.toml [--resume]

Four-beat clips of the four bachata instruments are stretched once, kept, and
summed at random, one of each.  The loss is the mean square error of the scaled
logarithmic spectrogram; the optimiser is Adam.  The learning rate falls as a half
cosine, which the thesis did not do and which can only help it.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from requinto.beats import Beats
from requinto.metrics import si_sdr
from requinto_lab.evaluation.systems import Task
from requinto_lab.material.loop_library import LoopLibrary
from requinto_lab.material.soundfonts import SAMPLE_RATE
from requinto_lab.networks.backend import prepare_keras
from requinto_lab.systems import bachata2020, fitting, packing
from requinto_lab.systems.bachata2020 import NAME, Bachata2020, Bachata2020Config
from requinto_lab.systems.bachata2020_clips import INSTRUMENTS, bank, draw, pictures

if TYPE_CHECKING:
    import keras

_ITEM_CLIPS = 4  # length of an item that is heard in validation
_SILENT_DB = -100.0  # what a silent answer to a sounding target counts as


@dataclass(frozen=True)
class Bachata2020Training(fitting.Run):
    """Every number of a run; `n_heard` songs are heard whole."""

    minutes: float = 40.0  # of one core; then the learning rate is zero
    steps_per_epoch: int = 200
    n_heard: int = 2
    clips: str = ""  # folder for the stretched clips, which runs may share
    width_divisor: int = 1  # 4: channels 16...256 instead of 64...1024
    clamp: bool = True  # as in `Bachata2020Config`
    normalise: bool = True
    precision: str = "float32"  # or "mixed_bfloat16", where the processor has it

    def model(self) -> Bachata2020Config:
        """Return what is trained."""
        return Bachata2020Config(
            width_divisor=self.width_divisor,
            clamp=self.clamp,
            normalise=self.normalise,
        )


def train(run: Bachata2020Training) -> Path:
    """Train until the minutes are used up; return the folder of the best model."""
    folder = Path(run.run)
    model = run.model()
    caches = {s: LoopLibrary(Path(run.loops), s) for s in ("train", "validation")}
    clips = Path(run.clips or run.run)
    banks = {s: bank(caches[s], clips / f"clips-{s}", model) for s in caches}
    network = compiled(model, run)

    def batch(split: str, rng: np.random.Generator) -> fitting.Batch:
        return pictures(*draw(banks[split], run.batch_size, rng), model)[:2]

    def save(record: dict[str, Any]) -> None:
        del record["training"]["clips"]  # a place too
        packing.save(folder, NAME, model, network, record)

    return fitting.fit(
        run,
        network,
        draw=lambda rng: batch("train", rng),
        fixed=fitting.fixed_batches(run, lambda rng: batch("validation", rng)),
        save=save,
        hear=lambda: gains_db(caches["validation"], model, network, run.n_heard),
    )


def compiled(model: Bachata2020Config, run: Bachata2020Training) -> keras.Model:
    """Return the untrained network with its loss and optimiser."""
    prepare_keras()
    import keras

    keras.utils.set_random_seed(run.seed)
    network = bachata2020.build(model, run.precision)
    # XLA makes convolutions on a CPU slower: 89 against 180 ms an example
    network.compile(
        keras.optimizers.Adam(run.learning_rate), loss="mse", jit_compile=False
    )
    return network


def gains_db(
    cache: LoopLibrary, model: Bachata2020Config, network: Any, n_songs: int
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
                rows.setdefault(key, []).append(max(after, _SILENT_DB) - before)
    return {f"{key}_gain_db": float(np.mean(found)) for key, found in rows.items()}


def _tasks(cache: LoopLibrary, song: str, model: Bachata2020Config) -> list[Task]:
    """One question for each instrument of a song, with its true beats."""
    stems = {name: cache.songs[song][name][0] for name in INSTRUMENTS}
    any_stem = stems[INSTRUMENTS[0]]
    times_s = np.array(any_stem.beats) / SAMPLE_RATE
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
        tasks.append(Task(mixture, reference, SAMPLE_RATE, name, beats, sound))
    return tasks
