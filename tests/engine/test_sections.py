# SPDX-License-Identifier: GPL-3.0-or-later
"""Sections cover the song, begin where its sound changes, and know what comes back."""

import importlib
import itertools
import json

import librosa
import numpy as np
import pytest
import soundfile
from rich.console import Console

import requinto
from requinto.beats import Beats
from requinto.errors import AudioFileError
from requinto.sections import bar_features, merge_neighbours
from requinto_lab.evaluation import section_scores
from sounds import RATE, noise

BAR_S = 1.0
# A verse and a chorus, by chord and brightness
KINDS = {
    "i": ((45,), 2, 0.05),
    "v": ((57, 60, 64), 4, 0.1),
    "c": ((53, 57, 60, 65), 12, 0.3),
    "b": ((50, 56), 7, 0.08),
    "o": ((45, 69), 3, 0.03),
}


def song(form, rate=RATE):
    """Return a song with a letter of `KINDS` for each bar, and its beats."""
    time_s = np.arange(round(BAR_S * rate)) / rate
    bars = []
    for letter in form:
        pitches, n_partials, level = KINDS[letter]
        hz = [440 * 2 ** ((p - 69) / 12) for p in pitches]
        bars.append(
            level
            * sum(
                np.sin(2 * np.pi * f * k * time_s) / k
                for f in hz
                for k in range(1, n_partials + 1)
            )
        )
    audio = np.concatenate(bars)[None].astype(np.float32)
    audio += 0.001 * noise(audio.shape[1], 1)
    return audio, Beats.grid(240 / BAR_S, audio.shape[1] / rate)


def sections_of(form, rate=RATE):
    audio, beats = song(form, rate)
    return requinto.sections(audio, rate, beats=beats)


FORM = "i" * 4 + ("v" * 8 + "c" * 8) * 2 + "b" * 4 + "c" * 8 + "o" * 3


@pytest.mark.parametrize("rate", [22050, 44100])
def test_sections_are_those_of_the_song(rate):
    result = sections_of(FORM, rate)
    assert [s.name for s in result] == [
        *("intro", "verse", "chorus", "verse", "chorus", "bridge", "chorus", "outro")
    ]
    assert [s.group for s in result] == list("ABCBCDCE")
    starts = [0, 4, 12, 20, 28, 36, 40, 48]
    np.testing.assert_allclose([s.start_s for s in result], starts, atol=0.1)


@pytest.mark.parametrize(
    "form", [FORM, "v" * 5, "v" * 30, "vc" * 12, "c" * 9 + "i" * 9]
)
def test_sections_cover_the_song(form):
    result = sections_of(form)
    assert result[0].start_s == 0
    assert result[-1].end_s == pytest.approx(len(form) * BAR_S)
    for one, following in itertools.pairwise(result):
        assert one.end_s == following.start_s and one.group != following.group
        assert one.end_s - one.start_s > 1.5 * BAR_S


@pytest.mark.parametrize("beats_s", [[], [0.4], [0.4, 0.9, 1.4]])
def test_without_bars_there_is_one_section(beats_s):
    audio, _ = song("v" * 8)
    times = np.array(beats_s)
    result = requinto.sections(audio, RATE, beats=Beats(times, times[::4], 120))
    assert [(s.start_s, s.end_s) for s in result] == [(0.0, 8.0)]


def test_silence_has_sections_too():
    audio = np.zeros((2, 30 * RATE), np.float32)
    result = requinto.sections(audio, RATE, beats=Beats.grid(120, 30.0))
    assert result[0].start_s == 0 and result[-1].end_s == pytest.approx(30.0)


def librosas_bar_features(audio, rate, edges_s):
    """Return what `bar_features` returns, by librosa."""
    columns = []
    step_s = 1292 * 2048 / 22050  # two minutes, in whole columns
    for start_s in np.arange(0, audio.shape[1] / rate, step_s):
        first, last = (round(s * rate) for s in (start_s, start_s + step_s))
        sound = librosa.to_mono(audio[:, first:last])
        sound = librosa.resample(sound, orig_sr=rate, target_sr=22050)
        sound = librosa.util.fix_length(sound, size=max(len(sound), 4096))
        power = np.abs(librosa.stft(sound, n_fft=4096, hop_length=2048)) ** 2
        mel = librosa.feature.melspectrogram(S=power, sr=22050, n_mels=64)
        chroma = librosa.feature.chroma_stft(
            S=np.sqrt(power), sr=22050, tuning=0.0, norm=None
        )
        columns.append(np.concatenate([mel, chroma])[:, : len(sound) // 2048])
    columns = np.concatenate(columns, axis=1)
    starts = np.round(edges_s[:-1] * 22050 / 2048).astype(int)
    starts = np.minimum(starts, columns.shape[1] - 1)
    counts = np.maximum(np.diff(starts, append=columns.shape[1]), 1)
    decibels = librosa.power_to_db(columns[:64])
    decibels = np.add.reduceat(decibels, starts, axis=1) / counts
    timbre = librosa.feature.mfcc(S=decibels, n_mfcc=13)[1:]
    harmony = np.add.reduceat(columns[64:], starts, axis=1)
    loudness = librosa.power_to_db(librosa.db_to_power(decibels).sum(axis=0))
    return timbre.T, librosa.util.normalize(harmony, norm=2, axis=0).T, loudness


MODULE = importlib.import_module("requinto.sections")


@pytest.mark.parametrize("rate", [22050, 44100, 48000])
@pytest.mark.parametrize("form", [FORM, "vc" * 12, "cib" * 45, "ovb" * 4 + "c" * 5])
def test_bars_and_sections_are_librosas(rate, form, monkeypatch):
    audio, beats = song(form, rate)
    audio = np.concatenate([audio, 0.5 * audio])
    edges_s = np.arange(len(form) + 1.0)
    expected = librosas_bar_features(audio, rate, edges_s)
    result = bar_features(audio, rate, edges_s)
    # Decibels of single precision, and what cancels in cepstral coefficients
    for values, librosas in zip(result, expected, strict=True):
        assert values.shape == librosas.shape
        np.testing.assert_allclose(values, librosas, atol=2e-4)
    sections = requinto.sections(audio, rate, beats=beats)
    monkeypatch.setattr(MODULE, "bar_features", librosas_bar_features)
    monkeypatch.setattr(
        MODULE, "merge_neighbours", lambda x, n: librosa.segment.agglomerative(x.T, n)
    )
    assert sections == requinto.sections(audio, rate, beats=beats)


@pytest.mark.parametrize("rate", [8000, 44100])
@pytest.mark.parametrize("n_frames", [1, 100, 5000])
def test_the_shortest_sounds_have_bars(rate, n_frames):
    result = bar_features(0.1 * noise(n_frames), rate, np.array([0, n_frames / rate]))
    assert [len(values) for values in result] == [1, 1, 1]
    assert all(np.isfinite(values).all() for values in result)


def check_merging(rows, n_runs):
    """Compare with scikit-learn, through librosa."""
    expected = librosa.segment.agglomerative(rows.T, n_runs)
    np.testing.assert_array_equal(merge_neighbours(rows, n_runs), expected)


@pytest.mark.parametrize("seed", range(10))
@pytest.mark.parametrize("n_rows", [2, 6, 31, 200])
@pytest.mark.parametrize("n_features", [1, 25])
def test_runs_are_librosas(seed, n_rows, n_features):
    rng = np.random.default_rng(seed)
    rows = rng.standard_normal((n_rows, n_features))
    if seed % 2:  # a walk, whose neighbours are alike
        rows = np.cumsum(rows, axis=0)
    for n_runs in {1, 2, max(2, n_rows // 4), n_rows}:
        check_merging(rows, n_runs)


@pytest.mark.parametrize("seed", range(10))
def test_of_mergers_that_cost_the_same_the_same_is_first(seed):
    """As in music that repeats to the sample, or is silent."""
    rng = np.random.default_rng(seed)
    few = rng.integers(0, 2, (9, 2)).astype(float)
    for rows in (np.repeat(few, rng.integers(1, 9, 9), axis=0), np.zeros((40, 3))):
        for n_runs in range(1, len(rows) + 1):
            check_merging(rows, n_runs)


def test_sections_that_are_right_score_one_and_a_single_one_does_not(tmp_path, capsys):
    audio, beats = song(FORM)
    folder = tmp_path / "songs" / "one"
    folder.mkdir(parents=True)
    soundfile.write(folder / "mix.flac", audio.T, RATE)
    names = ("pickup", "intro", "verse", "chorus", "verse", "chorus", "bridge")
    starts_s = (0, 1, 4, 12, 20, 28, 36)
    meta = {
        "tempo_bpm": beats.tempo_bpm,
        "beats_per_bar": 4,
        "beats_s": beats.times_s.tolist(),
        "downbeats_s": beats.downbeats_s.tolist(),
        "sections": [
            {"name": name, "start_s": start_s}
            for name, start_s in (
                *zip(names, starts_s, strict=True),
                ("chorus", 40),
                ("outro", 48),
            )
        ],
    }
    (folder / "meta.json").write_text(json.dumps(meta))
    rows = {row.bars: row for row in section_scores.score(tmp_path)}
    assert rows["true bars"].boundary_f == 1 and rows["true bars"].pairwise_f > 0.99
    assert rows["one section"].boundary_f == 0 and rows["one section"].pairwise_f < 0.6
    section_scores.show(list(rows.values()), Console())
    assert "true bars" in capsys.readouterr().out


def test_songs_without_sections_are_not_scored(tmp_path):
    with pytest.raises(AudioFileError, match="no songs with known sections"):
        list(section_scores.score(tmp_path))
