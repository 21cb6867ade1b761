# SPDX-License-Identifier: GPL-3.0-or-later
"""Columns are librosa's, and what moves along them is SciPy's."""

import librosa
import numpy as np
import pytest
import scipy.ndimage
import scipy.signal

from requinto.inaudible import widen
from requinto.spectra import moving_mean
from requinto.stft import hann, stft


@pytest.mark.parametrize(("n_fft", "hop"), [(1024, 441), (2048, 512), (4096, 441)])
@pytest.mark.parametrize("n_more", [0, 1, 440, 20_000])
@pytest.mark.parametrize("n_channels", [1, 2])
def test_columns_are_librosas(n_fft, hop, n_more, n_channels):
    rng = np.random.default_rng(n_more)
    sound = rng.standard_normal((n_channels, n_fft + n_more)).astype(np.float32)
    expected = librosa.stft(sound, n_fft=n_fft, hop_length=hop, center=False)
    columns = stft(sound, hann(n_fft), hop)
    assert columns.dtype == np.complex64
    scale = np.abs(expected).max()
    np.testing.assert_allclose(columns.swapaxes(1, 2), expected, atol=1e-6 * scale)


@pytest.mark.parametrize("n_frames", [2, 1000, 4096])
def test_the_window_is_scipys(n_frames):
    expected = scipy.signal.get_window("hann", n_frames).astype(np.float32)
    np.testing.assert_array_equal(hann(n_frames), expected)


@pytest.mark.parametrize("size", [1, 3, 9, 15, 25])
@pytest.mark.parametrize("edge", ["symmetric", "edge"])
@pytest.mark.parametrize("shape", [(40,), (3, 25), (2, 5, 300)])
def test_a_moving_mean_is_scipys(size, edge, shape):
    values = np.random.default_rng(size).random(shape, np.float32) - 0.3
    mode = {"symmetric": "reflect", "edge": "nearest"}[edge]
    expected = scipy.ndimage.uniform_filter1d(values.astype(float), size, mode=mode)
    result = moving_mean(values, size, edge=edge)
    assert result.dtype == np.float32
    np.testing.assert_allclose(result, expected, atol=2e-7)


@pytest.mark.parametrize("size", [1, 3, 5])
def test_flags_widen_as_scipys(size):
    flags = np.random.default_rng(0).random((4, 90)) < 0.1
    expected = scipy.ndimage.maximum_filter1d(flags, size, axis=1)
    np.testing.assert_array_equal(widen(flags, size), expected)
