# SPDX-License-Identifier: GPL-3.0-or-later
"""What DeepConvSep and its autoencoders learn from: pieces of moments of loops.

Some pieces are cut from each of many moments, silent ones left out, as the 2018
thesis had to do too: a silent mixture has no shares.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from requinto.errors import ConfigError
from requinto_lab.material.loop_library import LoopLibrary
from requinto_lab.systems import deepconvsep, fitting
from requinto_lab.systems.deepconvsep import DeepConvSepConfig
from requinto_lab.systems.excerpts import Windows, WindowsConfig

_HEARD_S = 6.0  # length of a mixture that is heard in validation


@dataclass(frozen=True)
class MaterialRun(fitting.Run):
    """The numbers of a run that say what is learnt from."""

    batch_size: int = 6  # moments: fewer of more pieces each make the loss jump
    moment_s: float = 0.7
    pieces_per_moment: int = 4
    quiet: float = 0.02  # mean magnitude under which no piece is learnt from
    remixed: float = 0.4  # probability that sources come from different songs
    dropped: float = 0.1  # probability, for each source, that it is silent

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.pieces_per_moment < 1:
            raise ConfigError(
                f"pieces_per_moment must be 1 or more, got {self.pieces_per_moment}"
            )
        if self.moment_s <= 0:
            raise ConfigError(f"moment_s must be above 0, got {self.moment_s}")


def moments(run: MaterialRun, model: DeepConvSepConfig, split: str) -> Windows:
    """Return an endless supply of what a split is learnt from, or validated on."""
    n_frames = round(run.moment_s * model.sample_rate)
    config = WindowsConfig(
        model.sources,
        model.sample_rate,
        n_frames,
        n_channels=2,
        remixed=run.remixed,
        dropped=run.dropped,
    )
    return Windows(LoopLibrary(Path(run.loops), split), config)


def heard(loops: str, model: DeepConvSepConfig, remixed: float = 0.0) -> Windows:
    """Return the mixtures of the validation split whose SI-SDR is measured."""
    n_frames = round(_HEARD_S * model.sample_rate)
    config = WindowsConfig(
        model.sources, model.sample_rate, n_frames, n_channels=2, remixed=remixed
    )
    return Windows(LoopLibrary(Path(loops), "validation"), config)


def batch(
    known: Windows,
    model: DeepConvSepConfig,
    run: MaterialRun,
    rng: np.random.Generator,
) -> fitting.Batch:
    """Return pieces of some moments, and what their sources are."""
    found = [pieces(known.draw(rng), model, run, rng) for _ in range(run.batch_size)]
    mixtures, truths = zip(*found, strict=True)
    return np.concatenate(mixtures), np.concatenate(truths)


def pieces(
    stems: np.ndarray,
    model: DeepConvSepConfig,
    run: MaterialRun,
    rng: np.random.Generator,
) -> tuple[np.ndarray, np.ndarray]:
    """Cut pieces from a moment, at random, but not where it is silent.

    Parameters
    ----------
    stems : np.ndarray, shape=(n_sources, 2, n_frames)

    Returns
    -------
    mixtures : np.ndarray, shape=(n, n_columns, n_bins, 2)
    truths : np.ndarray, shape=(n, n_sources, n_columns, n_bins, 2)
        Magnitudes, where those of the moment's mixture have an RMS of 1.
    """
    spectra = deepconvsep.spectrum(stems, model)
    mixture = spectra.sum(axis=0)
    both = np.abs(np.concatenate([mixture[None], spectra]))
    both /= deepconvsep.level(mixture)
    size = model.n_columns
    means = np.convolve(both[0].mean(axis=(0, 1)), np.ones(size) / size, "valid")
    places = np.flatnonzero(means > min(run.quiet, means.max() / 2))
    n = run.pieces_per_moment
    starts = rng.choice(places, n, replace=len(places) < n)
    cut = np.stack([both[..., i : i + size].swapaxes(1, 3) for i in starts])
    return cut[:, 0], cut[:, 1:]
