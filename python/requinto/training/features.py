# SPDX-License-Identifier: GPL-3.0-or-later
"""From mixed sound to what the network is fed, and what its mask is scored on."""

from __future__ import annotations

import numpy as np

from requinto.spectra import Spectra, compressed

_FLOOR = 1e-9  # power added to silence, so that scaling stays finite


def moments(
    spectra: Spectra, mixture: np.ndarray, target: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return the network's view of a mixture, and the moments of its truth.

    Parameters
    ----------
    spectra : Spectra
    mixture, target : np.ndarray, shape=(2, n_frames)

    Returns
    -------
    seen : np.ndarray, shape=(n_columns, n_bands, 2)
        Compressed magnitudes of the mixture.
    truth : np.ndarray, shape=(n_columns, n_bands, 2, 3)
        Energy of the mixture, real cross energy, energy of the target in each
        band, in units of the mixture's mean (see `losses.py`).
    """
    whole, part = spectra.analyse(mixture), spectra.analyse(target)
    power = spectra.power(whole)
    cross = spectra.in_bands(np.real(whole * np.conj(part)))
    sizes = spectra.band_sizes[:, None]
    truth = np.stack([power, cross, spectra.power(part)], axis=-1) * sizes[..., None]
    truth /= np.mean(truth[..., 0]) + _FLOOR
    return spectra.padded(compressed(power)), spectra.padded(truth)


def reference_view(spectra: Spectra, reference: np.ndarray) -> np.ndarray:
    """Return the encoder's view `(n_columns, n_bands, 2)` of a reference sound."""
    return spectra.padded(compressed(spectra.power(spectra.analyse(reference))))
