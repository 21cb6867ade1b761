# SPDX-License-Identifier: GPL-3.0-or-later
"""Non-negative matrix factorisation with templates learnt from the reference."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from threadpoolctl import threadpool_limits

from requinto.config import SpectraConfig
from requinto.evaluation.systems import Task
from requinto.material.instruments import PERCUSSION
from requinto.spectra import Spectra

_FLOOR = np.float32(1e-9)  # of magnitudes whose peak is one


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
        spectra, gains = factorised(
            mixed, cfg.n_free, cfg.n_separating, rng, fixed=templates
        )
        n_wanted = templates.shape[1]
        wanted = spectra[:, :n_wanted] @ gains[:n_wanted]
        other = spectra[:, n_wanted:] @ gains[n_wanted:]
        return np.asarray(wanted / (wanted + other + _FLOOR), np.float32)

    def _templates(self, task: Task, rng: np.random.Generator) -> np.ndarray:
        """Return the fixed spectra `(n_bins, n_fixed)`."""
        cfg = self.config
        heard = self._magnitudes(task.reference)
        learnt, _ = factorised(heard, cfg.n_templates, cfg.n_learning, rng)
        if task.instrument in PERCUSSION:
            return learnt
        keys = [transposed(learnt, semitones) for semitones in cfg.transpositions]
        return np.concatenate(keys, axis=1)

    def _magnitudes(self, audio: np.ndarray) -> np.ndarray:
        """Return `(n_bins, n_columns)` of all channels folded, peak at one."""
        size = np.abs(self._spectra.analyse(audio.mean(axis=0)))
        return np.asarray(size / (size.max() + _FLOOR), np.float32)


def factorised(
    magnitudes: np.ndarray,
    n_free: int,
    n_iterations: int,
    rng: np.random.Generator,
    *,
    fixed: np.ndarray | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Factorise magnitudes into spectra and gains, some spectra being given.

    Multiplicative updates that lower the Kullback-Leibler divergence.  Our own,
    since scikit-learn's NMF cannot hold a part of the spectra fixed.

    Parameters
    ----------
    magnitudes : np.ndarray, shape=(n_bins, n_columns)
        Not negative, at most about 1.
    n_free : int
        How many spectra to learn.
    n_iterations : int
        How often all gains, then the free spectra, are updated.
    rng : np.random.Generator
        For the first guess.
    fixed : np.ndarray, shape=(n_bins, n_fixed), optional
        Spectra that are not learnt; they come first in the answer.

    Returns
    -------
    spectra : np.ndarray, shape=(n_bins, n_fixed + n_free)
        Of any scale: the gains make up for it.
    gains : np.ndarray, shape=(n_fixed + n_free, n_columns)

    References
    ----------
    Lee and Seung, "Algorithms for non-negative matrix factorization", NIPS 2000;
    Févotte and Idier, "Algorithms for nonnegative matrix factorization with the
    beta-divergence", Neural Computation 2011, doi:10.1162/NECO_a_00168.
    """
    n_bins, n_columns = magnitudes.shape
    given = np.empty((n_bins, 0)) if fixed is None else fixed
    guess = rng.uniform(0.5, 1.5, (n_bins, n_free))
    spectra = np.concatenate([given, guess / guess.sum(axis=0)], axis=1)
    spectra = spectra.astype(np.float32)
    free = spectra[:, given.shape[1] :]  # a view: its changes are seen in both
    gains = rng.uniform(0.5, 1.5, (spectra.shape[1], n_columns)).astype(np.float32)
    gains *= magnitudes.mean()
    for _ in range(n_iterations):
        ratio = magnitudes / (spectra @ gains + _FLOOR)
        gains *= (spectra.T @ ratio) / (spectra.sum(axis=0)[:, None] + _FLOOR)
        ratio = magnitudes / (spectra @ gains + _FLOOR)
        active = gains[given.shape[1] :]
        free *= (ratio @ active.T) / (active.sum(axis=1) + _FLOOR)
    return spectra, gains


def transposed(spectra: np.ndarray, semitones: float) -> np.ndarray:
    """Return spectra `(n_bins, n)` moved in pitch, each summing to one or zero.

    What moves beyond the last bin is lost; above what moves down is silence.
    """
    bins = np.arange(len(spectra))
    places = bins / 2 ** (semitones / 12)
    moved = np.stack(
        [np.interp(places, bins, one, right=0) for one in spectra.T], axis=1
    )
    return np.asarray(moved / (moved.sum(axis=0) + _FLOOR), np.float32)
