# SPDX-License-Identifier: GPL-3.0-or-later
"""Tracker modules of Debian's games as songs of the library, a file a stem.

`module_songs.toml` lists them. What is tested on is not among them, and no package
and no author is in two splits.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from requinto.config import from_values, read_toml
from requinto.errors import ConfigError
from requinto_lab.material.finishing import WINDOW, sounding
from requinto_lab.material.folders import slug, whole_folder
from requinto_lab.material.instrument_names import OTHER, instrument_named
from requinto_lab.material.loops import FORMAT, write_stem
from requinto_lab.material.modules import Rendering, mix_error_db, render, render_alone
from requinto_lab.material.parallel import each
from requinto_lab.material.recorded_songs import install_command
from requinto_lab.material.soundfonts import SAMPLE_RATE

TABLE = Path(__file__).with_name("module_songs.toml")
LONGEST_S = 90.0  # seconds rendered of a song
WORST_ERROR_DB = -40.0  # of the sum of the stems, in dB of libopenmpt's own mix
SHORTEST_STEM_S = 1.0  # a stem that sounds for less in total is dropped
_MIN_STEMS, _MIN_BEATS = 2, 16
_SPLITS = ("train", "validation")
_DRUMS = "drums"
_SILENT = 1e-4  # peak, of the song's peak
_PEAK = 0.9


@dataclass(frozen=True)
class ModuleSong:
    """A module as Debian packages it.

    Raises
    ------
    ConfigError
        If the split is neither "train" nor "validation".
    """

    package: str
    path: str  # where the package puts it, from "/"
    licence: str
    author: str
    split: str
    # Whether names of samples say what they are; if not, they greet somebody
    has_names: bool = True

    def __post_init__(self) -> None:
        if self.split not in _SPLITS:
            raise ConfigError(
                f"{self.path}: split must be one of {_SPLITS}, got {self.split!r}"
            )

    @property
    def name(self) -> str:
        """Unique among songs, fit for a folder's name."""
        package = re.sub(r"-(data|musics|sounds)$", "", self.package)
        return slug(f"{package}-{Path(self.path).stem}")

    @property
    def folder(self) -> str:
        """Name of its folder in the library."""
        return f"{self.split}-module-{self.name}"


class Outcome(NamedTuple):
    """What became of a song."""

    song: ModuleSong
    reason: str  # why it was left out; empty where it is in the library


class _Part(NamedTuple):
    label: str  # the sample's name, or its number
    number: str  # as trackers count, from 1; "drums" where several are merged
    instrument: str
    sound: np.ndarray  # float32 `(2, n_frames)`


def module_songs(
    table: Path = TABLE,
) -> list[ModuleSong]:
    """Return the songs that a table lists.

    Raises
    ------
    ConfigError
        If it cannot be read, a name or value in it is not accepted, or a package or
        an author is in two splits.
    """
    songs = []
    for row in read_toml(table).get("songs", []):
        folder, files = row.pop("folder", ""), row.pop("files", [])
        songs += [
            from_values(ModuleSong, {**row, "path": f"{folder}/{file}"}, str(table))
            for file in files
        ]
    for key in ("package", "author"):
        splits: dict[str, str] = {}
        for song in songs:
            value = getattr(song, key)
            if splits.setdefault(value, song.split) != song.split:
                raise ConfigError(f"{table}: {key} {value!r} is in two splits")
    return songs


def locate(
    songs: list[ModuleSong],
    roots: tuple[Path, ...] = (Path("/"),),
    *,
    allow_missing: bool = False,
) -> list[tuple[ModuleSong, Path]]:
    """Return songs with their files, looked for under each root in turn.

    Raises
    ------
    ConfigError
        If a file is under no root, unless `allow_missing`.
    """
    located, missing = [], set()
    for song in songs:
        paths = [root / song.path.lstrip("/") for root in roots]
        path = next((path for path in paths if path.is_file()), None)
        if path is None:
            missing.add(song.package)
        else:
            located.append((song, path))
    if missing and not allow_missing:
        raise ConfigError(
            f"modules are not under {', '.join(map(str, roots))}: "
            f"{install_command(sorted(missing))}"
        )
    return located


def build(
    folder: Path, located: list[tuple[ModuleSong, Path]], *, n_workers: int = 2
) -> list[Outcome]:
    """Render the songs that a library lacks.

    Parameters
    ----------
    folder : Path
        Where; made if missing.
    located : list of (ModuleSong, Path)
        As `locate` returns them.
    n_workers : int
        Processes; 1 renders in this one.

    Returns
    -------
    list of Outcome
        Of all songs, by name.

    Raises
    ------
    ModuleError
        If libopenmpt is missing or cannot play a file.
    """
    jobs = [(folder, song, path) for song, path in located]
    outcomes = each(render_song, jobs, "Rendering modules", n_workers)
    return sorted(outcomes, key=lambda outcome: str(outcome.song.name))


def summarise(folder: Path, outcomes: list[Outcome]) -> list[str]:
    """Return lines of text: songs, stems and hours by split, and what was left out."""
    lines = [f"left out: {o.song.folder}: {o.reason}" for o in outcomes if o.reason]
    for split in _SPLITS:
        kept = [o.song for o in outcomes if o.song.split == split and not o.reason]
        rows = [json.loads((folder / s.folder / "song.json").read_text()) for s in kept]
        hours = sum(row["n_frames"] for row in rows) / SAMPLE_RATE / 3600
        stems = [stem for row in rows for stem in row["stems"]]
        stem_hours = sum(len(row["stems"]) * row["n_frames"] for row in rows)
        n_named = sum(stem["instrument"] != OTHER for stem in stems)
        lines.append(
            f"{split}: {len(rows)} songs ({hours:.2f} h), {len(stems)} stems "
            f"({stem_hours / SAMPLE_RATE / 3600:.2f} h), {n_named} of them named"
        )
    return lines


def render_song(folder: Path, song: ModuleSong, path: Path) -> Outcome:
    """Render one song; its folder is complete or absent."""
    song_folder = folder / song.folder
    if song_folder.exists():
        return Outcome(song, "")
    data = path.read_bytes()
    whole = render(data, LONGEST_S)
    if len(whole.beats_s) < _MIN_BEATS:
        return Outcome(song, f"{len(whole.beats_s)} beats")
    parts = _parts(data, whole, song.has_names)
    error_db = mix_error_db({p.number: p.sound for p in parts}, whole.mix)
    if error_db > WORST_ERROR_DB:
        return Outcome(song, f"its stems miss the mix by {error_db:.1f} dB")
    peak = float(np.abs(whole.mix).max())
    kept = [part for part in parts if _sounds(part.sound, peak)]
    if len(kept) < _MIN_STEMS:
        return Outcome(song, f"{len(kept)} stems sound")
    _write(song_folder, song, whole, kept, error_db)
    return Outcome(song, "")


def _parts(data: bytes, whole: Rendering, has_names: bool) -> list[_Part]:
    """Return each instrument alone, and all drums, as their names say, as one."""
    names = whole.names if has_names else [""] * len(whole.names)
    instruments = [instrument_named(name) for name in names]
    drums = {n for n in whole.used if instruments[n] == _DRUMS}
    groups = [("", {n}) for n in sorted(whole.used - drums)]
    groups += [(_DRUMS, drums)] if drums else []
    parts = []
    for label, numbers in groups:
        first = min(numbers)
        parts.append(
            _Part(
                label or names[first] or f"{first + 1}",
                label or f"{first + 1}",
                instruments[first],
                render_alone(data, numbers, whole.mix.shape[1]),
            )
        )
    return parts


def _sounds(sound: np.ndarray, song_peak: float) -> bool:
    audible = np.abs(sound).max() > _SILENT * song_peak
    seconds = float(np.sum(sounding(sound))) * WINDOW / SAMPLE_RATE
    return bool(audible) and seconds >= SHORTEST_STEM_S


def _write(
    song_folder: Path,
    song: ModuleSong,
    whole: Rendering,
    parts: list[_Part],
    error_db: float,
) -> None:
    # One gain for all keeps their balance, and no stem clips
    peaks = [
        float(np.abs(sound).max()) for sound in (whole.mix, *(p.sound for p in parts))
    ]
    gain = np.float32(_PEAK / max(peaks))
    kept_error_db = mix_error_db({p.number: p.sound for p in parts}, whole.mix)
    with whole_folder(song_folder) as work:
        stems = [_write_stem(work, song, part, gain) for part in parts]
        row = {
            **manifest(song, whole, stems),
            "mix_error_db": round(error_db, 2),
            "kept_mix_error_db": round(kept_error_db, 2),  # less the stems dropped
        }
        (work / "song.json").write_text(json.dumps(row, indent=1))


def _write_stem(
    work: Path, song: ModuleSong, part: _Part, gain: np.float32
) -> dict[str, Any]:
    sound = part.sound * gain
    if np.array_equal(sound[0], sound[1]):
        sound = sound[:1]
    labels = (part.number.zfill(2), part.instrument, slug(part.label)[:40])
    name = "-".join(dict.fromkeys(filter(None, labels))) + ".flac"
    about = {
        "part": part.label,
        "instrument": part.instrument,
        "family": f"module-{song.name}",
        "timbre": f"module-{song.name}:{part.number}",
        "licence": song.licence,
    }
    return write_stem(work / name, sound, about)


def manifest(
    song: ModuleSong, whole: Rendering, stems: list[dict[str, Any]]
) -> dict[str, Any]:
    """Return what `song.json` says; `beats_per_bar` is null where unknown."""
    beats_s, downbeats_s = whole.beats_s, whole.downbeats_s
    beats_per_bar = None
    if len(downbeats_s) > 1:
        first, second = downbeats_s[:2]
        beats_per_bar = sum(first <= beat < second for beat in beats_s)
    return {
        "format": FORMAT,
        "split": song.split,
        "style": "module",
        "seed": 0,
        "is_loop": False,
        "sample_rate": SAMPLE_RATE,
        "n_frames": whole.mix.shape[1],
        "tempo_bpm": round(60 / float(np.mean(np.diff(beats_s))), 4),
        "beats_per_bar": beats_per_bar,
        "beats_s": list(beats_s),
        "downbeats_s": list(downbeats_s),
        "sections": [],
        "source": f"{song.package}, {Path(song.path).name}",
        "author": song.author,
        "stems": stems,
    }
