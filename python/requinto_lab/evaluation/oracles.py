# SPDX-License-Identifier: GPL-3.0-or-later
"""The ends of the scale: the untouched mix, and masks made from the truth."""

from __future__ import annotations

import numpy as np

from requinto.metrics import IDEAL_MASK_TRANSFORM, ideal_ratio_mask
from requinto.spectra import Spectra
from requinto_lab.evaluation.systems import Task


class _Oracle:
    """What serves every instrument, without training or reference."""

    n_parameters = 0
    uses_reference = False

    def applies(self, instrument: str) -> bool:
        """Whether it serves an instrument: always."""
        del instrument
        return True


class Mix(_Oracle):
    """The mixture itself as the answer: what any system must beat."""

    name = "mix"

    def estimate(self, task: Task) -> np.ndarray:
        """Return a copy of the mixture."""
        return task.mixture.copy()


class IdealRatioMask(_Oracle):
    """Each bin weighted by the target's share of it, |T| / (|T| + |R|).

    See `metrics.ideal_ratio_mask`.  The transform is `IDEAL_MASK_TRANSFORM`, in all
    its bins; its window is in samples, so that it lasts longer at a lower rate.
    """

    name = "ideal ratio mask"

    def __init__(self) -> None:
        self._spectra = Spectra(IDEAL_MASK_TRANSFORM)

    def estimate(self, task: Task) -> np.ndarray:
        """Return the target as its mask lets it through, shaped as the mixture."""
        rest = task.mixture - task.truth
        return ideal_ratio_mask(self._spectra, task.truth, rest)


class IdealBinaryMask(_Oracle):
    """Each bin given wholly to the target where |T| > |R|, else dropped.

    The transform is that of `IdealRatioMask`.

    References
    ----------
    Wang, "On ideal binary mask as the computational goal of auditory scene
    analysis", in Speech Separation by Humans and Machines, Springer 2005,
    doi:10.1007/0-387-22794-6_12; here the local criterion is 0 dB.
    """

    name = "ideal binary mask"

    def __init__(self) -> None:
        self._spectra = Spectra(IDEAL_MASK_TRANSFORM)

    def estimate(self, task: Task) -> np.ndarray:
        """Return the target as its mask lets it through, shaped as the mixture."""
        target = self._spectra.analyse(task.truth)
        mixture = self._spectra.analyse(task.mixture)
        mask = np.abs(target) > np.abs(mixture - target)
        return self._spectra.synthesise(mask * mixture, task.mixture.shape[-1])
