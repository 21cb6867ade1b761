# SPDX-License-Identifier: GPL-3.0-or-later
"""Score beat trackers on songs whose beats are known.

    python -m requinto_lab.evaluation.beat_scores FOLDER [--json OUT.json]

FOLDER is what `beat_sets` built, or any folder of folders of songs with a `mix.flac`
and a `meta.json` of `beats_s` and `downbeats_s`.  What another program made of the
same files can be set beside ours: `--estimates NAME=FILE.json`, an object of
`{"SET/SONG/mix.flac": {"times_s": [...], "downbeats_s": [...]}}`.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import mir_eval
import numpy as np
import typer
from rich.console import Console
from rich.table import Table

import requinto
from requinto.beats import Beats
from requinto.clips import ClipFrames, next_end
from requinto.config import ClipConfig
from requinto.errors import AudioFileError, ConfigError
from requinto.follower import Follower
from requinto.loader import load_tracker
from requinto.stream import MEMORY_S
from requinto_files import audio_reader, output_files
from requinto_lab.evaluation import librosa_beats, others
from requinto_lab.material.parallel import show_progress

# By how much librosa's tracker is late on the songs of the validation split, median
LIBROSA_LAG_S = 0.032
_SHOWN = {
    "beat_f": "beats F",
    "beat_amlt": "beats AMLt",
    "downbeat_f": "downbeats F",
    "right_metre": "right metre",
    "jumps_per_minute": "jumps/min",
    "lag_ms": "lag, ms",
}
_MIN_WIDTH = 120  # characters of the table
_NEAR_S = 0.07  # within which a beat is right
_AMLT = 3  # of what mir_eval calls continuity
_JUMP = 0.15  # of a bar, by which one is longer or shorter than most: a re-alignment
_SETTLING_S = 15.0  # at a song's start in which a stream may still change its mind

Track = Callable[[np.ndarray, float], Beats]
Means = dict[str, dict[str, dict[str, float | None]]]  # by set, then by tracker


class BeatScore(NamedTuple):
    """How well one tracker did on one song."""

    set_name: str
    song: str
    tracker: str
    beat_f: float  # F-measure, 0 to 1, within 70 ms
    beat_amlt: float  # 0 to 1; twice or half as many beats, or those between, are right
    downbeat_f: float | None  # None where the downbeats are not known
    right_metre: bool | None
    n_jumps: float  # re-alignments a minute, beside the song's own
    lag_ms: float | None  # median, of the beats within 70 ms of a true one


def live(audio: np.ndarray, sample_rate: float) -> Beats:
    """Track as the plugin does, with no more look-ahead than its latency."""
    follower, sizes = Follower(load_tracker()), ClipFrames.at(ClipConfig(), sample_rate)
    memory = round(MEMORY_S * sample_rate)
    times: list[float] = []
    bars: list[float] = []
    start, n_frames, tempi = 0, audio.shape[1], []
    while start < n_frames:
        first = max(0, start - memory)
        excerpt = audio[:, first : start + sizes.lookahead]
        beats = follower.follow(excerpt, sample_rate, first / sample_rate)
        beat_frames = np.round(beats.times_s * sample_rate).astype(int)
        bar_frames = np.round(beats.downbeats_s * sample_rate).astype(int)
        end = next_end(start, beat_frames, bar_frames, sizes)
        follower.decide(beats, end / sample_rate)
        for tracked, row in ((beats.times_s, times), (beats.downbeats_s, bars)):
            span = (start / sample_rate - 0.05, end / sample_rate - 0.05)
            row += tracked[(tracked >= span[0]) & (tracked < span[1])].tolist()
        tempi.append(beats.tempo_bpm)
        start = end
    tempo_bpm = float(np.median(tempi))
    return Beats(np.unique(times), np.unique(bars), tempo_bpm, beats.beats_per_bar)


def trackers() -> dict[str, Track]:
    """Return every tracker that is here."""
    return {
        "requinto": requinto.beats,
        "requinto live": live,
        "librosa": librosa_beats.track,
        "librosa less its lag": functools.partial(
            librosa_beats.track, lag_s=LIBROSA_LAG_S
        ),
    }


def score(
    folder: Path, chosen: dict[str, Track], sets: tuple[str, ...] = ()
) -> Iterator[BeatScore]:
    """Yield the score of each tracker on each song.

    Raises
    ------
    AudioFileError
        If there are no songs in `folder`.
    """
    songs = sorted(path.parent for path in Path(folder).glob("*/*/meta.json"))
    songs = [song for song in songs if not sets or song.parent.name in sets]
    if not songs:
        raise AudioFileError(f"no songs with known beats in {folder}")
    for song in show_progress(songs, "Tracking"):
        meta = json.loads((song / "meta.json").read_text())
        audio, rate = audio_reader.read(song / "mix.flac")
        for name, track in chosen.items():
            beats = track(audio, rate)
            yield score_song(song, name, beats, meta)


def score_song(song: Path, name: str, beats: Beats, meta: dict[str, Any]) -> BeatScore:
    """Return the score of beats against what `meta.json` says."""
    true_beats, true_bars = (np.array(meta[n]) for n in ("beats_s", "downbeats_s"))
    metre = meta.get("beats_per_bar")
    return BeatScore(
        song.parent.name,
        song.name,
        name,
        mir_eval.beat.f_measure(true_beats, beats.times_s),
        mir_eval.beat.continuity(true_beats, beats.times_s)[_AMLT],
        mir_eval.beat.f_measure(true_bars, beats.downbeats_s)
        if len(true_bars)
        else None,
        beats.beats_per_bar == metre if metre else None,
        n_jumps(true_beats, true_bars, beats.downbeats_s),
        _lag_ms(true_beats, beats.times_s),
    )


def _lag_ms(true_beats: np.ndarray, estimate_s: np.ndarray) -> float | None:
    pairs = mir_eval.util.match_events(true_beats, estimate_s, _NEAR_S)
    if not pairs:
        return None
    true, same = np.array(pairs).T
    return 1000 * float(np.median(estimate_s[same] - true_beats[true]))


def n_jumps(true_beats: np.ndarray, true_bars: np.ndarray, bars: np.ndarray) -> float:
    """Return how often a minute estimated bars are not as long as most.

    Where the song's own bar is not as long as most, or its neighbour is not, and
    over the seconds in which a stream begins, nothing is counted.  Bars of a wrong
    length that follow one another count once.
    """
    lengths, starts = np.diff(bars), bars[:-1]
    if len(true_bars) < 3 or len(bars) < 3:
        return 0.0
    n_beats = np.diff(np.searchsorted(true_beats, true_bars - 0.01))
    odd = np.flatnonzero(n_beats != np.median(n_beats))
    excused = np.zeros(len(starts), bool)
    for bar in odd.tolist():
        first, last = max(bar - 1, 0), min(bar + 2, len(true_bars) - 1)
        excused |= (bars[1:] > true_bars[first]) & (starts < true_bars[last])
    wrong = np.abs(lengths / np.median(lengths) - 1) > _JUMP
    inside = (starts > _SETTLING_S) & (bars[1:] < true_bars[-1] + 0.1)
    wrong &= inside & ~excused
    begins = wrong & ~np.concatenate([[False], wrong[:-1]])
    minutes = max(true_beats[-1] - _SETTLING_S, 1.0) / 60
    return float(np.sum(begins) / minutes)


def read_estimates(option: str) -> tuple[str, dict[str, Beats]]:
    """Return the name and the beats, by song, that NAME=FILE.json stands for.

    Raises
    ------
    ConfigError
        If it is not of that form, or the file cannot be read.
    """
    name, _, path = option.partition("=")
    try:
        rows = json.loads(Path(path).read_text())
        return name, {_song(path): _beats(row) for path, row in rows.items()}
    except (OSError, ValueError, KeyError, AttributeError, TypeError) as error:
        raise ConfigError(
            f"--estimates takes NAME=FILE.json, got {option!r}: {error}"
        ) from error


def _song(path: str) -> str:
    """Return the set and the song that a path stands for."""
    file = Path(path)
    return "/".join((file.parent if file.name == "mix.flac" else file).parts[-2:])


def _beats(row: dict[str, Any]) -> Beats:
    times_s = np.unique(row["times_s"])
    bars_s = np.unique(row.get("downbeats_s", ()))
    n_beats = np.diff(np.searchsorted(times_s, bars_s - 0.01))
    per_bar = int(np.median(n_beats)) if len(n_beats) else 4
    apart_s = float(np.median(np.diff(times_s))) if len(times_s) > 1 else 0.5
    return Beats(times_s, bars_s, 60 / apart_s, max(per_bar, 1))


def table(rows: list[BeatScore]) -> Means:
    """Return means by set (and pickup, and tempo), and of all songs that we render.

    None is what no song has.
    """
    grouped: dict[str, dict[str, list[BeatScore]]] = {}
    for row in rows:
        groups = [row.set_name]
        if row.set_name in ("intros", "tempi", "moving", "rests"):
            groups.append(f"{row.set_name}: {row.song.split('-')[0]}")
        if row.set_name not in others.SOURCES:
            groups.append("all rendered songs")
        for group in groups:
            grouped.setdefault(group, {}).setdefault(row.tracker, []).append(row)
    return {
        group: {tracker: _means(some) for tracker, some in by.items()}
        for group, by in sorted(grouped.items())
    }


def _means(rows: list[BeatScore]) -> dict[str, float | None]:
    bars = [row.downbeat_f for row in rows if row.downbeat_f is not None]
    metres = [row.right_metre for row in rows if row.right_metre is not None]
    lags = [row.lag_ms for row in rows if row.lag_ms is not None]
    return {
        "n": len(rows),
        "beat_f": float(np.mean([row.beat_f for row in rows])),
        "beat_amlt": float(np.mean([row.beat_amlt for row in rows])),
        "downbeat_f": float(np.mean(bars)) if bars else None,
        "right_metre": float(np.mean(metres)) if metres else None,
        "jumps_per_minute": float(np.mean([row.n_jumps for row in rows])),
        "most_jumps_per_minute": float(np.max([row.n_jumps for row in rows])),
        "lag_ms": float(np.median(lags)) if lags else None,
    }


def show(result: Means, console: Console) -> None:
    """Print a row of means for each set and tracker."""
    page = Table("set", "n", "tracker", *_SHOWN.values())
    for group, by in result.items():
        for index, (name, means) in enumerate(by.items()):
            whose = ("", "") if index else (group, str(means["n"]))
            values = (means[column] for column in _SHOWN)
            cells = ("" if value is None else f"{value:.3f}" for value in values)
            page.add_row(*whose, name, *cells)
        page.add_section()
    console.print(page)


def main(
    folder: Annotated[Path, typer.Argument(help="What `beat_sets` built.")],
    json_path: Annotated[
        Path | None, typer.Option("--json", help="Where to write the result as JSON.")
    ] = None,
    estimates: Annotated[
        list[str] | None, typer.Option(help="NAME=FILE.json; may be repeated.")
    ] = None,
    tracker: Annotated[
        list[str] | None, typer.Option(help="Only this one; may be repeated.")
    ] = None,
    sets: Annotated[
        list[str] | None, typer.Option("--set", help="Only this; may be repeated.")
    ] = None,
) -> None:
    """Score beat trackers on songs whose beats are known."""
    known = trackers()
    if unknown := set(tracker or ()) - set(known):
        raise typer.BadParameter(f"unknown {sorted(unknown)}; known are {list(known)}")
    chosen = {n: track for n, track in known.items() if not tracker or n in tracker}
    read = dict(read_estimates(option) for option in estimates or ())
    if json_path:
        # Fail before an hour of work, not after it
        output_files.check_output(json_path, overwrite=True)
    rows = list(score(folder, chosen, tuple(sets or ())))
    for name, songs in read.items():
        for song, beats in songs.items():
            song_folder = folder / song
            if not sets or song_folder.parent.name in sets:
                meta = json.loads((song_folder / "meta.json").read_text())
                rows.append(score_song(song_folder, name, beats, meta))
    result = table(rows)
    if json_path:
        record = {"means": result, "songs": [row._asdict() for row in rows]}
        with output_files.whole_file(json_path, overwrite=True) as unfinished:
            Path(unfinished).write_text(json.dumps(record, indent=1))
    # In a pipe 80 columns are taken for granted, too few for the trackers' names
    show(result, Console(width=max(Console().width, _MIN_WIDTH)))


if __name__ == "__main__":
    typer.run(main)
