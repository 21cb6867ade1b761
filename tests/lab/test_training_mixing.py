# SPDX-License-Identifier: GPL-3.0-or-later
"""Training mixes must follow their configuration."""

from __future__ import annotations

import itertools
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from mixes import generator
from requinto.config import from_values
from requinto.errors import AudioFileError, ConfigError
from requinto_lab.material.augmentation import AugmentationConfig
from requinto_lab.material.instruments import BACHATA
from requinto_lab.material.loop_library import LoopLibrary
from requinto_lab.material.mastering import add_inaudible
from requinto_lab.training.mixing_config import MixingConfig


def test_examples_follow_their_generator(library: Path) -> None:
    one, other = (
        generator(library).examples(np.random.default_rng(4))[0] for _ in range(2)
    )
    np.testing.assert_array_equal(one.mixture, other.mixture)
    np.testing.assert_array_equal(one.reference, other.reference)


def test_target_and_rest_make_the_mixture(library: Path) -> None:
    """Where the target plays alone, it is the mixture."""
    exact = AugmentationConfig(mix_coded=0.0)
    nobody = dict.fromkeys(("present", "others", "absent", "rival"), 0.0)
    mixes = generator(library, augmentation=exact, **nobody)
    rng = np.random.default_rng(0)
    for _ in range(10):
        example = mixes.examples(rng)[0]
        np.testing.assert_array_equal(example.mixture, example.target)


def test_examples_have_their_shapes(library: Path) -> None:
    mixes, rng = generator(library), np.random.default_rng(1)
    for example in itertools.chain(*(mixes.examples(rng) for _ in range(20))):
        assert example.mixture.shape == example.target.shape == (2, 30_000)
        assert example.reference.shape == (2, 20_000)
        for sound in example[:3]:
            assert sound.dtype == np.float32
            assert np.isfinite(sound).all()
        assert np.abs(example.mixture).max() <= 0.99
        assert np.abs(example.reference).max() > 1e-3
        assert example.absent == (not example.target.any())


@pytest.mark.parametrize("n_targets", [1, 2, 4])
def test_examples_of_one_mixture_add_up_to_it(library: Path, n_targets: int) -> None:
    """Everybody is asked for once, and who is asked beyond them does not play."""
    calm = dict.fromkeys(("absent", "rival", "bachata"), 0.0)
    band = {"min_players": 2, "max_players": 2, "n_targets": n_targets}
    exact = AugmentationConfig(mix_coded=0.0)
    mixes = generator(library, augmentation=exact, **calm, **band)
    rng = np.random.default_rng(7)
    for _ in range(10):
        examples = mixes.examples(rng)
        assert len({e.instrument for e in examples}) == len(examples) == n_targets
        assert all(e.mixture is examples[0].mixture for e in examples)
        together = np.sum([e.target for e in examples], axis=0)
        if n_targets > 1:  # filters in single precision
            np.testing.assert_allclose(together, examples[0].mixture, atol=1e-4)
        assert not any(e.target.any() for e in examples[2:])


def test_any_target_is_absent_as_often(library: Path) -> None:
    mixes = generator(library, absent=0.3, bachata=0.0, min_players=2, max_players=2)
    rng = np.random.default_rng(0)
    names = sorted(mixes.library.by_instrument)
    queries = [
        mixes.bands.choose_queries(names[0], names[:2], rng)[1] for _ in range(20_000)
    ]
    # Three standard deviations of 20,000 draws at 0.3
    assert 0.290 < np.mean([name not in names[:2] for name in queries]) < 0.310


def test_the_desk_honours_its_numbers(library: Path) -> None:
    mixes, rng = generator(library, absent=0.3, others=0.0), np.random.default_rng(2)
    bands = [mixes.bands.choose_bachata(rng) for _ in range(4000)]
    # Three standard deviations of 4000 draws at 0.3
    assert 0.278 < np.mean([absent for *_, absent in bands]) < 0.322
    counts = Counter(target for _, target, _ in bands)
    assert min(counts[name] for name in BACHATA) > 300
    assert counts["guitar"] == max(counts.values())
    assert all((target in playing) != absent for playing, target, absent in bands)


@pytest.mark.parametrize(("low", "high"), [(1, 1), (2, 4), (3, 3)])
def test_a_band_of_any_instruments_has_as_many_players_as_configured(
    library: Path, low: int, high: int
) -> None:
    players = {"min_players": low, "max_players": high}
    mixes = generator(library, bachata=0.0, absent=0.2, **players)
    rng = np.random.default_rng(4)
    bands = [mixes.bands.choose_any(rng) for _ in range(200)]
    assert {len(set(playing)) for playing, _, _ in bands} == {*range(low, high + 1)}
    assert all((target in playing) != absent for playing, target, absent in bands)
    assert 0.1 < np.mean([absent for *_, absent in bands]) < 0.3
    wanted = Counter(target for _, target, _ in bands)
    assert set(wanted) == set(mixes.library.by_instrument)
    example = mixes.examples(rng)[0]
    assert np.abs(example.mixture).max() > 0


def test_each_player_of_a_new_timbre_keeps_to_it(
    library: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is drawn once for each player, and used for its part and its reference."""
    used: list[int] = []

    class Silencing:
        def __init__(self, config: object, rng: np.random.Generator) -> None:
            self.used = 0

        def __call__(self, sound: np.ndarray) -> np.ndarray:
            self.used += 1
            used.append(self.used)
            return 0 * sound

    monkeypatch.setattr("requinto_lab.training.parts.NewTimbre", Silencing)
    calm = dict.fromkeys(("absent", "rival", "bachata"), 0.0)
    whole = {"new_timbre": 1.0, "min_players": 3, "max_players": 3, "n_targets": 1}
    example = generator(library, **whole, **calm).examples(np.random.default_rng(6))[0]
    assert not example.mixture.any() and not example.reference.any()
    assert sorted(used) == [1, 1, 1, 2]


def test_what_is_inaudible_is_the_mixtures_alone(library: Path) -> None:
    rng = np.random.default_rng(4)
    offsets, lines = [], []
    for _ in range(40):
        added = add_inaudible(np.zeros((2, 44_100), np.float32), rng)
        spectrum = np.abs(np.fft.rfft(added[0])) / 44_100
        peak = int(np.argmax(spectrum))  # Hz
        (lines if peak else offsets).append(peak or added[0, 0])
        assert np.ptp(added) == 0 or np.abs(added).max() < 0.0502  # -26 dB
    assert 10 < len(lines) < 30
    assert min(lines) >= 14_999 and max(lines) <= 20_001
    assert max(np.abs(offsets)) <= 0.1 and min(offsets) < 0 < max(offsets)

    nobody = dict.fromkeys(("present", "others", "absent", "rival"), 0.0)
    exact = AugmentationConfig(mix_coded=0.0)
    mixes = generator(library, inaudible=1.0, augmentation=exact, **nobody)
    for _ in range(10):
        example = mixes.examples(rng)[0]
        rest = example.mixture - example.target
        assert rest.any() and np.abs(example.mixture).max() <= 0.99
        magnitudes = np.abs(np.fft.rfft(rest[0]))
        assert np.argmax(magnitudes) == 0 or np.argmax(magnitudes) > 10_000


@pytest.mark.parametrize("reuse", [1, 3])
def test_a_part_serves_as_many_mixes(library: Path, reuse: int) -> None:
    calm = dict.fromkeys(("absent", "rival", "double", "coherent"), 0.0)
    settings = {"bachata": 1.0, "present": 1.0, "n_targets": 1}
    mixes = generator(library, reuse=reuse, **calm, **settings)
    rng = np.random.default_rng(3)
    served: Counter[int] = Counter()
    kept = []  # so that no identity comes twice
    for _ in range(60):
        parts = mixes._play(list(BACHATA), rng)
        assert list(parts) == list(BACHATA)
        assert all(p.player.stem.instrument == name for name, p in parts.items())
        kept += parts.values()
        served.update(id(part.sound) for part in parts.values())
    assert max(served.values()) == reuse
    assert 60 * len(BACHATA) / len(served) > 0.8 * reuse


def test_what_cannot_be_is_refused(tmp_path: Path) -> None:
    with pytest.raises(AudioFileError, match="no train songs"):
        LoopLibrary(tmp_path, "train")
    with pytest.raises(ConfigError):
        MixingConfig(n_frames=0)
    with pytest.raises(ConfigError, match=r"register must be in \[0, 1\], got -1"):
        MixingConfig(register=-1)
    with pytest.raises(ConfigError, match="min_players"):
        MixingConfig(min_players=3, max_players=2)
    earlier = from_values(MixingConfig, {"fewest": 3, "most": 5}, "mixing")
    assert (earlier.min_players, earlier.max_players) == (3, 5)
    with pytest.raises(ConfigError):
        AugmentationConfig(equaliser=1.5)
    read_back = from_values(MixingConfig, {"augmentation": {"pan": 0.1}}, "mixing")
    assert read_back.augmentation == AugmentationConfig(pan=0.1)
