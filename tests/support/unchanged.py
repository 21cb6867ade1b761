# SPDX-License-Identifier: GPL-3.0-or-later
"""A model that changes nothing, and a tracker that lays a plain grid."""

from collections.abc import Sequence
from typing import ClassVar

import numpy as np

import requinto
from requinto.config import ClipConfig, TrackerConfig
from requinto.separator import Query


class Unchanged:
    """A separator that returns each clip as it is."""

    clips = ClipConfig()

    def target(self, name: str) -> Query:
        """Return a query that nothing looks at."""
        return Query(np.zeros(1, np.float32), np.zeros((1, 1, 1), np.float32))

    def query(self, reference: np.ndarray, sample_rate: float) -> Query:
        """Return a query that nothing looks at."""
        return self.target("")

    def separate(
        self,
        clip: np.ndarray,
        sample_rate: float,
        query: Query,
        sensitivity: float = 0.5,
    ) -> np.ndarray:
        """Return the clip."""
        return clip

    def separate_all(
        self,
        clips: Sequence[np.ndarray],
        sample_rate: float,
        query: Query,
        sensitivity: float = 0.5,
    ) -> list[np.ndarray]:
        """Return the clips."""
        return list(clips)

    def gains(self, sound: np.ndarray, sample_rate: float, query: Query) -> None:
        """Return that it cannot tell."""


class Scaling(Unchanged):
    """A separator that takes a share of each clip, another one for each instrument.

    Of a target it is by its name, of a reference 1 / 16 of its peak.
    """

    shares: ClassVar = {"guitar": 0.5, "bass": 0.25, "bongo": 0.125}  # exact in floats

    def target(self, name: str) -> Query:
        """Return a query that holds the share."""
        return self._query(self.shares[name])

    def query(self, reference: np.ndarray, sample_rate: float) -> Query:
        """Return a query that holds the share."""
        return self._query(float(np.abs(reference).max()) / 16)

    def separate_all(
        self,
        clips: Sequence[np.ndarray],
        sample_rate: float,
        query: Query,
        sensitivity: float = 0.5,
    ) -> list[np.ndarray]:
        """Return the share of the clips."""
        return [query.embedding[0] * clip for clip in clips]

    @staticmethod
    def _query(share: float) -> Query:
        return Query(np.full(1, share, np.float32), np.zeros((1, 1, 1), np.float32))


class PlainTracker:
    """A tracker that lays a plain grid."""

    config = TrackerConfig()

    def track_features(self, columns, duration_s):
        """Return a beat each half second."""
        return requinto.Beats.grid(120.0, duration_s)
