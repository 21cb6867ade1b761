# SPDX-License-Identifier: GPL-3.0-or-later
"""Every system by its name: make it, train it, run it on a song.

Modules of systems are imported when one is made or trained: some take seconds.
"""

from __future__ import annotations

import functools
import importlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from requinto import audio
from requinto.arguments import name_spelt, suggestion
from requinto.audio import resample
from requinto.config import from_values, read_toml
from requinto.errors import ConfigError, TargetError
from requinto.model_folder import models_folder, targets
from requinto_files import audio_reader
from requinto_lab.evaluation.scoring import run_system
from requinto_lab.evaluation.systems import System, Task
from requinto_lab.material.instruments import INSTRUMENTS
from requinto_lab.systems.excerpts import ACCOMPANIMENT

_INSTRUMENTS = (*INSTRUMENTS, ACCOMPANIMENT)
_NEED_TRUTH = ("ideal ratio mask", "ideal binary mask", "mix")
# A row for each system, in the order of the tables: its head says what is in a row
_ROWS = read_toml(Path(__file__).with_name("registry.toml"))
_WEIGHTS = {name: row["weights"] for name, row in _ROWS.items() if "weights" in row}


def _import(path: str) -> Any:
    """Return what `folder.module.Name` of the workshop is."""
    module, _, name = path.rpartition(".")
    return getattr(importlib.import_module(f"requinto_lab.{module}"), name)


def _make(name: str) -> System:
    options = {
        key: tuple(value) if isinstance(value, list) else value
        for key, value in _ROWS[name].get("options", {}).items()
    }
    system: System = _import(_ROWS[name]["made"])(**options)
    return system


SYSTEMS: dict[str, Callable[[], System]] = {
    name: functools.partial(_make, name) for name in _ROWS
}

# The configuration of a run, beside which there is a `train`
TRAINERS: dict[str, str] = {
    "bachata2020": "bachata2020_training.Bachata2020Training",
    "spectrogram-channels": "spectrogram_channels.SpectrogramChannelsTraining",
    "recurrent-masker": "recurrent_masker.RecurrentMaskerTraining",
    "lstm-separator": "lstm_separator.LstmSeparatorTraining",
    "deepconvsep": "deepconvsep_training.DeepConvSepTraining",
    "denoising-autoencoder": "denoising_autoencoder.DenoisingAutoencoderTraining",
}


@dataclass(frozen=True)
class About:
    """What a reader of the tables should know of a system."""

    source: str  # whom it follows
    differs: str  # where ours is another, and why
    task: str = ""  # what an earlier system was made for, in our terms
    own_set: str = ""  # the test set that asks for that
    reported: str = ""  # what its authors say that it does


ABOUT: dict[str, About] = {
    name: from_values(
        About,
        {key: row[key] for key in row if key not in ("made", "options", "weights")},
        f"registry.toml: {name}",
    )
    for name, row in _ROWS.items()
    if "source" in row
}


def available() -> tuple[str, ...]:
    """Return the names of all systems whose weights are there."""
    folder = models_folder()
    return tuple(
        name
        for name in SYSTEMS
        if all((folder / f"{w}.npz").is_file() for w in _WEIGHTS.get(name, ()))
    )


def check_names(names: tuple[str, ...]) -> tuple[str, ...]:
    """Return names, or raise `ConfigError` if one is unknown."""
    for name in names:
        if name not in SYSTEMS:
            known = ", ".join(SYSTEMS)
            raise ConfigError(
                f"unknown system {name!r}; known are {known}"
                + suggestion(name, tuple(SYSTEMS))
            )
    return names


def make_systems(names: tuple[str, ...]) -> list[System]:
    """Return systems by their names.

    Raises
    ------
    ConfigError
        If a name is unknown.
    RequintoError
        If what a system needs is not installed.
    """
    return [SYSTEMS[name]() for name in check_names(names)]


def read_run(system: str, values: dict[str, Any]) -> Any:
    """Return the configuration of a run from the numbers of a recipe.

    Parameters
    ----------
    system : str
        A key of `TRAINERS`.
    values : dict
        As TOML or a record gives them, by their names of today or earlier ones.

    Raises
    ------
    ConfigError
        If one of them is unknown, missing or out of range.
    """
    run = _import(f"systems.{TRAINERS[system]}")
    return from_values(run, values, "training")


def train(system: str, values: dict[str, Any]) -> Path:
    """Train a system; return the folder of the run.

    Takes what `read_run` takes, and raises what that raises.
    """
    run = read_run(system, values)
    module = TRAINERS[system].partition(".")[0]
    return Path(_import(f"systems.{module}.train")(run))


def extract_with(
    system: str,
    mixture: np.ndarray,
    sample_rate: int,
    *,
    target: str | None = None,
    reference: np.ndarray | None = None,
    reference_sample_rate: int | None = None,
) -> np.ndarray:
    """Return what a system extracts from a mixture, shaped as the mixture.

    Parameters
    ----------
    system : str
        A key of `SYSTEMS`; not an ideal mask, which needs the truth.
    mixture : np.ndarray, shape=(n_channels, n_frames)
    sample_rate : int
        Hz.
    target : str, optional
        A built-in target, whose first reference is given to the system, or any
        instrument for a system that takes no reference; guitar by default.
    reference : np.ndarray, shape=(n_channels, n_frames), optional
        One's own example, at `reference_sample_rate`.

    Raises
    ------
    ConfigError
        If there is no such system, or it cannot do without the truth.
    TargetError
        If the target is unknown, or the system does not know it.
    """
    check_extracts(system)
    made = make_systems((system,))[0]
    mixture = audio.check_samples(mixture, sample_rate)
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
        audio.check_samples(reference, reference_rate, "reference"),
        *(reference_rate, sample_rate),
    )
    task = Task(mixture, example, sample_rate, instrument, None, np.zeros_like(mixture))
    return run_system(made, task)[0]


def check_extracts(system: str) -> None:
    """Raise `ConfigError` if there is no such system, or it needs the truth."""
    if system in _NEED_TRUTH:
        raise ConfigError(f"{system!r} needs the truth; `requinto compare` has it")
    check_names((system,))


def instrument_name(target: str) -> str:
    """Return an instrument by its name in any spelling, or what is unknown."""
    return name_spelt(target, (*targets(), *_INSTRUMENTS)) or target


def _built_in(instrument: str) -> tuple[np.ndarray, int]:
    if instrument not in targets():
        known = ", ".join(targets())
        raise TargetError(
            f"unknown target {instrument!r}; known are {known}"
            + suggestion(instrument, targets())
        )
    return audio_reader.read(models_folder() / "references" / f"{instrument}-1.flac")
