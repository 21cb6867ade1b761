# SPDX-License-Identifier: GPL-3.0-or-later
"""Clutters of four handwritten digits, and other images of the same digits.

The images are scikit-learn's `load_digits`: 1797 digits by 13 people, 8 by 8 pixels
of 17 grey levels (E. Alpaydin, C. Kaynak, "Optical Recognition of Handwritten
Digits", UCI Machine Learning Repository, 1998, doi:10.24432/C50P49, CC BY 4.0).
MNIST, larger and sharper, would be one more thing to depend on.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import scipy.ndimage
from sklearn.datasets import load_digits

from requinto.errors import ConfigError

SIZE = 32  # pixels of a side of a clutter
N_PARTS = 4  # digits in it, no two of them the same

_LEVELS = 16.0  # of the package's images: 0 to 16
_ENLARGED = 3.5  # from 8 to 28 pixels, as MNIST's images have
# In the package's order, where neighbours look to be by one hand: so the splits have
# hardly a hand in common
_SPLITS = {"train": (0, 1197), "validation": (1197, 1497), "test": (1497, 1797)}


class Digits(NamedTuple):
    """Images of one split."""

    images: np.ndarray  # (n, 28, 28), float32 in [0, 1]
    classes: np.ndarray  # (n,), the digits that they show


class Clutters(NamedTuple):
    """Clutters, and what can be asked of them; the order of parts says nothing."""

    parts: np.ndarray  # (n, 4, 32, 32), float32 in [0, 1], each as it lies there
    references: np.ndarray  # (n, 4, 32, 32), another image of each
    classes: np.ndarray  # (n, 4), the digits that they show

    @property
    def mixed(self) -> np.ndarray:
        """The clutters, `(n, 32, 32)`: of each pixel its brightest part."""
        return np.asarray(self.parts.max(axis=1))

    def questions(self, wanted: int, shown: int) -> tuple[np.ndarray, np.ndarray]:
        """Return what the network is given, and what it shall answer.

        Parameters
        ----------
        wanted : int
            The part to be pulled out, 0 to 3.
        shown : int
            Of which digit the reference is, 0 to 3: `wanted`, or a wrong one.

        Returns
        -------
        tuple of np.ndarray, shapes=(n, 32, 32, 2) and (n, 32, 32, 1)
        """
        seen = np.stack([self.mixed, self.references[:, shown]], axis=-1)
        return seen, self.parts[:, wanted, :, :, None]


def split(name: str) -> Digits:
    """Return the images of a split; no image is in two.

    Parameters
    ----------
    name : str
        "train" (1197 images), "validation" (300) or "test" (300).

    Raises
    ------
    ConfigError
        If it is none of those.
    """
    if name not in _SPLITS:
        raise ConfigError(f"split must be one of {list(_SPLITS)}, got {name!r}")
    rows = slice(*_SPLITS[name])
    found = load_digits()
    small = found.images[rows] / _LEVELS
    # Cubic: smooth strokes, which swing a little beyond the levels there are
    large = scipy.ndimage.zoom(small, (1, _ENLARGED, _ENLARGED), order=3)
    return Digits(np.clip(large, 0, 1).astype(np.float32), found.target[rows])


def draw(digits: Digits, n: int, rng: np.random.Generator) -> Clutters:
    """Return `n` clutters at random.

    Each part lies anywhere in the frame, whole: up to two pixels from the middle,
    either way.  Each reference lies anywhere in its own.
    """
    by_class = [np.flatnonzero(digits.classes == digit) for digit in range(10)]
    parts = np.zeros((n, N_PARTS, SIZE, SIZE), np.float32)
    references = np.zeros_like(parts)
    classes = np.empty((n, N_PARTS), int)
    for i in range(n):
        classes[i] = rng.choice(10, N_PARTS, replace=False)
        for k, digit in enumerate(classes[i]):
            image, other = rng.choice(by_class[digit], 2, replace=False)
            _place(parts[i, k], digits.images[image], rng)
            _place(references[i, k], digits.images[other], rng)
    return Clutters(parts, references, classes)


def _place(frame: np.ndarray, image: np.ndarray, rng: np.random.Generator) -> None:
    size = len(image)
    down, right = rng.integers(len(frame) - size + 1, size=2)
    frame[down : down + size, right : right + size] = image
