# SPDX-License-Identifier: GPL-3.0-or-later
"""Whatever comes in, what leaves is finite, or an error says what came in."""

import numpy as np
import pytest

import requinto
from requinto.config import ClipConfig
from requinto.errors import AudioError, ModelError
from requinto.loader import load_separator
from requinto.separator import Extraction
from requinto.stream import Stream
from requinto.timeline import BeatSettings
from sounds import RATE, noise, sine

GRID = requinto.Beats.grid(tempo_bpm=120, duration_s=2)
FAINT_TO_LOUD = [1e-45, 1e-38, 1e-20, 1e-9, 1e-3, 1.0, 32768.0, 1e6]


@pytest.mark.parametrize("scale", FAINT_TO_LOUD)
@pytest.mark.parametrize("live", [False, True])
def test_a_song_at_any_level(scale, live):
    song = (scale * noise(2 * RATE).astype(np.float64)).astype(np.float32)
    reference = sine(RATE, 1, RATE)
    extracted, rest = requinto.separate(song, RATE, reference=reference, live=live)
    assert np.isfinite(extracted).all() and np.isfinite(rest).all()
    assert np.abs(extracted).max() <= 4 * scale


@pytest.mark.parametrize("scale", [1e-3, 1.0, 32768.0, 1e6])
@pytest.mark.parametrize("kind", ["whole", "one sample", "offset"])
def test_a_reference_at_any_level(scale, kind):
    reference = sine(RATE, 1, RATE)
    if kind == "whole":
        reference = reference * np.float32(scale)
    elif kind == "one sample":
        reference[0, 9999] = scale
    else:
        reference += np.float32(min(scale, 1e3))
    extracted = requinto.extract(noise(2 * RATE), RATE, reference=reference, beats=GRID)
    assert np.isfinite(extracted).all()


@pytest.mark.parametrize("value", [1e7, -1e20, 3e38, np.inf, -np.inf, np.nan])
@pytest.mark.parametrize("name", ["audio", "reference", "not_like"])
def test_what_is_no_sound_is_refused(value, name):
    sounds = {n: noise(2 * RATE) for n in ("audio", "reference", "not_like")}
    sounds[name][0, 777] = value
    wanted = "not finite" if not np.isfinite(value) else "at most 1e"
    with pytest.raises(AudioError, match=wanted):
        requinto.extract(sounds.pop("audio"), RATE, beats=GRID, **sounds)


def test_double_precision_beyond_single_is_refused():
    song = noise(2 * RATE).astype(np.float64)
    song[0, 5] = 1e300
    with pytest.raises(AudioError, match=r"reaches 1e\+300; full scale is 1"):
        requinto.extract(song, RATE)


@pytest.mark.parametrize("spoilt", ["embedding", "templates"])
def test_a_query_that_is_not_finite_is_an_error_and_no_sound(spoilt):
    separator = load_separator("standard")
    query = separator.query(sine(RATE, 1, RATE), RATE)
    query = query._replace(**{spoilt: np.full_like(getattr(query, spoilt), np.nan)})
    clip = noise(2 * RATE)
    with pytest.raises(ModelError, match="not finite"):
        separator.separate(clip, RATE, query)
    clips = ClipConfig().of_beats(1)
    stream = Stream(clips, sample_rate=RATE, n_channels=2)
    stream.configure(Extraction.of(query, separator), BeatSettings("fixed"))
    with pytest.raises(ModelError, match="not finite"):
        stream.exchange(noise(4 * RATE))
