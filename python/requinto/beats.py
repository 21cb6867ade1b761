# SPDX-License-Identifier: GPL-3.0-or-later
"""Say where the beats fall: on a grid, or as tracked in the sound itself."""

from __future__ import annotations

from dataclasses import dataclass

import librosa
import numpy as np

from requinto.errors import BeatsError

MIN_TEMPO_BPM, MAX_TEMPO_BPM = 20.0, 400.0

_RATE = 22050  # Hz, the rate for which librosa's tracker is tuned
_HOP = 512  # samples between onset strengths
_CHUNK_S = 60.0  # seconds of sound analysed at once, so that long songs fit
_MARGIN_S = 1.0  # seconds by which chunks overlap
_DEFAULT_TEMPO_BPM = 120.0  # of sound in which no beat is heard


@dataclass(frozen=True)
class Beats:
    """Where the beats of a song fall.

    Parameters
    ----------
    times_s : np.ndarray, shape=(n_beats,)
        Seconds from the song's start, ascending.
    downbeats_s : np.ndarray, shape=(n_bars,)
        Seconds of the beats that begin a bar.
    tempo_bpm : float
        Beats per minute, over the whole song.
    beats_per_bar : int
        Beats from one downbeat to the next.

    Raises
    ------
    BeatsError
        If times do not ascend or are not finite, or the tempo is out of range.
    """

    times_s: np.ndarray
    downbeats_s: np.ndarray
    tempo_bpm: float
    beats_per_bar: int = 4

    def __post_init__(self) -> None:
        check_tempo(self.tempo_bpm)
        if self.beats_per_bar < 1:
            raise BeatsError(
                f"beats_per_bar must be 1 or more, got {self.beats_per_bar}"
            )
        for name in ("times_s", "downbeats_s"):
            times = np.asarray(getattr(self, name), dtype=np.float64)
            if times.ndim != 1 or not np.isfinite(times).all():
                raise BeatsError(f"{name} must be a row of finite seconds")
            if np.any(np.diff(times) <= 0):
                raise BeatsError(f"{name} must ascend")
            object.__setattr__(self, name, times)

    @classmethod
    def grid(
        cls,
        tempo_bpm: float,
        duration_s: float,
        first_downbeat_s: float = 0.0,
        beats_per_bar: int = 4,
    ) -> Beats:
        """Return evenly spaced beats over `duration_s` seconds.

        Beats before the first downbeat, a pickup, are there too.

        Raises
        ------
        BeatsError
            If the tempo is outside 20 to 400 bpm, or the duration is not above 0.
        """
        check_tempo(tempo_bpm)
        if not (np.isfinite(duration_s) and duration_s > 0):
            raise BeatsError(f"duration_s must be above 0, got {duration_s}")
        if not np.isfinite(first_downbeat_s):
            raise BeatsError(f"first_downbeat_s must be finite, got {first_downbeat_s}")
        if beats_per_bar < 1:
            raise BeatsError(f"beats_per_bar must be 1 or more, got {beats_per_bar}")
        interval_s = 60.0 / tempo_bpm
        first = int(np.ceil(-first_downbeat_s / interval_s - 1e-9))
        last = int(np.floor((duration_s - first_downbeat_s) / interval_s))
        index = np.arange(first, last + 1)
        times = np.maximum(first_downbeat_s + index * interval_s, 0.0)
        return cls(times, times[index % beats_per_bar == 0], tempo_bpm, beats_per_bar)

    def continued(self, until_s: float) -> Beats:
        """Return these beats carried on at their last interval past `until_s`."""
        if len(self.times_s) and self.times_s[-1] > until_s:
            return self
        interval = (
            self.times_s[-1] - self.times_s[-2]
            if len(self.times_s) > 1
            else 60.0 / self.tempo_bpm
        )
        last = self.times_s[-1] if len(self.times_s) else 0.0
        n_more = int(np.ceil((until_s - last) / interval)) + 1
        times = np.append(self.times_s, last + interval * np.arange(1, n_more + 1))
        downbeats = self.downbeats_s
        if len(downbeats):
            position = int(np.searchsorted(times, downbeats[-1] - 1e-9))
            more = times[position + self.beats_per_bar :: self.beats_per_bar]
            downbeats = np.append(downbeats, more)
        return Beats(times, downbeats, self.tempo_bpm, self.beats_per_bar)


def check_tempo(tempo_bpm: float) -> None:
    """Raise `BeatsError` unless the tempo is one we can work with."""
    if not MIN_TEMPO_BPM <= tempo_bpm <= MAX_TEMPO_BPM:
        raise BeatsError(
            f"tempo_bpm must be from {MIN_TEMPO_BPM:g} to {MAX_TEMPO_BPM:g}, "
            f"got {tempo_bpm}"
        )


def track(audio: np.ndarray, sample_rate: float) -> Beats:
    """Track the beats of a song.

    Every fourth beat from the first is taken for a downbeat, until downbeats
    are tracked too.  Where no beat is heard the grid is one of 120 bpm.

    Parameters
    ----------
    audio : np.ndarray, shape=(n_channels, n_frames)
        One or two channels, finite.
    sample_rate : float
        Hz.

    References
    ----------
    Ellis, "Beat Tracking by Dynamic Programming", Journal of New Music
    Research 36(1), 2007, doi:10.1080/09298210701653344; as librosa has it.
    """
    duration_s = audio.shape[1] / sample_rate
    strength = _onset_strength(audio, sample_rate)
    if not np.any(strength > 0):
        return Beats.grid(_DEFAULT_TEMPO_BPM, duration_s)
    tempo, times = librosa.beat.beat_track(
        onset_envelope=strength, sr=_RATE, hop_length=_HOP, trim=False, units="time"
    )
    tempo_bpm = float(np.atleast_1d(tempo)[0])
    if len(times) < 2 or not MIN_TEMPO_BPM <= tempo_bpm <= MAX_TEMPO_BPM:
        return Beats.grid(_DEFAULT_TEMPO_BPM, duration_s)
    return Beats(times, times[::4], tempo_bpm)


def _onset_strength(audio: np.ndarray, sample_rate: float) -> np.ndarray:
    """Onset strength at each hop, a minute of sound at a time."""
    chunk_hops = int(_CHUNK_S * _RATE / _HOP)
    margin_hops = int(_MARGIN_S * _RATE / _HOP)
    n_hops = int(audio.shape[1] / sample_rate * _RATE / _HOP) + 1
    parts = []
    for first in range(0, n_hops, chunk_hops):
        lead = min(first, margin_hops)
        start = round((first - lead) * _HOP / _RATE * sample_rate)
        stop = round((first + chunk_hops + margin_hops) * _HOP / _RATE * sample_rate)
        mono = librosa.to_mono(audio[:, start:stop])
        heard = librosa.resample(mono, orig_sr=sample_rate, target_sr=_RATE)
        strength = librosa.onset.onset_strength(y=heard, sr=_RATE, hop_length=_HOP)
        parts.append(strength[lead : lead + chunk_hops])
    return np.concatenate(parts)[:n_hops]
