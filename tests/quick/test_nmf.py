# SPDX-License-Identifier: GPL-3.0-or-later
"""Each update of a factorisation brings the product nearer, and spectra move."""

import itertools

import numpy as np
import pytest

from requinto.nmf import factorise, share, transpose_spectra, transposition


def product(n_bins=40, n_spectra=3, n_columns=50, seed=0):
    rng = np.random.default_rng(seed)
    spectra, gains = rng.random((n_bins, n_spectra)), rng.random((n_spectra, n_columns))
    return (spectra @ gains / n_spectra).astype(np.float32), spectra


def guess(wanted, n_spectra, seed=1):
    rng = np.random.default_rng(seed)
    n_bins, n_columns = wanted.shape
    return (
        rng.uniform(0.5, 1.5, (n_bins, n_spectra)),
        rng.uniform(0.5, 1.5, (n_spectra, n_columns)),
    )


def test_each_update_brings_the_product_nearer():
    wanted, spectra = product()
    first = guess(wanted, 3)
    first[0][:, 0] = spectra[:, 0]

    def divergence(n_iterations):
        estimate, gains = factorise(wanted, *first, n_iterations, n_fixed=1)
        np.testing.assert_array_equal(estimate[:, 0], spectra[:, 0].astype(np.float32))
        near = estimate @ gains
        return float(np.sum(wanted * np.log(wanted / near) - wanted + near))

    course = [divergence(n) for n in (0, 1, 2, 4, 8, 16, 32, 64, 128, 256)]
    assert all(np.diff(course) < 0)
    assert course[-1] < 1e-3 * course[0]


@pytest.mark.parametrize("n_iterations", [1, 2, 7])
def test_the_product_has_the_sum_of_what_was_factorised(n_iterations):
    # After each update of all spectra, for this divergence (Lee and Seung)
    wanted, _ = product()
    spectra, gains = factorise(wanted, *guess(wanted, 5), n_iterations)
    assert np.sum(spectra @ gains) == pytest.approx(wanted.sum(), rel=1e-5)


def test_a_share_is_of_the_whole():
    wanted, _ = product()
    spectra, gains = factorise(wanted, *guess(wanted, 4), 3)
    parts = [share(spectra, gains, n) for n in range(5)]
    np.testing.assert_allclose(parts[0], 0)
    np.testing.assert_allclose(parts[4], 1, atol=1e-4)
    assert all((b > a).all() for a, b in itertools.pairwise(parts))


@pytest.mark.parametrize("semitones", [-12, 0, 12])
def test_transposing_moves_the_peak_by_its_ratio(semitones):
    spectra = np.zeros((200, 2), np.float32)
    spectra[[40, 60], [0, 1]] = 1
    bins = np.arange(200)
    moved = transpose_spectra(spectra, transposition([semitones], bins))[:, 0]
    np.testing.assert_array_equal(
        moved.argmax(axis=0), np.array([40, 60]) * 2 ** (semitones / 12)
    )
    np.testing.assert_allclose(moved.sum(axis=0), 1, rtol=1e-6)


@pytest.mark.parametrize("semitones", [-19, -7.5, 0, 0.3, 12, 24])
def test_moving_is_interpolating(semitones):
    """NumPy's interpolation is the other opinion, on bins that lie unevenly."""
    rng = np.random.default_rng(3)
    bins = np.concatenate([np.arange(50), np.geomspace(50, 400, 40)])
    spectra = rng.random((90, 3)).astype(np.float32)
    moved = transpose_spectra(spectra, transposition([0, semitones], bins))[:, 1]
    sources = bins / 2 ** (semitones / 12)
    plain = [np.interp(sources, bins, one, right=0) for one in spectra.T]
    wanted = np.stack(plain, axis=1) / np.sum(plain, axis=1)
    np.testing.assert_allclose(moved, wanted, rtol=1e-4, atol=1e-6)


def textbook_updates(magnitudes, spectra, gains, n_iterations, n_fixed):
    """Return the same by the updates as papers have them, in double precision."""
    spectra, gains = spectra.astype(float), gains.astype(float)
    for _ in range(n_iterations):
        ratio = magnitudes / (spectra @ gains + 1e-9)
        gains *= (spectra.T @ ratio) / (spectra.sum(axis=0)[:, None] + 1e-9)
        ratio = magnitudes / (spectra @ gains + 1e-9)
        change = (ratio @ gains.T) / (gains.sum(axis=1) + 1e-9)
        spectra[:, n_fixed:] *= change[:, n_fixed:]
    return spectra, gains


@pytest.mark.parametrize("n_fixed", [0, 1, 5, 8])
@pytest.mark.parametrize("n_iterations", [0, 1, 15])
def test_a_factorisation_is_its_textbook_updates(n_fixed, n_iterations):
    wanted, _ = product(n_spectra=8)
    wanted[:, 7] = 0  # a silent column
    first = guess(wanted, 8)
    expected = textbook_updates(wanted, *first, n_iterations, n_fixed)
    result = factorise(wanted, *first, n_iterations, n_fixed=n_fixed)
    for given, values, true in zip(first, result, expected, strict=True):
        assert values.dtype == np.float32 and given is not values
        np.testing.assert_allclose(values, true, rtol=2e-4, atol=1e-6)
