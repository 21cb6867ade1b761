# SPDX-License-Identifier: GPL-3.0-or-later
"""The transform is undone exactly, and bands share out every bin."""

import librosa
import numpy as np
import pytest
import scipy.signal

from requinto.config import SpectraConfig
from requinto.errors import ConfigError
from requinto.spectra import Spectra, compress
from requinto_lab.training.features import remove_mean
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
    pad = spectra.pad(np.ones((n_columns, 4, 2)))
    assert len(pad) % 16 == 0
    assert len(pad) - n_columns < 16
    assert not pad[n_columns:].any()


@pytest.mark.parametrize("gain", [1e-3, 1, 30])
def test_what_the_network_sees_does_not_depend_on_level(gain):
    power = Spectra(SpectraConfig()).power(np.ones((2, 2049, 3)) * (1 + 1j))
    np.testing.assert_allclose(compress(gain * power), compress(power), rtol=1e-3)
    assert not compress(0 * power).any()


def test_a_hop_that_does_not_fit_is_refused():
    with pytest.raises(ConfigError, match="hop"):
        SpectraConfig(n_fft=2048, hop=500)


@pytest.mark.parametrize("shape", [(2, 20_000), (1, 5000), (9001,)])
def test_the_transform_is_librosas(shape):
    sound = np.random.default_rng(0).standard_normal(shape).astype(np.float32)
    config = SpectraConfig(n_fft=1024, hop=256)
    size = shape[-1] + -shape[-1] % 256
    pad = librosa.util.fix_length(sound, size=size)
    wanted = librosa.stft(pad, n_fft=1024, hop_length=256, window="hann")
    np.testing.assert_allclose(Spectra(config).analyse(sound), wanted, atol=1e-4)


def test_inaudible_parts_do_not_steer():
    spectra = Spectra(SpectraConfig(limit_inaudible=True))
    music = spectra.power(spectra.analyse(0.1 * noise(60_000)))
    clean = spectra.limit_inaudible(music)
    low, high = spectra.band_centres * 44100 / 4096 < 20, spectra.band_centres > 1400
    assert (clean[:, low] == 0).all()
    np.testing.assert_array_equal(clean[:, ~low & ~high], music[:, ~low & ~high])

    time_s = np.arange(60_000) / 44100
    whine = 0.5 * np.sin(2 * np.pi * 17_000 * time_s).astype(np.float32)
    offset = remove_mean(0.1 * noise(60_000) + 0.3 + whine)
    disturbed = spectra.limit_inaudible(spectra.power(spectra.analyse(offset)))
    # A band at the line may be four times what lies around it
    ratio = compress(disturbed)[2:-2] / (compress(clean)[2:-2] + 1e-3)
    assert ratio.max() < 2.5
    plain = Spectra(SpectraConfig())
    assert plain.limit_inaudible(music) is music
    unlimited = compress(plain.power(plain.analyse(offset)))[2:-2]
    assert (unlimited / (compress(music)[2:-2] + 1e-3)).max() > 5


def triangles(config):
    """Return the share of each band in each bin, as a dense matrix."""
    n_log = config.n_bands - config.n_linear_bands
    last = config.n_bins - 1
    centres = np.concatenate(
        [
            np.arange(config.n_linear_bands),
            np.geomspace(config.n_linear_bands, last, n_log),
        ]
    )
    bins = np.arange(config.n_bins)
    rows = [np.interp(bins, centres, row) for row in np.eye(config.n_bands)]
    return np.stack(rows, axis=1)


OTHERS = [
    SpectraConfig(n_bands=128, n_linear_bands=64),
    SpectraConfig(n_fft=1024, hop=256, n_bands=64, n_linear_bands=16),
    SpectraConfig(n_fft=3072, hop=768),
]


@pytest.mark.parametrize("config", [*CONFIGS, *OTHERS])
def test_bands_are_triangles(config):
    rng = np.random.default_rng(1)
    weights, spectra = triangles(config), Spectra(config)
    values = rng.random((2, config.n_bins, 5)).astype(np.float32)
    expected = np.einsum("cft,fb->tbc", values, weights) / weights.sum(axis=0)[:, None]
    np.testing.assert_allclose(spectra.in_bands(values), expected, rtol=2e-6)

    mask = rng.random((7, config.n_bands, 2)).astype(np.float32)
    spectrum = (values - 0.5j).astype(np.complex64)
    gains = np.einsum("tbc,fb->cft", mask[:5], weights)
    result = spectra.apply(mask, spectrum)
    assert result.dtype == np.complex64
    np.testing.assert_allclose(result, spectrum * gains, rtol=2e-6)


@pytest.mark.parametrize("config", [*CONFIGS, *OTHERS])
@pytest.mark.parametrize("n_frames", [100, 5000, 60_000])
def test_the_inverse_is_scipys(config, n_frames):
    spectra = Spectra(config)
    shape = (2, config.n_bins, spectra.analyse(noise(n_frames)).shape[2])
    rng = np.random.default_rng(2)
    spectrum = rng.standard_normal((*shape, 2)).astype(np.float32)
    spectrum = spectrum.view(np.complex64)[..., 0]
    _, expected = scipy.signal.istft(
        spectrum.astype(complex),
        window="hann",
        nperseg=config.n_fft,
        noverlap=config.n_fft - config.hop,
        scaling="spectrum",
    )
    expected = expected[..., :n_frames] / (config.n_fft / 2)
    result = spectra.synthesise(spectrum, n_frames)
    assert result.dtype == np.float32 and result.shape == expected.shape
    np.testing.assert_allclose(result, expected, atol=1e-6 * np.abs(expected).max())

    mask = rng.random((shape[2] + 3, config.n_bands, 2)).astype(np.float32)
    masked = spectra.synthesise(spectra.apply(mask, spectrum), n_frames)
    np.testing.assert_array_equal(spectra.synthesise(spectrum, n_frames, mask), masked)
