# SPDX-License-Identifier: GPL-3.0-or-later
"""Match the spectra of a reference, its templates, against a mixture.

The reference is factorised into a few *templates*.  Together with free spectra, which
are fitted to everything else, they explain the mixture; their share of each band is an
input of the network.  It works for instruments that were in no training, and separates
two players that the network would take for one.

The reference of a pitched instrument rarely plays the very notes, so further shares
have the templates in several keys.  Drums are matched better in one.  Keys over four
octaves show in which register of the mixture it seems to play.

A reference from the same mix also has a position in the stereo image; a last view shows
how near to it each band is.
"""

from __future__ import annotations

import numpy as np

from requinto.config import TemplateConfig
from requinto.nmf import FLOOR, factorise, share, transpose_spectra, transposition
from requinto.process import one_blas_thread
from requinto.spectra import Spectra, compress, moving_mean

SHIFTS = np.arange(-24, 25, 2)  # semitones, of the keys of `TemplateMatcher.gains`
_N_FREE_OF_SHIFTS = 24  # spectra left to everything else there
_NEARBY_BANDS = 9  # over which the balance of a player is averaged
_ANYWHERE = 0.01  # weight of all bands together, for those that hold nothing
_WIDTH = 0.25  # difference of balance at which two players differ
_CENTRED = 1e-4  # balance below which a sound is mono
_UNKNOWN = 0.5  # in the view of placement, where there is no balance to compare


class TemplateMatcher:
    """The template matching of one configuration.

    *Power* is `(n_columns, n_bands, n_channels)`, of `Spectra.audible_power`; channels
    are folded.

    References
    ----------
    Smaragdis, Raj, Shashanka, "Supervised and semi-supervised separation of
    sounds from single-channel mixtures", ICA 2007, doi:10.1007/978-3-540-74494-8_52.
    """

    def __init__(self, config: TemplateConfig, spectra: Spectra) -> None:
        self.config = config
        widest = max(config.reaches)
        self._keys = transposition(range(-widest, widest + 1), spectra.band_centres)
        self._shifts = transposition(SHIFTS.tolist(), spectra.band_centres)

    def view(
        self,
        power: np.ndarray,
        templates: np.ndarray,
        balance: np.ndarray | None = None,
        unlike: np.ndarray | None = None,
    ) -> np.ndarray:
        """Return the network's input for a mixture, `(n_columns, n_bands, n_views)`.

        These are compressed magnitudes, then `template_shares`, then placement near the
        `balance` of the reference.
        """
        views = [compress(power)]
        if self.config.n_templates:
            views.append(self.template_shares(power, templates, unlike))
        if self.config.placement:
            views.append(_placement(power, balance)[..., None])
        return np.concatenate(views, axis=-1)

    def balance(self, power: np.ndarray) -> np.ndarray | None:
        """Return where the player of a reference is in the stereo image, by band.

        Returns
        -------
        np.ndarray, shape=(n_bands,), or None
            From -1, left, to 1, right; a band that holds nothing has the balance of
            all. None where both channels are the same, or placement is not used.
        """
        if not self.config.placement:
            return None
        total = power.sum(axis=(0, 2))
        difference = (power[..., 1] - power[..., 0]).sum(axis=0)
        if np.abs(difference).sum() <= _CENTRED * total.sum():
            return None
        sums = np.stack([difference, total]) / (total.mean() + FLOOR)
        nearby = moving_mean(sums, _NEARBY_BANDS, edge="edge")
        nearby += _ANYWHERE * sums.mean(axis=1, keepdims=True)
        return np.asarray(nearby[0] / (nearby[1] + FLOOR), np.float32)

    def templates(self, power: np.ndarray) -> np.ndarray:
        """Return the spectra of a reference's power, in all keys.

        Returns
        -------
        np.ndarray, shape=(n_bands, n_keys, n_templates)
            From the lowest key to the highest, as fitted in the middle; each sums
            to one.
        """
        config = self.config
        if not config.n_templates:
            return np.zeros((power.shape[1], 0, 0), np.float32)
        magnitudes = _magnitudes(power)
        guess = _first_spectra(magnitudes, config.n_templates)
        gains = _even_gains(guess, magnitudes)
        with one_blas_thread():
            fitted, _ = factorise(magnitudes, guess, gains, config.n_learning)
        return transpose_spectra(fitted, self._keys)

    def template_shares(
        self,
        power: np.ndarray,
        templates: np.ndarray,
        unlike: np.ndarray | None = None,
    ) -> np.ndarray:
        """Return the templates' share of each band of a mixture.

        Parameters
        ----------
        power : np.ndarray
            Of the mixture.
        templates : np.ndarray
            Of the reference, as `templates` returns them.
        unlike : np.ndarray, optional
            Templates of sounds that are not wanted: what these explain, in the same
            keys, is no part of a share.

        Returns
        -------
        np.ndarray, shape=(n_columns, n_bands, n_shares), in [0, 1]
            For each reach.
        """
        magnitudes = _magnitudes(power)
        shares = []
        with one_blas_thread():
            for reach in self.config.reaches:
                wanted = _in_keys(templates, reach)
                rivals = wanted[:, :0] if unlike is None else _in_keys(unlike, reach)
                wide = 0 < self.config.prune_above < reach
                shares.append(self._match(magnitudes, wanted, rivals, prune=wide))
        return np.stack(shares, axis=-1).transpose(1, 0, 2)

    def gains(self, power: np.ndarray, templates: np.ndarray) -> np.ndarray:
        """Return how much of a mixture the templates explain in each key of `SHIFTS`.

        Parameters
        ----------
        power : np.ndarray
            Of the mixture, some seconds.
        templates : np.ndarray
            Of the reference, as `templates` returns them.

        Returns
        -------
        np.ndarray, shape=(n_shifts,), in [0, 1]
            Their sum is at most about 1; zeros if the mixture is silent.
        """
        magnitudes = _magnitudes(power)
        n_keys, n_templates = templates.shape[1:]
        if not n_templates or not magnitudes.any():
            return np.zeros(len(SHIFTS), np.float32)
        moved = transpose_spectra(templates[:, n_keys // 2], self._shifts)
        n_moved = len(SHIFTS) * n_templates
        free = _first_spectra(magnitudes, _N_FREE_OF_SHIFTS)
        spectra = np.concatenate([moved.reshape(len(moved), -1), free], axis=1)
        with one_blas_thread():
            first = _even_gains(spectra, magnitudes)
            n_iterations = self.config.n_iterations
            _, gains = factorise(
                magnitudes, spectra, first, n_iterations, n_fixed=n_moved
            )
        sums = gains[:n_moved].reshape(len(SHIFTS), -1).sum(axis=1)
        return np.asarray(sums / magnitudes.sum(), np.float32)

    def _match(
        self,
        magnitudes: np.ndarray,
        wanted: np.ndarray,
        rivals: np.ndarray,
        *,
        prune: bool,
    ) -> np.ndarray:
        config = self.config
        n_iterations = config.n_iterations
        free = _first_spectra(magnitudes, config.n_free)
        spectra = np.concatenate([wanted, rivals, free], axis=1)
        gains = _even_gains(spectra, magnitudes)
        n_wanted, n_fixed = wanted.shape[1], wanted.shape[1] + rivals.shape[1]
        if prune and n_wanted > config.n_kept:
            # Most keys explain nothing, which few iterations show
            n_trial = min(config.n_trial, n_iterations)
            spectra, gains = factorise(
                magnitudes, spectra, gains, n_trial, n_fixed=n_fixed
            )
            rows = [
                *_loudest(gains, 0, n_wanted, config.n_kept),
                *_loudest(gains, n_wanted, n_fixed, config.n_kept),
                *range(n_fixed, len(gains)),
            ]
            spectra, gains = spectra[:, rows], gains[rows]
            n_fixed = len(rows) - config.n_free
            n_wanted, n_iterations = config.n_kept, n_iterations - n_trial
        spectra, gains = factorise(
            magnitudes, spectra, gains, n_iterations, n_fixed=n_fixed
        )
        return share(spectra, gains, n_wanted)


def _in_keys(templates: np.ndarray, reach: int) -> np.ndarray:
    """Return templates moved by at most so many semitones, one a column."""
    middle = templates.shape[1] // 2
    near = templates[:, middle - reach : middle + reach + 1]
    return near.reshape(len(near), -1)


def _loudest(gains: np.ndarray, first: int, last: int, n_kept: int) -> np.ndarray:
    """Return which rows of gains in a range explain most, ascending."""
    if last - first <= n_kept:
        return np.arange(first, last)
    totals = gains[first:last].sum(axis=1)
    return first + np.sort(np.argpartition(totals, -n_kept)[-n_kept:])


def _placement(power: np.ndarray, balance: np.ndarray | None) -> np.ndarray:
    """Return how near each band of a mixture is to a balance, `(n_columns, n_bands)`.

    From 1, at it, to 0; all the same where the reference or the mixture has one
    channel only.
    """
    total = power.sum(axis=-1)
    difference = power[..., 1] - power[..., 0]
    centred = np.abs(difference).sum() <= _CENTRED * total.sum()
    if balance is None or centred:
        return np.full(total.shape, _UNKNOWN, np.float32)
    apart = difference / (total + FLOOR * (total.mean() + FLOOR)) - balance
    return np.asarray(np.exp(-np.square(apart / _WIDTH)), np.float32)


def _magnitudes(power: np.ndarray) -> np.ndarray:
    """Fold channels: magnitudes `(n_bands, n_columns)` whose peak is one."""
    n_channels = power.shape[-1]
    # A product: a mean over so short an axis takes twenty times as long
    size = np.sqrt(power @ np.full(n_channels, 1 / n_channels, power.dtype)).T
    return np.asarray(size / (size.max() + FLOOR), np.float32)


def _first_spectra(magnitudes: np.ndarray, n_spectra: int) -> np.ndarray:
    """Return columns from all over a spectrogram: the first guess of its spectra."""
    columns = np.linspace(0, magnitudes.shape[1] - 1, n_spectra).astype(int)
    guess = magnitudes[:, columns] + magnitudes.mean() + FLOOR
    return np.asarray(guess / guess.sum(axis=0), np.float32)


def _even_gains(spectra: np.ndarray, magnitudes: np.ndarray) -> np.ndarray:
    """Return the first guess of gains: all the same."""
    return np.full(
        (spectra.shape[1], magnitudes.shape[1]), magnitudes.mean(), np.float32
    )
