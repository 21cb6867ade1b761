# SPDX-License-Identifier: GPL-3.0-or-later
"""A mixture is explained by the reference's templates, in its keys or in others."""

import numpy as np
import pytest

from requinto.config import SpectraConfig, TemplateConfig
from requinto.errors import ConfigError
from requinto.spectra import Spectra, compress
from requinto.templates import TemplateMatcher

RATE = 44100
SPECTRA = Spectra(SpectraConfig())
MATCHER = TemplateMatcher(TemplateConfig(reaches=(0, 6, 12)), SPECTRA)


def power(sound):
    return SPECTRA.power(SPECTRA.analyse(np.repeat(sound[None], 2, axis=0)))


def notes(pitches_hz, harmonics, seconds=0.5):
    """Return harmonic notes in a row, each fading away."""
    t = np.arange(round(seconds * RATE)) / RATE
    rows = [
        sum(a * np.sin(2 * np.pi * p * n * t) for n, a in harmonics.items())
        * np.exp(-4 * t)
        for p in pitches_hz
    ]
    return np.concatenate(rows).astype(np.float32)


ODD, EVEN = {1: 1, 3: 0.7, 5: 0.5, 7: 0.4}, {1: 1, 2: 0.8, 4: 0.6, 6: 0.5}
SCALE = 220 * 2 ** (np.array([0, 2, 4, 5, 7, 9]) / 12)


def let_through(reference, wanted, other):
    """Return, per share, the part of each player's power that it lets through."""
    mixture = power(wanted + other)
    shares = MATCHER.template_shares(mixture, MATCHER.templates(power(reference)))
    assert shares.shape == (*mixture.shape[:2], 3)
    assert shares.min() >= 0 and shares.max() <= 1
    parts = []
    for player in (wanted, other):
        each = power(player).mean(axis=-1)[..., None]
        parts.append((each * shares).sum(axis=(0, 1)) / each.sum(axis=(0, 1)))
    return parts


@pytest.mark.parametrize("harmonics", [ODD, EVEN])
def test_the_player_of_the_reference_is_let_through(harmonics):
    rival = EVEN if harmonics is ODD else ODD
    kept, leaked = let_through(
        notes(SCALE, harmonics),
        notes(SCALE[[3, 0, 4, 2, 5, 1]], harmonics),
        notes(SCALE[[1, 5, 2, 3, 0, 4]] * 2 ** (0.5 / 12), rival),
    )
    assert (kept > leaked + 0.3).all()


def test_other_keys_match_what_the_reference_does_not_play():
    kept, _ = let_through(
        notes(SCALE[:1], ODD),
        notes(SCALE[[2, 2, 2]], ODD),
        notes([1000, 1500, 1250], EVEN),
    )
    assert kept[1] > kept[0] + 0.2


def test_only_the_wide_reach_matches_a_far_key():
    kept, _ = let_through(
        notes(SCALE[:1], ODD),
        notes(2 ** (8 / 12) * SCALE[[0, 0, 0]], ODD),
        notes([1000, 1500, 1250], EVEN),
    )
    assert kept[2] > max(kept[0], kept[1]) + 0.15


@pytest.mark.parametrize("reaches", [(), (-1, 6)])
def test_reaches_that_cannot_be_are_refused(reaches):
    with pytest.raises(ConfigError, match="reaches must be 0 or more, got"):
        TemplateConfig(reaches=reaches)


def test_a_view_is_magnitudes_and_shares():
    mixture = power(notes(SCALE, ODD))
    templates = MATCHER.templates(mixture)
    assert templates.shape == (256, 25, 16)
    np.testing.assert_allclose(templates.sum(axis=0), 1, rtol=1e-3)
    view = MATCHER.view(mixture, templates)
    np.testing.assert_array_equal(view[..., :2], compress(mixture))
    np.testing.assert_array_equal(
        view[..., 2:], MATCHER.template_shares(mixture, templates)
    )
    without = TemplateMatcher(TemplateConfig(n_templates=0), SPECTRA)
    nothing = without.templates(mixture)
    np.testing.assert_array_equal(without.view(mixture, nothing), compress(mixture))


def test_the_level_of_either_does_not_matter():
    reference, mixture = notes(SCALE, ODD), notes(SCALE, ODD) + notes(SCALE[::-1], EVEN)
    plain, changed = (
        MATCHER.template_shares(
            power(b * mixture), MATCHER.templates(power(a * reference))
        )
        for a, b in ((1, 1), (0.1, 3))
    )
    level = power(mixture).mean(axis=-1)
    sounding = level > 1e-10 * level.max()  # in what is all but silent, floors decide
    assert sounding.mean() > 0.5
    np.testing.assert_allclose(plain[sounding], changed[sounding], atol=0.02)


def pan(sound, balance):
    """Return the power of a sound whose channels differ, from -1, left, to 1."""
    gains = np.sqrt([[1 - balance], [1 + balance]]).astype(np.float32)
    return SPECTRA.power(SPECTRA.analyse(gains * sound))


@pytest.mark.parametrize("balance", [-0.9, -0.3, 0.4, 1.0])
def test_the_balance_of_a_reference_marks_its_player(balance):
    matcher = TemplateMatcher(TemplateConfig(placement=True), SPECTRA)
    low, high = notes([220, 330], ODD), notes([3000, 4100], {1: 1})
    reference = pan(notes([247, 294], ODD), balance)
    estimate = matcher.balance(reference)
    np.testing.assert_allclose(estimate[20:40], balance, atol=0.02)

    mixture = pan(low, balance) + pan(high, -balance)
    view = matcher.view(mixture, matcher.templates(reference), estimate)
    assert view.shape[-1] == 5
    near = view[..., -1]
    part, other = pan(low, 0).mean(-1), pan(high, 0).mean(-1)
    assert np.average(near, weights=part) > 0.95
    assert np.average(near, weights=other) < 0.3


def test_one_channel_has_no_balance():
    matcher = TemplateMatcher(TemplateConfig(placement=True), SPECTRA)
    mono, stereo = power(notes(SCALE, ODD)), pan(notes(SCALE, ODD), 0.5)
    assert matcher.balance(mono) is None
    assert MATCHER.balance(stereo) is None  # switched off
    templates = matcher.templates(stereo)
    for mixture, balance in ((stereo, None), (mono, matcher.balance(stereo))):
        assert (matcher.view(mixture, templates, balance)[..., -1] == 0.5).all()


def test_pruning_keeps_the_share_of_what_explains_most():
    settings = {"reaches": (0, 19), "n_kept": 96}
    mixture = power(notes(SCALE, ODD) + notes(SCALE[::-1] * 2.01, EVEN))
    whole, pruned = (
        TemplateMatcher(TemplateConfig(**settings, prune_above=above), SPECTRA)
        for above in (0, 6)
    )
    templates = whole.templates(power(notes(SCALE * 2 ** (9 / 12), ODD)))
    one, other = (e.template_shares(mixture, templates) for e in (whole, pruned))
    np.testing.assert_array_equal(one[..., 0], other[..., 0])
    loud = mixture.mean(axis=-1)
    assert not np.array_equal(one[..., 1], other[..., 1])
    error = np.average(np.abs(one - other)[..., 1], weights=loud)
    assert error < 0.05


@pytest.mark.parametrize("name", ["n_trial", "n_kept"])
def test_numbers_of_pruning_that_cannot_be_are_refused(name):
    with pytest.raises(ConfigError, match=f"{name} must be 1 or more, got 0"):
        TemplateConfig(**{name: 0})


def test_what_is_not_wanted_explains_its_part():
    """Two players of nearly one timbre: the rival's own reference takes its notes."""
    near = {n: a * (1.15 if n % 2 else 0.9) for n, a in ODD.items()}
    wanted, rival = notes(SCALE, ODD), notes(2 * SCALE[::-1], near)
    mixture = power(wanted + rival)
    templates, unlike = (MATCHER.templates(power(s)) for s in (wanted, rival))
    kept = []
    for others in (None, unlike):
        shares = MATCHER.template_shares(mixture, templates, others)
        assert shares.min() >= 0 and shares.max() <= 1
        each = [power(s).mean(axis=-1)[..., None] for s in (wanted, rival)]
        kept.append([(e * shares).sum(axis=(0, 1)) / e.sum() for e in each])
    (_, leak), (whole, less) = kept  # in its own keys alone it leaks little
    assert (less[1:] < 0.6 * leak[1:]).all()
    assert (whole > 0.45).all()


def test_pruning_keeps_rivals_apart():
    config = TemplateConfig(reaches=(0, 19), prune_above=6, n_kept=96)
    matcher = TemplateMatcher(config, SPECTRA)
    wanted, rival = notes(SCALE, ODD), notes(1.5 * SCALE, EVEN)
    mixture = power(wanted + rival)
    templates, unlike = (matcher.templates(power(s)) for s in (wanted, rival))
    plain = matcher.template_shares(mixture, templates)[..., 1]
    apart = matcher.template_shares(mixture, templates, unlike)[..., 1]
    weights = power(rival).mean(axis=-1)
    assert np.average(apart, weights=weights) < np.average(plain, weights=weights)
