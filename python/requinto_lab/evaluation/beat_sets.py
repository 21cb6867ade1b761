# SPDX-License-Identifier: GPL-3.0-or-later
"""Build songs to track beats in: folders of a mix and its truth.

    python -m requinto_lab.evaluation.beat_sets FOLDER

Each set tests one thing; patterns and timbres are of one held-out split, and the
`others` are other people's music, where it is installed.  A build that was stopped
goes on where it was.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import soundfile
import typer

from requinto.errors import ConfigError
from requinto_lab.evaluation import others
from requinto_lab.material import splits, tempo
from requinto_lab.material.loops import timing
from requinto_lab.material.parallel import each
from requinto_lab.material.rendering import LEAD_IN_S
from requinto_lab.material.songs import PICKUP_BEATS, generator
from requinto_lab.material.soundfonts import SAMPLE_RATE
from requinto_lab.material.style import STYLES, Style
from requinto_lab.material.whole_songs import (
    WholeSongConfig,
    mix_song,
    plan_whole_song,
    render_stems,
)

_FIRST_SEED = 8500  # of a split's; those before are the separator's, and training's
_STEADY = WholeSongConfig.steady(seconds=60.0, drift=0.5)
_RESTS = ("no_percussion", "percussion_rests", "one_part", "silence")
_TEMPI_BPM = range(60, 201, 20)
_METRES = ("waltz", "slow rock", "bembe")


@dataclass(frozen=True)
class Plan:
    """One song of a set: what is fixed, and how its tempo and parts behave."""

    set_name: str
    name: str
    style: str
    config: WholeSongConfig = _STEADY
    tempo_bpm: float | None = None
    pickup_beats: int | None = None


def plans() -> list[Plan]:
    """Return every song of our own."""
    rows = [Plan("styles", f"{name}-{i}", name) for name in STYLES for i in range(3)]
    rows += [
        Plan("intros", f"{n}-beats-{i}", "bachata", pickup_beats=n)
        for n in PICKUP_BEATS
        for i in range(4)
    ]
    for bpm in _TEMPI_BPM:
        near = sorted(STYLES.values(), key=lambda style: _farness(style, bpm))
        rows += [
            Plan("tempi", f"{bpm}-bpm-{s.name}", s.name, tempo_bpm=bpm)
            for s in near[:3]
        ]
    names = list(STYLES)
    for n, manner in enumerate(tempo.MANNERS):
        config = WholeSongConfig.steady(seconds=60.0, **{manner: 1.0})
        for i in range(4):
            style = names[(3 * n + 5 * i) % len(names)]
            rows.append(Plan("moving", f"{manner}-{i}-{style}", style, config))
    for n, rest in enumerate(_RESTS):
        config = WholeSongConfig.steady(seconds=60.0, drift=0.5, **{rest: 1.0})
        for i in range(4):
            style = names[(3 * n + 5 * i + 1) % len(names)]
            rows.append(Plan("rests", f"{rest}-{i}-{style}", style, config))
    rows += [Plan("metres", f"{name}-{i}", name) for name in _METRES for i in range(4)]
    return rows


def _farness(style: Style, bpm: float) -> tuple[float, float]:
    """Return how far a tempo is from a style's, and from their middle, in octaves."""
    low, high = style.tempo_bpm
    outside = max(low / bpm, bpm / high, 1.0)
    return float(np.log2(outside)), abs(float(np.log2(bpm / np.sqrt(low * high))))


def build(folder: Path, split: str = "test", n_workers: int = 2) -> list[Path]:
    """Build what is missing; return the folders of all songs.

    Raises
    ------
    ConfigError
        If the split is not one that is held out.
    """
    if split not in ("validation", "test"):
        raise ConfigError(f"beat sets are of validation or test, not {split!r}")
    todo = [
        (folder, split, index)
        for index, plan in enumerate(plans())
        if not (folder / plan.set_name / plan.name / "meta.json").exists()
    ]
    each(build_song, todo, "Building", n_workers)
    if split == "test":
        for source in ("midi", "modules"):
            _build_others(folder, source)
    return sorted(path.parent for path in folder.glob("*/*/meta.json"))


def build_song(folder: Path, split: str, index: int) -> None:
    """Render one of our songs."""
    plan = plans()[index]
    seed = splits.seeds(split)[_FIRST_SEED + index]
    song = plan_whole_song(
        seed, plan.config, STYLES[plan.style], plan.tempo_bpm, plan.pickup_beats
    )
    stems = render_stems(song, split)
    mixture, late_s = mix_song(stems, song, plan.config, generator(seed, "mixes"))
    meta = timing(song, LEAD_IN_S + late_s)
    meta["style"] = plan.style
    meta["pickup_beats"] = plan.pickup_beats
    _write(folder / plan.set_name / plan.name, mixture, meta)


def _build_others(folder: Path, source: str) -> None:
    stamp = folder / f".{source}"
    if stamp.exists():
        return
    for song in _with_beats(source):
        meta = {
            "tempo_bpm": song.tempo_bpm,
            "beats_s": song.beats_s,
            "downbeats_s": song.downbeats_s,
            "source": song.source,
            "licence": song.licence,
        }
        mixture = song.mix()
        mixture *= np.float32(min(1.0, 0.9 / np.abs(mixture).max()))
        _write(folder / source / song.name, mixture, meta)
    if (folder / source).exists():
        stamp.touch()


def _with_beats(source: str) -> Iterator[others.StemSong]:
    try:
        for song in others.songs(sources=(source,)):
            if len(song.beats_s) > 8:
                yield song
    except others.OthersError as error:
        typer.echo(f"no {source}: {error}", err=True)


def _write(folder: Path, mixture: np.ndarray, meta: dict[str, Any]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    soundfile.write(folder / "mix.flac", mixture.T, SAMPLE_RATE, "PCM_16")
    (folder / "meta.json").write_text(json.dumps(meta, indent=1))


def main(
    folder: Annotated[Path, typer.Argument(help="Made if missing.")],
    split: Annotated[str, typer.Option(help="test, or validation.")] = "test",
    workers: Annotated[int, typer.Option(help="Processes.", min=1)] = 2,
) -> None:
    """Build songs to track beats in."""
    print(f"{len(build(folder, split, workers))} songs in {folder}")


if __name__ == "__main__":
    typer.run(main)
