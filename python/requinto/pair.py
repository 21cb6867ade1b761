# SPDX-License-Identifier: GPL-3.0-or-later
"""Two networks as one separator: names go to one, examples to the other.

An example asks for one sound, and for what the mixture holds of it; a name asks for
an instrument, whatever it sounds like.  A network taught both does neither well.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from requinto.config import ClipConfig
from requinto.errors import ModelError
from requinto.separator import NetworkSeparator, Query


class Pair:
    """A separator made of two.

    Parameters
    ----------
    examples, names : NetworkSeparator
        Who answers to references, and who to the names of built-in targets.

    Raises
    ------
    ModelError
        If they want audio to be cut differently.
    """

    def __init__(self, examples: NetworkSeparator, names: NetworkSeparator) -> None:
        if examples.clips != names.clips:
            raise ModelError("a model and its network for names must cut clips alike")
        self.examples = examples
        self.names = names

    @property
    def clips(self) -> ClipConfig:
        """How audio is to be cut for this model."""
        return self.examples.clips

    @property
    def n_parameters(self) -> int:
        """Trained numbers of all networks."""
        return self.examples.n_parameters + self.names.n_parameters

    def target(self, name: str) -> Query:
        """Return the query for a built-in target."""
        return self.names.target(name)._replace(by_name=True)

    def query(
        self, reference: np.ndarray | Sequence[np.ndarray], sample_rate: float
    ) -> Query:
        """Return the query for references, each `(n_channels, n_frames)`."""
        return self.examples.query(reference, sample_rate)

    def separate(
        self, clip: np.ndarray, sample_rate: float, query: Query
    ) -> np.ndarray:
        """Return what a clip `(n_channels, n_frames)` holds of the target."""
        return self._asked(query).separate(clip, sample_rate, query)

    def separate_all(
        self, clips: Sequence[np.ndarray], sample_rate: float, query: Query
    ) -> list[np.ndarray]:
        """Return what each clip holds of the target, as `separate` does."""
        return self._asked(query).separate_all(clips, sample_rate, query)

    def _asked(self, query: Query) -> NetworkSeparator:
        return self.names if query.by_name else self.examples
