# SPDX-License-Identifier: GPL-3.0-or-later
"""Lay a click over each beat of a song."""

from __future__ import annotations

import numpy as np

from requinto.beats import Beats

_DOWNBEAT_HZ, _BEAT_HZ = 1600.0, 1000.0
_CLICK_S = 0.1
_FADED = 2.0**-10  # of its level, where a click ends
_LEVEL = 0.5  # peak of a click
_SONG = 0.5  # gain of the song beneath


def add_clicks(song: np.ndarray, sample_rate: float, beats: Beats) -> np.ndarray:
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
    clicks = np.zeros(song.shape[1], np.float32)
    others_s = np.setdiff1d(beats.times_s, beats.downbeats_s)
    for times_s, hz in ((beats.downbeats_s, _DOWNBEAT_HZ), (others_s, _BEAT_HZ)):
        click = _click(hz, sample_rate)
        for start in (times_s * sample_rate).astype(int):
            span = clicks[start : start + len(click)]
            span += click[: len(span)]
    np.clip(clicks, -1, 1, out=clicks)
    clicks *= _LEVEL
    mix = np.float32(_SONG) * song
    mix += clicks
    return mix


def _click(hz: float, sample_rate: float) -> np.ndarray:
    """Return a sine that fades, as in `librosa.clicks`."""
    n_frames = int(_CLICK_S * sample_rate)
    sine = np.sin(2 * np.pi * hz / sample_rate * np.arange(n_frames))
    return np.asarray(np.geomspace(1, _FADED, n_frames) * sine)
