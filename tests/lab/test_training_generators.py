# SPDX-License-Identifier: GPL-3.0-or-later
"""Mixtures hold their targets exactly, and references are of the target."""

import dataclasses

import numpy as np
import pytest

from recorded import write_song
from requinto.config import from_values
from requinto.errors import AudioFileError, ConfigError
from requinto_lab.material.augmentation import AugmentationConfig
from requinto_lab.training.examples import Example, lengthen, shorten
from requinto_lab.training.generators import (
    Blend,
    MaterialConfig,
    OverSongs,
    build_generator,
)
from requinto_lab.training.mixing_config import MixingConfig
from requinto_lab.training.recorded_pairs import RecordedPairs, RecordedPairsConfig
from requinto_lab.training.song_stems import SongStems, SongStemsConfig

RATE = 44100
N = 30_000
# Nothing is changed: what comes out can be compared with what went in
PAIRS = RecordedPairsConfig(
    n_frames=N,
    reference_frames=20_000,
    half=0,
    band=0,
    equalised=0,
    varispeed=0,
    same_song=0,
    absent=0,
    mono=0,
    reference_short=0,
)
STEMS = SongStemsConfig(
    n_frames=N,
    reference_frames=20_000,
    new_timbre=0,
    varispeed=0,
    absent=0,
    mono=0,
    same_desk=1,
    reference_short=0,
    augmentation=AugmentationConfig.none(pan=0.7),
)


@pytest.fixture(scope="module")
def recorded(tmp_path_factory):
    """Return recorded songs, each of one pitch; three artists."""
    folder = tmp_path_factory.mktemp("recorded")
    for index, artist in enumerate(["ada", "ada", "ben", "ben", "cy"]):
        write_song(folder, f"song{index}", artist, PITCHES[index])
    return folder


PITCHES = (300.0, 500.0, 800.0, 1300.0, 2100.0)


def pitches(sound):
    """Return which of the pitches sound."""
    spectrum = np.abs(np.fft.rfft(sound.mean(axis=0) * np.hanning(sound.shape[1])))
    levels = [spectrum[round(p * sound.shape[1] / RATE)] for p in PITCHES]
    return {i for i, level in enumerate(levels) if level > 0.05 * max(levels)}


@pytest.mark.parametrize("seed", range(6))
def test_a_song_is_the_target_out_of_songs(recorded, seed):
    generator = RecordedPairs(recorded, PAIRS, split="train")
    examples = generator.examples(np.random.default_rng(seed))
    assert len(examples) in (2, 3)
    mixture = examples[0].mixture
    np.testing.assert_allclose(sum(e.target for e in examples), mixture, atol=1e-6)
    for example in examples:
        assert example.mixture is mixture and not example.absent
        assert example.reference.shape == (2, 20_000)
        assert len(pitches(example.target)) == 1
        assert pitches(example.reference) == pitches(example.target)
    assert len(pitches(mixture)) == len(examples)


def test_the_same_seed_gives_the_same_mixture(recorded):
    config = RecordedPairsConfig(n_frames=N, reference_frames=N)
    generator = RecordedPairs(recorded, config, split="train")
    one, same, other = (
        generator.examples(np.random.default_rng(seed)) for seed in (1, 1, 2)
    )
    for a, b in zip(one, same, strict=True):
        np.testing.assert_array_equal(a.mixture, b.mixture)
        np.testing.assert_array_equal(a.reference, b.reference)
    assert not np.array_equal(one[0].mixture, other[0].mixture)


def test_songs_of_one_artist_are_mixed_where_they_are_to_be_alike(recorded):
    by_artist = {0: "ada", 1: "ada", 2: "ben", 3: "ben", 4: "cy"}

    def rate(alike):
        config = dataclasses.replace(PAIRS, alike=alike, third=0)
        generator = RecordedPairs(recorded, config, split="train")
        same = 0
        for seed in range(40):
            examples = generator.examples(np.random.default_rng(seed))
            artists = {by_artist[min(pitches(e.target))] for e in examples}
            same += len(artists) == 1
        return same / 40

    assert rate(1.0) > 0.6 > 0.4 > rate(0.0)


def test_a_song_that_is_absent_has_an_empty_target(recorded):
    config = dataclasses.replace(PAIRS, absent=1.0)
    generator = RecordedPairs(recorded, config, split="train")
    n_absent = 0
    for seed in range(8):
        for example in generator.examples(np.random.default_rng(seed)):
            assert example.absent == (not example.target.any())
            if example.absent:
                n_absent += 1
                assert not pitches(example.reference) & pitches(example.mixture)
    assert n_absent >= 3


@pytest.mark.parametrize("change", ["half", "band", "equalised"])
def test_a_changed_song_has_a_reference_changed_alike(recorded, change):
    config = dataclasses.replace(PAIRS, **{change: 1.0})
    generator = RecordedPairs(recorded, config, split="train")
    for seed in range(4):
        examples = generator.examples(np.random.default_rng(seed))
        np.testing.assert_allclose(
            sum(e.target for e in examples), examples[0].mixture, atol=1e-6
        )
        for example in examples:
            assert np.isfinite(example.target).all()
            assert pitches(example.reference) == pitches(example.target)


def test_a_reference_lies_outside_its_excerpt(recorded):
    """The level of each half second tells where an excerpt was cut."""
    generator = RecordedPairs(recorded, PAIRS, split="train")
    rng = np.random.default_rng(0)
    for _ in range(30):
        one = generator._excerpt(generator.library.songs[0], rng)
        start = generator._near(one, 20_000, rng)
        gap = max(start - (one.start + one.size), one.start - (start + 20_000))
        assert 3 * RATE <= gap <= 40 * RATE


@pytest.mark.parametrize("seed", range(5))
def test_parts_of_a_song_are_targets(library, seed):
    generator = SongStems(library, STEMS, split="train")
    examples = generator.examples(np.random.default_rng(seed))
    assert 1 <= len(examples) <= STEMS.n_targets
    mixture = examples[0].mixture
    for example in examples:
        assert example.mixture is mixture
        assert example.target.any() and np.abs(example.reference).max() > 1e-3
        rest = mixture - example.target
        assert np.square(rest).mean() > 0
    rms_db = 20 * np.log10(np.sqrt(np.square(mixture).mean()))
    assert STEMS.lowest_db - 0.1 <= rms_db <= STEMS.highest_db + 0.1


def test_a_reference_stands_where_its_part_stands(library):
    def balance(sound):
        left, right = np.square(sound).mean(axis=1)
        return (right - left) / (right + left)

    for same_desk, agrees in ((1.0, True), (0.0, False)):
        config = dataclasses.replace(STEMS, same_desk=same_desk)
        generator = SongStems(library, config, split="train")
        apart = [
            abs(balance(e.target) - balance(e.reference))
            for seed in range(12)
            for e in generator.examples(np.random.default_rng(seed))
        ]
        assert (np.median(apart) < 0.1) == agrees


def test_an_absent_part_is_not_in_the_mixture(library):
    config = dataclasses.replace(STEMS, absent=1.0, augmentation=PLAIN)
    generator = SongStems(library, config, split="train")
    n_absent = 0
    for seed in range(8):
        examples = generator.examples(np.random.default_rng(seed))
        for example in examples[:-1]:
            assert example.target.any()
        n_absent += examples[-1].absent
        assert examples[-1].absent == (not examples[-1].target.any())
    assert n_absent >= 4


PLAIN = AugmentationConfig.none()


def test_a_band_over_a_song_is_what_is_to_be_extracted(library, recorded):
    mixing = MixingConfig(n_frames=N, reference_frames=N, bachata=1)
    material = MaterialConfig(
        recorded=str(recorded), bands=0, bands_over_songs=1, pairs=PAIRS
    )
    generator, checksums = build_generator(
        str(library), mixing, material, split="train"
    )
    assert set(checksums) == {"recorded"}
    for seed in range(4):
        examples = generator.examples(np.random.default_rng(seed))
        mixture = examples[0].mixture
        assert np.abs(mixture).max() <= 1
        for example in examples:
            # The song is there beside whatever plays
            rest = np.square(mixture - example.target).mean()
            assert rest > 1e-3 * np.square(mixture).mean()


class Fixed:
    """A generator whose examples bear its name."""

    def __init__(self, name):
        self.name = name

    def examples(self, rng):
        """Return one example that holds as many frames as were asked of it."""
        silence = np.zeros((2, 1000), np.float32)
        return [Example(silence + 0.1, silence + 0.1, silence, self.name, False)]


def test_generators_have_their_shares():
    blend = Blend([Fixed("a"), Fixed("b"), Fixed("c")], [1, 0, 3])
    rng = np.random.default_rng(0)
    names = [blend.examples(rng)[0].instrument for _ in range(400)]
    assert names.count("b") == 0
    assert 0.2 < names.count("a") / 400 < 0.3


def test_the_level_of_a_song_beside_a_band_is_as_configured(recorded):
    songs = RecordedPairs(recorded, PAIRS, split="train")
    levels_db = []
    for seed in range(40):
        (example,) = OverSongs(Fixed("a"), songs).examples(np.random.default_rng(seed))
        song = example.mixture - example.target
        ratio = np.square(song).mean() / np.square(example.target).mean()
        levels_db.append(10 * np.log10(ratio))
    assert -5.1 < min(levels_db) < 0 and 7 < max(levels_db) < 12.1


def test_a_short_reference_is_a_part_that_sounds():
    sound = np.zeros((2, 3 * RATE), np.float32)
    sound[:, 2 * RATE :] = 0.5
    for seed in range(5):
        short = shorten(sound, 0.5, np.random.default_rng(seed))
        assert 0.5 * RATE <= short.shape[1] <= 3 * RATE
        assert short.any()
        whole = lengthen(short, 3 * RATE)
        assert whole.shape == sound.shape
        np.testing.assert_array_equal(whole[:, : short.shape[1]], short)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"recorded_pairs": 0.5}, "name their folder, recorded"),
        ({"song_stems": 0.5}, "name the folders, songs"),
        ({"bands": 0.0}, "shares must be 0 or more, and not all 0"),
        ({"bands": -1.0}, "shares must be 0 or more, and not all 0"),
        ({"pairs": {"third": 0.1, "fourth": 1}}, "unknown names"),
    ],
)
def test_material_that_cannot_be_is_refused(values, message):
    with pytest.raises(ConfigError, match=message):
        from_values(MaterialConfig, values, "material")


def test_a_library_without_the_split_is_an_error(tmp_path):
    with pytest.raises(AudioFileError, match="no recorded train songs"):
        RecordedPairs(tmp_path, PAIRS, split="train")
