# SPDX-License-Identifier: GPL-3.0-or-later
"""The first sound loads nothing: whoever waits for it would count that as a hang."""

import subprocess
import sys

import pytest

from requinto.bridge import warm_up
from requinto.config import ClipConfig

# Prints the modules that the first sound imports, warmed up or not
FIRST_SOUND = """
import sys
import numpy as np
from requinto.config import ClipConfig
from requinto.bridge import warm_up
from requinto.separator import Extraction
from requinto.stream import Stream
from requinto.timeline import BeatSettings
from requinto.loader import load_separator

separator, clips = load_separator("fast"), ClipConfig()
if sys.argv[1] == "warm":
    warm_up("bass", "detect", separator=separator, clips=clips, sample_rate=44100.0)
stream = Stream(clips, sample_rate=44100.0, n_channels=2)
stream.configure(Extraction.of("bass", separator), BeatSettings("detect"))
known = set(sys.modules)
noise = np.random.default_rng(1).standard_normal((2, 500_000), np.float32)
made = stream.exchange(0.1 * noise)
assert made.any()
print(*sorted(set(sys.modules) - known))
"""


@pytest.mark.parametrize("is_warm", [True, False])
def test_the_first_sound_imports_nothing(is_warm):
    result = subprocess.run(
        [sys.executable, "-c", FIRST_SOUND, "warm" if is_warm else "cold"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert bool(result.stdout.split()) is not is_warm


class Counting:
    """A separator that counts its clips, and returns them as they are."""

    clips = ClipConfig()

    def __init__(self):
        self.n_clips = 0

    def target(self, name):
        """Return a query that is of no use."""
        return name

    def separate(self, clip, sample_rate, query, sensitivity=0.5):
        """Return the clip."""
        self.n_clips += 1
        return clip


@pytest.mark.parametrize("sample_rate", [8000.0, 44100.0, 96000.0])
@pytest.mark.parametrize("beat_source", ["host", "detect", "fixed"])
@pytest.mark.parametrize("n_beats", [1, 2, 4])
def test_a_clip_is_separated(n_beats, beat_source, sample_rate):
    separator = Counting()
    clips = ClipConfig().of_beats(n_beats)
    warm_up(
        "bass", beat_source, separator=separator, clips=clips, sample_rate=sample_rate
    )
    assert separator.n_clips
