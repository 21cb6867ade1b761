# SPDX-License-Identifier: GPL-3.0-or-later
"""The ends of the scale: the untouched mix, and masks made from the truth."""

from __future__ import annotations

import numpy as np

from requinto.metrics import IDEAL_MASK_TRANSFORM, ideal_ratio_mask
from requinto.spectra import Spectra
from requinto_lab.evaluation.systems import Task


class Mix:
    """The mixture itself as the answer: what any system must beat."""

    name = "mix"
    n_parameters = 0
    uses_reference = False

    def applies(self, instrument: str) -> bool:
        """Whether it can be asked: always."""
        return True

    def estimate(self, task: Task) -> np.ndarray:
        """Return a copy of the mixture."""
        return task.mixture.copy()


class IdealRatioMask:
    """Each bin weighted by the target's share of it, |T| / (|T| + |R|).

    See `metrics.ideal_ratio_mask`.  The transform is `IDEAL_MASK_TRANSFORM`, in all
    its bins; its window is in samples, so that it lasts longer at a lower rate.
    """

    name = "ideal ratio mask"
    n_parameters = 0
    uses_reference = False

    def __init__(self) -> None:
        self._spectra = Spectra(IDEAL_MASK_TRANSFORM)

    def applies(self, instrument: str) -> bool:
        """Whether it can be asked: always."""
        return True

    def estimate(self, task: Task) -> np.ndarray:
        """Return the target as its mask lets it through, shaped as the mixture."""
        rest = task.mixture - task.truth
        return ideal_ratio_mask(self._spectra, task.truth, rest)


class IdealBinaryMask:
    """Each bin given wholly to the target where |T| > |R|, else dropped.

    The transform is that of `IdealRatioMask`.

    References
    ----------
    Wang, "On ideal binary mask as the computational goal of auditory scene
    analysis", in Speech Separation by Humans and Machines, Springer 2005,
    doi:10.1007/0-387-22794-6_12; here the local criterion is 0 dB.
    """

    name = "ideal binary mask"
    n_parameters = 0
    uses_reference = False

    def __init__(self) -> None:
        self._spectra = Spectra(IDEAL_MASK_TRANSFORM)

    def applies(self, instrument: str) -> bool:
        """Whether it can be asked: always."""
        return True

    def estimate(self, task: Task) -> np.ndarray:
        """Return the target as its mask lets it through, shaped as the mixture."""
        wanted = self._spectra.analyse(task.truth)
        mixed = self._spectra.analyse(task.mixture)
        mask = np.abs(wanted) > np.abs(mixed - wanted)
        return self._spectra.synthesise(mask * mixed, task.mixture.shape[-1])
