# SPDX-License-Identifier: GPL-3.0-or-later
"""A gate for what a separator leaves where its source is silent.

The sound is cut into short windows.  A window's level is the median of the Hilbert
envelope over it and its neighbours, which a single click does not raise; windows
whose level is below a share, the softness, of the loudest one's are silenced.  The
gate opens before a window and closes after it with a fade, so that attacks are kept.

From the 2022 report on the Spectrogram-channels U-Net.  Its window length, its number
of neighbours and what its threshold is relative to are not known to us: ours were
chosen on the validation split, by `denoising_gate_study`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.fft
import scipy.ndimage
import scipy.signal

from requinto.errors import ConfigError


@dataclass(frozen=True)
class GateConfig:
    """When the gate is open."""

    window_s: float = 0.02
    n_neighbours: int = 1  # windows on either side that the median is taken with
    softness: float = 0.1  # of the loudest window's level: what is below is silenced
    fade_s: float = 0.02

    def __post_init__(self) -> None:
        if self.window_s <= 0 or self.n_neighbours < 0:
            raise ConfigError(
                "window_s must be above 0 and n_neighbours 0 or more, got "
                f"{self.window_s} and {self.n_neighbours}"
            )
        if not 0 <= self.softness <= 1 or self.fade_s < 0:
            raise ConfigError(
                "softness must be from 0 to 1 and fade_s 0 or more, got "
                f"{self.softness} and {self.fade_s}"
            )


def gated(
    sound: np.ndarray, sample_rate: float, config: GateConfig | None = None
) -> np.ndarray:
    """Return a sound with its quiet windows silenced, in all channels alike.

    Parameters
    ----------
    sound : np.ndarray, shape=(n_channels, n_frames)
    sample_rate : float
        Hz.
    config : GateConfig, optional

    Returns
    -------
    np.ndarray, shape=(n_channels, n_frames)
        float32; where the gate is open, the sound to the last bit.
    """
    cfg = config or GateConfig()
    size = max(1, round(cfg.window_s * sample_rate))
    levels = window_levels(envelope(sound), size, cfg.n_neighbours)
    is_open = levels >= cfg.softness * levels.max(initial=0.0)
    gain = _gain(np.repeat(is_open, size)[: sound.shape[1]], cfg, sample_rate)
    return np.asarray(sound * gain, np.float32)


def envelope(sound: np.ndarray) -> np.ndarray:
    """Return the mean over channels of the Hilbert envelope, `(n_frames,)`."""
    n_frames = sound.shape[1]
    # A prime number of frames would take minutes
    n_fft = scipy.fft.next_fast_len(n_frames)
    total = np.zeros(n_frames, np.float32)
    for channel in sound:
        total += np.abs(scipy.signal.hilbert(channel, n_fft)[:n_frames])
    return total / max(len(sound), 1)


def window_levels(envelope: np.ndarray, size: int, n_neighbours: int) -> np.ndarray:
    """Return the median of each window of `size` frames and its neighbours.

    The last window may be shorter, and at the ends there are fewer neighbours.
    """
    starts = size * np.arange(-(-len(envelope) // size))
    reach = size * n_neighbours
    levels = [
        np.median(envelope[max(start - reach, 0) : start + size + reach])
        for start in starts
    ]
    return np.array(levels)


def _gain(is_open: np.ndarray, config: GateConfig, sample_rate: float) -> np.ndarray:
    """Return the gain of each frame: 1 where open, falling to 0 next to that."""
    if is_open.all() or not is_open.any():
        return is_open.astype(np.float32)
    away_s = scipy.ndimage.distance_transform_edt(~is_open) / sample_rate
    share = np.clip(away_s / max(config.fade_s, 1 / sample_rate), 0, 1)
    return (0.5 + 0.5 * np.cos(np.pi * share)).astype(np.float32)
