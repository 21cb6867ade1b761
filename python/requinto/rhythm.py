# SPDX-License-Identifier: GPL-3.0-or-later
"""What a sound tells of its beats: onsets by band, and where its harmony changes."""

from __future__ import annotations

from collections.abc import Iterator

import librosa
import numpy as np

from requinto.audio import channel_statistics
from requinto.config import RhythmConfig

_CHUNK_S = 60.0  # seconds of sound analysed at once, so that long songs fit
_MARGIN_S = 1.0  # seconds by which chunks overlap
_LEVEL = 0.1  # RMS that every sound is brought to
_FAINTEST = 1e-4  # RMS below which a sound is not made louder
_SILENT = 1e-6  # of the loudest change's magnitudes, squared: no harmony to speak of
_CONTRAST = 1e3  # of the logarithm: magnitudes near 1 / this are where it bends


def features(audio: np.ndarray, sample_rate: float, config: RhythmConfig) -> np.ndarray:
    """Return what the beat network hears of a sound.

    Parameters
    ----------
    audio : np.ndarray, shape=(n_channels, n_frames)
        One or two channels.
    sample_rate : float
        Hz.
    config : RhythmConfig

    Returns
    -------
    np.ndarray, shape=(n_columns, n_features), float32
        Column `i` lies at `i / config.columns_per_s` seconds.  First the log
        magnitudes of mel bands, 0 or more, of the sound at one level; then how
        much the harmony after a column differs from that before it, 0 to 1, of
        all that sounds and of the bass.

    References
    ----------
    Harmonic change after Harte, Sandler, Gasser, "Detecting Harmonic Change in
    Musical Audio", AMCMM 2006, doi:10.1145/1178723.1178727; here the cosine
    distance of mean chroma before and after, in a window of each length.
    """
    parts = list(_analysed(audio, sample_rate, config))
    bands, chroma = (np.concatenate(rows) for rows in zip(*parts, strict=True))
    means, powers = channel_statistics(audio)
    # Not the RMS: an offset, which nobody hears, is no level
    level = float(np.sqrt((powers - means**2).mean().clip(0)))
    gain = _LEVEL / max(level, _FAINTEST)
    return np.concatenate(
        [np.log1p(_CONTRAST * gain * bands), changes(chroma, config)], axis=1
    ).astype(np.float32)


def count_columns(n_frames: int, sample_rate: float, config: RhythmConfig) -> int:
    """Return how many columns `features` gives for a sound of `n_frames`."""
    return int(n_frames / sample_rate * config.sample_rate / config.hop) + 1


def _analysed(
    audio: np.ndarray, sample_rate: float, config: RhythmConfig
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield mel bands and the two chroma of each stretch of columns."""
    rate, hop = config.sample_rate, config.hop
    n_columns = count_columns(audio.shape[1], sample_rate, config)
    chunk, margin = (round(s * rate / hop) for s in (_CHUNK_S, _MARGIN_S))
    mel, folds = _filters(config)
    offset = np.float32(audio.mean(dtype=np.float64))
    for first in range(0, n_columns, chunk):
        lead = min(first, margin)
        start = round((first - lead) * hop / rate * sample_rate)
        stop = round((first + chunk + margin) * hop / rate * sample_rate)
        # Where the sound ends, an offset would be a step
        mono = librosa.to_mono(audio[:, start:stop]) - offset
        heard = librosa.resample(mono, orig_sr=sample_rate, target_sr=rate)
        keep = slice(lead, lead + min(chunk, n_columns - first))
        sharp = _magnitude(heard, config.n_fft, hop)[:, keep]
        fine = _magnitude(heard, config.n_fft_harmony, hop)[:, keep]
        yield (mel @ sharp).T, np.stack([fold @ fine for fold in folds]).T


def _magnitude(heard: np.ndarray, n_fft: int, hop: int) -> np.ndarray:
    # Scaled so that a sine of amplitude 1 has magnitude 1 / 2
    heard = librosa.util.fix_length(heard, size=max(len(heard), n_fft))
    spectrum = librosa.stft(heard, n_fft=n_fft, hop_length=hop, pad_mode="constant")
    return np.asarray(np.abs(spectrum) * np.float32(2 / n_fft))


def _filters(config: RhythmConfig) -> tuple[np.ndarray, list[np.ndarray]]:
    """Return the mel bands, and what folds bins to pitch classes: all, and bass."""
    mel = librosa.filters.mel(
        sr=config.sample_rate,
        n_fft=config.n_fft,
        n_mels=config.n_bands,
        fmin=config.lowest_hz,
        fmax=config.highest_hz,
        norm=None,
    )
    fold = librosa.filters.chroma(
        sr=config.sample_rate, n_fft=config.n_fft_harmony, octwidth=None, norm=None
    )
    hz = librosa.fft_frequencies(sr=config.sample_rate, n_fft=config.n_fft_harmony)
    heard = (hz > config.lowest_hz) & (hz < 5000)
    return mel, [fold * heard, fold * (heard & (hz < config.bass_hz))]


def changes(chroma: np.ndarray, config: RhythmConfig) -> np.ndarray:
    """Return how harmony changes at each column, by window length, then register.

    Parameters
    ----------
    chroma : np.ndarray, shape=(n_columns, 12, 2)
        Magnitudes by pitch class, of all that sounds and of the bass.

    Returns
    -------
    np.ndarray, shape=(n_columns, 2 * len(config.change_s))
        Cosine distances, 0 to 1.
    """
    total = np.cumsum(np.pad(chroma.astype(np.float64), ((1, 0), (0, 0), (0, 0))), 0)
    last = len(chroma)
    here = np.arange(last)
    found = []
    for seconds in config.change_s:
        width = round(seconds * config.columns_per_s)
        before = total[here] - total[np.maximum(here - width, 0)]
        after = total[np.minimum(here + width, last)] - total[here]
        likeness = (before * after).sum(axis=1)
        scale = np.linalg.norm(before, axis=1) * np.linalg.norm(after, axis=1)
        # Where either side is silent nothing can be said
        silent = scale <= _SILENT * scale.max(initial=0.0)
        found.append(np.where(silent, 0.0, 1 - likeness / (scale + 1e-12)))
    return np.clip(np.concatenate(found, axis=1), 0, 1)
