# SPDX-License-Identifier: GPL-3.0-or-later
"""Non-negative matrix factorisation with templates learnt from the reference."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from threadpoolctl import threadpool_limits

from requinto.config import SpectraConfig
from requinto.nmf import FLOOR, factorise, share, transpose_spectra, transposition
from requinto.spectra import Spectra
from requinto_lab.evaluation.systems import Task
from requinto_lab.material.instruments import PERCUSSION


@dataclass(frozen=True)
class NmfConfig:
    """Its numbers, chosen among some forty sets tried on rendered validation mixes."""

    n_fft: int = 4096  # samples of the Hann window
    hop: int = 1024  # samples between columns
    n_templates: int = 24  # spectra learnt from the reference
    n_free: int = 64  # spectra left to everything else
    n_learning: int = 100  # iterations on the reference
    n_separating: int = 60  # iterations on the mixture
    # Semitones by which the templates of a pitched instrument are moved too
    transpositions: tuple[int, ...] = (-5, -4, -3, -2, -1, 0, 1, 2, 3, 4, 5, 6)
    seed: int = 0  # of the first guess


class Nmf:
    """Semi-supervised factorisation of the mixture's magnitudes.

    The reference is factorised alone; its templates are then held fixed beside
    free ones that learn the rest of the mixture.  The templates' share of each
    bin is the mask, made on all channels folded and applied to each with its own
    phase.  Of a pitched instrument the reference rarely plays the very notes, so
    that its templates are there in every key.

    References
    ----------
    Smaragdis, Raj, Shashanka, "Supervised and semi-supervised separation of
    sounds from single-channel mixtures", ICA 2007,
    doi:10.1007/978-3-540-74494-8_52.  Transposed templates: FitzGerald, Cranitch,
    Coyle, "Shifted non-negative matrix factorisation for sound source
    separation", IEEE SSP 2005; here each key has activations of its own.
    """

    name = "nmf"
    n_parameters = 0
    uses_reference = True

    def __init__(self, config: NmfConfig | None = None) -> None:
        self.config = config or NmfConfig()
        self._spectra = Spectra(
            SpectraConfig(n_fft=self.config.n_fft, hop=self.config.hop)
        )

    def applies(self, instrument: str) -> bool:
        """Whether it can be asked: always, the reference says what for."""
        return True

    def estimate(self, task: Task) -> np.ndarray:
        """Return what the reference's templates explain, shaped as the mixture."""
        # A second thread only waits here: fifty times longer on a busy machine
        with threadpool_limits(1, user_api="blas"):
            mask = self._mask(task)
        spectrum = self._spectra.analyse(task.mixture)
        return self._spectra.synthesise(mask * spectrum, task.mixture.shape[-1])

    def _mask(self, task: Task) -> np.ndarray:
        """Return the share of the reference's templates, `(n_bins, n_columns)`."""
        cfg = self.config
        rng = np.random.default_rng(cfg.seed)
        templates = self._templates(task, rng)
        mixed = self._magnitudes(task.mixture)
        guess = np.concatenate([templates, _guess(mixed, cfg.n_free, rng)], axis=1)
        n_wanted = templates.shape[1]
        spectra, gains = factorise(
            mixed,
            guess,
            _gains(mixed, guess.shape[1], rng),
            cfg.n_separating,
            n_fixed=n_wanted,
        )
        return share(spectra, gains, n_wanted)

    def _templates(self, task: Task, rng: np.random.Generator) -> np.ndarray:
        """Return the fixed spectra `(n_bins, n_fixed)`."""
        cfg = self.config
        heard = self._magnitudes(task.reference)
        learnt, _ = factorise(
            heard,
            _guess(heard, cfg.n_templates, rng),
            _gains(heard, cfg.n_templates, rng),
            cfg.n_learning,
        )
        if task.instrument in PERCUSSION:
            return learnt
        keys = transposition(cfg.transpositions, np.arange(len(learnt)))
        return transpose_spectra(learnt, keys).reshape(len(learnt), -1)

    def _magnitudes(self, audio: np.ndarray) -> np.ndarray:
        """Return `(n_bins, n_columns)` of all channels folded, peak at one."""
        size = np.abs(self._spectra.analyse(audio.mean(axis=0)))
        return np.asarray(size / (size.max() + FLOOR), np.float32)


def _guess(magnitudes: np.ndarray, n: int, rng: np.random.Generator) -> np.ndarray:
    guess = rng.uniform(0.5, 1.5, (len(magnitudes), n))
    return np.asarray(guess / guess.sum(axis=0), np.float32)


def _gains(magnitudes: np.ndarray, n: int, rng: np.random.Generator) -> np.ndarray:
    shape = (n, magnitudes.shape[1])
    return rng.uniform(0.5, 1.5, shape).astype(np.float32) * magnitudes.mean()
