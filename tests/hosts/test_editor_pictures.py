# SPDX-License-Identifier: GPL-3.0-or-later
"""Each state of the plugin's window looks as it did when somebody looked at it."""

import itertools

import numpy as np
import pytest

import editor_pictures

NAMES = sorted(editor_pictures.expected())
RENEW = ".venv/bin/python tests/support/editor_pictures.py"


@pytest.fixture(scope="module")
def fresh():
    return editor_pictures.paint()


def test_each_state_has_a_picture(fresh):
    assert sorted(fresh) == NAMES, f"to renew them: {RENEW}"
    assert len(NAMES) >= 12


@pytest.mark.parametrize("name", NAMES)
def test_picture(fresh, name):
    expected = editor_pictures.pixels(editor_pictures.expected()[name])
    picture = editor_pictures.pixels(fresh[name])
    assert picture.shape == expected.shape
    mean, share = editor_pictures.differences(picture, expected)
    assert editor_pictures.is_similar(picture, expected), (
        f"{fresh[name]} differs from {editor_pictures.expected()[name]}: by {mean:.2f} "
        f"on average, and much in {100 * share:.3f} % of it.  If it is right: {RENEW}"
    )


def test_pictures_tell_states_apart():
    pictures = {n: editor_pictures.pixels(editor_pictures.expected()[n]) for n in NAMES}
    for one, other in itertools.combinations(NAMES, 2):
        are_similar = editor_pictures.is_similar(pictures[one], pictures[other])
        assert not are_similar, f"{one} and {other}"


def test_a_missing_word_is_noticed():
    picture = editor_pictures.pixels(editor_pictures.expected()["ready"])
    without = np.array(picture)
    without[385:419, 600:719] = picture[410, 590]  # the count of dropouts
    assert not editor_pictures.is_similar(picture, without)
