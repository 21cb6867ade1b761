# SPDX-License-Identifier: GPL-3.0-or-later
"""Three systems that need no training: median filters, NMF and REPET-SIM."""

from __future__ import annotations

from dataclasses import dataclass

import librosa
import numpy as np
import scipy.sparse
from sklearn.neighbors import NearestNeighbors
from threadpoolctl import threadpool_limits

from requinto.config import SpectraConfig
from requinto.nmf import FLOOR, factorise, share, transpose_spectra, transposition
from requinto.spectra import Spectra
from requinto_lab.evaluation.systems import Task
from requinto_lab.material.instruments import PERCUSSION

# Harmonic and percussive parts: no reference


@dataclass(frozen=True)
class HarmonicPercussiveConfig:
    """Its numbers, the best of twelve sets tried on rendered validation mixes."""

    n_fft: int = 4096  # samples of the Hann window
    hop: int = 1024  # samples between columns
    kernel: int = 17  # columns of the one median, bins of the other


class HarmonicPercussive:
    """Median filtering along time keeps tones, along frequency keeps strokes.

    The two filtered spectrograms make soft masks (squared, as in librosa).
    The estimate of an instrument of `PERCUSSION` is the percussive part of the
    mixture, that of any other the harmonic part: all tones, whoever plays them.

    References
    ----------
    Fitzgerald, "Harmonic/percussive separation using median filtering", DAFx
    2010; librosa.decompose.hpss.
    """

    name = "harmonic-percussive"
    n_parameters = 0
    uses_reference = False

    def __init__(self, config: HarmonicPercussiveConfig | None = None) -> None:
        self.config = config or HarmonicPercussiveConfig()
        self._spectra = Spectra(
            SpectraConfig(n_fft=self.config.n_fft, hop=self.config.hop)
        )

    def applies(self, instrument: str) -> bool:
        """Whether it knows an instrument: always."""
        return True

    def estimate(self, task: Task) -> np.ndarray:
        """Return the part that the instrument is of, shaped as the mixture."""
        spectrum = self._spectra.analyse(task.mixture)
        harmonic, percussive = librosa.decompose.hpss(
            np.abs(spectrum), kernel_size=self.config.kernel, mask=True
        )
        mask = percussive if task.instrument in PERCUSSION else harmonic
        return self._spectra.synthesise(mask * spectrum, task.mixture.shape[-1])


# Non-negative matrix factorisation, with templates learnt from the reference


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

    The reference is factorise alone; its templates are then held fixed beside
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
        """Whether it knows an instrument: always, the reference is an example of it."""
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
        reference = self._magnitudes(task.reference)
        learnt, _ = factorise(
            reference,
            _guess(reference, cfg.n_templates, rng),
            _gains(reference, cfg.n_templates, rng),
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


# What repeats and what does not, by similarity: no reference


@dataclass(frozen=True)
class RepetSimConfig:
    """Its numbers; window and neighbours chosen on rendered validation mixes."""

    n_fft: int = 2048  # samples of the Hann window
    hop: int = 512  # samples between columns
    nearest_s: float = 2.0  # a column is compared with none nearer than this
    n_neighbours: int = 100  # many: what most columns share is the background
    background: tuple[str, ...] = ("bass",)  # instruments that repeat


class RepetSim:
    """Each column's median over the columns most like it is the background.

    Columns are compared by the cosine between their magnitudes, all channels
    folded.  The background cannot exceed the mixture; its share of each bin is
    its mask, and one minus that the foreground's.

    The estimate of the bass, which goes on under everything, is the background, that
    of all others the foreground; giving strokes the background too did worse on
    validation mixes.  Where all parts repeat, as in a loop, there is little
    foreground to find.

    References
    ----------
    Rafii and Pardo, "Music/voice separation using the similarity matrix", ISMIR
    2012.  Medians by librosa.decompose.nn_filter.
    """

    name = "repet-sim"
    n_parameters = 0
    uses_reference = False

    def __init__(self, config: RepetSimConfig | None = None) -> None:
        self.config = config or RepetSimConfig()
        self._spectra = Spectra(
            SpectraConfig(n_fft=self.config.n_fft, hop=self.config.hop)
        )

    def applies(self, instrument: str) -> bool:
        """Whether it knows an instrument: always."""
        return True

    def estimate(self, task: Task) -> np.ndarray:
        """Return the background or the foreground, shaped as the mixture."""
        cfg = self.config
        spectrum = self._spectra.analyse(task.mixture)
        mixed = np.abs(spectrum)
        # A short sound has no columns so far apart: a quarter of it must do
        apart = min(
            round(cfg.nearest_s * task.sample_rate / cfg.hop), mixed.shape[-1] // 4
        )
        folded = np.abs(self._spectra.analyse(task.mixture.mean(axis=0)))
        alike = neighbours(folded, cfg.n_neighbours, apart)
        repeated = librosa.decompose.nn_filter(mixed, rec=alike, aggregate=np.median)
        background = np.minimum(mixed, repeated)
        parts = background, mixed - background
        wanted, other = parts if task.instrument in cfg.background else parts[::-1]
        mask = librosa.util.softmask(wanted, other, power=1)
        return self._spectra.synthesise(mask * spectrum, task.mixture.shape[-1])


def neighbours(
    magnitudes: np.ndarray, n_neighbours: int, apart: int
) -> scipy.sparse.csc_matrix:
    """Return which columns are most like which.

    Our own, since librosa.segment.recurrence_matrix (0.11) keeps any neighbours
    rather than the nearest where it also drops close ones, and in its other
    modes loses exact repeats, whose distance is zero.

    Parameters
    ----------
    magnitudes : np.ndarray, shape=(n_bins, n_columns)
        Two columns or more.
    n_neighbours : int
        How many are wanted for each column; fewer where there are not so many.
    apart : int
        Columns less than this apart are no neighbours.

    Returns
    -------
    csc_matrix, shape=(n_columns, n_columns)
        One at `[i, j]` where column i is a neighbour of column j.
    """
    n_columns = magnitudes.shape[1]
    # The nearest of all may be close ones, which are dropped
    n_near = min(n_neighbours + 2 * apart, n_columns - 1)
    search = NearestNeighbors(n_neighbors=n_near, metric="cosine").fit(magnitudes.T)
    nearest = search.kneighbors(return_distance=False)
    far = np.abs(nearest - np.arange(n_columns)[:, None]) >= apart
    columns, nth = np.nonzero(far & (np.cumsum(far, axis=1) <= n_neighbours))
    links = np.ones(len(columns), bool), (nearest[columns, nth], columns)
    return scipy.sparse.csc_matrix(links, shape=(n_columns, n_columns))
