# SPDX-License-Identifier: GPL-3.0-or-later
"""Look for the reference's own spectra in a mixture, before any network does.

The reference is factorised into a few *templates*.  Beside free spectra, which
learn everything else, they then explain the mixture; their share of each band is
evidence that the network judges.  It holds for an instrument that no training
ever showed, and tells apart two players whom the network would take for one.

Of a pitched instrument the reference rarely plays the very notes, so that other
shares have the templates in several keys.  Drums are better found without.
"""

from __future__ import annotations

import contextlib
import functools

import numpy as np
from threadpoolctl import ThreadpoolController

from requinto.config import EvidenceConfig
from requinto.factorisation import FLOOR, factorised, share, transposed
from requinto.spectra import Spectra, compressed


class Evidence:
    """The search of one configuration.

    *Power* is as `Spectra.power` has it, `(n_columns, n_bands, n_channels)`;
    channels are folded.

    References
    ----------
    Smaragdis, Raj, Shashanka, "Supervised and semi-supervised separation of
    sounds from single-channel mixtures", ICA 2007, doi:10.1007/978-3-540-74494-8_52.
    """

    def __init__(self, config: EvidenceConfig, spectra: Spectra) -> None:
        self.config = config
        self._frequencies = spectra.band_centres

    def view(self, power: np.ndarray, templates: np.ndarray) -> np.ndarray:
        """Return what the network sees of a mixture.

        Returns
        -------
        np.ndarray, shape=(n_columns, n_bands, n_channels + n_shares)
            Compressed magnitudes, then shares.
        """
        if not self.config.n_templates:
            return compressed(power)
        return np.concatenate(
            [compressed(power), self.shares(power, templates)], axis=-1
        )

    def templates(self, power: np.ndarray) -> np.ndarray:
        """Return the spectra of a reference's power, in all keys.

        Returns
        -------
        np.ndarray, shape=(n_bands, n_keys, n_templates)
            From the lowest key to the highest, as learnt in the middle; each sums
            to one.
        """
        config = self.config
        if not config.n_templates:
            return np.zeros((power.shape[1], 0, 0), np.float32)
        heard = _magnitudes(power)
        guess = _columns(heard, config.n_templates)
        with _one_thread():
            learnt, _ = factorised(heard, guess, _even(guess, heard), config.n_learning)
        widest = max(config.reaches)
        keys = range(-widest, widest + 1)
        moved = [transposed(learnt, key, self._frequencies) for key in keys]
        return np.stack(moved, axis=1)

    def shares(self, power: np.ndarray, templates: np.ndarray) -> np.ndarray:
        """Return the templates' shares of a mixture's bands.

        Parameters
        ----------
        power : np.ndarray, shape=(n_columns, n_bands, n_channels)
        templates : np.ndarray
            As `templates` returns them.

        Returns
        -------
        np.ndarray, shape=(n_columns, n_bands, n_shares), in [0, 1]
            For each reach.
        """
        heard = _magnitudes(power)
        middle = templates.shape[1] // 2
        found = []
        with _one_thread():
            for reach in self.config.reaches:
                fixed = templates[:, middle - reach : middle + reach + 1]
                found.append(self._share(heard, fixed.reshape(len(fixed), -1)))
        return np.stack(found, axis=-1).transpose(1, 0, 2)

    def _share(self, heard: np.ndarray, fixed: np.ndarray) -> np.ndarray:
        config = self.config
        guess = np.concatenate([fixed, _columns(heard, config.n_free)], axis=1)
        spectra, gains = factorised(
            heard,
            guess,
            _even(guess, heard),
            config.n_iterations,
            n_fixed=fixed.shape[1],
        )
        return share(spectra, gains, fixed.shape[1])


def _magnitudes(power: np.ndarray) -> np.ndarray:
    """Fold channels: magnitudes `(n_bands, n_columns)` whose peak is one."""
    size = np.sqrt(power.mean(axis=-1)).T
    return np.asarray(size / (size.max() + FLOOR), np.float32)


def _columns(heard: np.ndarray, n_spectra: int) -> np.ndarray:
    """Return columns from all over a spectrogram: the first guess of its spectra."""
    places = np.linspace(0, heard.shape[1] - 1, n_spectra).astype(int)
    guess = heard[:, places] + heard.mean() + FLOOR
    return np.asarray(guess / guess.sum(axis=0), np.float32)


def _even(spectra: np.ndarray, heard: np.ndarray) -> np.ndarray:
    """Return the first guess of gains: all the same."""
    return np.full((spectra.shape[1], heard.shape[1]), heard.mean(), np.float32)


def _one_thread() -> contextlib.AbstractContextManager[object]:
    # A second thread only waits here: fifty times longer on a busy machine
    return _libraries().limit(limits=1, user_api="blas")


@functools.cache
def _libraries() -> ThreadpoolController:
    # To look for them each time took a fifth of a search
    return ThreadpoolController()
