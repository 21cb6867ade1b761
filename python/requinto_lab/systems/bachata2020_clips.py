# SPDX-License-Identifier: GPL-3.0-or-later
"""What the 2020 thesis' network learns from: clips of four beats, summed at random."""

from __future__ import annotations

import itertools
import json
import os
from pathlib import Path
from typing import NamedTuple

import librosa
import numpy as np

from requinto.errors import ConfigError
from requinto_lab.material.loop_library import LoopLibrary, Stem
from requinto_lab.systems import bachata2020, fitting
from requinto_lab.systems.bachata2020 import Bachata2020Config

INSTRUMENTS = ("guitar", "bass", "bongo", "guira")
# The thesis balanced its mixtures by hand
GAINS = {"guitar": 1 / 3, "bass": 1.0, "bongo": 1.0, "guira": 3.0}

_CACHE_RATE = 44100  # Hz, what LoopLibrary.read returns
_SILENT_RMS = 0.001  # of a clip at -20 dBFS: nothing plays there


class Bank(NamedTuple):
    """Stretched clips of one split."""

    waves: np.ndarray  # (n_clips, clip_frames), float16
    instruments: np.ndarray  # (n_clips,) of str
    songs: np.ndarray  # (n_clips,) of str


def bank(cache: LoopLibrary, place: Path, config: Bachata2020Config) -> Bank:
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
        fitting.write_whole(record, json.dumps(rows))
    rows = json.loads(record.read_text())
    names, songs = np.array(rows).T
    return Bank(np.load(sound, mmap_mode="r"), names, songs)


def _stem_clips(
    cache: LoopLibrary, stem: Stem, config: Bachata2020Config
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
    bank: Bank, size: int, rng: np.random.Generator, instrument: str = ""
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return mixtures, targets and references, each `(size, clip_frames)`.

    A mixture is the sum of one clip of each instrument, at `GAINS`; its target is
    one of them as it sounds there, the one that is told or any; the reference is
    another clip of the same instrument, from another song where there is one.
    """
    by_instrument = [np.flatnonzero(bank.instruments == name) for name in INSTRUMENTS]
    gains = np.array([GAINS[name] for name in INSTRUMENTS], np.float32)
    mixtures, targets, references = [], [], []
    for _ in range(size):
        chosen = [int(rng.choice(rows)) for rows in by_instrument]
        stems = bank.waves[chosen].astype(np.float32) * gains[:, None]
        wanted = int(rng.integers(len(INSTRUMENTS)))
        if instrument:
            wanted = INSTRUMENTS.index(instrument)
        rows = by_instrument[wanted]
        elsewhere = rows[bank.songs[rows] != bank.songs[chosen[wanted]]]
        others = elsewhere if len(elsewhere) else rows[rows != chosen[wanted]]
        reference = int(rng.choice(others)) if len(others) else chosen[wanted]
        mixtures.append(stems.sum(axis=0))
        targets.append(stems[wanted])
        references.append(bank.waves[reference].astype(np.float32))
    return np.stack(mixtures), np.stack(targets), np.stack(references)


class Pictures(NamedTuple):
    """A batch as the network has it."""

    seen: np.ndarray  # (size, n_bins, n_columns, 2), mixtures and references
    wanted: np.ndarray  # (size, n_bins, n_columns, 1)
    scale: float  # what mixtures and targets were divided by


def pictures(
    mixtures: np.ndarray,
    targets: np.ndarray,
    references: np.ndarray,
    config: Bachata2020Config,
) -> Pictures:
    """Return what the network sees and what it shall draw.

    Logarithmic spectrograms over the batch's maximum: mixtures and targets over
    the mixtures', so that a drawing has a size, references over their own.  Without
    `config.normalise` they are as they are.
    """
    mixed, wanted, heard = (
        bachata2020.compressed(bachata2020.spectrum(waves, config))
        for waves in (mixtures, targets, references)
    )
    over = bachata2020.scale(mixed, config)
    heard = heard / bachata2020.scale(heard, config)
    seen = np.stack([mixed / over, heard], axis=-1)
    wanted = wanted / over
    if config.normalise:
        wanted = np.clip(wanted, 0, 1)
    return Pictures(seen, wanted[..., None], float(over.max()))
