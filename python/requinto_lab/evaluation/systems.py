# SPDX-License-Identifier: GPL-3.0-or-later
"""What a separator is to the bench, ours and the ideal masks among them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from requinto.beats import Beats
from requinto.extract import extract
from requinto.loader import load_separator
from requinto.model_folder import STANDARD


@dataclass(frozen=True)
class Task:
    """One mixture, and what is asked of it; float32, one rate."""

    mixture: np.ndarray  # (n_channels, n_frames), 1 or 2 channels
    reference: np.ndarray  # (n_channels, n_reference_frames)
    sample_rate: int  # Hz
    instrument: str
    beats: Beats | None  # true beats where known; only clip systems look
    truth: np.ndarray  # (n_channels, n_frames); only ideal masks may look


class System(Protocol):
    """A way to separate."""

    name: str
    n_parameters: int  # trained numbers; 0 where nothing is trained
    uses_reference: bool  # where not, the instrument's name says it all

    def applies(self, instrument: str) -> bool:
        """Whether it can be asked for this instrument at all."""

    def estimate(self, task: Task) -> np.ndarray:
        """Return the estimated target, shaped as the mixture, finite."""


class Requinto:
    """A released model, as `requinto.extract` runs it.

    Parameters
    ----------
    model : str
        One of `requinto.models()`.
    told_beats : bool
        Cut at the beats that a task gives, where it else tracks its own.
    """

    uses_reference = True

    def __init__(self, model: str = STANDARD, *, told_beats: bool = False) -> None:
        self.name = "requinto" if model == STANDARD else f"requinto {model}"
        self.n_parameters = load_separator(model).n_parameters
        self._model = model
        self._told_beats = told_beats

    def applies(self, instrument: str) -> bool:
        """Whether it can be asked: always, since a reference is given."""
        del instrument
        return True

    def estimate(self, task: Task) -> np.ndarray:
        """Return what a mixture holds of the reference's instrument."""
        return extract(
            task.mixture,
            task.sample_rate,
            reference=task.reference,
            reference_sample_rate=task.sample_rate,
            beats=task.beats if self._told_beats else None,
            model=self._model,
        )
