# SPDX-License-Identifier: GPL-3.0-or-later
"""Random changes to a whole mix, with the targets in it kept true."""

from __future__ import annotations

import numpy as np
import pedalboard

from requinto.material.augmentation import AugmentationConfig, equaliser, room
from requinto.material.soundfonts import SAMPLE_RATE


def master(
    mixture: np.ndarray,
    targets: list[np.ndarray],
    config: AugmentationConfig,
    rng: np.random.Generator,
) -> tuple[np.ndarray, list[np.ndarray]]:
    """Return a mix and targets in it after what is done to a whole mix.

    What is linear is done to all alike, so that the rest is still their
    difference; a codec's losses are the mixture's alone.

    Parameters
    ----------
    mixture : np.ndarray, shape=(2, n_frames)
    targets : list of np.ndarray, shape=(2, n_frames)
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
    if rng.random() < config.mix_coded:
        codec = pedalboard.MP3Compressor(float(rng.uniform(2, 9)))
        peak = max(float(np.abs(mixture).max()), 1e-6)
        coded = codec(mixture * np.float32(0.7 / peak), SAMPLE_RATE)
        mixture = np.asarray(coded * np.float32(peak / 0.7))
    return mixture, targets
