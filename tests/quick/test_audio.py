# SPDX-License-Identifier: GPL-3.0-or-later
"""Sound that cannot be worked with is refused; at another rate it is librosa's."""

import librosa
import numpy as np
import pytest

from requinto import audio
from requinto.errors import AudioError
from sounds import RATE, noise


@pytest.mark.parametrize("shape", [(RATE,), (1, RATE), (2, RATE)])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_good_audio_passes(shape, dtype):
    checked = audio.check_samples(np.ones(shape, dtype), RATE)
    assert checked.dtype == np.float32
    assert checked.shape == (shape[0] if len(shape) == 2 else 1, RATE)


@pytest.mark.parametrize(
    ("sound", "rate", "message"),
    [
        (np.zeros((2, 0), np.float32), RATE, "empty"),
        (np.zeros(0, np.float32), RATE, "empty"),
        (np.zeros((6, RATE), np.float32), RATE, r"1 or 2 channels.*\(6, 44100\)"),
        (np.zeros((1, 2, RATE), np.float32), RATE, "1 or 2 channels"),
        (np.zeros(int(0.2 * RATE), np.float32), RATE, r"0\.5 s or more, got 0\.200 s"),
        (np.full(RATE, np.nan, np.float32), RATE, "not finite"),
        (np.full(RATE, np.inf, np.float32), RATE, "not finite"),
        (np.zeros(RATE, np.int16), RATE, "floating-point samples, got int16"),
        (np.zeros(RATE, np.float32), 0, "sample rate"),
        (np.zeros(RATE, np.float32), -44100, "sample rate"),
        (np.zeros(RATE, np.float32), float("nan"), "sample rate"),
    ],
)
def test_bad_audio_is_refused(sound, rate, message):
    with pytest.raises(AudioError, match=message):
        audio.check_samples(sound, rate)


def test_infinities_of_both_signs_do_not_cancel():
    sound = np.zeros(RATE, np.float32)
    sound[:2] = np.inf, -np.inf
    with pytest.raises(AudioError, match="not finite"):
        audio.check_samples(sound, RATE)


@pytest.mark.parametrize("shape", [(1,), (7,), (1, 999), (2, 5001)])
@pytest.mark.parametrize("rates", [(44100, 22050), (8000, 44100), (48000, 44100.5)])
def test_resampling_is_librosas(shape, rates):
    sound = noise(shape[-1], shape[0] if len(shape) > 1 else 1).reshape(shape)
    expected = librosa.resample(sound, orig_sr=rates[0], target_sr=rates[1])
    result = audio.resample(sound, *rates)
    assert result.dtype == np.float32
    np.testing.assert_array_equal(result, expected)
    assert audio.resample(sound, rates[0], rates[0]) is sound
    for n_frames in (result.shape[-1] - 1, result.shape[-1] + 2):
        exact = audio.resample(sound, *rates, n_frames)
        fixed = librosa.util.fix_length(expected, size=n_frames)
        np.testing.assert_array_equal(exact, fixed)
