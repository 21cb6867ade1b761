# SPDX-License-Identifier: GPL-3.0-or-later
"""What the public functions accept, checked before anything heavy is loaded."""

from __future__ import annotations

import difflib
import os
import unicodedata
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from requinto.audio import check_rate, check_reference_samples, check_samples
from requinto.beats import Beats
from requinto.checks import is_number, is_whole, list_choices, show
from requinto.config import (
    DEFAULT_BEATS_PER_CLIP,
    DEFAULT_SENSITIVITY,
    LONGEST_CLIP_S,
)
from requinto.errors import AudioError, BeatsError, ConfigError, ModelError, TargetError
from requinto.model_folder import STANDARD, models, models_folder, targets
from requinto.networks import choose_runtime

Progress = Callable[[float], None]
Reference = np.ndarray | Sequence[np.ndarray]


class Options(NamedTuple):
    """What a caller may choose of any extraction; see `extract`."""

    beats_per_clip: int = DEFAULT_BEATS_PER_CLIP
    sensitivity: float = DEFAULT_SENSITIVITY  # from 0 to 1
    model: str = STANDARD
    runtime: str | None = None


DEFAULT_OPTIONS = Options()


class Instrument(NamedTuple):
    """An instrument to extract, by name or by reference; see `extract`."""

    title: str  # in names of files and in pictures
    target: str | None = None
    reference: Reference | None = None
    reference_sample_rate: float | None = None  # Hz; the song's unless given
    not_like: Reference | None = None


def check_options(options: Options) -> Options:
    """Return options that are accepted, with the runtime chosen, or raise."""
    return Options(
        sensitivity=check_sensitivity(options.sensitivity),
        beats_per_clip=check_beats_per_clip(options.beats_per_clip),
        model=check_model(options.model),
        runtime=choose_runtime(options.runtime),
    )


def check_instrument(instrument: Instrument) -> Instrument:
    """Return an instrument by its target's own name, or raise `TargetError`.

    There must be one query; of its sounds nothing is checked.
    """
    target, reference = instrument.target, instrument.reference
    check_one_query(target, reference)
    if reference is None and instrument.not_like is not None:
        raise TargetError("not_like is compared with a reference: give one as well")
    return instrument._replace(target=None if target is None else check_target(target))


def check_target(target: Any) -> str:
    """Return a built-in target by its name, in whatever case, with accents or without.

    Raises
    ------
    TargetError
        If there is none of that name.
    """
    if not isinstance(target, str):
        raise TargetError(
            f"target must be one of {', '.join(targets())}, got {show(target)}"
        )
    if name := name_spelt(target, targets()):
        return name
    raise TargetError(
        f"unknown target {show(target)}; known are {', '.join(targets())}"
        + suggestion(_plain(target), targets())
    )


def check_one_query(target: Any, reference: Any) -> None:
    """Raise `TargetError` where both a target and a reference are given."""
    if target is not None and reference is not None:
        raise TargetError("give a target or a reference, not both")


def name_spelt(text: str, names: Sequence[str]) -> str | None:
    """Return the name that a text spells, in whatever case, accents or not, or None."""
    return {_plain(name): name for name in names}.get(_plain(text))


def check_sensitivity(sensitivity: Any) -> float:
    """Return a sensitivity from 0 to 1, or raise `ConfigError`."""
    hint = ""
    if is_number(sensitivity) and 1 < sensitivity <= 100:
        hint = " (the plugin's 0 to 100 %, divided by 100)"
    if not (is_number(sensitivity) and 0.0 <= sensitivity <= 1.0):
        raise ConfigError(
            f"sensitivity must be from 0 to 1{hint}, got {show(sensitivity)}"
        )
    return float(sensitivity)


def check_beats_per_clip(beats_per_clip: Any) -> int:
    """Return how many beats are separated at a time, or raise `ConfigError`."""
    if not (is_whole(beats_per_clip) and beats_per_clip in LONGEST_CLIP_S):
        raise ConfigError(
            f"beats_per_clip must be {list_choices(LONGEST_CLIP_S)}, "
            f"got {show(beats_per_clip)}"
        )
    return int(beats_per_clip)


def check_model(model: Any) -> str:
    """Return the name of a model that is there, or raise `ModelError`."""
    if not isinstance(model, str):
        raise ModelError(
            f"model must be one of {', '.join(models())}, got {show(model)}"
        )
    if model not in models() and not _has_weights(model):
        known = ", ".join(models()) or "none"
        raise ModelError(
            f"unknown model {show(model)}; known are {known}, in {models_folder()}"
            + suggestion(model.casefold(), models())
        )
    return model


def _has_weights(model: str) -> bool:
    try:
        return (models_folder() / f"{model}.json").is_file()
    except (OSError, ValueError):  # of a name that is too long, or no text
        return False


def check_beats(beats: Any, live: Any = False) -> Beats | None:
    """Return beats or None, or raise `BeatsError`, also if `live` detects them."""
    if beats is not None and not isinstance(beats, Beats):
        raise BeatsError(
            f"beats must be a requinto.Beats, such as Beats.grid(...), "
            f"got {show(beats)}"
        )
    if not isinstance(live, (bool, np.bool_)):
        raise ConfigError(f"live must be True or False, got {show(live)}")
    if live and beats is not None:
        raise BeatsError("give beats, or live=True to detect them, not both")
    return beats


def check_progress(progress: Any) -> None:
    """Raise `ConfigError` unless it can be called with progress."""
    if progress is not None and not callable(progress):
        raise ConfigError(
            f"progress must be a function of one number, got {show(progress)}"
        )


def check_audio(audio: Any, sample_rate: Any) -> np.ndarray:
    """Return sound as `audio.check_samples` does, or raise `AudioError`."""
    return check_samples(*_sound(audio, sample_rate, "audio"))


def check_reference(reference: Any, sample_rate: Any, name: str) -> np.ndarray:
    """Return a reference that is not silent as `check_audio` does, or raise."""
    return check_reference_samples(*_sound(reference, sample_rate, name), name)


def _sound(audio: Any, sample_rate: Any, name: str) -> tuple[np.ndarray, float]:
    """Return what may be sound, and its rate, or raise `AudioError`."""
    rate = check_rate(sample_rate, name)
    if audio is None or isinstance(audio, (str, bytes, os.PathLike)):
        raise AudioError(
            f"{name} must be an array of samples, (n_channels, n_frames) or "
            f"(n_frames,), not {show(audio)}: read a file first"
        )
    return _array(audio, name), rate


def check_references(
    references: Any, sample_rate: Any, name: str = "reference"
) -> list[np.ndarray]:
    """Return references as arrays that serve: of one, of several, or of none."""
    if references is None:
        return []
    several = isinstance(references, (list, tuple)) and any(
        isinstance(one, (np.ndarray, str, os.PathLike)) for one in references
    )
    if not several:
        return [check_reference(references, sample_rate, name)]
    n = len(references)
    names = [name if n == 1 else f"{name} {i} of {n}" for i in range(1, n + 1)]
    return [
        check_reference(one, sample_rate, its_name)
        for one, its_name in zip(references, names, strict=True)
    ]


def _array(audio: Any, name: str) -> np.ndarray:
    try:
        is_masked = np.ma.is_masked(audio)
        samples = np.asarray(audio)
    except Exception as error:  # whatever another library's array raises
        raise AudioError(f"{name} must be an array of samples: {error}") from error
    if is_masked:
        raise AudioError(f"{name} holds masked samples: fill them first, as filled(0)")
    return samples


def _plain(name: str) -> str:
    """Return a name without case, accents and spaces around it."""
    letters = unicodedata.normalize("NFKD", name.casefold())
    return "".join(c for c in letters if not unicodedata.combining(c)).strip()


def suggestion(name: str, known: Sequence[str]) -> str:
    """Return the end of a message that names what is spelt alike, or nothing."""
    alike = difflib.get_close_matches(name, known, n=1)
    return f"; did you mean {alike[0]}?" if alike else ""
