# SPDX-License-Identifier: GPL-3.0-or-later
"""Features lie where the sound does, whatever its level, rate and length."""

import importlib

import librosa
import numpy as np
import pytest

from requinto.config import RhythmConfig
from requinto.rhythm import RecentFeatures, features
from requinto.stft import chroma_filters, mel_filters
from sounds import RATE, clicks, noise

CONFIG = RhythmConfig()
N = CONFIG.n_bands


def tones(pitches, seconds, rate=RATE):
    """Return one chord after another, each for so many seconds."""
    time_s = np.arange(round(seconds * rate)) / rate
    hz = [[440 * 2 ** ((p - 69) / 12) for p in chord] for chord in pitches]
    rows = [sum(np.sin(2 * np.pi * f * time_s) for f in chord) for chord in hz]
    return 0.1 * np.concatenate(rows)[None].astype(np.float32)


@pytest.mark.parametrize("rate", [22050, 44100, 48000, 96000])
@pytest.mark.parametrize("n_channels", [1, 2])
def test_columns_lie_where_the_sound_does(rate, n_channels):
    audio = np.tile(clicks(90, 10.0, rate), (n_channels, 1))
    result = features(audio, rate, CONFIG)
    assert result.shape == (501, CONFIG.n_features) and result.dtype == np.float32
    rise = np.maximum(np.diff(result[:, :N], axis=0, prepend=0), 0).sum(axis=1)
    peaks = np.array([i for i in range(1, 500) if rise[i] > 0.5 * rise.max()])
    true = np.arange(1, 14) * 60 / 90
    # A window reaches 23 ms either way, and a column is 20 ms
    assert np.abs(peaks[:, None] / 50 - true).min(axis=0).max() < 0.045


@pytest.mark.parametrize("gain", [0.03, 0.3, 10.0])
def test_the_level_of_a_sound_does_not_matter(gain):
    audio = clicks(120, 6.0) + 0.01 * noise(6 * RATE, 1)
    np.testing.assert_allclose(
        features(audio, RATE, CONFIG), features(audio * gain, RATE, CONFIG), atol=2e-3
    )


def test_silence_is_not_made_loud():
    assert not features(np.zeros((2, RATE), np.float32), RATE, CONFIG).any()
    faint = features(1e-6 * noise(RATE, 1), RATE, CONFIG)
    assert faint[:, :N].max() < 0.1 * features(noise(RATE, 1), RATE, CONFIG).max()


def test_chunks_make_no_difference(monkeypatch):
    audio = clicks(113, 25.0) + 0.05 * noise(25 * RATE, 1)
    whole = features(audio, RATE, CONFIG)
    monkeypatch.setattr(importlib.import_module("requinto.rhythm"), "_CHUNK_S", 7.0)
    chunked = features(audio, RATE, CONFIG)
    assert whole.shape == chunked.shape
    # The resampler sees other edges, a second away
    assert np.abs(whole - chunked).max() < 0.02


@pytest.mark.parametrize("register", ["bass", "all"])
def test_changes_of_chord_are_seen_where_they_are(register):
    low = -24 if register == "bass" else 0
    chords = [(60 + low, 64 + low, 67 + low), (65 + low, 69 + low, 72 + low)] * 2
    result = features(tones(chords, 2.0), RATE, CONFIG)[:, N:]
    column = result[:, 1 if register == "bass" else 0]
    for true in (100, 200, 300):
        near = slice(true - 30, true + 30)
        assert abs(int(np.argmax(column[near])) - 30) <= 3
        assert column[near].max() > 5 * np.median(column)


def test_one_chord_has_no_changes():
    result = features(tones([(48, 60, 64)], 6.0), RATE, CONFIG)[30:-30, N:]
    assert result.max() < 0.05


@pytest.mark.parametrize("seconds", [0.5, 0.51, 1.0])
def test_the_shortest_sounds_have_features(seconds):
    result = features(noise(round(seconds * RATE)), RATE, CONFIG)
    assert len(result) == int(seconds * 50) + 1 and np.isfinite(result).all()


@pytest.mark.parametrize(
    ("rate", "n_fft", "n_bands", "lowest_hz", "highest_hz"),
    [
        (22050, CONFIG.n_fft, N, CONFIG.lowest_hz, CONFIG.highest_hz),
        (44100, 2048, 40, 0.0, 8000.0),
        (16000, 512, 16, 1200.0, 7999.0),
    ],
)
def test_filters_are_librosas(rate, n_fft, n_bands, lowest_hz, highest_hz):
    expected = librosa.filters.mel(
        **{"sr": rate, "n_fft": n_fft, "n_mels": n_bands, "norm": None},
        **{"fmin": lowest_hz, "fmax": highest_hz},
    )
    result = mel_filters(rate, n_fft, n_bands, lowest_hz, highest_hz)
    np.testing.assert_allclose(result, expected, rtol=1e-5, atol=1e-7)
    for size in (n_fft, 4 * n_fft):
        expected = librosa.filters.chroma(sr=rate, n_fft=size, octwidth=None, norm=None)
        result = chroma_filters(rate, size)
        np.testing.assert_allclose(result, expected, rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize(("rate", "n_fft"), [(22050, 4096), (44100, 2048)])
def test_filters_of_librosas_defaults(rate, n_fft):
    expected = librosa.filters.mel(sr=rate, n_fft=n_fft, n_mels=64)
    result = mel_filters(rate, n_fft, 64, 0.0, rate / 2, norm="slaney")
    np.testing.assert_allclose(result, expected, rtol=1e-5, atol=1e-9)
    expected = librosa.filters.chroma(sr=rate, n_fft=n_fft)
    result = chroma_filters(rate, n_fft, norm=2, octave_width=2)
    np.testing.assert_allclose(result, expected, rtol=1e-5, atol=1e-7)


def librosas_magnitudes(audio, rate, n_fft):
    """Return magnitudes at the model's rate, `(n_bins, n_columns)`."""
    mono = librosa.to_mono(audio) - audio.mean()
    sound = librosa.resample(mono, orig_sr=rate, target_sr=CONFIG.sample_rate)
    sound = librosa.util.fix_length(sound, size=max(len(sound), n_fft))
    columns = librosa.stft(
        sound, n_fft=n_fft, hop_length=CONFIG.hop, pad_mode="constant"
    )
    return np.abs(columns) * 2 / n_fft


@pytest.mark.parametrize("rate", [22050, 44100, 48000])
@pytest.mark.parametrize("seconds", [0.5, 3.3])
def test_bands_are_librosas(rate, seconds):
    audio = 0.1 * noise(round(seconds * rate)) + np.float32(0.05)
    magnitudes = librosas_magnitudes(audio, rate, CONFIG.n_fft)
    bands = mel_filters(22050, CONFIG.n_fft, N, 30.0, 10000.0) @ magnitudes
    level = np.sqrt(np.var(audio, axis=1).mean())
    expected = np.log1p(1e3 * 0.1 / level * bands).T
    result = features(audio, rate, CONFIG)[:, :N]
    np.testing.assert_allclose(result, expected[: len(result)], atol=2e-4)


@pytest.mark.parametrize("rate", [44100, 48000])
@pytest.mark.parametrize("step_s", [0.5, 2.0])
def test_what_is_known_of_a_stream_is_not_analysed_again(rate, step_s, monkeypatch):
    song = clicks(113, 20.0, rate) + 0.05 * noise(20 * rate, 1)
    recent, n_analysed = RecentFeatures(CONFIG), []
    module = importlib.import_module("requinto.rhythm")
    fold = module._fold

    def count_columns(sound, filters, hop, columns):
        n_analysed.append(len(columns))
        return fold(sound, filters, hop, columns)

    for index, end_s in enumerate(np.arange(4, 20, step_s)):
        column = max(0, round((end_s - 12) * 50))
        audio = song[:, column * rate // 50 : round(end_s * rate)]
        monkeypatch.setattr(module, "_fold", count_columns)
        result = recent.of(audio, rate, column)
        monkeypatch.setattr(module, "_fold", fold)
        if index * step_s % 2:  # what is wrong at one time stays so for 12 s
            continue
        whole = features(audio, rate, CONFIG)
        assert result.shape == whole.shape
        # Their windows begin, and a second of harmony before them is, in what is past
        known = slice(55, None) if column else slice(None)
        np.testing.assert_allclose(result[known], whole[known], atol=2e-3)
    assert max(n_analysed[2:]) <= (step_s + 0.3) * 50


def test_a_stream_that_nobody_followed_for_a_while_is_analysed_anew():
    song = clicks(100, 40.0) + 0.05 * noise(40 * RATE, 1)
    recent = RecentFeatures(CONFIG)
    recent.of(song[:, : 10 * RATE], RATE, 0)
    audio = song[:, 25 * RATE : 37 * RATE]
    result = recent.of(audio, RATE, 25 * 50)
    np.testing.assert_allclose(result, features(audio, RATE, CONFIG), atol=1e-5)
