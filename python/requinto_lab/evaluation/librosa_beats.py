# SPDX-License-Identifier: GPL-3.0-or-later
"""The beat tracker of librosa: ours is measured against it, older systems use it."""

from __future__ import annotations

import librosa
import numpy as np

from requinto.beats import MAX_TEMPO_BPM, MIN_TEMPO_BPM, Beats

_RATE = 22050  # Hz, the rate for which it is tuned
_HOP = 512  # samples between onset strengths
_DEFAULT_TEMPO_BPM = 120.0  # of sound without onsets
_BEATS_PER_BAR = 4


def track(audio: np.ndarray, sample_rate: float, lag_s: float = 0.0) -> Beats:
    """Track beats; every fourth from the first is taken for a downbeat.

    Parameters
    ----------
    audio : np.ndarray, shape=(n_channels, n_frames)
        One or two channels, finite.
    sample_rate : float
        Hz.
    lag_s : float
        By how much the tracker is late, which is taken off.

    References
    ----------
    Ellis, "Beat Tracking by Dynamic Programming", Journal of New Music
    Research 36(1), 2007, doi:10.1080/09298210701653344; librosa's implementation.
    """
    duration_s = audio.shape[1] / sample_rate
    mono = librosa.to_mono(audio)
    resampled = librosa.resample(mono, orig_sr=sample_rate, target_sr=_RATE)
    strength = librosa.onset.onset_strength(y=resampled, sr=_RATE, hop_length=_HOP)
    if not np.any(strength > 0):
        return Beats.grid(_DEFAULT_TEMPO_BPM, duration_s)
    tempo, times_s = librosa.beat.beat_track(
        onset_envelope=strength, sr=_RATE, hop_length=_HOP, trim=False, units="time"
    )
    tempo_bpm = float(np.atleast_1d(tempo)[0])
    if len(times_s) < 2 or not MIN_TEMPO_BPM <= tempo_bpm <= MAX_TEMPO_BPM:
        return Beats.grid(_DEFAULT_TEMPO_BPM, duration_s)
    times_s = np.unique(np.maximum(times_s - lag_s, 0.0))
    return Beats(times_s, times_s[::_BEATS_PER_BAR], tempo_bpm)
