# SPDX-License-Identifier: GPL-3.0-or-later
"""The overview of a whole sound shows what is in it, whatever its blocks."""

import tracemalloc

import numpy as np
import pytest
from matplotlib import colormaps
from matplotlib.image import imread

from requinto.columns import HIGHEST_HZ, LOWEST_HZ, N_BANDS, RANGE_DB
from requinto.overview import MAX_COLUMNS, N_PEAKS_PER_S, Overview
from requinto_files.errors import AudioFileError
from sounds import RATE, noise

RATES = [4000, 8000, 11025, 22050, 44100, 48000, 96000, 384000]


def overview_of(sound, rate, block=1 << 16):
    overview = Overview(len(sound), rate, sound.shape[1])
    for start in range(0, sound.shape[1], block):
        overview.add(sound[:, start : start + block])
    return overview


def tone(rate, seconds, hz, amplitude=1.0, n_channels=1):
    time_s = np.arange(round(rate * seconds)) / rate
    wave = amplitude * np.sin(2 * np.pi * hz * time_s)
    return np.tile(wave, (n_channels, 1)).astype(np.float32)


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("n_channels", [1, 2])
@pytest.mark.parametrize("seconds", [0.5, 1.013])
def test_peaks_are_the_extremes_of_each_fiftieth(rate, n_channels, seconds):
    sound = noise(round(seconds * rate), n_channels)
    peaks = overview_of(sound, rate).peaks
    mono = sound.mean(axis=0)
    index = np.arange(len(mono)) * N_PEAKS_PER_S // rate
    assert peaks.shape == (index[-1] + 1, 2) and peaks.dtype == np.float32
    for i, (low, high) in enumerate(peaks):
        within = mono[index == i]
        assert (low, high) == (within.min(), within.max())


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("n_channels", [1, 2])
def test_blocks_do_not_matter(rate, n_channels):
    sound = noise(round(0.7 * rate), n_channels)
    whole = overview_of(sound, rate, sound.shape[1])
    for block in (rate // 7, 4096, 999):
        parts = overview_of(sound, rate, block)
        np.testing.assert_array_equal(parts.peaks, whole.peaks)
        # Sums may be rounded in another order
        difference = parts.spectrogram.astype(int) - whole.spectrogram
        assert np.abs(difference).max() <= 1


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("hz", [55.0, 440.0, 1800.0, 7000.0])
@pytest.mark.parametrize("amplitude", [1.0, 0.1])
def test_a_tone_has_its_level_in_its_band(rate, hz, amplitude):
    spectrogram = overview_of(tone(rate, 1.0, hz, amplitude, 2), rate).spectrogram
    assert spectrogram.shape == (N_BANDS, 20) and spectrogram.dtype == np.uint8
    inner = spectrogram[:, 2:-2].astype(float)
    if hz > rate / 2:
        return
    edges = np.geomspace(LOWEST_HZ, HIGHEST_HZ, N_BANDS + 1)
    band = np.searchsorted(edges, hz) - 1
    assert abs(int(inner.mean(axis=1).argmax()) - band) <= 1
    level_db = RANGE_DB * (inner.max(axis=0) / 255 - 1)
    # What lies between two bands is shared by them
    assert np.abs(level_db - 20 * np.log10(amplitude)).max() < 3.5


@pytest.mark.parametrize("rate", [4000, 44100, 384000])
def test_what_begins_late_is_shown_late(rate):
    sound = tone(rate, 2.0, 500.0)
    sound[:, : rate + rate // 2] = 0
    spectrogram = overview_of(sound, rate).spectrogram
    level = spectrogram.max(axis=0)
    assert len(level) == 40
    assert not level[:29].any() and (level[31:39] > 230).all()


def test_sound_in_opposite_phase_is_seen():
    sound = tone(RATE, 1.0, 440.0)
    overview = overview_of(np.concatenate([sound, -sound]), RATE)
    assert overview.spectrogram.max() > 240
    assert not overview.peaks.any()


@pytest.mark.parametrize(
    ("rate", "seconds", "n_columns"),
    [
        (4000, 0.5, 10),
        (44100, 0.51, 11),
        (44100, 10.0, 200),
        (8000, 204.8, 4096),
        (4000, 300.0, MAX_COLUMNS),
    ],
)
def test_columns_are_no_more_than_a_picture_holds(rate, seconds, n_columns):
    sound = tone(rate, seconds, 300.0)
    spectrogram = overview_of(sound, rate).spectrogram
    assert spectrogram.shape == (N_BANDS, n_columns)
    assert (spectrogram.max(axis=0) > 200).all()  # no column without a window


@pytest.mark.parametrize("n_frames", [1, 5, 100, 1000])
def test_any_sound_has_an_overview(n_frames):
    overview = overview_of(np.full((1, n_frames), 0.5, np.float32), RATE)
    assert overview.peaks.min() == overview.peaks.max() == 0.5
    assert overview.spectrogram.shape == (N_BANDS, 1)


def test_what_is_not_yet_there_is_silent():
    overview = Overview(2, RATE, 2 * RATE)
    assert overview.peaks.shape == (100, 2) and not overview.peaks.any()
    overview.add(np.ones((2, RATE), np.float32))
    assert overview.peaks[:50].all() and not overview.peaks[50:].any()
    assert not overview.spectrogram[:, 21:].any()
    with pytest.raises(ValueError, match="more than 88200 frames"):
        overview.add(np.ones((2, RATE + 1), np.float32))


def test_memory_does_not_grow_with_a_block():
    sound = np.zeros((2, 60 * RATE), np.float32)
    tracemalloc.start()
    overview = Overview(2, RATE, sound.shape[1])
    overview.add(sound)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 12e6 < sound.nbytes


def test_a_picture_has_a_pixel_for_each_level(tmp_path):
    overview = overview_of(tone(RATE, 3.0, 200.0), RATE)
    overview.write_picture(tmp_path / "song.png")
    pixels = np.round(255 * imread(tmp_path / "song.png")).astype(int)
    levels = overview.spectrogram[::-1]
    assert pixels.shape[:2] == levels.shape == (N_BANDS, 60)
    expected = colormaps["gray"](levels, bytes=True)
    np.testing.assert_array_equal(pixels[..., :3], expected[..., :3])
    assert [path.name for path in tmp_path.iterdir()] == ["song.png"]


def test_a_picture_is_whole_or_not_there(tmp_path, monkeypatch):
    overview = overview_of(noise(RATE), RATE)
    with pytest.raises(AudioFileError, match=r"must end in one of \.png"):
        overview.write_picture(tmp_path / "song.jpg")
    with pytest.raises(AudioFileError, match="does not exist"):
        overview.write_picture(tmp_path / "no" / "song.png")

    def fail(path, *arguments, **options):
        with open(path, "wb") as file:
            file.write(b"PNG")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("matplotlib.image.imsave", fail)
    with pytest.raises(AudioFileError, match="no space left"):
        overview.write_picture(tmp_path / "song.png")
    assert not list(tmp_path.iterdir())
