# SPDX-License-Identifier: GPL-3.0-or-later
"""References of training come from elsewhere, as their configuration says."""

from __future__ import annotations

import itertools
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from mixes import generator
from requinto_lab.material.augmentation import AugmentationConfig
from requinto_lab.material.loop_library import Stem
from requinto_lab.training.bands import Player, Window
from requinto_lab.training.mixing import MixGenerator
from requinto_lab.training.references import Query


def test_the_reference_comes_from_elsewhere(library: Path) -> None:
    mixes = generator(library)
    chosen = mixes.library.stems[0]
    reads = []
    read = mixes.library.read
    mixes.library.read = lambda s, a, n: reads.append((s, a, n)) or read(s, a, n)  # type: ignore[method-assign,assignment,func-returns-value]
    rng = np.random.default_rng(3)
    window = Window(200_000, 30_000)  # at its own speed
    for _ in range(20):
        mixes.references.play(Query(Player(chosen, window), None, None), rng)
    for stem, start, size in reads:
        assert (stem.instrument, stem.timbre) == (chosen.instrument, chosen.timbre)
        apart = start + size <= window[0] or start >= sum(window)
        assert stem.song != chosen.song or apart


@pytest.mark.parametrize("coherent", [0.0, 1.0])
def test_a_reference_is_at_the_speed_of_its_player(
    library: Path, coherent: float
) -> None:
    calm = dict.fromkeys(("absent", "rival", "double", "bachata"), 0.0)
    whole = {"varispeed": 1.0, "min_players": 3, "max_players": 3, "n_targets": 1}
    mixes = generator(library, coherent=coherent, **whole, **calm)
    reads: list[tuple[str, int]] = []
    read = mixes.library.read
    mixes.library.read = lambda s, a, n: (
        reads.append((s.instrument, n)) or read(s, a, n)
    )  # type: ignore[method-assign,assignment,func-returns-value]
    rng = np.random.default_rng(5)
    speeds = []
    for _ in range(60):
        reads.clear()
        target = mixes.examples(rng)[0].instrument
        band, references = reads[:3], reads[3:]
        # One band plays at one speed; who is thrown together, each at its own
        assert (len({n for _, n in band}) == 1) == bool(coherent)
        speeds.append(dict(band)[target] / 30_000)
        sizes = [n for _, n in references]
        np.testing.assert_allclose(np.array(sizes) / 20_000, speeds[-1], atol=1e-4)
    widest = 2 ** (5 / 12)
    assert 1 / widest - 1e-3 <= min(speeds) < 0.8
    assert 1.25 < max(speeds) <= widest + 1e-3


@pytest.mark.parametrize("by_name", [0.0, 1.0])
def test_a_name_asks_for_every_player_of_it(library: Path, by_name: float) -> None:
    mixes = generator(
        library,
        by_name=by_name,
        rival=1.0,
        double=0.0,
        absent=0.0,
        **{"bachata": 0.0, "min_players": 1, "max_players": 1},
        augmentation=AugmentationConfig(mix_coded=0.0),
    )
    rng = np.random.default_rng(6)
    for _ in range(10):
        example = mixes.examples(rng)[0]
        # Two players and nobody else: both are wanted, or one
        together = np.array_equal(example.mixture, example.target)
        rivals = {s.family for s in mixes.library.by_instrument[example.instrument]}
        assert together == bool(by_name) or len(rivals) == 1


@pytest.mark.parametrize("register", [0.0, 1.0])
def test_references_change_their_register(library: Path, register: float) -> None:
    mixes = generator(library, register=register)
    sizes: list[int] = []
    read = mixes.library.read
    mixes.library.read = lambda s, a, n: sizes.append(n) or read(s, a, n)  # type: ignore[method-assign,assignment,func-returns-value]
    rng = np.random.default_rng(3)
    moves: dict[str, set[int]] = {}
    for stem in mixes.library.stems * 4:
        sizes.clear()
        query = Query(Player(stem, Window(0, 30_000)), None, None)
        reference = mixes.references.play(query, rng)
        assert reference.shape == (2, 20_000)
        semitones = 12 * np.log2(sizes[-1] / 20_000)
        moves.setdefault(stem.instrument, set()).add(round(semitones))
        assert abs(semitones - round(semitones)) < 0.01
    up = {5, 7, 12, 19, 24}
    assert moves["bongo"] == moves["guira"] == {0}  # of no pitch
    assert moves["guitar"] <= (up | {-n for n in up} if register else {0})
    assert len(moves["guitar"]) > 5 or not register


@pytest.mark.parametrize("same_desk", [0.0, 1.0])
def test_a_captured_bar_passes_its_players_desk(
    library: Path, same_desk: float
) -> None:
    """Panned at random, it lies where its player does in the mix."""
    calm = dict.fromkeys(("absent", "rival", "double", "new_timbre", "mono"), 0.0)
    mixes = generator(
        library,
        same_desk=same_desk,
        augmentation=AugmentationConfig.none(pan=1),
        **calm,
    )
    rng = np.random.default_rng(2)
    same = []
    for example in itertools.chain(*(mixes.examples(rng) for _ in range(15))):
        if not example.absent:
            pans = [np.std(sound, axis=1) for sound in example[1:3]]
            angles = [np.arctan2(*pan) for pan in pans]
            same.append(abs(angles[0] - angles[1]) < 1e-3)
    assert len(same) > 15
    assert np.mean(same) == 1 if same_desk else np.mean(same) < 0.2


def reads_of(mixes: MixGenerator) -> list[tuple[Stem, int, int]]:
    """Return a list that grows by each stem, first frame and size that is read."""
    reads: list[tuple[Stem, int, int]] = []
    read = mixes.library.read

    def note(stem: Stem, start: int, n_frames: int) -> np.ndarray:
        reads.append((stem, start, n_frames))
        return read(stem, start, n_frames)

    mixes.library.read = note  # type: ignore[method-assign]
    return reads


def test_only_its_part_tells_a_player_from_one_alike(library: Path) -> None:
    calm = dict.fromkeys(("absent", "varispeed", "new_timbre", "bachata"), 0.0)
    one = {
        "min_players": 1,
        "max_players": 1,
        "n_targets": 1,
        "reference_frames": 30_000,
    }
    mixes = generator(library, alike=1.0, register=1.0, **calm, **one)
    reads = reads_of(mixes)
    rng = np.random.default_rng(1)
    kinds: Counter[bool] = Counter()
    apart = 0
    for _ in range(60):
        reads.clear()
        example = mixes.examples(rng)[0]
        apart += np.abs(example.mixture - example.target).max() > 1e-3
        (first, start, _), (rival, beside, size), *references = reads
        assert (rival.instrument, rival.family) == (first.instrument, first.family)
        kinds[first.part == rival.part] += 1
        if first.part == rival.part:
            assert first.timbre == rival.timbre
            assert 4.9 < abs(12 * np.log2(size / 30_000)) < 12.1
        elif first.song == rival.song:
            assert (beside, size) == (start, 30_000)  # in time
        for stem, _, n_frames in references:
            assert (stem.part, stem.timbre) == (first.part, first.timbre)
            assert n_frames == 30_000  # in its register
    assert min(kinds[True], kinds[False]) > 3
    assert apart > 40  # of 60, as a player may rest
