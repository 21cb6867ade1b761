# SPDX-License-Identifier: GPL-3.0-or-later
"""Systems with fixed outputs work at any rate, and are measured as they deserve."""

import numpy as np
import pytest

from requinto.errors import AudioError, TargetError
from requinto.metrics import si_sdr
from requinto_lab.evaluation.systems import Task
from requinto_lab.systems.fixed_outputs import FixedOutputs, gains_db
from sounds import RATE, noise, sine

SOURCES = ("bass", "guitar", "accompaniment")
SHARES = (0.5, 0.3, 0.2)


class Shares(FixedOutputs):
    """Estimates a share of the mixture for each source; keeps the mixtures."""

    def __init__(self, sample_rate=22050):
        super().__init__("shares", list(SOURCES), sample_rate, 7)
        self.mixtures = []

    def separate(self, samples):
        self.mixtures.append(samples)
        return np.stack([share * samples for share in SHARES])


class Estimates(FixedOutputs):
    """Estimates what a function makes of the true stems."""

    def __init__(self, excerpts, estimate):
        super().__init__("estimates", SOURCES, RATE, 0)
        self._excerpts, self._estimate = excerpts, estimate

    def separate(self, samples):
        stems = self._excerpts.last
        np.testing.assert_array_equal(samples, stems.sum(axis=0))
        return self._estimate(stems)


class Excerpts:
    """Stands in for the supply: noise for each source, changed by a function."""

    def __init__(self, change=lambda stems, i: stems):
        self.change, self.n_draws, self.last = change, 0, None

    def draw(self, rng):
        stems = rng.normal(size=(3, 1, 4000)).astype(np.float32)
        self.last = self.change(stems, self.n_draws)
        self.n_draws += 1
        return self.last


def task(mixture, instrument, sample_rate=RATE):
    return Task(mixture, mixture, sample_rate, instrument, None, mixture)


@pytest.mark.parametrize("n_channels", [1, 2])
@pytest.mark.parametrize("sample_rate", [22050, 44100, 48000, 96000])
@pytest.mark.parametrize("n_frames", [60_000, 60_001, 77_777])
def test_a_share_of_the_mixture_is_that_at_any_rate(n_channels, sample_rate, n_frames):
    mixture = sine(n_frames, n_channels, sample_rate)
    system = Shares()
    for source, share in zip(SOURCES, SHARES, strict=True):
        estimate = system.estimate(task(mixture, source, sample_rate))
        assert estimate.shape == mixture.shape and estimate.dtype == np.float32
        # What two resamplings leave of a tone
        np.testing.assert_allclose(estimate, share * mixture, atol=1e-3)
    shapes = {samples.shape for samples in system.mixtures}
    assert shapes == {(n_channels, -(-n_frames * 22050 // sample_rate))}
    assert {samples.dtype for samples in system.mixtures} == {np.dtype(np.float32)}


def test_channels_are_not_exchanged():
    mixture = np.concatenate([sine(RATE, 1, RATE), np.zeros((1, RATE), np.float32)])
    estimate = Shares().estimate(task(mixture, "bass"))
    assert estimate[0].any() and np.abs(estimate[1]).max() < 1e-6


def test_it_estimates_its_own_sources_only():
    system = Shares()
    assert (system.name, system.sources, system.n_parameters) == ("shares", SOURCES, 7)
    assert all(system.applies(name) for name in SOURCES)
    assert not system.applies("bongo")
    with pytest.raises(TargetError, match="bass, guitar, accompaniment, not 'bongo'"):
        system.estimate(task(noise(RATE), "bongo"))
    assert not system.mixtures


@pytest.mark.parametrize(
    "mixture", [noise(100), np.full((1, RATE), np.nan, np.float32)]
)
def test_what_is_no_sound_is_refused(mixture):
    with pytest.raises(AudioError, match="the mixture"):
        Shares().estimate(task(mixture, "bass"))


def gains(estimate, change=lambda stems, i: stems, n=3):
    excerpts = Excerpts(change)
    return gains_db(Estimates(excerpts, estimate), excerpts, n)


def test_perfect_answers_gain_much_and_the_mixture_nothing():
    names = {*(f"{name}_gain_db" for name in SOURCES), "mean_gain_db"}
    perfect = gains(lambda stems: stems)
    assert set(perfect) == names
    assert min(perfect.values()) > 80 and np.isfinite(list(perfect.values())).all()
    mixture = gains(lambda stems: np.stack([stems.sum(axis=0)] * 3))
    np.testing.assert_allclose(list(mixture.values()), 0, atol=1e-4)
    silence = gains(np.zeros_like)
    assert max(silence.values()) < -80 and np.isfinite(list(silence.values())).all()
    # The level of an estimate does not matter
    louder = gains(lambda stems: 3 * stems)
    assert louder["bass_gain_db"] > 80


def test_gains_are_means_over_excerpts_and_over_sources():
    def half(stems):  # the rest at half its amplitude
        return stems + 0.5 * (stems.sum(axis=0) - stems)

    means = gains(half, n=20)
    np.testing.assert_allclose(list(means.values()), 6.02, atol=0.3)

    def only_bass(stems):
        return np.stack([half(stems)[0], *[stems.sum(axis=0)] * 2])

    means = gains(only_bass, n=20)
    assert means["bass_gain_db"] == pytest.approx(6.02, abs=0.3)
    assert means["guitar_gain_db"] == pytest.approx(0, abs=1e-4)
    assert means["mean_gain_db"] == pytest.approx(means["bass_gain_db"] / 3, abs=1e-4)


def test_the_same_excerpts_are_measured_each_time():
    assert gains(lambda stems: 0.9 * stems + 0.1 * stems[::-1]) == gains(
        lambda stems: 0.9 * stems + 0.1 * stems[::-1]
    )


@pytest.mark.parametrize("quiet", [0.0, 1e-5])
def test_a_source_that_is_silent_is_not_counted_there(quiet):
    def without_bass(stems, i):
        stems[0] *= quiet if i else 1
        return stems

    excerpts = Excerpts(without_bass)
    seen = []

    def estimate(stems):
        seen.append(stems)
        return np.stack([stems.sum(axis=0)] * 3)

    means = gains_db(Estimates(excerpts, estimate), excerpts, 4)
    assert len(seen) == 4
    np.testing.assert_allclose(list(means.values()), 0, atol=1e-4)
    # Not even for an estimate that is right where there is nothing
    late = gains(lambda stems: stems, lambda stems, i: without_bass(stems, 1))
    assert set(late) == {"guitar_gain_db", "accompaniment_gain_db", "mean_gain_db"}


@pytest.mark.parametrize("quiet", [0.0, 1e-5])
def test_where_a_source_is_alone_there_is_nothing_to_gain(quiet):
    def alone(stems, i):
        stems[1:] *= quiet if i % 2 else 1
        return stems

    means = gains(lambda stems: stems + 0.5 * (stems.sum(axis=0) - stems), alone, n=8)
    # By the excerpts in which others play too, not by a gain over no noise at all
    np.testing.assert_allclose(list(means.values()), 6.02, atol=0.5)


def test_nothing_measured_is_nothing_returned():
    assert gains(lambda stems: stems, n=0) == {}

    def one_alone(stems, i):
        stems[1:] = 0
        return stems

    assert gains(lambda stems: stems, one_alone) == {}


def test_the_truth_is_measured_against_the_mixture():
    excerpts = Excerpts()
    stems = excerpts.draw(np.random.default_rng([2, 0]))
    estimate = 0.8 * stems + 0.2 * stems[::-1]
    means = gains(lambda stems: estimate, n=1)
    expected = si_sdr(stems[0], estimate[0]) - si_sdr(stems[0], stems.sum(axis=0))
    assert means["bass_gain_db"] == pytest.approx(expected, abs=1e-5)
