# SPDX-License-Identifier: GPL-3.0-or-later
"""What repeats and what does not, by similarity: no training, no reference."""

from __future__ import annotations

from dataclasses import dataclass

import librosa
import numpy as np
import scipy.sparse
from sklearn.neighbors import NearestNeighbors

from requinto.config import SpectraConfig
from requinto.spectra import Spectra
from requinto_lab.evaluation.systems import Task


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

    The bass, which goes on under everything, is answered with the background, all
    others with the foreground; giving strokes the background too did worse on
    validation mixes.  The reference is not heard.  Where all parts repeat, as in
    a loop, there is little foreground to find.

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
        """Whether it can be asked: always."""
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
    n_found = min(n_neighbours + 2 * apart, n_columns - 1)
    search = NearestNeighbors(n_neighbors=n_found, metric="cosine").fit(magnitudes.T)
    found = search.kneighbors(return_distance=False)
    far = np.abs(found - np.arange(n_columns)[:, None]) >= apart
    columns, nth = np.nonzero(far & (np.cumsum(far, axis=1) <= n_neighbours))
    links = np.ones(len(columns), bool), (found[columns, nth], columns)
    return scipy.sparse.csc_matrix(links, shape=(n_columns, n_columns))
