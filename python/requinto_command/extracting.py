# SPDX-License-Identifier: GPL-3.0-or-later
"""Extract an instrument from a song's blocks into files, as `requinto extract` does."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from requinto.arguments import (
    check_beats_per_clip,
    check_model,
    check_sensitivity,
    check_target,
)
from requinto.errors import ConfigError
from requinto.extract import extract_song
from requinto.song_file import SongFile
from requinto.song_separation import Stretch
from requinto_command import outputs
from requinto_command.workshop import check_workshop
from requinto_files.audio_writer import Progress

_EXTRACTION_SHARE = 0.95  # of the work; the rest codes what was extracted


def check_choices(
    system: str, target: str | None, sensitivity: float, beats_per_clip: int, model: str
) -> str | None:
    """Check the choices of our own system before the work; return the target."""
    if system != "requinto":
        check_workshop()
        from requinto_lab.systems.registry import instrument_name

        return instrument_name(target) if target else target
    check_sensitivity(sensitivity)
    check_beats_per_clip(beats_per_clip)
    check_model(model)
    return None if target is None else check_target(target)


def our_options(system: str, beats_per_clip: int, sensitivity: float) -> dict[str, Any]:
    """Return the options that other systems do not have."""
    ours = {"beats_per_clip": beats_per_clip, "sensitivity": sensitivity}
    if system == "requinto":
        return ours
    if ours != {"beats_per_clip": 4, "sensitivity": 0.5}:
        raise ConfigError(f"--beats-per-clip and --sensitivity are not of {system!r}")
    return {}


def extract_to_files(
    system: str,
    model: str,
    song: SongFile,
    paths: Sequence[Path | None],
    beginnings: outputs.Beginnings | None,
    progress: Progress,
    options: dict[str, Any],
    *,
    overwrite: bool,
) -> float:
    """Write the instrument, and everything else, while they are extracted.

    Parameters
    ----------
    system, model : str
        What extracts.
    song : SongFile
    paths : (path or None, path or None)
        Where the instrument goes, and everything else.
    beginnings : outputs.Beginnings, optional
        Takes what a picture shows.
    progress : callable
        Called with the share of the work that is done, from 0 to 1.
    options : dict
        Of the system.
    overwrite : bool
        Whether files that are there may be replaced.

    Returns
    -------
    float
        The gain of all sounds: see `outputs.write_sounds`.
    """

    def extraction(share: float) -> None:
        progress(_EXTRACTION_SHARE * share)

    def coding(share: float) -> None:
        progress(_EXTRACTION_SHARE + (1 - _EXTRACTION_SHARE) * share)

    stretches = _extract(system, model, song, extraction, options)
    sounds = _split(stretches, beginnings)
    shape = (song.n_channels, song.n_frames)
    return outputs.write_sounds(
        *(paths, sounds, shape, song.sample_rate),
        overwrite=overwrite,
        progress=coding,
    )


def _extract(
    system: str, model: str, song: SongFile, progress: Progress, options: dict[str, Any]
) -> Iterable[Stretch]:
    if system == "requinto":
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
