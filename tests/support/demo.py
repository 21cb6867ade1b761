# SPDX-License-Identifier: GPL-3.0-or-later
"""Excerpts of the demo song, and passes over them as `extract_song` makes them."""

import functools

import numpy as np
import soundfile

import requinto
from models import RELEASED
from requinto.arguments import Instrument, Options
from requinto.extract import extract_song
from requinto.song import ArraySong
from sounds import RATE

TEMPO_BPM = 128.0
_START_S = 4.0  # after which all play
PARTS = ("guitar", "bass", "bongo", "guira")


@functools.cache
def part(name, seconds):
    """Return one instrument of the demo, `(2, n_frames)`; nobody may change it."""
    first, n_frames = round(_START_S * RATE), round(seconds * RATE)
    path = RELEASED / "demo" / f"{name}.flac"
    sound, _ = soundfile.read(path, n_frames, first, dtype="float32")
    return np.ascontiguousarray(sound.T)


def mix(seconds):
    """Return all instruments of the demo, `(2, n_frames)`."""
    return np.sum([part(name, seconds) for name in PARTS], axis=0)


def extract_parts(
    sound,
    *instruments,
    rate=RATE,
    beats=None,
    masks=None,
    **options,
):
    """Return each instrument of a sound, in one pass, on the demo's beats."""
    beats = beats or requinto.Beats.grid(TEMPO_BPM, sound.shape[1] / rate)
    stretches = extract_song(
        ArraySong(sound, rate),
        instruments or [Instrument("", "guitar")],
        options=Options(**{"model": "fast", **options}),
        beats=beats,
        masks=masks,
    )
    parts = zip(*(stretch.extracted for stretch in stretches), strict=True)
    return [np.concatenate(blocks, axis=1) for blocks in parts]
