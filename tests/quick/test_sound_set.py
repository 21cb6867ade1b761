# SPDX-License-Identifier: GPL-3.0-or-later
"""Sounds that add up to a song still do in the files that they are written to."""

import os

import numpy as np
import pytest
import soundfile

from requinto_files import audio_reader
from requinto_files.sound_set import write_sounds
from sounds import RATE, noise

N_FRAMES = 3 * RATE // 2
STEP_16, STEP_24 = 2.0**-15, 2.0**-23
INTEGERS = [
    *((".wav", 16), (".wav", 24), (".flac", 16), (".flac", 24)),
    *((".aiff", 16), (".aiff", 24)),
]


def song_of(bit_depth, peak=1.0):
    """Return a loud song of integers, `(2, n_frames)`; both ends of the range occur."""
    scale = 2 ** (bit_depth - 1)
    steps = np.rint(peak * scale * 1.2 * noise(N_FRAMES))
    return (np.clip(steps, -scale, scale - 1) / scale).astype(np.float32)


def parts_of(song):
    """Return quiet parts of a song with frames of their own, float32."""
    first = np.float32(0.3) * np.roll(song, 1, axis=1) + np.float32(0.2) * song
    return [0.4 * song + 0.01 * noise(N_FRAMES, seed=2), 0.3 * first]


def write_parts(folder, song, parts, ending, bit_depth=None, n_block=10_000):
    paths = [folder / f"{i}{ending}" for i in range(len(parts))]
    rest = folder / f"rest{ending}"
    blocks = (
        [sound[:, start : start + n_block] for sound in (*parts, song)]
        for start in range(0, song.shape[1], n_block)
    )
    levels = write_sounds(
        *(paths, blocks, song.shape, RATE),
        **{"rest": rest, "bit_depth": bit_depth, "overwrite": False},
    )
    assert sorted(os.listdir(folder)) == sorted(p.name for p in (*paths, rest))
    return levels, [*paths, rest]


def read_integers(path):
    """Return what a file holds as integers of 32 bits, `(2, n_frames)`, int64."""
    return soundfile.read(path, dtype="int32")[0].T.astype(np.int64)


def read_sum(paths):
    """Return the sum of what files hold, float64."""
    return sum(audio_reader.read(path)[0].astype(np.float64) for path in paths)


@pytest.mark.parametrize("n_parts", [0, 1, 2])
@pytest.mark.parametrize("song_bits", [16, 24])
@pytest.mark.parametrize(("ending", "bits"), INTEGERS)
def test_integers_add_up_exactly(tmp_path, ending, bits, song_bits, n_parts):
    if bits < song_bits:
        pytest.skip("half a step; see below")
    song = song_of(song_bits)
    parts = parts_of(song)[:n_parts]
    levels, paths = write_parts(tmp_path, song, parts, ending, bits)
    assert levels.gain == 1.0
    total = sum(read_integers(path) for path in paths)
    np.testing.assert_array_equal(total, np.rint(song.astype(np.float64) * 2**31))
    assert {soundfile.info(p).subtype for p in paths} == {f"PCM_{bits}"}
    for path, part in zip(paths, parts, strict=False):
        # To the nearest step, but where a step went from the rest to a part
        error = np.abs(audio_reader.read(path)[0] - part) * 2.0 ** (bits - 1)
        assert error.max() <= 1.5 and np.mean(error > 0.5) < 1e-3
