# SPDX-License-Identifier: GPL-3.0-or-later
"""The kinds of sound files that are written, by ending and bit depth."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from requinto_files.errors import AudioFileError
from requinto_files.output_files import check_ending
from requinto_files.quantisation import highest


class Kind(NamedTuple):
    """How a kind of file is written."""

    format: str
    subtype: str
    n_bytes: int | None  # of a sample, where that is fixed
    peak: float | None  # the loudest it holds, where it does not hold everything
    bit_depth: int | None = None  # of the integers that it holds, if any
    max_rate: float = np.inf  # Hz; beyond it libvorbis crashes
    settings: Mapping[str, Any] = {}  # of its coder

    def gain_for(self, peak: float) -> float:
        """Return the factor with which a sound of this peak fits, 1 or less."""
        return 1.0 if self.peak is None or peak <= 1.0 else self.peak / peak


def _integers(form: str, bit_depth: int, *, is_packed: bool = False) -> Kind:
    n_bytes = None if is_packed else bit_depth // 8
    peak = highest(bit_depth)
    return Kind(form, f"PCM_{bit_depth}", n_bytes, peak, bit_depth)


WAV = Kind("WAV", "FLOAT", 4, None)
# By ending and bit depth; the last is the default. Float where it can be, so that
# nothing is rounded. Of mp3 the most that it holds: 320 kb/s, 160 below 32 kHz, 64
# below 16 kHz
_KINDS: dict[str, dict[int | None, Kind]] = {
    ".wav": {
        **{depth: _integers("WAV", depth) for depth in (16, 24)},
        32: WAV,
    },
    ".flac": {depth: _integers("FLAC", depth, is_packed=True) for depth in (16, 24)},
    ".ogg": {None: Kind("OGG", "VORBIS", None, 1.0, max_rate=200_000)},
    ".aiff": {
        **{depth: _integers("AIFF", depth) for depth in (16, 24)},
        32: Kind("AIFF", "FLOAT", 4, None),
    },
    ".mp3": {
        None: Kind(
            *("MP3", "MPEG_LAYER_III", None, 1.0),
            settings={"bitrate_mode": "CONSTANT", "compression_level": 0.0},
        )
    },
}
ENDINGS = tuple(_KINDS)


def kind_of(path: str | os.PathLike[str], bit_depth: int | None = None) -> Kind:
    """Return how a file of this name is written, or raise `AudioFileError`.

    Parameters
    ----------
    path : str or path
    bit_depth : int, optional
        See `check_bit_depth`.
    """
    check_bit_depth(path, bit_depth)
    kinds = _KINDS[check_ending(path, ENDINGS)]
    return list(kinds.values())[-1] if bit_depth is None else kinds[bit_depth]


def check_bit_depth(path: str | os.PathLike[str], bit_depth: int | None) -> None:
    """Raise `AudioFileError` unless a file of this name holds samples of so many bits.

    Parameters
    ----------
    path : str or path
    bit_depth : int or None
        16 or 24 of integers, 32 of floats; None for the default: 32 of wav and aiff,
        24 of flac. Mp3 and Ogg have none.
    """
    ending = check_ending(path, ENDINGS)
    depths = _KINDS[ending]
    if bit_depth is None or (type(bit_depth) is int and bit_depth in depths):
        return
    *others, last = depths
    if last is None:
        raise AudioFileError(
            f"{path} has no bit depth to choose, for {ending} is lossy; .wav, .flac "
            f"and .aiff have one; got {bit_depth!r}"
        )
    choices = f"{', '.join(map(str, others))} or {last}"
    raise AudioFileError(
        f"{path} holds samples of {choices} bits ({ending}), got {bit_depth!r}"
    )
