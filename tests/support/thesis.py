# SPDX-License-Identifier: GPL-3.0-or-later
"""Small stand-ins for what the 2020 thesis' system is made of."""

from types import SimpleNamespace

import numpy as np

from requinto_lab.systems.bachata2020 import Bachata2020Config
from requinto_lab.systems.bachata2020_training import INSTRUMENTS
from sounds import RATE

TINY = Bachata2020Config(
    clip_frames=4500, n_fft=126, hop=72, n_columns=64, n_levels=2, width_divisor=16
)


class Stand:
    """A network that returns one of its pictures, and keeps what it saw."""

    def __init__(self, channel=0):
        self.channel = channel
        self.seen = []

    def predict_on_batch(self, pictures):
        self.seen.append(pictures)
        return pictures[..., self.channel : self.channel + 1]

    def count_params(self):
        return 0


class Loops:
    """Stands in for the cache: two songs of tones, a silent clip in one."""

    def __init__(self, folder, split):
        beats = tuple(int(b) for b in np.round((0.05 + np.arange(8) * 0.5) * RATE))
        self.stems = [
            SimpleNamespace(
                song=f"{split}-{k}",
                instrument=name,
                beats=beats,
                tempo_bpm=120.0,
                n_frames=round(4.1 * RATE),
            )
            for k in range(2)
            for name in (*INSTRUMENTS, "piano")
        ]
        self.by_instrument = {
            name: [s for s in self.stems if s.instrument == name]
            for name in INSTRUMENTS
        }
        self.songs = {
            song: {s.instrument: [s] for s in self.stems if s.song == song}
            for song in {s.song for s in self.stems}
        }

    def read(self, stem, start, n_frames):
        names = (*INSTRUMENTS, "piano")
        hz = 150 * 2 ** names.index(stem.instrument)
        time_s = np.arange(start, start + n_frames) / RATE
        wave = 0.14 * np.sin(2 * np.pi * hz * time_s)
        if stem.instrument == "guitar" and stem.song.endswith("1"):
            wave[time_s < 2.05] = 0
        return wave[None].astype(np.float32)
