# SPDX-License-Identifier: GPL-3.0-or-later
"""Collect blocks of sound in the sizes in which they are needed."""

from __future__ import annotations

from collections.abc import Generator, Iterable

import numpy as np

_FIRST_CAPACITY = 1 << 20  # frames


class SampleBuffer:
    """Sound `(n_channels, n_frames)` that grows as blocks of it arrive.

    Memory that nothing was written to costs nothing, so there is never more than one
    copy of the sound where the capacity that was expected is enough.

    Parameters
    ----------
    n_channels : int
    n_expected : int
        Frames that are likely to come.
    """

    def __init__(self, n_channels: int, n_expected: int = 0) -> None:
        capacity = n_expected or _FIRST_CAPACITY
        self._samples = np.empty((n_channels, capacity), np.float32)
        self.n_frames = 0

    @property
    def n_channels(self) -> int:
        """Channels of every block."""
        return len(self._samples)

    def append(self, block: np.ndarray) -> None:
        """Append a block `(n_channels, n_frames)`."""
        end = self.n_frames + block.shape[1]
        if end > self._samples.shape[1]:
            self._widen(max(end, 2 * self._samples.shape[1]))
        self._samples[:, self.n_frames : end] = block
        self.n_frames = end

    def samples(self) -> np.ndarray:
        """Return all sound so far, `(n_channels, n_frames)`, float32."""
        return self._samples[:, : self.n_frames]

    def _widen(self, capacity: int) -> None:
        wider = np.empty((self.n_channels, capacity), np.float32)
        wider[:, : self.n_frames] = self.samples()
        self._samples = wider


def equal_blocks(
    blocks: Iterable[np.ndarray], n_frames: int
) -> Generator[np.ndarray, None, None]:
    """Yield copies of blocks `(n_channels, ...)` joined or split to `n_frames` each.

    The last may be shorter; none is empty.
    """
    buffer: SampleBuffer | None = None
    for block in blocks:
        while block.shape[1]:
            buffer = buffer or SampleBuffer(len(block), n_frames)
            n_missing = n_frames - buffer.n_frames
            buffer.append(block[:, :n_missing])
            block = block[:, n_missing:]
            if buffer.n_frames == n_frames:
                yield buffer.samples()
                buffer = None
    if buffer:
        yield buffer.samples()
