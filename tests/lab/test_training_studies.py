# SPDX-License-Identifier: GPL-3.0-or-later
"""What the studies say of a model whose mask is one everywhere."""

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
def test_items(bench):
    return read_test_items(read_items(bench))


def test_no_reference_helps_a_model_that_lets_all_through(separator, test_items):
    rows = list(studies.references(separator, test_items, np.random.default_rng(0)))
    assert len(rows) == len(test_items) == 4
    for item_rows in rows:
        kinds = dict(item_rows)
        assert {"the target itself", "its timbre, another piece"} <= set(kinds)
        np.testing.assert_allclose(list(kinds.values()), 0, atol=1e-3)


def test_phase_and_bandwidth_count_as_they_must(separator, test_items):
    rows = studies.phases_and_rates(separator, test_items)
    for test_item, item_rows in zip(test_items, rows, strict=True):
        gains = dict(item_rows)
        assert gains["mixture's phase (ours)"] == pytest.approx(0, abs=1e-3)
        # The mixture's own phase fits its magnitudes already
        assert gains["phase made consistent"] == pytest.approx(0, abs=0.1)
        assert gains["true phase"] > 0.5
        ideal = gains["ideal ratio mask"]
        lost = ideal - gains["ideal ratio mask, nothing above 5.5 kHz"]
        # A güira lies above, a bass below
        assert lost > (3 if test_item.item.instrument == "guira" else -0.1)
        assert ideal > 5


def test_another_timbre_is_of_the_instrument_and_elsewhere(separator, test_items):
    """Two items of one instrument stand in for each other; a third does not."""
    first, second = test_items[0], test_items[1]
    twin = second.item.meta | {"instrument": first.item.instrument, "seed": -1}
    item = type(second.item)(second.item.path, "twins", twin)
    test_items = [first, dataclasses.replace(second, item=item), *test_items[2:]]
    rows = list(studies.references(separator, test_items, np.random.default_rng(0)))
    kinds = [
        "another timbre of its instrument" in dict(item_rows) for item_rows in rows
    ]
    assert kinds == [True, True, False, False]


def test_several_pieces_add_nothing_where_no_reference_helps(separator, test_items):
    """Three items of one timbre stand in for each other."""
    first = test_items[0].item
    items = [
        type(first)(first.path, "three", first.meta | {"seed": -n}) for n in range(3)
    ]
    three = [
        dataclasses.replace(test_item, item=item)
        for test_item, item in zip(test_items, items, strict=False)
    ]
    for rows in studies.references(separator, three, np.random.default_rng(0)):
        kinds = dict(rows)
        assert kinds["spread over pieces"] == pytest.approx(0, abs=1e-3)
        assert kinds["what several pieces in a row add"] == pytest.approx(0, abs=1e-3)
