# SPDX-License-Identifier: GPL-3.0-or-later
"""The cache must follow its seed and the mixing desk its configuration."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from requinto.errors import AudioFileError, ConfigError
from requinto.material import loops, rendering
from requinto.material.augmentation import AugmentationConfig, augmented
from requinto.material.cache import Cache
from requinto.material.patterns import play
from requinto.material.songs import plan_song
from requinto.material.timbres import BACHATA, find
from requinto.training.mixing import Mixer, MixingConfig
from sounds import OWN

PLAIN = AugmentationConfig(0, 0, 0, 1, 0, 0, 0, 0)


@pytest.fixture(scope="module")
def folder(loops_folder: Path) -> Path:
    return loops_folder


def mixer(folder: Path, **numbers: object) -> Mixer:
    settings = {"n_frames": 30_000, "reference_frames": 20_000} | numbers
    return Mixer(folder, MixingConfig(**settings), split="train", seed=0)  # type: ignore[arg-type]


def test_the_cache_follows_its_seed(folder: Path, tmp_path: Path) -> None:
    loops.build(tmp_path, 1, n_timbres=2, n_workers=1, families=OWN)
    for file in sorted(tmp_path.glob("*/*")):
        assert file.read_bytes() == (folder / file.relative_to(tmp_path)).read_bytes()


def test_a_build_adds_only_what_is_missing(folder: Path) -> None:
    assert loops.build(folder, 2, n_workers=1, families=OWN) == []
    with pytest.raises(ConfigError, match="unknown split"):
        loops.build(folder, 2, "holiday", n_workers=1)


def test_stems_sound_and_are_described(folder: Path) -> None:
    for manifest in folder.glob("*/song.json"):
        song = json.loads(manifest.read_text())
        assert song["downbeats_s"] == song["beats_s"][::4]
        assert {s["instrument"] for s in song["stems"]} == set(BACHATA)
        for stem in song["stems"]:
            sound = np.load(manifest.parent / stem["file"])
            assert sound.dtype == np.int16
            assert sound.shape == (stem["n_channels"], song["n_frames"])
            assert stem["licence"]
            # Peaky percussion stays lower, because 16 bits end at full scale
            assert -26 < stem["level_db"] < -19.9


@pytest.mark.parametrize(
    ("instrument", "timbre"),
    [("bongo", "membrane:00"), ("bongo", "sweep:01"), ("guitar", "waveguide:02")],
)
def test_onsets_fall_on_the_grid(instrument: str, timbre: str) -> None:
    song = plan_song(3)
    sound = find(instrument, timbre).render(song)[0].astype(np.float64)
    size = 44  # about a millisecond
    level = np.sqrt(np.add.reduceat(sound**2, np.arange(0, len(sound) - size, size)))
    rise = np.maximum(np.diff(np.log(level + 0.02 * level.max())), 0)
    eighths = np.arange(0, song.n_beats, 0.5)
    frames = np.array([rendering.frame_of(b, song) for b in eighths]) // size
    lags = np.arange(-60, 61)
    strength = [rise[np.clip(frames + lag, 0, len(rise) - 1)].sum() for lag in lags]
    smooth = np.convolve(strength, np.ones(9), "same")
    # A player's habit, looseness and a pluck's rise: 15 ms in all
    assert abs(lags[np.argmax(smooth)]) <= 15
    assert play(song, "bongo")


def test_examples_follow_their_generator(folder: Path) -> None:
    one, other = (mixer(folder).example(np.random.default_rng(4)) for _ in range(2))
    np.testing.assert_array_equal(one.mixture, other.mixture)
    np.testing.assert_array_equal(one.reference, other.reference)


def test_target_and_rest_make_the_mixture(folder: Path) -> None:
    """Where the target plays alone, it is the mixture."""
    desk = mixer(folder, present=0.0, others=0.0, absent=0.0, rival=0.0)
    rng = np.random.default_rng(0)
    for _ in range(10):
        example = desk.example(rng)
        np.testing.assert_array_equal(example.mixture, example.target)


def test_examples_have_their_shapes(folder: Path) -> None:
    desk, rng = mixer(folder), np.random.default_rng(1)
    for _ in range(40):
        example = desk.example(rng)
        assert example.mixture.shape == example.target.shape == (2, 30_000)
        assert example.reference.shape == (2, 20_000)
        for sound in example[:3]:
            assert sound.dtype == np.float32
            assert np.isfinite(sound).all()
        assert np.abs(example.mixture).max() <= 0.99
        assert np.abs(example.reference).max() > 1e-3
        assert example.absent == (not example.target.any())


def test_the_desk_honours_its_numbers(folder: Path) -> None:
    desk = mixer(folder, n_frames=8000, reference_frames=8000, absent=0.3)
    rng = np.random.default_rng(2)
    examples = [desk.example(rng) for _ in range(300)]
    share = np.mean([e.absent for e in examples])
    # Three standard deviations of 300 draws at 0.3
    assert 0.22 < share < 0.38
    counts = Counter(e.instrument for e in examples)
    assert set(counts) == set(BACHATA)
    assert min(counts.values()) > 30


def test_the_reference_comes_from_elsewhere(folder: Path) -> None:
    desk = mixer(folder)
    chosen = desk.cache.stems[0]
    reads = []
    read = desk.cache.read
    desk.cache.read = lambda s, a, n: reads.append((s, a, n)) or read(s, a, n)  # type: ignore[method-assign,assignment,func-returns-value]
    rng = np.random.default_rng(3)
    window = (200_000, 30_000)
    for _ in range(20):
        desk._reference(chosen, window, False, rng)
    for stem, start, size in reads:
        assert (stem.instrument, stem.timbre) == (chosen.instrument, chosen.timbre)
        apart = start + size <= window[0] or start >= sum(window)
        assert stem.song != chosen.song or apart


def test_validation_is_always_the_same(folder: Path) -> None:
    config = MixingConfig(reference_frames=20_000)
    sets = [
        Mixer(folder, config, split="validation", seed=0).validation_set(3, 2.0)
        for _ in range(2)
    ]
    for one, other in zip(*sets, strict=True):
        np.testing.assert_array_equal(one.mixture, other.mixture)
        assert set(one.stems) == set(one.references) == set(BACHATA)
        # Single precision sums of four stems below full scale
        total = np.sum(list(one.stems.values()), axis=0)
        np.testing.assert_allclose(one.mixture, total, atol=1e-6)
        assert all(np.abs(s).max() > 0.01 for s in one.stems.values())
        assert np.allclose(np.diff(one.beats_s), 60 / one.tempo_bpm, atol=1e-3)


def test_augmentation_keeps_length_and_level() -> None:
    rng = np.random.default_rng(5)
    sound = rng.normal(0, 0.1, (1, 20_000)).astype(np.float32)
    np.testing.assert_allclose(
        np.abs(augmented(sound, PLAIN, rng)), np.abs(sound).repeat(2, 0), rtol=1e-5
    )
    always = AugmentationConfig(1, 6, 1, 4, 1, 0.5, 1, 0)
    for _ in range(10):
        changed = augmented(sound, always, rng)
        assert changed.shape == (2, 20_000)
        assert abs(20 * np.log10(np.std(changed) / np.std(sound))) < 1


def test_what_cannot_be_is_refused(tmp_path: Path) -> None:
    with pytest.raises(AudioFileError, match="no train songs"):
        Cache(tmp_path, "train")
    with pytest.raises(ConfigError):
        MixingConfig(n_frames=0)
    with pytest.raises(ConfigError):
        AugmentationConfig(equaliser=1.5)
    read_back = MixingConfig(augmentation={"pan": 0.1})  # type: ignore[arg-type]
    assert read_back.augmentation == AugmentationConfig(pan=0.1)
