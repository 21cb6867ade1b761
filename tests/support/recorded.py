# SPDX-License-Identifier: GPL-3.0-or-later
"""Recorded songs, as a library of them holds them."""

import json

import numpy as np
import soundfile

from sounds import RATE


def write_song(folder, name, artist, pitch_hz, seconds=60):
    """Write a song that is one tone in a stereo path of its own."""
    path = folder / f"train-{artist}-{name}"
    path.mkdir(parents=True)
    time_s = np.arange(seconds * RATE) / RATE
    tone = 0.3 * np.sin(2 * np.pi * pitch_hz * time_s)
    soundfile.write(path / "song.flac", np.stack([tone, 0.5 * tone], 1), RATE)
    row = {
        "package": f"{artist}-music",
        "artist": artist,
        "title": name,
        "n_frames": seconds * RATE,
        "level_db": [-15.0] * (2 * seconds),
    }
    (path / "song.json").write_text(json.dumps(row))
