# SPDX-License-Identifier: GPL-3.0-or-later
"""What the studies say of a model whose mask is one wherever it is asked."""

import dataclasses

import numpy as np
import pytest

from models import write_neutral
from requinto import loader
from requinto_lab.evaluation.items import read_items
from requinto_lab.training import studies
from requinto_lab.training.validation import read_test_items


@pytest.fixture
def separator(tmp_path, monkeypatch):
    monkeypatch.setenv("REQUINTO_MODELS", str(write_neutral(tmp_path)))
    return loader.load_separator()


@pytest.fixture
def asked(bench):
    return read_test_items(read_items(bench))


def test_no_reference_helps_a_model_that_lets_all_through(separator, asked):
    rows = list(studies.references(separator, asked, np.random.default_rng(0)))
    assert len(rows) == len(asked) == 4
    for found in rows:
        kinds = dict(found)
        assert {"the target itself", "its timbre, another piece"} <= set(kinds)
        np.testing.assert_allclose(list(kinds.values()), 0, atol=1e-3)


def test_phase_and_bandwidth_count_as_they_must(separator, asked):
    rows = studies.phases_and_rates(separator, asked)
    for question, found in zip(asked, rows, strict=True):
        gains = dict(found)
        assert gains["mixture's phase (ours)"] == pytest.approx(0, abs=1e-3)
        # The mixture's own phase fits its magnitudes already
        assert gains["phase made consistent"] == pytest.approx(0, abs=0.1)
        assert gains["true phase"] > 0.5
        ideal = gains["ideal ratio mask"]
        lost = ideal - gains["ideal ratio mask, nothing above 5.5 kHz"]
        # A güira lies above, a bass below
        assert lost > (3 if question.item.instrument == "guira" else -0.1)
        assert ideal > 5


def test_another_timbre_is_of_the_instrument_and_elsewhere(separator, asked):
    """Two items of one instrument stand in for each other; a third does not."""
    first, second = asked[0], asked[1]
    twin = second.item.meta | {"instrument": first.item.instrument, "seed": -1}
    item = type(second.item)(second.item.path, "twins", twin)
    asked = [first, dataclasses.replace(second, item=item), *asked[2:]]
    rows = list(studies.references(separator, asked, np.random.default_rng(0)))
    kinds = ["another timbre of its instrument" in dict(found) for found in rows]
    assert kinds == [True, True, False, False]


def test_several_pieces_add_nothing_where_no_reference_helps(separator, asked):
    """Three items of one timbre stand in for each other."""
    metas = [asked[0].item.meta | {"seed": -n} for n in range(3)]
    items = [type(asked[0].item)(asked[0].item.path, "three", meta) for meta in metas]
    three = [
        dataclasses.replace(q, item=item) for q, item in zip(asked, items, strict=False)
    ]
    for found in studies.references(separator, three, np.random.default_rng(0)):
        kinds = dict(found)
        assert kinds["spread over pieces"] == pytest.approx(0, abs=1e-3)
        assert kinds["what several pieces in a row add"] == pytest.approx(0, abs=1e-3)
