# SPDX-License-Identifier: GPL-3.0-or-later
"""Extract instruments from songs into files, as `requinto extract` does."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from requinto.arguments import Instrument
from requinto.errors import ForkError, ModelError, RequintoError
from requinto.file_extraction import Paths, Written, extract_to_files, write_stretches
from requinto.song_file import SongFile
from requinto.song_separation import Stretch
from requinto.spectrograms import spectrograms
from requinto_command import outputs
from requinto_command.choices import Choices, Request, check_choices
from requinto_command.inputs import (
    downmixed_from,
    name_problems,
    open_song,
    read_reference,
)
from requinto_command.messages import DEBUG, describe_error, say
from requinto_command.options import STDOUT
from requinto_command.progress_bar import ProgressBar
from requinto_command.song_outputs import SongOutputs, plan_outputs
from requinto_files.audio_writer import Progress
from requinto_files.sound_set import Levels
from requinto_files.streams import stdout_file


class _Task(NamedTuple):
    """What is done with each song."""

    choices: Choices
    instruments: tuple[Instrument, ...]
    problems: dict[Path, Sequence[str]]  # of the references
    overwrite: bool


def run(request: Request) -> None:
    """Extract instruments of songs into files, and print what was written.

    A song that fails is said on stderr, where there are several, and the others go on.

    Raises
    ------
    RequintoError
        If something is wrong with the request, or a song failed.
    """
    choices = check_choices(request)
    plan = plan_outputs(request, choices)
    instruments, problems = _read_instruments(choices)
    task = _Task(choices, instruments, problems, request.overwrite)
    n_songs, results = len(plan.songs), []
    text = f"Extracting {', '.join(choices.titles)}"
    with _make_folders(plan.folders), ProgressBar(text, n_songs) as bar:
        for i, song in enumerate(plan.songs):
            bar.begin(i)
            result = _extract_one(task, song, bar.notify, is_only=n_songs == 1)
            results.append(result)
            if not request.as_json:
                _print_paths(result)
    if request.as_json:
        print(json.dumps(results if n_songs > 1 else results[0], indent=2))
    if n_failed := sum("error" in result for result in results):
        raise RequintoError(f"{n_failed} of {n_songs} songs failed")


def _print_paths(result: dict[str, Any]) -> None:
    for output in result.get("outputs", ()):
        if output["path"] != str(STDOUT):
            print(output["path"], flush=True)


def _read_instruments(
    choices: Choices,
) -> tuple[tuple[Instrument, ...], dict[Path, Sequence[str]]]:
    """Return the instruments, and what is missing of their references."""
    instruments: list[Instrument] = []
    problems: dict[Path, Sequence[str]] = {}
    for title, target, path in choices.instruments:
        if path is None:
            instruments.append(Instrument(title, target))
            continue
        sound = read_reference(path, downmix=choices.downmix)
        problems[path] = sound.problems
        instruments.append(Instrument(title, None, sound.samples, sound.sample_rate))
    return tuple(instruments), problems


@contextlib.contextmanager
def _make_folders(folders: Sequence[Path]) -> Iterator[None]:
    """Make folders; remove those that nothing was written to."""
    new = [folder for folder in folders if not folder.is_dir()]
    try:
        for folder in new:
            folder.mkdir(parents=True, exist_ok=True)
        yield
    finally:
        for folder in new:
            with contextlib.suppress(OSError):  # of those that hold something
                folder.rmdir()


def _extract_one(
    task: _Task, song: SongOutputs, progress: Progress, *, is_only: bool
) -> dict[str, Any]:
    """Return what `--json` prints of a song, or why it failed where it is not alone."""
    try:
        return _extract(task, song, progress)
    except (ModelError, ForkError):  # no song's fault: the others would fail too
        raise
    except Exception as error:
        if is_only or os.environ.get(DEBUG):
            raise
        message = describe_error(error)
        named = message if str(song.song) in message else f"{song.song}: {message}"
        say(named)
        return {"song": str(song.song), "error": named}


def _extract(task: _Task, files: SongOutputs, progress: Progress) -> dict[str, Any]:
    choices = task.choices
    with open_song(
        files.song,
        downmix=choices.downmix,
        start_s=choices.start_s,
        end_s=choices.end_s,
    ) as song:
        shape, rate = (song.n_channels, song.n_frames), song.sample_rate
        outputs.check_capacity(files.sounds, *shape, rate, choices.bit_depth)
        beginnings = None
        if files.plot:
            beginnings = outputs.Beginnings(choices.titles, shape[0], rate)
        watch = beginnings.add if beginnings else _ignore
        with _sound_paths(files, choices) as paths:
            written = _write(task, song, paths, watch, progress)
        described = {
            "downmixed_from": downmixed_from(song),
            "start_s": song.start_s,
            "input_problems": name_problems(
                {files.song: song.problems, **task.problems}
            ),
        }
    outputs.warn_of_gain(_name_stdout(written.levels, files))
    if files.plot and beginnings:
        spectrograms(beginnings.by_title(), rate, files.plot, overwrite=task.overwrite)
    return {
        **_describe_files(files, choices),
        **_describe_work(written, rate),
        **described,
    }


def _describe_files(files: SongOutputs, choices: Choices) -> dict[str, Any]:
    titles, paths = choices.titles, files.extracted
    is_one = len(titles) == 1
    return {
        "song": str(files.song),
        "target": titles[0] if is_one else None,
        "system": choices.system,
        "model": choices.options.model if choices.is_own else None,
        "output": str(paths[0]) if is_one else None,
        "outputs": [
            {"title": title, "path": str(path)}
            for title, path in zip(titles, paths, strict=True)
        ],
        "rest": str(files.rest) if files.rest else None,
        "plot": str(files.plot) if files.plot else None,
    }


def _describe_work(written: Written, sample_rate: int) -> dict[str, Any]:
    return {
        "sample_rate": sample_rate,
        "duration_s": round(written.duration_s, 3),
        "gain": written.levels.gain,
        "real_time_factor": round(written.real_time_factor, 4),
    }


@contextlib.contextmanager
def _sound_paths(files: SongOutputs, choices: Choices) -> Iterator[Paths]:
    """Give the files to write; what is written to one is copied to standard output."""
    if STDOUT not in files.extracted:
        yield Paths(files.extracted, files.rest)
        return
    with stdout_file(choices.ending or ".wav") as path:
        yield Paths((path,), files.rest)


def _name_stdout(levels: Levels, files: SongOutputs) -> Levels:
    """Return levels that name standard output, not the file that was copied to it."""
    if levels.path in map(str, files.sounds):
        return levels
    return levels._replace(path="standard output")


def _write(
    task: _Task,
    song: SongFile,
    paths: Paths,
    watch: Callable[[Stretch], None],
    progress: Progress,
) -> Written:
    """Write the instruments, and everything else, while they are extracted."""
    choices = task.choices
    if choices.is_own:
        return extract_to_files(
            *(song, task.instruments, paths),
            options=choices.options,
            overwrite=task.overwrite,
            bit_depth=choices.bit_depth,
            progress=progress,
            watch=watch,
        )
    samples = np.concatenate(list(song.blocks()), axis=1)
    extracted = _extract_with_earlier_system(task, samples, song.sample_rate)
    return write_stretches(
        *(song, [Stretch(samples, extracted)], paths),
        overwrite=task.overwrite,
        bit_depth=choices.bit_depth,
        progress=progress,
        watch=watch,
    )


def _extract_with_earlier_system(
    task: _Task, samples: np.ndarray, sample_rate: int
) -> tuple[np.ndarray, ...]:
    from requinto_lab.networks.backend import prepare_own_process
    from requinto_lab.systems.registry import extract_with

    prepare_own_process()
    return tuple(
        extract_with(
            *(task.choices.system, samples, sample_rate),
            target=instrument.target,
            **_reference_of(instrument),
        )
        for instrument in task.instruments
    )


def _reference_of(instrument: Instrument) -> dict[str, Any]:
    if instrument.reference is None:
        return {}
    return {
        "reference": instrument.reference,
        "reference_sample_rate": instrument.reference_sample_rate,
    }


def _ignore(stretch: Stretch) -> None:
    """Keep nothing of a stretch."""
