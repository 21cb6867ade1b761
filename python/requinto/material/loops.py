# SPDX-License-Identifier: GPL-3.0-or-later
"""Render songs to a cache of loops: one folder a song, one array a stem.

    python -m requinto.material.loops FOLDER --songs 60 --split train

A song's folder appears only when it is whole, so that the cache can grow while
a model trains on it, and a build that was stopped goes on where it was.
"""

from __future__ import annotations

import concurrent.futures
import dataclasses
import json
import os
import re
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import rich.progress
import typer

from requinto.errors import ConfigError
from requinto.material import rendering
from requinto.material.pattern_tables import BEATS_PER_BAR
from requinto.material.songs import SEED_RANGES, generator, plan_song
from requinto.material.soundfonts import SAMPLE_RATE
from requinto.material.timbres import BACHATA, Timbre, timbres

FORMAT = 1  # of song.json


def build(
    folder: Path,
    n_songs: int,
    split: str = "train",
    *,
    n_timbres: int = 5,
    n_others: int = 6,
    n_workers: int = 2,
    families: tuple[str, ...] = (),
) -> list[Path]:
    """Render the first songs of a split that are not there yet.

    Parameters
    ----------
    folder : Path
        The cache; made if missing.
    n_songs : int
        Songs the split has afterwards, or more.
    split : str
        "train" or "validation".
    n_timbres : int
        Timbres of each of the four bachata instruments in a song.
    n_others : int
        Other instruments in a song, one timbre each.
    n_workers : int
        Processes; 1 renders in this one.
    families : tuple of str
        Timbre families to use; all when empty.

    Returns
    -------
    list of Path
        The folders that were added.
    """
    if split not in SEED_RANGES:
        raise ConfigError(f"unknown split {split!r}; known are {list(SEED_RANGES)}")
    seeds = SEED_RANGES[split][:n_songs]
    missing = [s for s in seeds if not (_song_folder(folder, split, s)).exists()]
    jobs = [(folder, split, s, n_timbres, n_others, families) for s in missing]
    progress = rich.progress.track
    if n_workers == 1:
        return [render_song(*job) for job in progress(jobs, "Rendering")]
    with concurrent.futures.ProcessPoolExecutor(
        n_workers, initializer=os.nice, initargs=(10,)
    ) as pool:
        futures = [pool.submit(render_song, *job) for job in jobs]
        done = concurrent.futures.as_completed(futures)
        return [f.result() for f in progress(done, "Rendering", total=len(futures))]


def render_song(
    folder: Path,
    split: str,
    seed: int,
    n_timbres: int,
    n_others: int,
    families: tuple[str, ...] = (),
) -> Path:
    """Render one song; its folder is complete or absent."""
    song = plan_song(seed)
    place = _song_folder(folder, split, seed)
    work = place.with_name(f".{place.name}.{os.getpid()}")
    work.mkdir(parents=True)
    stems: list[dict[str, Any]] = []
    for timbre in choose(seed, split, n_timbres, n_others, families):
        sound = timbre.render(song)
        label = f"{timbre.instrument}-{timbre.id}".lower()
        name = re.sub(r"[^a-z0-9~-]", "_", label)
        np.save(work / f"{name}.npy", np.round(sound * 32767).astype(np.int16))
        stems.append(
            {
                "file": f"{name}.npy",
                "instrument": timbre.instrument,
                "family": timbre.family,
                "timbre": timbre.id,
                "licence": timbre.licence,
                "n_channels": len(sound),
                "level_db": 10 * np.log10(rendering.active_power(sound) + 1e-12),
            }
        )
    beat_s = 60 / song.tempo_bpm
    beats = [rendering.LEAD_IN_S + i * beat_s for i in range(song.n_beats)]
    manifest = {
        "format": FORMAT,
        "split": split,
        "sample_rate": SAMPLE_RATE,
        "n_frames": rendering.n_frames_of(song),
        "song": dataclasses.asdict(song),
        "tempo_bpm": song.tempo_bpm,
        "beats_s": beats,
        "downbeats_s": beats[::BEATS_PER_BAR],
        "stems": stems,
    }
    (work / "song.json").write_text(json.dumps(manifest, indent=1))
    if place.exists():
        shutil.rmtree(work)
    else:
        work.rename(place)
    return place


def choose(
    seed: int,
    split: str,
    n_timbres: int,
    n_others: int,
    families: tuple[str, ...] = (),
) -> list[Timbre]:
    """Return the timbres of a song: families in turn, then timbres at random."""
    table = timbres(split)
    rng = generator(seed, "timbres")
    chosen: list[Timbre] = []
    others = sorted(set(table) - set(BACHATA))
    wanted = dict.fromkeys(BACHATA, n_timbres)
    wanted |= {str(i): 1 for i in rng.permutation(others)[:n_others]}
    for instrument, n in wanted.items():
        by_family: dict[str, list[Timbre]] = {}
        for timbre in table[instrument]:
            if not families or timbre.family in families:
                by_family.setdefault(timbre.family, []).append(timbre)
        order = [str(f) for f in rng.permutation(sorted(by_family))]
        for i in range(min(n, sum(map(len, by_family.values())))):
            ready = [f for f in order if by_family[f]]
            left = by_family[ready[i % len(ready)]]
            chosen.append(left.pop(int(rng.integers(len(left)))))
    return chosen


def _song_folder(folder: Path, split: str, seed: int) -> Path:
    return folder / f"{split}-{seed:06d}"


def main(
    folder: Path,
    songs: int = 60,
    split: str = "train",
    timbres_per_instrument: int = 5,
    others: int = 6,
    workers: int = 2,
    family: list[str] = typer.Option([], help="Only these families; may be repeated"),  # noqa: B008
) -> None:
    """Render songs to a cache of loops."""
    build(
        folder,
        songs,
        split,
        n_timbres=timbres_per_instrument,
        n_others=others,
        n_workers=workers,
        families=tuple(family),
    )


if __name__ == "__main__":
    typer.run(main)
