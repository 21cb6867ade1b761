# SPDX-License-Identifier: GPL-3.0-or-later
"""Clutters of digits are what they say, and the study counts what it says."""

import functools

import matplotlib.image
import numpy as np
import pytest
from sklearn.datasets import load_digits

from requinto.errors import ConfigError
from requinto_lab import studies
from requinto_lab.studies import digits
from requinto_lab.studies.digits import (
    N_PARTS,
    REFERENCES,
    SIZE,
    Digits,
    DigitsTraining,
)

RIGHT, OTHER = REFERENCES
SPLITS = ("train", "validation", "test")


@pytest.fixture(scope="module")
def clutters():
    return digits.draw(digits.split("test"), 60, np.random.default_rng(0))


def holds(frame, images):
    """Return which images a frame shows, somewhere."""
    size = images.shape[1]
    windows = np.lib.stride_tricks.sliding_window_view(frame, (size, size))
    same = np.abs(windows[:, :, None] - images).max(axis=(3, 4)) == 0
    return set(np.flatnonzero(same.any(axis=(0, 1))))


def test_splits_share_no_image_and_leave_none_out():
    splits = [digits.split(name) for name in SPLITS]
    assert [len(split.images) for split in splits] == [1197, 300, 300]
    classes = np.concatenate([split.classes for split in splits])
    np.testing.assert_array_equal(classes, load_digits().target)
    flat = [
        {image.tobytes() for image in split.images.reshape(-1, 28 * 28)}
        for split in splits
    ]
    assert not flat[0] & flat[1] and not flat[0] & flat[2] and not flat[1] & flat[2]
    for split in splits:
        assert split.images.shape[1:] == (28, 28) and split.images.dtype == np.float32
        assert split.images.min() >= 0 and split.images.max() <= 1
        # No class so rare that a reference is hard to find
        assert np.bincount(split.classes).min() > 20
    with pytest.raises(ConfigError, match="'trial'"):
        digits.split("trial")


def test_enlarged_digits_are_the_packages():
    small = load_digits().images[:1197] / 16
    large = digits.split("train").images
    blocks = small.repeat(7, 1).repeat(7, 2)[:, ::2, ::2]
    likeness = [
        np.corrcoef(block.ravel(), image.ravel())[0, 1]
        for block, image in zip(blocks, large, strict=True)
    ]
    assert min(likeness) > 0.8


def test_a_clutter_is_the_maximum_of_four_digits_that_differ(clutters):
    assert clutters.parts.shape == (60, N_PARTS, SIZE, SIZE)
    for parts, mixed, classes in zip(
        clutters.parts, clutters.mixed, clutters.classes, strict=True
    ):
        a, b, c, d = parts
        np.testing.assert_array_equal(mixed, np.fmax(np.fmax(a, b), np.fmax(c, d)))
        assert (parts <= mixed).all() and (parts > 0).any(axis=(1, 2)).all()
        assert len(set(classes)) == N_PARTS


def test_references_are_other_images_of_the_same_digits(clutters):
    split = digits.split("test")
    for i in range(8):
        for k, digit in enumerate(clutters.classes[i]):
            shown = holds(clutters.references[i, k], split.images)
            assert {split.classes[image] for image in shown} == {digit}
            there = holds(clutters.parts[i, k], split.images)
            assert {split.classes[image] for image in there} == {digit}
            assert not shown & there


def test_digits_lie_anywhere_in_their_frames():
    one = Digits(np.ones((20, 28, 28), np.float32), np.arange(20) % 10)
    many = digits.draw(one, 300, np.random.default_rng(0))
    for frames in (many.parts, many.references):
        assert (frames.sum(axis=(2, 3)) == 28 * 28).all()  # whole
        seen = frames.reshape(-1, SIZE, SIZE).any(axis=0)
        assert seen.all()


def test_an_input_is_a_clutter_and_a_reference(clutters):
    for target, shown in [(0, 0), (2, 2), (3, 1), (1, 3)]:
        inputs, truth = clutters.batch(target, shown)
        np.testing.assert_array_equal(inputs[..., 0], clutters.mixed)
        np.testing.assert_array_equal(inputs[..., 1], clutters.references[:, shown])
        np.testing.assert_array_equal(truth[..., 0], clutters.parts[:, target])


def test_clutters_depend_on_the_seed_alone():
    split = digits.split("train")
    first, again, other = (
        digits.draw(split, 5, np.random.default_rng(seed)) for seed in (1, 1, 2)
    )
    for a, b, c in zip(first, again, other, strict=True):
        np.testing.assert_array_equal(a, b)
        assert (a != c).any()


def test_no_output_is_counted_for_what_it_is_not(clutters):
    mixed = digits.score(digits.untouched, clutters, RIGHT)
    apart = clutters.mixed[:, None] - clutters.parts
    assert mixed.errors.mean() == pytest.approx(np.square(apart).mean(), rel=1e-5)
    # The same output for four targets is nearest to one of the four
    assert mixed.is_target.mean() == pytest.approx(1 / N_PARTS)
    nothing = digits.score(digits.black, clutters, RIGHT)
    assert nothing.errors.mean() == pytest.approx(np.square(clutters.parts).mean())
    assert len(nothing.targets) == 60 * N_PARTS
    counts = np.bincount(nothing.targets, minlength=10)
    np.testing.assert_array_equal(
        counts, np.bincount(clutters.classes[:, :N_PARTS].ravel(), minlength=10)
    )


@pytest.mark.parametrize(
    ("reference", "is_target", "is_shown"),
    [
        (RIGHT, 1, 1),
        (OTHER, 0, 1),
    ],
)
def test_one_that_knows_the_references_digit_extracts_it(
    clutters, reference, is_target, is_shown
):
    parts = {}
    for k in range(N_PARTS):
        inputs, _ = clutters.batch(0, k)
        for i, row in enumerate(inputs):
            parts[row.tobytes()] = clutters.parts[i, k]

    def oracle(inputs):
        return np.stack([parts[row.tobytes()] for row in inputs])

    scores = digits.score(oracle, clutters, reference)
    assert scores.is_target.mean() == is_target
    assert scores.is_shown.mean() == is_shown
    assert (scores.errors[scores.is_target] == 0).all()


@pytest.fixture
def tiny(monkeypatch):
    monkeypatch.setattr(digits, "WIDTHS", (4, 8))
    monkeypatch.setattr(digits, "_N_TEST", 40)
    few = functools.partial(
        DigitsTraining, batch_size=2, steps_per_epoch=2, n_validation_batches=1
    )
    monkeypatch.setattr(digits, "DigitsTraining", few)


def test_training_steps_lower_the_loss_on_a_fixed_batch(tiny, tmp_path):
    config = DigitsTraining(loops="", run=str(tmp_path), learning_rate=1e-2)
    network = digits.compile_network(config)
    clutters = digits.draw(digits.split("train"), 4, np.random.default_rng(0))
    batch = clutters.batch(0, 0)
    losses = [float(network.train_on_batch(*batch)) for _ in range(12)]
    assert losses[-1] < 0.6 * losses[0]


def test_means_and_deviations_are_over_seeds(clutters):
    dark, bright = (
        {kind: digits.score(extract, clutters, kind) for kind in REFERENCES}
        for extract in (digits.black, digits.untouched)
    )
    rows = digits.table([dark, bright], {"nobody": dark[RIGHT]})
    assert [row[0] for row in rows[:3]] == [RIGHT, OTHER, "nobody"]
    errors = [one[RIGHT].errors.mean() for one in (dark, bright)]
    assert rows[0][1] == pytest.approx(np.mean(errors))
    assert rows[0][2] == pytest.approx(abs(errors[0] - errors[1]) / 2)
    assert rows[2][1:3] == (pytest.approx(errors[0]), None)  # one has no deviation
    # Each target is counted with its own digit
    digit = dark[RIGHT].targets == 7
    own = [one[RIGHT].errors[digit].mean() for one in (dark, bright)]
    assert rows[3 + 7][1] == pytest.approx(np.mean(own))


def test_a_study_leaves_its_table_and_its_pictures(tiny, tmp_path):
    folder = tmp_path / "studies"
    options = {"seeds": 2, "minutes": 1e-6, "runs": tmp_path / "runs"}
    studies.run(digits.STUDY, None, folder, options)
    (report,) = studies.read(folder)
    assert report.name == "digits" and "--seeds 2" in report.command
    assert report.figures == {"fewest steps": 2, "most steps": 2}
    rows = {row[0]: row[1:] for row in report.rows}
    assert len(rows) == 2 + 2 + 10
    right = rows[RIGHT]
    assert right[2] == right[4]
    for row in rows.values():
        assert row[0] >= 0 and 0 <= row[2] <= 100
    assert rows["the clutter untouched"][2] == pytest.approx(25)
    assert {p.name for p in folder.iterdir()} == {
        "digits.json",
        *(name for name, _ in report.pictures),
    }
    assert len(report.pictures) == 2
    for name, caption in report.pictures:
        picture = matplotlib.image.imread(folder / name)[..., :3]
        assert min(picture.shape[:2]) > 300 and caption
        ink = (picture < 0.9).any(axis=2).mean()
        assert 0.005 < ink < 0.95


def test_what_is_watched_is_kept_as_it_comes(tiny, tmp_path, clutters):
    inputs, truth = digits.watched_batch(clutters)
    assert inputs.shape == (6, SIZE, SIZE, 2)
    # Two references for one clutter, each with its own target
    np.testing.assert_array_equal(inputs[0, ..., 0], inputs[1, ..., 0])
    assert (inputs[0, ..., 1] != inputs[1, ..., 1]).any()
    np.testing.assert_array_equal(truth[:2, ..., 0], clutters.parts[0, :2])

    config = digits.DigitsTraining(loops="", run=str(tmp_path), minutes=1e-6)
    trained = digits.train(config, inputs)
    assert list(trained.watched) == [0, 2] and [x["step"] for x in trained.log] == [2]
    assert (trained.watched[0] != trained.watched[2]).any()
    np.testing.assert_array_equal(trained.extract(inputs), trained.watched[2])
