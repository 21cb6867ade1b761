# SPDX-License-Identifier: GPL-3.0-or-later
"""Render what the beat network learns from: features of songs, and where beats are.

    python -m requinto_lab.training.beat_material FOLDER --songs 1500

Sound is not kept, only its features: a file a song, that appears when it is whole, so
that a build goes on where it was and a network can train on what is there.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, NamedTuple

import numpy as np
import typer

from requinto.config import RhythmConfig
from requinto.errors import AudioFileError
from requinto.rhythm import features
from requinto_files import output_files
from requinto_lab.material import splits
from requinto_lab.material.loops import timing
from requinto_lab.material.parallel import each
from requinto_lab.material.rendering import LEAD_IN_S
from requinto_lab.material.songs import generator
from requinto_lab.material.soundfonts import SAMPLE_RATE
from requinto_lab.material.whole_songs import (
    WholeSongConfig,
    mix_song,
    plan_whole_song,
    render_stems,
)

# Of a split's seeds, from which on they are not the separator's
_FIRST_SEED = {"train": 20_000, "validation": 7500}
_MIXES = 2  # of each song
_RARE = 20  # songs, among which one sound has no beats, and another only clicks
_NOTHING_S = 60.0


class BeatExample(NamedTuple):
    """Features of a sound, and where its beats are."""

    features: np.ndarray  # (n_columns, n_features), float16
    beats_s: np.ndarray  # (n_beats,)
    downbeats_s: np.ndarray  # (n_bars,)


def build(folder: Path, split: str, n_songs: int, n_workers: int = 2) -> int:
    """Render the songs that a folder lacks; return how many were missing."""
    folder.mkdir(parents=True, exist_ok=True)
    missing = [i for i in range(n_songs) if not _path(folder, split, i).exists()]
    each(render, [(folder, split, i) for i in missing], "Rendering", n_workers)
    return len(missing)


def render(folder: Path, split: str, index: int) -> None:
    """Write the features of one song, in each of its mixes."""
    seed = splits.seeds(split)[_FIRST_SEED[split] + index]
    rng = generator(seed, "mixes")
    rows = [_nothing(rng)] if index % _RARE == 0 else []
    rows += [_metronome(rng)] if index % _RARE == _RARE // 2 else []
    config, song_config = RhythmConfig(), WholeSongConfig()
    song = plan_whole_song(seed, song_config)
    stems = render_stems(song, split)
    for _ in range(_MIXES if stems else 0):
        mixture, late_s = mix_song(stems, song, song_config, rng)
        when = timing(song, LEAD_IN_S + late_s)
        rows.append(
            BeatExample(
                features(mixture, SAMPLE_RATE, config).astype(np.float16),
                np.array(when["beats_s"]),
                np.array(when["downbeats_s"]),
            )
        )
    arrays = {
        f"{name}_{i}": value
        for i, row in enumerate(rows)
        for name, value in row._asdict().items()
    }
    path = _path(folder, split, index)
    with output_files.whole_file(path, overwrite=True) as unfinished:
        np.savez(unfinished, **arrays)


def read(folder: Path, split: str) -> list[BeatExample]:
    """Return everything of a split that is there.

    Raises
    ------
    AudioFileError
        If there is nothing.
    """
    rows = []
    for path in sorted(Path(folder).glob(f"{split}-*.npz")):
        with np.load(path) as arrays:
            n_rows = sum(name.startswith("features_") for name in arrays)
            rows += [
                BeatExample(*(arrays[f"{name}_{i}"] for name in BeatExample._fields))
                for i in range(n_rows)
            ]
    if not rows:
        raise AudioFileError(f"no {split} songs for the beat network in {folder}")
    return rows


def _path(folder: Path, split: str, index: int) -> Path:
    return folder / f"{split}-{index:05d}.npz"


def _nothing(rng: np.random.Generator) -> BeatExample:
    """Return a sound without beats."""
    n_frames = round(_NOTHING_S * SAMPLE_RATE)
    make = (_silence, _noise, _drone, _scattered)[int(rng.integers(4))]
    return BeatExample(_features(make(n_frames, rng)), np.zeros(0), np.zeros(0))


def _metronome(rng: np.random.Generator) -> BeatExample:
    """Return clicks on beats; without an accent none of them begins a bar."""
    apart_s = 60 / np.exp(rng.uniform(np.log(50), np.log(210)))
    beats_s = np.arange(rng.uniform(0, 5), _NOTHING_S - 0.5, apart_s)
    per_bar, accented = int(rng.choice((2, 3, 4))), rng.random() < 0.6
    sound = rng.normal(0, 10 ** rng.uniform(-6, -2.5), round(_NOTHING_S * SAMPLE_RATE))
    strokes = [_click(rng), _click(rng)]
    for i, beat_s in enumerate(beats_s):
        stroke = strokes[accented and i % per_bar == 0]
        start = round(beat_s * SAMPLE_RATE)
        sound[start : start + len(stroke)] += stroke * rng.uniform(0.7, 1)
    downbeats_s = beats_s[::per_bar] if accented else np.zeros(0)
    return BeatExample(_features(sound), beats_s, downbeats_s)


def _features(mono: np.ndarray) -> np.ndarray:
    """Return the features of a sound, `(n_frames,)`."""
    sound = mono.astype(np.float32)[None]
    return features(sound, SAMPLE_RATE, RhythmConfig()).astype(np.float16)


def _click(rng: np.random.Generator) -> np.ndarray:
    """Return a short sound: a burst of noise, or of a tone."""
    time_s = np.arange(SAMPLE_RATE // 10) / SAMPLE_RATE
    tone = np.sin(2 * np.pi * np.exp(rng.uniform(np.log(80), np.log(4000))) * time_s)
    noise = rng.uniform(-1, 1, len(time_s))
    fall = np.exp(-time_s * rng.uniform(40, 250))
    return np.asarray(fall * (noise if rng.random() < 0.5 else tone))


def _silence(n_frames: int, rng: np.random.Generator) -> np.ndarray:
    return rng.normal(0, 10 ** rng.uniform(-8, -4), n_frames)


def _noise(n_frames: int, rng: np.random.Generator) -> np.ndarray:
    """Return noise, brighter or darker, that swells slowly."""
    white = np.fft.rfft(rng.normal(0, 0.1, n_frames))
    tilt = np.arange(1, len(white) + 1) ** rng.uniform(-1, 0.2)
    noise = np.fft.irfft(white * tilt, n_frames)
    time_s = np.arange(n_frames) / SAMPLE_RATE
    swell = 1 + rng.uniform(0, 0.8) * np.sin(
        2 * np.pi * rng.uniform(0.01, 0.1) * time_s
    )
    return np.asarray(noise / np.abs(noise).max() * swell / 2)


def _drone(n_frames: int, rng: np.random.Generator) -> np.ndarray:
    """Return a chord that never ends."""
    time_s = np.arange(n_frames) / SAMPLE_RATE
    hz = 440 * 2 ** (rng.integers(-24, 24, int(rng.integers(1, 5))) / 12)
    return np.asarray(sum(0.1 * np.sin(2 * np.pi * f * time_s) for f in hz))


def _scattered(n_frames: int, rng: np.random.Generator) -> np.ndarray:
    """Return strokes at random times, a few seconds apart or many."""
    sound = np.zeros(n_frames)
    time_s = np.arange(SAMPLE_RATE // 5) / SAMPLE_RATE
    tone = np.sin(2 * np.pi * rng.uniform(60, 2000) * time_s)
    stroke = np.exp(-time_s * rng.uniform(20, 80)) * tone
    apart_s = np.exp(rng.uniform(np.log(0.7), np.log(20)))
    for start in rng.integers(0, n_frames - len(stroke), int(_NOTHING_S / apart_s) + 1):
        sound[start : start + len(stroke)] += stroke * rng.uniform(0.2, 1)
    return sound


def main(
    folder: Annotated[Path, typer.Argument(help="Made if missing.")],
    songs: Annotated[int, typer.Option(help="For training.", min=1)] = 1500,
    validation: Annotated[int, typer.Option(help="For validation.", min=1)] = 80,
    workers: Annotated[int, typer.Option(help="Processes.", min=1)] = 2,
) -> None:
    """Render the songs that the beat network learns from."""
    build(folder, "validation", validation, workers)
    build(folder, "train", songs, workers)


if __name__ == "__main__":
    typer.run(main)
