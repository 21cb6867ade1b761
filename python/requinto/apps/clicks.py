# SPDX-License-Identifier: GPL-3.0-or-later
"""Let beats be heard: clicks laid over a song."""

from __future__ import annotations

import numpy as np

from requinto.beats import Beats
from requinto.scratch import import_librosa

_DOWNBEAT_HZ, _BEAT_HZ = 1600.0, 1000.0
_LEVEL = 0.5  # peak of a click
_SONG = 0.5  # gain of the song beneath


def clicking(song: np.ndarray, sample_rate: float, beats: Beats) -> np.ndarray:
    """Return a song with a click on each beat, a higher one on downbeats.

    Parameters
    ----------
    song : np.ndarray, shape=(n_channels, n_frames)
        Full scale is 1.
    sample_rate : float
        Hz.
    beats : Beats

    Returns
    -------
    np.ndarray, float32
        Shaped as the song, and within full scale where the song is.
    """
    librosa = import_librosa()
    clicks = np.zeros(song.shape[1], np.float32)
    others_s = np.setdiff1d(beats.times_s, beats.downbeats_s)
    for times_s, hz in ((beats.downbeats_s, _DOWNBEAT_HZ), (others_s, _BEAT_HZ)):
        inside = times_s[times_s < song.shape[1] / sample_rate]
        if len(inside):
            clicks += librosa.clicks(
                times=inside, sr=sample_rate, click_freq=hz, length=song.shape[1]
            )
    np.clip(clicks, -1, 1, out=clicks)
    clicks *= _LEVEL
    mix = np.float32(_SONG) * song
    mix += clicks
    return mix
