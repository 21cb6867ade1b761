# SPDX-License-Identifier: GPL-3.0-or-later
"""Load and compile everything before the first sound comes."""

from __future__ import annotations

import numpy as np

from requinto.config import ClipConfig
from requinto.separator import Query, Separator
from requinto.stream import BeatSource, Stream

_N_LATENCIES = 1  # of noise: until the first clip can be answered
_LEVEL = 0.1  # amplitude


def warm_up(
    target: str | Query,
    beat_source: BeatSource,
    *,
    separator: Separator,
    clips: ClipConfig,
    sample_rate: float,
) -> None:
    """Extract from noise once, with the settings that sound will be extracted with.

    Networks compile when they are first run, and libraries load when they are first
    used, which takes seconds that whoever waits for sound would count as a hang.

    Parameters
    ----------
    target : str or Query
        What the separator is asked for.
    beat_source : "host", "detect" or "fixed"
        As in `Stream.configure`. For "host" the beat tracker is warmed up too, as it
        is needed where the host has no position.
    separator : Separator
        The model.
    clips : ClipConfig
        How the sound is cut.
    sample_rate : float
        Hz.
    """
    stream = Stream(clips, sample_rate=sample_rate, n_channels=1)
    stream.configure(target, beat_source, separator=separator)
    n_frames = _N_LATENCIES * stream.latency_frames
    noise = np.random.default_rng(0).standard_normal((1, n_frames), np.float32)
    stream.exchange(_LEVEL * noise)
