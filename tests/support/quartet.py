# SPDX-License-Identifier: GPL-3.0-or-later
"""A small DeepConvSep, a stand-in for its network, and a quartet of tones."""

from types import SimpleNamespace

import numpy as np

from requinto_lab.systems.deepconvsep import DeepConvSepConfig
from sounds import RATE

SOURCES = ("guitar", "bass", "bongo", "guira")
TINY = DeepConvSepConfig(
    sample_rate=11025,
    n_fft=64,
    hop=16,
    n_columns=8,
    columns_apart=4,
    n_vertical=5,
    n_horizontal=3,
    n_across=4,
    n_dense=8,
)


class Stand:
    """A network that shares bins out among sources, and keeps what it saw.

    Parameters
    ----------
    shares : np.ndarray, shape=(n_sources, n_bins)
    """

    def __init__(self, shares):
        self.shares = np.asarray(shares, np.float32)
        self.seen = []

    def predict_on_batch(self, pieces):
        self.seen.append(pieces)
        return pieces[:, None] * self.shares[None, :, None, :, None]

    def count_params(self):
        return 7


class Loops:
    """Stands in for the library: two songs of tones."""

    def __init__(self, folder, split):
        names = (*SOURCES, "piano")
        self.stems = [
            SimpleNamespace(
                song=f"{split}-{k}", instrument=name, part=name, n_frames=3 * RATE
            )
            for k in range(2)
            for name in names
        ]
        self.by_instrument = {
            name: [s for s in self.stems if s.instrument == name] for name in names
        }
        self.songs = {
            song: {s.instrument: [s] for s in self.stems if s.song == song}
            for song in {s.song for s in self.stems}
        }

    def read(self, stem, start, n_frames):
        hz = 200 * 2 ** (*SOURCES, "piano").index(stem.instrument)
        time_s = np.arange(start, start + n_frames) / RATE
        return 0.14 * np.sin(2 * np.pi * hz * time_s)[None].astype(np.float32)
