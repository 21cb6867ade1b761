# SPDX-License-Identifier: GPL-3.0-or-later
"""Extract an instrument from a song's blocks into files, as `requinto extract` does."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from requinto.arguments import (
    check_beats_per_clip,
    check_model,
    check_one_query,
    check_sensitivity,
    check_target,
)
from requinto.config import DEFAULT_BEATS_PER_CLIP, DEFAULT_SENSITIVITY
from requinto.errors import ConfigError
from requinto.extract import extract_song
from requinto.model_folder import DEFAULT_TARGET, STANDARD
from requinto.song_separation import Stretch
from requinto.spectrograms import spectrograms
from requinto_command import outputs
from requinto_command.inputs import (
    SongFile,
    name_problems,
    open_song,
    read_reference,
)
from requinto_command.outputs import Output
from requinto_command.progress_bar import ProgressBar
from requinto_command.workshop import OWN_SYSTEM, check_workshop
from requinto_files.audio_writer import Progress

_DEFAULTS = {
    "beats_per_clip": DEFAULT_BEATS_PER_CLIP,
    "sensitivity": DEFAULT_SENSITIVITY,
}
_EXTRACTION_SHARE = 0.95  # of the work; the rest codes what was extracted


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
    options = {"target": target, **_own_options(request)}
    with open_song(request.song) as song:
        problems = {request.song: song.problems}
        shape, rate = (song.n_channels, song.n_frames), song.sample_rate
        outputs.check_capacity((path, request.rest), *shape, rate)
        if request.reference:
            example = read_reference(request.reference)
            problems[request.reference] = example.problems
            options["reference"] = example.samples
            options["reference_sample_rate"] = example.sample_rate
        if not is_ours:
            from requinto_lab.networks.backend import prepare_own_process

            prepare_own_process()
        start = time.perf_counter()
        beginnings = outputs.Beginnings(shape[0], rate) if request.plot else None
        with ProgressBar(f"Extracting {title}") as notify:
            gain = _write(request, song, path, beginnings, notify, options)
    duration_s = shape[1] / rate
    real_time_factor = (time.perf_counter() - start) / duration_s
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
        "duration_s": round(duration_s, 3),
        "gain": gain,
        "input_problems": name_problems(problems),
        "real_time_factor": round(real_time_factor, 4),
    }


def _check_choices(request: Request) -> str | None:
    """Check what is chosen before the work; return the target."""
    target = request.target
    if request.system != OWN_SYSTEM:
        check_workshop()
        from requinto_lab.systems.registry import instrument_name

        target = instrument_name(target) if target else target
    else:
        check_sensitivity(request.sensitivity)
        check_beats_per_clip(request.beats_per_clip)
        check_model(request.model)
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


def _own_options(request: Request) -> dict[str, Any]:
    """Return the options that other systems do not have."""
    system, model = request.system, request.model
    options = {
        "beats_per_clip": request.beats_per_clip,
        "sensitivity": request.sensitivity,
    }
    if system == OWN_SYSTEM:
        return options
    if model != STANDARD:
        raise ConfigError(
            f"--model is only for system {OWN_SYSTEM}, got {model!r} for {system!r}"
        )
    if options != _DEFAULTS:
        raise ConfigError(f"--beats-per-clip and --sensitivity are not of {system!r}")
    return {}


def _write(
    request: Request,
    song: SongFile,
    path: Path,
    beginnings: outputs.Beginnings | None,
    progress: Progress,
    options: dict[str, Any],
) -> float:
    """Write the instrument, and everything else, while they are extracted.

    `beginnings` takes what a picture shows; `progress` is called with the share of the
    work that is done.  Returns the gain of all sounds: see `outputs.write_sounds`.
    """

    def extraction(share: float) -> None:
        progress(_EXTRACTION_SHARE * share)

    def coding(share: float) -> None:
        progress(_EXTRACTION_SHARE + (1 - _EXTRACTION_SHARE) * share)

    stretches = _extract(request.system, request.model, song, extraction, options)
    return outputs.write_sounds(
        (path, request.rest),
        _split(stretches, beginnings),
        (song.n_channels, song.n_frames),
        song.sample_rate,
        overwrite=request.overwrite,
        progress=coding,
    )


def _extract(
    system: str, model: str, song: SongFile, progress: Progress, options: dict[str, Any]
) -> Iterable[Stretch]:
    if system == OWN_SYSTEM:
        return extract_song(song, model=model, progress=progress, **options)
    from requinto_lab.systems.registry import extract_with

    samples = np.concatenate(list(song.blocks()), axis=1)
    extracted = extract_with(system, samples, song.sample_rate, **options)
    return [Stretch(samples, extracted)]


def _split(
    stretches: Iterable[Stretch], beginnings: outputs.Beginnings | None
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield the instrument and everything else, and keep what a picture shows."""
    for mixture, extracted in stretches:
        if beginnings:
            beginnings.add(mixture, extracted)
        yield extracted, mixture - extracted
