# SPDX-License-Identifier: GPL-3.0-or-later
"""Spectrograms show the levels of a sound, where and as high as they are."""

import librosa
import numpy as np
import pytest

from requinto.spectrograms import levels_db
from sounds import noise


@pytest.mark.parametrize("n_frames", [1, 511, 2048, 44100])
@pytest.mark.parametrize("level", [0.0, 1e-6, 0.1])
def test_levels_are_librosas(n_frames, level):
    sound = level * noise(n_frames)[0]
    padded = np.pad(sound, (0, max(0, 2048 - n_frames)))
    magnitudes = np.abs(librosa.stft(padded, n_fft=2048, hop_length=512))
    expected = 20 * np.log10(magnitudes[:, : 1 + n_frames // 512] + 1e-5)
    result = levels_db(sound)
    assert result.shape == expected.shape and result.dtype == np.float32
    # A faint bin has the rounding of the loudest
    np.testing.assert_allclose(result, expected, atol=0.01)
