# SPDX-License-Identifier: GPL-3.0-or-later
"""Random changes to a whole mix, with the targets in it kept true."""

from __future__ import annotations

import numpy as np
import pedalboard
from scipy import ndimage, signal

from requinto_lab.material.augmentation import AugmentationConfig, equaliser, room
from requinto_lab.material.envelopes import ramps
from requinto_lab.material.soundfonts import SAMPLE_RATE

_STEP = 64  # frames between two values of a gain
_LOOKAHEAD = 3  # steps, about 4 ms
_FOLLOWER_S = 0.03  # time constant of the compressor's level
_RELEASE_S = 0.06  # of the limiter
_SILENT = 1e-6


def master(
    mixture: np.ndarray,
    targets: list[np.ndarray],
    config: AugmentationConfig,
    rng: np.random.Generator,
    *,
    dense: bool = False,
) -> tuple[np.ndarray, list[np.ndarray]]:
    """Return a mix and targets in it after what is done to a whole mix.

    What is linear is done to all alike, so that the rest is still their
    difference; what clips, and a codec's losses, are the mixture's alone.

    Parameters
    ----------
    mixture : np.ndarray, shape=(2, n_frames)
    targets : list of np.ndarray, shape=(2, n_frames)
    config : AugmentationConfig
    rng : np.random.Generator
    dense : bool
        Compress and limit the mix, see `limit`.
    """
    chain: list[pedalboard.Plugin] = []
    if rng.random() < config.mix_equaliser:
        chain += equaliser(0.6 * config.equaliser_db, rng)
    if rng.random() < config.mix_room:
        chain.append(room(0.5 * config.room_wet, rng))
    if chain:
        board = pedalboard.Chain(chain)
        mixture = board(mixture, SAMPLE_RATE)
        targets = [board(target, SAMPLE_RATE) for target in targets]
    if dense:
        mixture, targets = limit(mixture, targets, rng)
    if rng.random() < config.mix_coded:
        codec = pedalboard.MP3Compressor(float(rng.uniform(2, 9)))
        peak = max(float(np.abs(mixture).max()), 1e-6)
        coded = codec(mixture * np.float32(0.7 / peak), SAMPLE_RATE)
        mixture = np.asarray(coded * np.float32(peak / 0.7))
    return mixture, targets


def limit(
    mixture: np.ndarray, targets: list[np.ndarray], rng: np.random.Generator
) -> tuple[np.ndarray, list[np.ndarray]]:
    """Return a mix as dense as masters of metal and pop, and the targets in it.

    A compressor and a limiter turn mix and targets down by one gain, which follows the
    mix; a soft knee then clips the mix alone.  Levels are not made up for.

    Parameters
    ----------
    mixture : np.ndarray, shape=(2, n_frames)
    targets : list of np.ndarray, shape=(2, n_frames)
    rng : np.random.Generator
    """
    peaks = _peaks(mixture)
    loudest = float(peaks.max())
    if loudest < _SILENT:
        return mixture, targets
    ceiling = loudest * 10 ** (-rng.uniform(4, 14) / 20)
    gain = _compress(peaks, ceiling, slope=rng.uniform(0.3, 0.8))
    gain = gain * _turn_down(peaks * gain, ceiling)
    curve = ramps(gain, _STEP)[: mixture.shape[1]]
    knee = np.float32(ceiling * 10 ** (rng.uniform(-1, 4) / 20))
    clipped = np.tanh(mixture * curve / knee) * knee
    return clipped, [target * curve for target in targets]


def _peaks(sound: np.ndarray) -> np.ndarray:
    """Return the peak of each `_STEP` frames."""
    loud = np.abs(sound).max(axis=0)
    return np.pad(loud, (0, -len(loud) % _STEP)).reshape(-1, _STEP).max(axis=1)


def _compress(peaks: np.ndarray, threshold: float, slope: float) -> np.ndarray:
    """Return a slow gain: of each dB above the threshold, `slope` are taken away."""
    share = 1 - np.exp(-_STEP / (_FOLLOWER_S * SAMPLE_RATE))
    level = signal.lfilter([share], [1, share - 1], peaks)
    return np.asarray((np.maximum(level, threshold) / threshold) ** -slope)


def _turn_down(peaks: np.ndarray, ceiling: float) -> np.ndarray:
    """Return a gain that is down before a peak comes, and recovers after it."""
    excess = np.log(np.maximum(peaks / ceiling, 1))
    excess = ndimage.maximum_filter1d(excess, 2 * _LOOKAHEAD + 1)
    fall = np.exp(-_STEP / (_RELEASE_S * SAMPLE_RATE))
    held = 0.0
    for i, value in enumerate(excess):
        held = max(value, held * fall)
        excess[i] = held
    # Its corners would click
    return np.exp(-ndimage.uniform_filter1d(excess, _LOOKAHEAD))


def add_inaudible(mixture: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return a mix with what converters and screens leave in it.

    Either a constant offset of up to a tenth of full scale, or a steady line between
    15 and 20 kHz, -60 to -26 dBFS.

    Parameters
    ----------
    mixture : np.ndarray, shape=(2, n_frames)
        Full scale is 1.
    rng : np.random.Generator
    """
    if rng.random() < 0.5:
        return np.asarray(mixture + np.float32(rng.uniform(-0.1, 0.1)))
    step = 2 * np.pi * rng.uniform(15_000, 20_000) / SAMPLE_RATE
    phase = step * np.arange(mixture.shape[1]) + rng.uniform(0, 2 * np.pi)
    amplitude = 10 ** (rng.uniform(-60, -26) / 20)
    return np.asarray(mixture + (amplitude * np.sin(phase)).astype(np.float32))
