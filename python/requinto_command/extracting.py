# SPDX-License-Identifier: GPL-3.0-or-later
"""Extract an instrument from a song's blocks into files, as `requinto extract` does."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from requinto.arguments import (
    DEFAULT_OPTIONS,
    Instrument,
    Options,
    check_one_query,
    check_options,
    check_target,
)
from requinto.errors import ConfigError
from requinto.file_extraction import Paths, Written, extract_to_files, write_stretches
from requinto.model_folder import DEFAULT_TARGET, STANDARD
from requinto.song_file import SongFile
from requinto.song_separation import Stretch
from requinto.spectrograms import spectrograms
from requinto_command import outputs
from requinto_command.inputs import name_problems, open_song, read_reference
from requinto_command.outputs import Output
from requinto_command.progress_bar import ProgressBar
from requinto_command.workshop import OWN_SYSTEM, check_workshop
from requinto_files.audio_writer import Progress


class Request(NamedTuple):
    """What `requinto extract` is called with."""

    song: Path
    target: str | None
    reference: Path | None
    output: Path | None
    rest: Path | None
    plot: Path | None
    model: str
    beats_per_clip: int
    sensitivity: float
    system: str
    overwrite: bool


def run(request: Request) -> dict[str, Any]:
    """Extract an instrument into files; return what `--json` prints."""
    is_ours = request.system == OWN_SYSTEM
    target = _check_choices(request)
    title = target or ("reference" if request.reference else DEFAULT_TARGET)
    path = request.output or Path(f"{request.song.stem}-{title}.wav")
    _check_files(request, path)
    instrument = Instrument(title, target)
    with open_song(request.song) as song:
        problems = {request.song: song.problems}
        shape, rate = (song.n_channels, song.n_frames), song.sample_rate
        outputs.check_capacity((path, request.rest), *shape, rate)
        if request.reference:
            example = read_reference(request.reference)
            problems[request.reference] = example.problems
            instrument = Instrument(title, None, *example[:2])
        beginnings = outputs.Beginnings(shape[0], rate) if request.plot else None
        watch = beginnings.add if beginnings else _ignore
        with ProgressBar(f"Extracting {title}") as notify:
            written = _write(
                *(request, song, instrument, Paths((path,), request.rest)),
                *(watch, notify),
            )
    outputs.warn_of_gain(written.levels)
    if request.plot and beginnings:
        rows = beginnings.by_title(title)
        spectrograms(rows, rate, request.plot, overwrite=request.overwrite)
    return {
        "song": str(request.song),
        "target": title,
        "system": request.system,
        "model": request.model if is_ours else None,
        "output": str(path),
        "rest": str(request.rest) if request.rest else None,
        "plot": str(request.plot) if request.plot else None,
        "sample_rate": rate,
        "duration_s": round(written.duration_s, 3),
        "gain": written.levels.gain,
        "input_problems": name_problems(problems),
        "real_time_factor": round(written.real_time_factor, 4),
    }


def _options(request: Request) -> Options:
    return Options(request.beats_per_clip, request.sensitivity, request.model)


def _check_choices(request: Request) -> str | None:
    """Check what is chosen before the work; return the target."""
    target = request.target
    if request.system != OWN_SYSTEM:
        check_workshop()
        from requinto_lab.systems.registry import instrument_name

        target = instrument_name(target) if target else target
        _check_own_options(request)
    else:
        check_options(_options(request))
        target = None if target is None else check_target(target)
    check_one_query(target, request.reference, ("--target", "--reference"))
    return target


def _check_files(request: Request, path: Path) -> None:
    outputs.check_outputs(
        (
            *(Output(path, outputs.SOUND), Output(request.rest, outputs.SOUND)),
            Output(request.plot, outputs.PICTURE),
        ),
        (request.song, request.reference),
        overwrite=request.overwrite,
    )


def _check_own_options(request: Request) -> None:
    """Raise `ConfigError` for options that other systems do not have."""
    system, model = request.system, request.model
    if model != STANDARD:
        raise ConfigError(
            f"--model is only for system {OWN_SYSTEM}, got {model!r} for {system!r}"
        )
    if _options(request) != DEFAULT_OPTIONS:
        raise ConfigError(f"--beats-per-clip and --sensitivity are not of {system!r}")


def _write(
    request: Request,
    song: SongFile,
    instrument: Instrument,
    paths: Paths,
    watch: Callable[[Stretch], None],
    progress: Progress,
) -> Written:
    """Write the instrument, and everything else, while they are extracted."""
    if request.system == OWN_SYSTEM:
        return extract_to_files(
            *(song, [instrument], paths),
            options=_options(request),
            overwrite=request.overwrite,
            progress=progress,
            watch=watch,
        )
    from requinto_lab.networks.backend import prepare_own_process
    from requinto_lab.systems.registry import extract_with

    prepare_own_process()
    samples = np.concatenate(list(song.blocks()), axis=1)
    extracted = extract_with(
        *(request.system, samples, song.sample_rate),
        target=instrument.target,
        **_reference_of(instrument),
    )
    return write_stretches(
        *(song, [Stretch(samples, (extracted,))], paths),
        overwrite=request.overwrite,
        progress=progress,
        watch=watch,
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
