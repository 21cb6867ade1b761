# SPDX-License-Identifier: GPL-3.0-or-later
"""Sound that cannot be worked with is refused in one clear line."""

import numpy as np
import pytest

from requinto import audio
from requinto.errors import AudioError
from sounds import RATE


@pytest.mark.parametrize("shape", [(RATE,), (1, RATE), (2, RATE)])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_good_audio_passes(shape, dtype):
    checked = audio.checked(np.ones(shape, dtype), RATE)
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
        audio.checked(sound, rate)


def test_infinities_of_both_signs_do_not_cancel():
    sound = np.zeros(RATE, np.float32)
    sound[:2] = np.inf, -np.inf
    with pytest.raises(AudioError, match="not finite"):
        audio.checked(sound, RATE)
