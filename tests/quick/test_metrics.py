# SPDX-License-Identifier: GPL-3.0-or-later
"""Scores are what their definitions say."""

import numpy as np
import pytest

from requinto.config import SpectraConfig
from requinto.errors import AudioError
from requinto.metrics import ideal_ratio_mask, si_sdr
from requinto.spectra import Spectra
from requinto_lab.evaluation.level_scores import snr
from sounds import noise


@pytest.mark.parametrize("score", [si_sdr, snr])
def test_a_perfect_estimate_scores_infinity(score):
    assert score(noise(100), noise(100)) == np.inf


@pytest.mark.parametrize("level_db", [-20, 0, 13.5])
def test_noise_at_a_level_scores_that_level(level_db):
    truth = noise(200_000, 1)[0].astype(np.float64)
    other = noise(200_000, 1, seed=1)[0].astype(np.float64)
    other -= (other @ truth) / (truth @ truth) * truth  # exactly uncorrelated
    other *= np.linalg.norm(truth) / np.linalg.norm(other) * 10 ** (-level_db / 20)
    # float32 in the noise generator leaves a trace of correlation
    assert si_sdr(truth, 0.3 * (truth + other)) == pytest.approx(level_db, abs=0.01)
    assert snr(truth, truth + other) == pytest.approx(level_db, abs=0.01)


def test_a_silent_estimate_scores_minus_infinity():
    assert si_sdr(noise(1000), 0 * noise(1000)) == -np.inf


@pytest.mark.parametrize("score", [si_sdr, snr])
def test_silence_and_other_shapes_are_refused(score):
    with pytest.raises(AudioError, match="silent"):
        score(np.zeros(10), noise(10, 1)[0])
    with pytest.raises(AudioError, match="one shape"):
        score(noise(10), noise(11))


def test_the_ideal_mask_separates_what_does_not_overlap():
    time_s = np.arange(44100) / 44100
    low, high = (np.sin(2 * np.pi * hz * time_s)[None] for hz in (200, 3000))
    spectra = Spectra(SpectraConfig())
    low, high = low.astype(np.float32), high.astype(np.float32)
    assert si_sdr(low, ideal_ratio_mask(spectra, low, high)) > 20
