# SPDX-License-Identifier: GPL-3.0-or-later
"""Several instruments in one pass are what separate passes give, to the bit."""

import numpy as np
import pytest

import requinto
from demo import TEMPO_BPM, extract_parts, mix, part
from requinto.arguments import Instrument
from requinto.clips import ClipFrames
from requinto.config import ClipConfig
from requinto.loader import load_separator
from requinto.spectra import Spectra
from requinto.target_separation import separate_targets
from sounds import RATE, noise

SECONDS = 4.0
INSTRUMENTS = [
    Instrument("guitar", "guitar"),
    Instrument("güira", "Güira"),
    Instrument("bass", reference=part("bass", 2.0), reference_sample_rate=RATE),
    Instrument(
        "bongo",
        reference=[part("bongo", 2.0), part("bongo", 1.0)],
        reference_sample_rate=RATE,
        not_like=part("guira", 2.0),
    ),
]


def extract_alone(sound, rate, instrument, **options):
    beats = requinto.Beats.grid(TEMPO_BPM, sound.shape[1] / rate)
    queries = instrument._asdict()
    del queries["title"]
    return requinto.extract(sound, rate, **queries, beats=beats, **options)


@pytest.mark.parametrize(
    ("model", "rate", "n_channels", "beats_per_clip"),
    [
        ("fast", 44100, 2, 4),
        ("fast", 44100, 1, 1),
        ("fast", 48000, 2, 2),
        ("fast", 22050, 1, 4),
        ("standard", 44100, 2, 2),
    ],
)
def test_one_pass_gives_what_separate_passes_give(
    model, rate, n_channels, beats_per_clip
):
    sound = mix(SECONDS)[:n_channels]
    options = {"model": model, "beats_per_clip": beats_per_clip}
    together = extract_parts(sound, *INSTRUMENTS, rate=rate, **options)
    for instrument, extracted in zip(INSTRUMENTS, together, strict=True):
        alone = extract_alone(sound, rate, instrument, **options)
        assert alone.any()
        np.testing.assert_array_equal(extracted, alone)


def test_the_order_does_not_matter():
    sound = mix(SECONDS)
    forwards = extract_parts(sound, *INSTRUMENTS)
    backwards = extract_parts(sound, *INSTRUMENTS[::-1])
    for one, other in zip(forwards, backwards[::-1], strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("names", [("guitar",), ("guitar", "bass", "bongo", "guira")])
def test_a_clip_is_analysed_once(monkeypatch, names):
    clips = []
    analyse = Spectra.analyse

    def count(self, audio, columns=None):
        clips.append(audio)
        return analyse(self, audio, columns)

    monkeypatch.setattr(Spectra, "analyse", count)
    extract_parts(mix(SECONDS), *(Instrument(name, name) for name in names))
    n_clips = len(clips)
    clips.clear()
    extract_parts(mix(SECONDS))
    assert n_clips == len(clips) > 2


@pytest.mark.parametrize("model", ["fast", "standard"])
@pytest.mark.parametrize("rate", [44100, 48000])
def test_what_is_played_of_a_clip_is_that_of_the_whole(model, rate):
    """As the plugin, which synthesises whole clips, plays it."""
    separator = load_separator(model)
    sizes = ClipFrames.at(ClipConfig(), rate)
    queries = [separator.target("bass"), separator.query(part("bongo", 2.0), RATE)]
    sound = mix(6.0)
    for n_frames in (110250, 137007, 200000):
        clips = [sound[:, :n_frames], 0 * sound[:1, :n_frames], sound[:1, -n_frames:]]
        played = [sizes.played(n_frames)] * len(clips)
        parts = separate_targets(separator, clips, rate, queries, 0.6, played)
        for query, estimates in zip(queries, parts, strict=True):
            whole = separator.separate_all(clips, rate, query, 0.6)
            for one, other in zip(estimates, whole, strict=True):
                np.testing.assert_array_equal(one[:, played[0]], other[:, played[0]])


def test_a_separator_without_steps_separates_for_each(unchanged):
    clips = [noise(1000), noise(2000)]
    query = unchanged.target("")
    results = separate_targets(
        unchanged, clips, RATE, [query] * 3, 0.5, [slice(0, 1)] * 2
    )
    assert len(results) == 3
    for estimates in results:
        for estimate, clip in zip(estimates, clips, strict=True):
            np.testing.assert_array_equal(estimate, clip)
