# SPDX-License-Identifier: GPL-3.0-or-later
"""Sound at another rate is librosa's."""

import librosa
import numpy as np
import pytest

from requinto.resampling import resample
from sounds import noise


@pytest.mark.parametrize("shape", [(1,), (7,), (1, 999), (2, 5001)])
@pytest.mark.parametrize("rates", [(44100, 22050), (8000, 44100), (48000, 44100.5)])
def test_resampling_is_librosas(shape, rates):
    sound = noise(shape[-1], shape[0] if len(shape) > 1 else 1).reshape(shape)
    expected = librosa.resample(sound, orig_sr=rates[0], target_sr=rates[1])
    result = resample(sound, *rates)
    assert result.dtype == np.float32
    np.testing.assert_array_equal(result, expected)
    assert resample(sound, rates[0], rates[0]) is sound
