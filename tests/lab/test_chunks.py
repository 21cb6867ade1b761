# SPDX-License-Identifier: GPL-3.0-or-later
"""Spectrograms that were cut into pieces are whole again."""

import numpy as np
import pytest

from requinto_lab.systems.fixed_outputs import cut, join

SIZES = [(1, 1), (2, 1), (7, 7), (8, 4), (8, 3), (64, 17)]  # and hops
LENGTHS = [1, 2, 7, 8, 9, 16, 100, 129]


def columns(n_columns, leading=(2, 5), dtype=np.float32):
    rng = np.random.default_rng(n_columns)
    return rng.normal(size=(*leading, n_columns)).astype(dtype)


@pytest.mark.parametrize(("size", "hop"), SIZES)
@pytest.mark.parametrize("n_columns", LENGTHS)
@pytest.mark.parametrize("leading", [(), (3,), (2, 5)])
def test_joined_pieces_are_what_was_cut(size, hop, n_columns, leading):
    whole = columns(n_columns, leading)
    again = join(cut(whole, size, hop), hop, n_columns)
    assert again.shape == whole.shape and again.dtype == whole.dtype
    # An average of equals, in single precision
    np.testing.assert_allclose(again, whole, rtol=1e-5, atol=1e-6)


def test_complex_columns_stay_complex():
    whole = columns(50) + 1j * columns(51)[..., :50]
    again = join(cut(whole.astype(np.complex64), 8, 3), 3, 50)
    assert again.dtype == np.complex64
    np.testing.assert_allclose(again, whole, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(("size", "hop"), SIZES)
@pytest.mark.parametrize("n_columns", LENGTHS)
def test_pieces_are_the_columns_and_zeros_after_them(size, hop, n_columns):
    whole = columns(n_columns)
    pieces = cut(whole, size, hop)
    assert pieces.shape[1:] == (2, 5, size)
    for i, piece in enumerate(pieces):
        part = whole[..., i * hop : i * hop + size]
        np.testing.assert_array_equal(piece[..., : part.shape[-1]], part)
        assert not piece[..., part.shape[-1] :].any()
    # All columns are in a piece, and no piece is needless
    assert (len(pieces) - 1) * hop + size >= n_columns
    assert len(pieces) == 1 or (len(pieces) - 2) * hop + size < n_columns


@pytest.mark.parametrize(("size", "hop"), [(8, 4), (8, 2), (9, 3), (64, 32)])
def test_joins_are_smooth(size, hop):
    n_pieces = 6
    levels = np.arange(n_pieces, dtype=np.float32)  # each piece another level
    pieces = np.repeat(levels[:, None], size, axis=1)
    whole = join(pieces, hop, (n_pieces - 1) * hop + size)
    steps = np.diff(whole)
    # Up without a jump, from the first piece's level to the last one's
    assert whole[0] == 0 and whole[-1] == n_pieces - 1
    assert steps.min() >= -1e-6 and steps.max() < 0.67


@pytest.mark.parametrize(("size", "hop"), [(8, 4), (9, 3)])
def test_the_middle_of_a_piece_counts_most(size, hop):
    pieces = np.zeros((5, size), np.float32)
    pieces[2] = 1
    share = join(pieces, hop, 4 * hop + size)[2 * hop : 2 * hop + size]
    middle = size // 2
    assert share[middle] > 0.5
    assert (np.diff(share[: middle + 1]) >= -1e-6).all()
    np.testing.assert_allclose(share, share[::-1], atol=1e-6)


def test_pieces_are_not_changed_by_joining():
    pieces = cut(columns(40), 8, 4).copy()
    before = pieces.copy()
    join(pieces, 4, 40)
    np.testing.assert_array_equal(pieces, before)
