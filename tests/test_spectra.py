# SPDX-License-Identifier: GPL-3.0-or-later
"""The transform is undone exactly, and bands share out every bin."""

import numpy as np
import pytest

from requinto.config import SpectraConfig
from requinto.errors import ConfigError
from requinto.spectra import Spectra, compressed
from sounds import error_db, noise

CONFIGS = [
    SpectraConfig(),
    SpectraConfig(n_fft=2048, hop=512, n_bands=128, n_linear_bands=64),
]


@pytest.mark.parametrize("config", CONFIGS)
@pytest.mark.parametrize("n_frames", [5000, 44100, 132301])
def test_the_inverse_undoes_the_transform(config, n_frames):
    spectra, audio = Spectra(config), noise(n_frames)
    spectrum = spectra.analyse(audio)

    assert spectrum.shape == (2, config.n_bins, 1 - (-n_frames // config.hop))
    # Single precision over a window of thousands
    assert error_db(audio, spectra.synthesise(spectrum, n_frames)) < -110


@pytest.mark.parametrize("config", CONFIGS)
def test_a_mask_of_one_changes_nothing(config):
    spectra = Spectra(config)
    spectrum = spectra.analyse(noise(30000))
    mask = np.ones((spectrum.shape[2] + 3, config.n_bands, 2), np.float32)

    np.testing.assert_allclose(spectra.apply(mask, spectrum), spectrum, rtol=1e-6)


@pytest.mark.parametrize("config", CONFIGS)
def test_bands_are_averages_that_cover_all_bins(config):
    spectra = Spectra(config)

    assert spectra.band_sizes.sum() == pytest.approx(config.n_bins, rel=1e-5)
    banded = spectra.in_bands(np.full((2, config.n_bins, 7), 3.0, np.float32))
    np.testing.assert_allclose(banded, 3.0, rtol=1e-5)
    assert banded.shape == (7, config.n_bands, 2)


@pytest.mark.parametrize("frequency_hz", [60, 440, 5000])
def test_a_mask_lets_through_what_it_should(frequency_hz):
    spectra = Spectra(SpectraConfig())
    time_s = np.arange(44100) / 44100
    tone = np.tile(np.sin(2 * np.pi * frequency_hz * time_s), (2, 1)).astype(np.float32)
    spectrum = spectra.analyse(tone)
    power = spectra.power(spectrum).mean(axis=(0, 2))
    near = np.abs(np.arange(len(power)) - power.argmax()) <= 3
    mask = np.zeros((spectrum.shape[2], len(power), 2), np.float32)
    mask[:, near] = 1

    kept = spectra.synthesise(spectra.apply(mask, spectrum), 44100)
    lost = spectra.synthesise(spectra.apply(1 - mask, spectrum), 44100)

    assert np.mean(lost**2) < 0.01 * np.mean(kept**2)


@pytest.mark.parametrize("n_columns", [1, 16, 17, 100])
def test_padding_reaches_a_multiple(n_columns):
    spectra = Spectra(SpectraConfig())
    padded = spectra.padded(np.ones((n_columns, 4, 2)))
    assert len(padded) % 16 == 0
    assert len(padded) - n_columns < 16
    assert not padded[n_columns:].any()


@pytest.mark.parametrize("gain", [1e-3, 1, 30])
def test_what_the_network_sees_does_not_depend_on_level(gain):
    power = Spectra(SpectraConfig()).power(np.ones((2, 2049, 3)) * (1 + 1j))
    np.testing.assert_allclose(compressed(gain * power), compressed(power), rtol=1e-3)
    assert not compressed(0 * power).any()


def test_a_hop_that_does_not_fit_is_refused():
    with pytest.raises(ConfigError, match="hop"):
        SpectraConfig(n_fft=2048, hop=500)
