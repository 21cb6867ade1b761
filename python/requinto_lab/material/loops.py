# SPDX-License-Identifier: GPL-3.0-or-later
"""Render the library: loops and whole songs, a folder each, a file a stem.

A folder appears only when it is whole, so that the library can grow while a
model trains on it, and a build that was stopped goes on where it was.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import soundfile

from requinto.config import from_values, read_toml
from requinto.errors import ConfigError
from requinto_lab.material import recorded_timbres, rendering, splits
from requinto_lab.material.finishing import active_power
from requinto_lab.material.folders import whole_folder
from requinto_lab.material.parallel import each
from requinto_lab.material.patterns import play, players
from requinto_lab.material.songs import LOOP_BARS, Song, generator, plan_loop, plan_song
from requinto_lab.material.soundfonts import SAMPLE_RATE
from requinto_lab.material.style import Part, style
from requinto_lab.material.timbres import Timbre, timbres

FORMAT = 2  # of song.json

Counts = dict[str, dict[str, int]]  # by split, then by style


@dataclass(frozen=True)
class LibraryConfig:
    """What a library holds."""

    loops: Counts = field(default_factory=dict)  # how many of each style
    songs: Counts = field(default_factory=dict)  # whole songs, likewise
    loop_bars: int = LOOP_BARS
    timbres_per_part: int = 3  # each part of a loop is rendered so many times
    timbres_per_song_part: int = 1
    families: tuple[str, ...] = ()  # only these, when given
    # Folder of recorded notes, from the working folder; none when empty.  Parts of
    # instruments that it has are rendered through them alone
    samples: str = ""

    def __post_init__(self) -> None:
        for name in ("loop_bars", "timbres_per_part", "timbres_per_song_part"):
            if getattr(self, name) < 1:
                raise ConfigError(f"{name} must be 1 or more")
        object.__setattr__(self, "families", tuple(self.families))
        for counts in (self.loops, self.songs):
            for split, by_style in counts.items():
                seeds = splits.seeds(split)
                for name, n in by_style.items():
                    style(name)
                    if not 0 <= n <= len(seeds):
                        raise ConfigError(
                            f"{split} can hold 0 to {len(seeds)} of {name}, got {n}"
                        )


class Job(NamedTuple):
    """One folder of the library to be rendered."""

    split: str
    style: str
    seed: int
    is_loop: bool

    @property
    def folder(self) -> str:
        """Name of its folder."""
        kind = "loop" if self.is_loop else "song"
        name = self.style.replace(" ", "-")
        return f"{self.split}-{kind}-{name}-{self.seed:06d}"


def library_config(path: Path) -> LibraryConfig:
    """Return the configuration in a TOML file.

    Raises
    ------
    ConfigError
        If the file cannot be read, or a name or value in it is not accepted.
    """
    return from_values(LibraryConfig, read_toml(path), str(path))


def jobs(config: LibraryConfig) -> list[Job]:
    """Return everything a library holds."""
    rows = []
    for counts, is_loop in ((config.loops, True), (config.songs, False)):
        for split, by_style in counts.items():
            for name, n in by_style.items():
                # From the far end, so that songs and loops share no seed
                seeds = splits.seeds(split)[:n]
                if not is_loop:
                    seeds = splits.seeds(split)[::-1][:n]
                rows += [Job(split, name, seed, is_loop) for seed in seeds]
    return rows


def build(folder: Path, config: LibraryConfig, *, n_workers: int = 2) -> list[Path]:
    """Render what a library lacks.

    Parameters
    ----------
    folder : Path
        Where; made if missing.
    config : LibraryConfig
        What it is to hold.
    n_workers : int
        Processes; 1 renders in this one.

    Returns
    -------
    list of Path
        The folders that were added.

    Raises
    ------
    ConfigError
        If `samples` is given and the folder is not there, or not whole.
    """
    if config.samples:  # said at once, not after the first folder is begun
        for split in {job.split for job in jobs(config)}:
            recorded_timbres.timbres(split, Path(config.samples))
    missing = [job for job in jobs(config) if not (folder / job.folder).exists()]
    return each(
        render, [(folder, job, config) for job in missing], "Rendering", n_workers
    )


def render(folder: Path, job: Job, config: LibraryConfig) -> Path:
    """Render one loop or song; its folder is complete or absent."""
    if job.is_loop:
        song = plan_loop(style(job.style), job.seed, config.loop_bars)
        n_timbres = config.timbres_per_part
    else:
        song = plan_song(style(job.style), job.seed)
        n_timbres = config.timbres_per_song_part
    target = folder / job.folder
    stems = []
    samples = Path(config.samples) if config.samples else None
    with whole_folder(target) as work:
        for part, timbre in choose(
            song, job.split, n_timbres, config.families, samples
        ):
            sound = timbre.render(play(song, part, timbre.instrument), song)
            if active_power(sound) == 0:
                continue  # the part rests throughout, or the kit lacks its strokes
            label = f"{part.name}-{timbre.instrument}-{timbre.id}".lower()
            path = work / (re.sub(r"[^a-z0-9~-]", "_", label) + ".flac")
            about = {
                "part": part.name,
                "instrument": timbre.instrument,
                "family": timbre.family,
                "timbre": timbre.id,
                "licence": timbre.licence,
            }
            stems.append(write_stem(path, sound, about))
        text = json.dumps(manifest(song, job, stems), indent=1)
        (work / "song.json").write_text(text)
    return target


def write_stem(path: Path, sound: np.ndarray, about: dict[str, str]) -> dict[str, Any]:
    """Write a stem, `(n_channels, n_frames)`; return what `song.json` says of it.

    `about` gives its part, instrument, family, timbre and licence.
    """
    soundfile.write(path, sound.T, SAMPLE_RATE, "PCM_16")
    level_db = round(10 * math.log10(active_power(sound)), 3)
    sizes = {"n_channels": len(sound), "level_db": level_db}
    return {"file": path.name, **about, **sizes}


def manifest(song: Song, job: Job, stems: list[dict[str, Any]]) -> dict[str, Any]:
    """Return what `song.json` says."""
    return {
        "format": FORMAT,
        "split": job.split,
        "style": job.style,
        "seed": job.seed,
        "is_loop": job.is_loop,
        "sample_rate": SAMPLE_RATE,
        "n_frames": rendering.n_frames_of(song),
        **timing(song),
        "key": song.key,
        "minor": song.minor,
        "chords": [[[c.root, c.quality] for c in bar.chords] for bar in song.bars],
        "stems": stems,
    }


def timing(song: Song, first_s: float = rendering.LEAD_IN_S) -> dict[str, Any]:
    """Return where beats, downbeats and sections fall; the first at `first_s`."""

    def seconds(beat: float) -> float:
        return round(first_s + song.seconds(beat), 6)

    return {
        "tempo_bpm": song.tempo_bpm,
        "beats_per_bar": song.style.beats_per_bar,
        "beats_s": [seconds(beat) for beat in range(song.n_beats)],
        "downbeats_s": [seconds(beat) for beat in song.downbeats],
        "sections": [
            {"name": name, "start_s": seconds(beat)} for name, beat in song.sections
        ],
    }


def choose(
    song: Song,
    split: str,
    n_timbres: int,
    families: tuple[str, ...] = (),
    samples: Path | None = None,
) -> Iterator[tuple[Part, Timbre]]:
    """Yield the timbres of each part: families in turn, then timbres at random.

    Parameters
    ----------
    song : Song
    split : str
    n_timbres : int
        Of each part, or as many as there are.
    families : tuple of str
        Only these; all when empty.
    samples : Path, optional
        Folder of recorded notes; a part whose instrument has recorded timbres that
        suit it is played by these alone.

    Raises
    ------
    ConfigError
        If the folder of recorded notes is not whole.
    """
    table = timbres(split)
    recorded = recorded_timbres.timbres(split, samples) if samples else {}
    for part, instrument in players(song):
        rng = generator(song.seed, song.style.name, "timbres", part.name)
        played = [
            timbre
            for timbre in recorded.get(instrument, ())
            if recorded_timbres.suits(timbre, song.style.name, part)
        ]
        by_family: dict[str, list[Timbre]] = {}
        for timbre in played or table.get(instrument, ()):
            fits = not timbre.manner or timbre.manner == part.manner
            if fits and (not families or timbre.family in families):
                by_family.setdefault(timbre.family, []).append(timbre)
        order = [str(f) for f in rng.permutation(sorted(by_family))]
        for i in range(min(n_timbres, sum(map(len, by_family.values())))):
            ready = [f for f in order if by_family[f]]
            left = by_family[ready[i % len(ready)]]
            yield part, left.pop(int(rng.integers(len(left))))
