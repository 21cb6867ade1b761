# SPDX-License-Identifier: GPL-3.0-or-later
"""Pack an excerpt of a run's material, small enough to carry to another machine.

    python -m requinto_lab.training.pack models/long-run.toml -o excerpt --megabytes 60

writes libraries of fewer songs, coded by Ogg Vorbis, a few test items, the model that
the run begins with, and `run.toml`, the same run over these; there

    KERAS_BACKEND=jax requinto train run.toml

needs no network, and neither sound banks nor TensorFlow. `--minutes 9 --batch-size 64
--mixers 15` writes it as a run of nine minutes on a GPU beside sixteen cores.
"""

from __future__ import annotations

import dataclasses
import json
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import soundfile
import typer

from requinto.config import read_toml
from requinto.errors import ConfigError, RequintoError
from requinto_files import audio_reader
from requinto_lab.evaluation.items import Item, read_items, write_item
from requinto_lab.material.parallel import show_progress
from requinto_lab.training.fit import TrainingConfig, parent_model, training_config

_SONG_S = 45.0  # of a recorded song
_ITEM_S = 6.0  # of a test item
_QUALITY = 0.4  # of libsndfile's compression, from 0, best, to 1
_SHARES = {"items": 0.2, "recorded": 0.4, "loops": 0.2, "songs": 0.2}  # of the space
_DECAY = 0.3  # of a run of few minutes
_STEP_S = 0.5  # between the levels of a recorded song

Write = Callable[[Path, Path], None]  # from one folder to another


def pack(config: TrainingConfig, folder: Path, n_bytes: int, seed: int = 0) -> None:
    """Write an excerpt of a run's material.

    Parameters
    ----------
    config : TrainingConfig
    folder : Path
        Made; it must not be there.
    n_bytes : int
        What it may take, without the model.
    seed : int
        Chooses songs and items.

    Raises
    ------
    ConfigError
        If the folder is there already.
    """
    if folder.exists():
        raise ConfigError(f"{folder} is there already")
    rng = np.random.default_rng(seed)
    loops = [config.loops] if isinstance(config.loops, str) else [*config.loops]
    others = [songs for songs in config.material.songs if songs not in loops]
    kinds: list[tuple[str, list[Path], Write]] = [
        ("loops", _songs(loops), _write_stems),
        ("songs", _songs(others), _write_stems),
    ]
    if config.material.recorded:
        kinds.append(("recorded", _songs([config.material.recorded]), _write_recorded))
    for name, sources, write in kinds:
        _fill(folder / name, sources, write, round(_SHARES[name] * n_bytes), rng)
    items = {item.path: item for item in read_items(Path(config.validation))}
    _fill(
        folder / "items",
        [*items],
        lambda source, target: _write_item(items[source], target),
        round(_SHARES["items"] * n_bytes),
        rng,
    )
    if config.start_from:
        _copy_model(config, folder / "model")
    (folder / "run.toml").write_text(_run(config, folder))


def _songs(folders: list[str]) -> list[Path]:
    manifests = [m for f in folders for m in Path(f).glob("train-*/song.json")]
    return sorted(m.parent for m in manifests)


def _fill(
    folder: Path,
    sources: list[Path],
    write: Write,
    n_bytes: int,
    rng: np.random.Generator,
) -> None:
    """Write sources in random order until their space is full."""
    folder.mkdir(parents=True)
    n_written = 0
    for index in show_progress(rng.permutation(len(sources)), folder.name):
        source = sources[index]
        # Items keep their set's folder; songs of several libraries may share names
        target = folder / source.parent.name / source.name
        if folder.name != "items":
            target = folder / f"{source.name}-{index}"
        target.parent.mkdir(exist_ok=True)
        write(source, target)
        n_written += sum(file.stat().st_size for file in target.iterdir())
        if n_written >= n_bytes:
            return


def _write_stems(source: Path, target: Path) -> None:
    manifest = json.loads((source / "song.json").read_text())
    target.mkdir()
    for row in manifest["stems"]:
        sound, rate = audio_reader.read(source / row["file"])
        row["file"] = Path(row["file"]).with_suffix(".ogg").name
        _write_coded(target / row["file"], sound, rate)
    (target / "song.json").write_text(json.dumps(manifest))


def _write_recorded(source: Path, target: Path) -> None:
    manifest = json.loads((source / "song.json").read_text())
    sound, rate = audio_reader.read(source / manifest.get("file", "song.flac"))
    n_frames = round(_SONG_S * rate)
    first = max(0, (sound.shape[1] - n_frames) // 2)
    steps = slice(
        round(first / rate / _STEP_S), round((first / rate + _SONG_S) / _STEP_S)
    )
    part = sound[:, first : first + n_frames]
    target.mkdir()
    _write_coded(target / "song.ogg", part, rate)
    changes = {
        "file": "song.ogg",
        "n_frames": part.shape[1],
        "level_db": manifest["level_db"][steps],
        "solos": [],
    }
    (target / "song.json").write_text(json.dumps(manifest | changes))


def _write_coded(path: Path, sound: np.ndarray, rate: int) -> None:
    """Write Ogg Vorbis in blocks: its coder's stack does not hold a whole song."""
    with soundfile.SoundFile(
        path, "w", rate, len(sound), "VORBIS", compression_level=_QUALITY
    ) as file:
        for start in range(0, sound.shape[1], 1 << 16):
            file.write(sound[:, start : start + (1 << 16)].T)


def _write_item(item: Item, target: Path) -> None:
    mixture, rate = item.read("mix")
    n_frames = round(_ITEM_S * rate)
    write_item(
        target,
        mixture=mixture[:, :n_frames],
        target=item.read("target")[0][:, :n_frames],
        reference=item.read("reference")[0][:, :n_frames],
        sample_rate=rate,
        meta=item.meta,
    )


def _copy_model(config: TrainingConfig, folder: Path) -> None:
    source, name = parent_model(config)
    folder.mkdir()
    for ending in ("json", "npz"):
        shutil.copy(source / f"{name}.{ending}", folder / f"{config.name}.{ending}")


def _run(config: TrainingConfig, folder: Path) -> str:
    """Return the run over what was packed, as TOML."""
    values = dataclasses.asdict(config)
    values |= {"loops": "loops", "validation": "items", "run": "run"}
    values["start_from"] = "model" if config.start_from else ""
    values["material"]["recorded"] = "recorded" if config.material.recorded else ""
    if config.material.songs:
        holds_songs = any((folder / "songs").iterdir())
        values["material"]["songs"] = ["songs", "loops"] if holds_songs else ["loops"]
    return "\n".join(_lines(values, ())) + "\n"


def _lines(values: dict[str, Any], path: tuple[str, ...]) -> Iterator[str]:
    """Yield a table of TOML: plain values, then tables."""
    if path:
        yield f"[{'.'.join(path)}]"
    for name, value in values.items():
        if not isinstance(value, dict):
            rows = list(value) if isinstance(value, tuple) else value
            yield f"{name} = {json.dumps(rows)}"
    for name, value in values.items():
        if isinstance(value, dict):
            yield from _lines(value, (*path, name))


def main(
    config: Annotated[Path, typer.Argument(help="A TOML file of training numbers.")],
    output: Annotated[Path, typer.Option("-o", "--output", help="A new folder.")],
    megabytes: Annotated[float, typer.Option(help="What it may take.", min=1)] = 60.0,
    minutes: Annotated[
        float, typer.Option(help="A run so long, whose rate falls at its end.", min=0)
    ] = 0.0,
    batch_size: Annotated[int, typer.Option(help="Of that run.", min=1)] = 64,
    mixers: Annotated[int, typer.Option(help="Processes that mix for it.", min=1)] = 15,
) -> None:
    """Pack an excerpt of a run's material."""
    try:
        run = training_config(read_toml(config))
        if minutes:
            run = dataclasses.replace(
                run,
                minutes=minutes,
                decay=_DECAY,
                batch_size=batch_size,
                n_mixers=mixers,
                processes=True,
            )
        pack(run, output, round(megabytes * 1e6))
    except RequintoError as error:
        print(f"error: {error}", file=sys.stderr)
        raise typer.Exit(2) from None
    print(output)


if __name__ == "__main__":
    typer.run(main)
