# SPDX-License-Identifier: GPL-3.0-or-later
"""Train the 2020 thesis' network on rendered loops, as the thesis trained it.

    requinto train models/bachata2020.toml [--resume]

Four-beat clips of the four bachata instruments are stretched once, kept, and
summed at random, one of each.  The loss is the mean square error of the scaled
logarithmic spectrogram; the optimiser is Adam.  The learning rate falls as a half
cosine, which the thesis did not do and which can only help it.
"""

from __future__ import annotations

import itertools
import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import librosa
import numpy as np

from requinto.beats import Beats
from requinto.errors import ConfigError
from requinto.metrics import si_sdr
from requinto_files import output_files
from requinto_lab.evaluation.systems import Task
from requinto_lab.material.loop_library import LoopLibrary, Stem
from requinto_lab.material.soundfonts import SAMPLE_RATE
from requinto_lab.networks import weights
from requinto_lab.networks.backend import prepare_keras
from requinto_lab.systems import bachata2020
from requinto_lab.systems.bachata2020 import NAME, Bachata2020, Bachata2020Config
from requinto_lab.training import system_fit

if TYPE_CHECKING:
    import keras

INSTRUMENTS = ("guitar", "bass", "bongo", "guira")
# The thesis balanced its mixtures by hand
GAINS = {"guitar": 1 / 3, "bass": 1.0, "bongo": 1.0, "guira": 3.0}

_SILENT_RMS = 0.001  # of a clip at -20 dBFS: nothing plays there
_ITEM_CLIPS = 4  # length of a song in validation
_SILENT_DB = -100.0  # what a silent estimate of a sounding target counts as


@dataclass(frozen=True)
class Bachata2020Training(system_fit.Run):
    """Every number of a run; `n_eval` songs are separated whole."""

    minutes: float = 40.0  # of one core; then the learning rate is zero
    steps_per_epoch: int = 200
    n_eval: int = 2
    clips: str = ""  # folder for the stretched clips, which runs may share
    width_divisor: int = 1  # 4: channels 16...256 instead of 64...1024
    clamp: bool = True  # as in `Bachata2020Config`
    normalise: bool = True
    precision: str = "float32"  # or "mixed_bfloat16", where the processor has it

    def model_config(self) -> Bachata2020Config:
        """Return the system that the run trains."""
        return Bachata2020Config(
            width_divisor=self.width_divisor,
            clamp=self.clamp,
            normalise=self.normalise,
        )


# Examples


class Bank(NamedTuple):
    """Stretched clips of one split."""

    waves: np.ndarray  # (n_clips, clip_frames), float16
    instruments: np.ndarray  # (n_clips,) of str
    songs: np.ndarray  # (n_clips,) of str


def read_bank(library: LoopLibrary, path: Path, config: Bachata2020Config) -> Bank:
    """Return all sounding clips of the four instruments, stretched.

    They are kept in two files, `path`.npy for the samples and `path`.json for
    what they are, and read from there the next time, whatever the library then has.

    Raises
    ------
    ConfigError
        If one of the instruments plays nowhere.
    """
    samples, record = path.with_suffix(".npy"), path.with_suffix(".json")
    if not record.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        waves, rows = [], []
        for stem in library.stems:
            if stem.instrument in INSTRUMENTS:
                clips = _stem_clips(library, stem, config)
                waves += clips
                rows += [(stem.instrument, stem.song)] * len(clips)
        if missing := set(INSTRUMENTS) - {name for name, _ in rows}:
            raise ConfigError(f"no clip of {sorted(missing)} in the loops")
        with output_files.whole_file(samples, overwrite=True) as unfinished:
            np.save(unfinished, np.stack(waves))
        with output_files.whole_file(record, overwrite=True) as unfinished:
            Path(unfinished).write_text(json.dumps(rows))
    rows = json.loads(record.read_text())
    names, songs = np.array(rows).T
    return Bank(np.load(samples, mmap_mode="r"), names, songs)


def _stem_clips(
    library: LoopLibrary, stem: Stem, config: Bachata2020Config
) -> list[np.ndarray]:
    mono = library.read(stem, 0, stem.n_frames).mean(axis=0)
    mono = librosa.resample(mono, orig_sr=SAMPLE_RATE, target_sr=config.sample_rate)
    beats = [*stem.beats, 2 * stem.beats[-1] - stem.beats[-2]]  # the last one's end
    edges = np.array(beats[:: config.beats_per_clip])
    frames = np.round(edges * config.sample_rate / SAMPLE_RATE).astype(int)
    parts = [mono[a:b] for a, b in itertools.pairwise(frames.tolist())]
    return [
        bachata2020.stretch(part, config.clip_frames).astype(np.float16)
        for part in parts
        if np.sqrt(np.mean(np.square(part))) > _SILENT_RMS
    ]


def draw(
    bank: Bank, size: int, rng: np.random.Generator, instrument: str = ""
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return mixtures, targets and references, each `(size, clip_frames)`.

    A mixture is the sum of one clip of each instrument, at `GAINS`; its target is
    one of them as it is in the mixture, the given one or any; the reference is
    another clip of the same instrument, from another song where there is one.
    """
    by_instrument = [np.flatnonzero(bank.instruments == name) for name in INSTRUMENTS]
    gains = np.array([GAINS[name] for name in INSTRUMENTS], np.float32)
    mixtures, targets, references = [], [], []
    for _ in range(size):
        chosen = [int(rng.choice(rows)) for rows in by_instrument]
        stems = bank.waves[chosen].astype(np.float32) * gains[:, None]
        target = int(rng.integers(len(INSTRUMENTS)))
        if instrument:
            target = INSTRUMENTS.index(instrument)
        rows = by_instrument[target]
        elsewhere = rows[bank.songs[rows] != bank.songs[chosen[target]]]
        others = elsewhere if len(elsewhere) else rows[rows != chosen[target]]
        reference = int(rng.choice(others)) if len(others) else chosen[target]
        mixtures.append(stems.sum(axis=0))
        targets.append(stems[target])
        references.append(bank.waves[reference].astype(np.float32))
    return np.stack(mixtures), np.stack(targets), np.stack(references)


class Pictures(NamedTuple):
    """A batch as the network has it."""

    inputs: np.ndarray  # (size, n_bins, n_columns, 2), mixtures and references
    targets: np.ndarray  # (size, n_bins, n_columns, 1)
    scale: float  # what mixtures and targets were divided by


def pictures(
    mixtures: np.ndarray,
    targets: np.ndarray,
    references: np.ndarray,
    config: Bachata2020Config,
) -> Pictures:
    """Return the network's inputs and targets.

    Logarithmic spectrograms over the batch's maximum: mixtures and targets over
    the mixtures', so that a target has a size, references over their own.  Without
    `config.normalise` they are as they are.
    """
    mixed, target, reference = (
        bachata2020.compress(bachata2020.spectrum(waves, config))
        for waves in (mixtures, targets, references)
    )
    over = bachata2020.scale(mixed, config)
    reference = reference / bachata2020.scale(reference, config)
    inputs = np.stack([mixed / over, reference], axis=-1)
    target = target / over
    if config.normalise:
        target = np.clip(target, 0, 1)
    return Pictures(inputs, target[..., None], float(over.max()))


# The run


def train(run: Bachata2020Training) -> Path:
    """Train until the minutes are used up; return the folder of the best model."""
    model = run.model_config()
    libraries = {s: LoopLibrary(Path(run.loops), s) for s in ("train", "validation")}
    clips = Path(run.clips or run.run)
    banks = {
        split: read_bank(library, clips / f"clips-{split}", model)
        for split, library in libraries.items()
    }
    network = compile_network(model, run)

    return system_fit.fit(
        run,
        network,
        draw=lambda split, rng: pictures(
            *draw(banks[split], run.batch_size, rng), model
        )[:2],
        save=lambda record: weights.save_networks(
            Path(run.run), NAME, model, (network,), record
        ),
        evaluate=lambda: gains_db(libraries["validation"], model, network, run.n_eval),
    )


def compile_network(model: Bachata2020Config, run: Bachata2020Training) -> keras.Model:
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
    library: LoopLibrary, model: Bachata2020Config, network: Any, n_songs: int
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
        s for s in sorted(library.songs) if set(INSTRUMENTS) <= set(library.songs[s])
    ]
    for song in complete[:n_songs]:
        for task in _tasks(library, song, model):
            before = si_sdr(task.truth, task.mixture)
            for system in systems:
                after = si_sdr(task.truth, system.estimate(task))
                key = f"{system.unstretch}_{task.instrument}"
                rows.setdefault(key, []).append(max(after, _SILENT_DB) - before)
    return {f"{key}_gain_db": float(np.mean(gains)) for key, gains in rows.items()}


def _tasks(library: LoopLibrary, song: str, model: Bachata2020Config) -> list[Task]:
    """Return a task for each instrument of a song, with its true beats."""
    stems = {name: library.songs[song][name][0] for name in INSTRUMENTS}
    any_stem = stems[INSTRUMENTS[0]]
    times_s = np.array(any_stem.beats) / SAMPLE_RATE
    size = any_stem.n_frames
    if len(any_stem.beats) > _ITEM_CLIPS * model.beats_per_clip:
        size = any_stem.beats[_ITEM_CLIPS * model.beats_per_clip]
    beats = Beats(times_s, times_s[::4], any_stem.tempo_bpm)
    parts = {
        name: library.read(stem, 0, size).mean(axis=0, keepdims=True)
        for name, stem in stems.items()
    }
    mixture = sum(parts.values(), start=np.zeros((1, size), np.float32))
    tasks = []
    for name, part in parts.items():
        rows = library.by_instrument[name]
        other = next((s for s in rows if s.song != song), rows[-1])
        reference = library.read(other, 0, other.n_frames)
        tasks.append(Task(mixture, reference, SAMPLE_RATE, name, beats, part))
    return tasks
