# SPDX-License-Identifier: GPL-3.0-or-later
"""Run an earlier system on a song, as `requinto extract --system` asks."""

from __future__ import annotations

import numpy as np

from requinto import audio as sound
from requinto.arguments import name_spelt
from requinto.audio import resample
from requinto.errors import ConfigError, TargetError
from requinto.model_folder import models_folder, targets
from requinto_files import audio_reader
from requinto_lab.evaluation.scoring import run_system
from requinto_lab.evaluation.systems import Task
from requinto_lab.material.instruments import INSTRUMENTS
from requinto_lab.systems import registry
from requinto_lab.systems.excerpts import ACCOMPANIMENT

_INSTRUMENTS = (*INSTRUMENTS, ACCOMPANIMENT)
_NEED_TRUTH = ("ideal ratio mask", "ideal binary mask", "mix")


def extract_with(
    system: str,
    mixture: np.ndarray,
    sample_rate: int,
    *,
    target: str | None = None,
    reference: np.ndarray | None = None,
    reference_sample_rate: int | None = None,
) -> np.ndarray:
    """Return what a system finds in a mixture, shaped as the mixture.

    Parameters
    ----------
    system : str
        A name in `baselines.registry`; not an ideal mask, which needs the truth.
    mixture : np.ndarray, shape=(n_channels, n_frames)
    sample_rate : int
        Hz.
    target : str, optional
        A built-in target, whose first reference is given to the system, or any
        instrument for a system that takes no reference; guitar unless told.
    reference : np.ndarray, shape=(n_channels, n_frames), optional
        One's own example, at `reference_sample_rate`.

    Raises
    ------
    ConfigError
        If there is no such system, or it cannot do without the truth.
    TargetError
        If the target is unknown, or the system does not know it.
    """
    if system in _NEED_TRUTH:
        raise ConfigError(f"{system!r} needs the truth; `requinto compare` has it")
    made = registry.make_systems((system,))[0]
    mixture = sound.check_samples(mixture, sample_rate)
    instrument = instrument_name(target or "guitar")
    if not made.applies(instrument):
        known = [n for n in _INSTRUMENTS if made.applies(n)]
        raise TargetError(
            f"{system} does not extract {instrument!r}; it knows {', '.join(known)}"
        )
    if reference is None and not made.uses_reference:
        reference = mixture
    elif reference is None:
        reference, reference_sample_rate = _built_in(instrument)
    reference_rate = reference_sample_rate or sample_rate
    example = resample(
        sound.check_samples(reference, reference_rate, "reference"),
        *(reference_rate, sample_rate),
    )
    task = Task(mixture, example, sample_rate, instrument, None, np.zeros_like(mixture))
    return run_system(made, task)[0]


def instrument_name(target: str) -> str:
    """Return an instrument by its name in any spelling, or what is unknown."""
    return name_spelt(target, (*targets(), *_INSTRUMENTS)) or target


def _built_in(instrument: str) -> tuple[np.ndarray, int]:
    if instrument not in targets():
        known = ", ".join(targets())
        raise TargetError(f"unknown target {instrument!r}; known are {known}")
    return audio_reader.read(models_folder() / "references" / f"{instrument}-1.flac")
