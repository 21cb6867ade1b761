# SPDX-License-Identifier: GPL-3.0-or-later
"""Round sounds to the integers of a file, so that their sum stays what it was.

libsndfile 1.2 truncates floats in WAV and AIFF, which is an offset of half a step, and
rounds them in FLAC; integers it writes as they are.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def highest(bit_depth: int) -> float:
    """Return the largest number that integers of so many bits hold, less than 1.

    The smallest is -1.
    """
    return 1.0 - 2.0 ** (1 - bit_depth)


def quantise(sound: np.ndarray, bit_depth: int) -> np.ndarray:
    """Return sound rounded to the nearest integers, as numbers from -1 to 1.

    Parameters
    ----------
    sound : np.ndarray
        What exceeds the range is clipped.
    bit_depth : int
        24 or less, so that float32 holds the result.

    Returns
    -------
    np.ndarray
        float64, shaped as `sound`.
    """
    scale = 2.0 ** (bit_depth - 1)
    steps = np.rint(sound.astype(np.float64) * scale)
    return np.clip(steps, -scale, scale - 1) / scale


def to_integers(sound: np.ndarray, bit_depth: int) -> np.ndarray:
    """Return sound as int32 whose highest bits are the integers of a file.

    This is how libsndfile takes integers of any size.
    """
    steps = quantise(sound, bit_depth) * 2.0 ** (bit_depth - 1)
    return steps.astype(np.int32) << (32 - bit_depth)


def quantise_parts(
    mixture: np.ndarray,
    parts: Sequence[np.ndarray],
    bit_depths: Sequence[int | None],
    rest_bit_depth: int | None,
) -> list[np.ndarray]:
    """Return parts of a mixture, and then the rest, as files hold them.

    They add up to the mixture: exactly, where it holds integers of no more bits than
    each file, else within half a step of the rest's.

    Parameters
    ----------
    mixture : np.ndarray, shape=(n_channels, n_frames)
    parts : sequence of np.ndarray
        Shaped as the mixture.
    bit_depths : sequence of int or None
        Of the integers that each part's file holds; None where it holds none.
    rest_bit_depth : int or None
        Of the rest's file.
    """
    coded = [
        quantise(part, depth) if depth else part.astype(np.float32)
        for part, depth in zip(parts, bit_depths, strict=True)
    ]
    rest = mixture - sum(part.astype(np.float64) for part in coded)
    if rest_bit_depth is None:
        return [*coded, rest]
    held = quantise(rest, rest_bit_depth)
    step = 2.0 ** (1 - rest_bit_depth)
    # Rounding may lead a step beyond full scale; that step goes to a part with room
    excess = np.rint((rest - held) / step) * step
    if np.any(excess):
        for i, depth in enumerate(bit_depths):
            if depth:
                moved = quantise(coded[i] + excess, depth) - coded[i]
                coded[i] = coded[i] + moved
                excess = excess - moved
    return [*coded, held]
