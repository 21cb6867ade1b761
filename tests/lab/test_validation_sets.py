# SPDX-License-Identifier: GPL-3.0-or-later
"""Validation sets hold exact mixes of what they name, and references from elsewhere."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import librosa
import numpy as np
import pytest
import soundfile

from requinto.errors import ConfigError
from requinto_command import measuring
from requinto_lab.evaluation import (
    bench,
    other_register,
    recorded_sets,
    stem_sets,
)
from requinto_lab.evaluation.arranging import Voice, loudest_part
from requinto_lab.evaluation.items import read_items
from requinto_lab.evaluation.levels import HOP, level_dbfs
from requinto_lab.material import rendering, splits
from requinto_lab.material.songs import plan_loop
from requinto_lab.material.style import style
from requinto_lab.material.timbres import Timbre, timbres

RATE = 44100

STEMS = ("mix", "target", "reference")


@dataclass(frozen=True)
class Song:
    """A recording as the library of recordings describes it."""

    path: Path
    package: str
    artist: str
    title: str
    n_frames: int
    level_db: tuple[float, ...]


class StandIn:
    """A library of a few songs of noise, each of which rests from 20 s to 26 s."""

    def __init__(self, folder: Path, split: str) -> None:
        assert split == "validation"
        self.sounds = {}
        self.songs = []
        for i, artist in enumerate(("Ana", "Ana", "Ben", "Cleo", "", "")):
            sound = self._make(i)
            halves = sound.reshape(2, -1, HOP).transpose(1, 0, 2)
            self.songs.append(
                Song(
                    folder / f"{split}-p{i // 2}-{i}" / "song.flac",
                    f"p{i // 2}",
                    artist,
                    f"Número {i}",
                    sound.shape[1],
                    tuple(level_dbfs(half) for half in halves),
                )
            )
            self.sounds[self.songs[-1].path] = sound

    def _make(self, seed: int) -> np.ndarray:
        rng = np.random.default_rng(seed)
        sound = 0.1 * rng.standard_normal((2, 70 * RATE), np.float32)
        sound[:, 20 * RATE : 26 * RATE] = 0
        return sound * np.float32(1 + seed)  # mastered at different levels

    def read(self, song: Song, start: int, n_frames: int) -> np.ndarray:
        return self.sounds[song.path][:, start : start + n_frames]


@pytest.fixture
def recordings(tmp_path, monkeypatch):
    """Put the stand-in where the library of recordings belongs."""
    monkeypatch.setattr(recorded_sets, "RecordedLibrary", StandIn)
    recorded_sets.open_library.cache_clear()
    yield tmp_path
    recorded_sets.open_library.cache_clear()


def position(sound: np.ndarray, part: np.ndarray) -> int:
    """Return where sound holds a part, at any level."""
    size = 1 << int(np.ceil(np.log2(sound.shape[1] + part.shape[1])))
    first = np.fft.rfft(sound[0], size) * np.conj(np.fft.rfft(part[0], size))
    return int(np.argmax(np.fft.irfft(first, size)))


def sines(played: list[tuple[int, int, int, float]], n_frames: int) -> np.ndarray:
    """Return notes without overtones, so that their register can be measured."""
    sound = np.zeros((1, n_frames), np.float32)
    for start, end, pitch, velocity in played:
        time_s = np.arange(max(start, 0), min(end, n_frames)) / RATE
        wave = np.sin(2 * np.pi * librosa.midi_to_hz(pitch) * time_s)
        sound[0, max(start, 0) : min(end, n_frames)] += velocity * wave
    return sound


SINES = Timbre(
    "guitar",
    "sines",
    "plain",
    lambda notes, song, rng: rendering.through_notes(sines, notes, song),
)


def spectrum_in_semitones(sound: np.ndarray) -> np.ndarray:
    """Return the energy about each MIDI note, over all of a sound."""
    power = np.abs(np.fft.rfft(sound.mean(axis=0))) ** 2
    hz = np.fft.rfftfreq(sound.shape[1], 1 / RATE)
    notes = np.round(librosa.hz_to_midi(np.maximum(hz, 1.0))).astype(int)
    return np.bincount(notes.clip(0), power, minlength=140)[:140]


@pytest.mark.parametrize("semitones", other_register.SEMITONES)
def test_a_reference_is_rendered_in_another_register(semitones):
    song = plan_loop(style("bachata"), splits.seeds("validation")[9000], 4)
    voice = Voice(song.style.part("requinto"), SINES, song)
    seed = song.seed + 500
    sound, distance = other_register.transpose_reference(voice, semitones, seed)
    assert sound.shape == (2, 3 * RATE)
    assert distance * np.sign(semitones) >= 4
    # Against the same three seconds untransposed
    own = np.median([note.pitch for note in voice.notes()])
    plain = next(
        loop
        for loop in (voice.in_loop(seed + n) for n in range(40))
        if np.median([n.pitch for n in loop.notes()]) + semitones == own + distance
    )
    still = loudest_part(plain.render(), 3 * RATE)
    moved, still = map(spectrum_in_semitones, (sound, still))
    steps = range(-30, 31)
    likeness = [moved @ np.roll(still, step) for step in steps]
    assert steps[int(np.argmax(likeness))] == semitones


def test_no_reference_leaves_the_playable_range():
    song = plan_loop(style("bachata"), splits.seeds("validation")[9000], 4)
    bass = next(t for t in timbres("validation")["bass"] if t.family == "courses")
    voice = Voice(song.style.part("bajo"), bass, song)
    assert other_register.transpose_reference(voice, -24, song.seed + 500) is None


def test_another_part_is_of_the_instrument_and_of_another_manner():
    song = plan_loop(style("bachata"), splits.seeds("validation")[9000], 4)
    timbre = next(t for t in timbres("validation")["guitar"] if t.family == "courses")
    voice = Voice(song.style.part("requinto"), timbre, song)
    players = other_register.other_parts(voice, song.seed + 500)
    assert players[0].part.name == "segunda"
    for player in players:
        assert player.timbre is timbre and "guitar" in player.part.instruments
        assert player.part.manner not in ("arpeggio", "strokes")


def test_intervals_take_turns_and_every_fifth_is_another_part():
    first = [next(other_register._changes(["voice"], i))[1] for i in range(13)]
    wanted = list(other_register.SEMITONES)
    assert [c for i, c in enumerate(first) if i % 5 != 4] == [*wanted, wanted[0]]
    assert {c for i, c in enumerate(first) if i % 5 == 4} == {0}


def built(folder, name, indices, material=None):
    for index in indices:
        bench.build_song(folder, name, "validation", index, material)
    return read_items(folder / name)


def test_recorded_pairs_are_exact_and_of_different_artists(recordings, tmp_path):
    library = recorded_sets.open_library(recordings, "validation")
    songs = {song.path.parent.name: song for song in library.songs}
    items = built(tmp_path / "out", "recorded_pairs", range(2), recordings)
    assert len(items) == 2
    for item in items:
        meta = item.meta
        mix, target, reference = (
            item.read(s)[0] for s in ("mix", "target", "reference")
        )
        assert mix.shape == target.shape == (2, 10 * RATE)
        assert reference.shape == (2, 3 * RATE)
        sound = library.sounds[songs[meta["song"]].path]
        start, other = position(sound, target), position(sound, reference)
        assert start == meta["start_s"] * RATE
        assert other == meta["reference_start_s"] * RATE
        gap = max(other - start - 10 * RATE, start - other - 3 * RATE)
        assert 3 * RATE <= gap <= 40 * RATE
        rest = mix - target
        assert -6.05 <= level_dbfs(target) - level_dbfs(rest) <= 6.05
        own = level_dbfs(target) - level_dbfs(rest)
        assert own == pytest.approx(meta["target_db"], abs=0.02)
        # The rest is nothing but the excerpts that meta names
        parts = [
            library.sounds[songs[r["song"]].path][
                :, int(r["start_s"] * RATE) : int(r["start_s"] * RATE) + 10 * RATE
            ].ravel()
            for r in meta["rest"]
        ]
        parts = np.stack(parts, 1)[::97]
        weights, *_ = np.linalg.lstsq(parts, rest.ravel()[::97], rcond=None)
        assert np.abs(rest.ravel()[::97] - parts @ weights).max() < 3 / 32767
        makers = [meta, *meta["rest"]]
        names = [m["artist"] or m["source"] for m in makers]
        assert len(set(names)) == len(names)
    assert {len(item.meta["rest"]) for item in items} == {1, 2}


def test_alike_pairs_share_a_song_or_an_artist(recordings, tmp_path):
    library = recorded_sets.open_library(recordings, "validation")
    songs = {song.path.parent.name: song for song in library.songs}
    items = built(tmp_path / "out", "alike_pairs", range(4), recordings)
    assert [i.meta["alike"] for i in items] == ["two songs", "one song"] * 2
    for item in items:
        meta, (rest,) = item.meta, item.meta["rest"]
        start, other = meta["start_s"], meta["reference_start_s"]
        assert 3 <= max(other - start - 10, start - other - 3) <= 15
        own, rival = songs[meta["song"]], songs[rest["song"]]
        if meta["alike"] == "one song":
            away = rest["start_s"]
            assert own is rival and abs(away - start) >= 40
            assert max(away - other - 3, other - away - 10) >= 30
        else:
            assert own is not rival
            assert own.package == rival.package or own.artist == rival.artist


def test_backings_lie_under_a_rendered_player(recordings, tmp_path):
    library = recorded_sets.open_library(recordings, "validation")
    song = plan_loop(style("bachata"), splits.seeds("validation")[9100], 4)
    voice = Voice(song.style.part("requinto"), SINES, song)
    (row,) = recorded_sets.backings([voice], "validation", 0, recordings)
    rest = row["mixture"] - row["target"]
    stem = voice.render()
    scale = np.abs(row["target"]).max() / np.abs(stem).max()
    np.testing.assert_allclose(row["target"], stem * scale, atol=1e-5)
    (about,) = row["meta"]["rest"]
    path = next(s.path for s in library.songs if s.path.parent.name == about["song"])
    assert position(library.sounds[path], rest) == about["start_s"] * RATE
    assert -12 <= row["meta"]["target_db"] <= 5
    difference = level_dbfs(row["target"]) - level_dbfs(rest)
    assert difference == pytest.approx(row["meta"]["target_db"], abs=0.01)


def write_module(folder: Path) -> None:
    """Write a song of three stems at their levels; one sounds only at its end."""
    song_folder = folder / "validation-module-made-up"
    song_folder.mkdir(parents=True)
    rng = np.random.default_rng(0)
    stems = []
    for i, level in enumerate((0.2, 0.1, 0.001)):
        sound = level * rng.standard_normal((2 - i % 2, 60 * RATE)).astype(np.float32)
        soundfile.write(song_folder / f"{i}.flac", sound.T, RATE, "PCM_16")
        row = {"file": f"{i}.flac", "part": f"{i}", "instrument": "other"}
        row |= {"family": "module", "timbre": f"made-up:{i}", "n_channels": len(sound)}
        stems.append(row | {"level_db": level_dbfs(sound), "licence": "none"})
    song = {"style": "module", "sample_rate": RATE, "n_frames": 60 * RATE}
    song |= {"beats_s": [], "downbeats_s": [], "tempo_bpm": 120.0, "stems": stems}
    (song_folder / "song.json").write_text(json.dumps(song))


def test_module_stems_are_parts_of_the_songs_own_sum(tmp_path):
    write_module(tmp_path / "modules")
    items = built(tmp_path / "out", "module_stems", range(2), tmp_path / "modules")
    assert len(items) == 2
    for item in items:
        mix, target, reference = (
            item.read(s)[0] for s in ("mix", "target", "reference")
        )
        song_folder = tmp_path / "modules" / item.meta["song"]
        stems = [
            soundfile.read(song_folder / f"{i}.flac", always_2d=True)[0].T
            for i in range(3)
        ]
        whole = np.sum([np.broadcast_to(s, (2, s.shape[1])) for s in stems], axis=0)
        start = round(item.meta["start_s"] * RATE)
        start += position(whole[:, start - 100 : start + 100 + 10 * RATE], mix) - 100
        span = slice(start, start + 10 * RATE)
        gain = np.abs(mix).max() / np.abs(whole[:, span]).max()
        np.testing.assert_allclose(mix, gain * whole[:, span], atol=4e-4)
        number = int(item.meta["part"])
        assert number in (0, 1)  # the third is 40 dB below the mix
        own = np.broadcast_to(stems[number], (2, 60 * RATE))
        np.testing.assert_allclose(target, gain * own[:, span], atol=4e-4)
        other = position(own, reference)
        assert max(other - start - 10 * RATE, start - other - 3 * RATE) >= 3 * RATE


def write_loop(folder: Path, number: int, timbres_: tuple[str, ...]) -> None:
    """Write a loop of 12 s, of which each timbre plays its own part."""
    song_folder = folder / f"validation-loop-{number}"
    song_folder.mkdir(parents=True)
    stems = []
    for i, timbre in enumerate(timbres_):
        rng = np.random.default_rng(10 * number + i)
        sound = 0.1 * rng.standard_normal((1, 12 * RATE)).astype(np.float32)
        soundfile.write(song_folder / f"{i}.flac", sound.T, RATE, "PCM_16")
        row = {"file": f"{i}.flac", "part": f"{i}", "instrument": "guitar"}
        row |= {"family": "notes", "timbre": timbre, "n_channels": 1}
        stems.append(row | {"level_db": level_dbfs(sound), "licence": "none"})
    song = {"style": "x", "sample_rate": RATE, "n_frames": 12 * RATE}
    song |= {"beats_s": [], "downbeats_s": [], "tempo_bpm": 120.0, "stems": stems}
    (song_folder / "song.json").write_text(json.dumps(song))


def test_recorded_notes_have_references_of_another_song(tmp_path):
    for number, names in enumerate((("a", "b"), ("a", "b"), ("a", "c"))):
        write_loop(tmp_path / "notes", number, names)
    items = built(tmp_path / "out", "recorded_notes", range(6), tmp_path / "notes")
    assert len(items) == 6
    library = stem_sets.open_library(tmp_path / "notes", "validation")
    for item in items:
        # A timbre of one song has no reference elsewhere: its loop is too short
        assert item.meta["timbre"] in ("a", "b")
        rows = library.by_timbre["guitar", item.meta["timbre"]]
        by_song = {stem.song: stem for stem in rows}
        own = by_song.pop(item.meta["song"])
        assert item.meta["reference_song"] in by_song
        target, reference = item.read("target")[0], item.read("reference")[0]
        assert target.shape == (2, 10 * RATE) and reference.shape == (2, 3 * RATE)
        truth = library.read(own, round(item.meta["start_s"] * RATE), 10 * RATE)
        assert np.corrcoef(truth[0], target.mean(axis=0))[0, 1] > 0.999
        other = library.read(by_song[item.meta["reference_song"]], 0, 12 * RATE)
        start = position(other, reference)
        part = other[0, start : start + 3 * RATE]
        assert np.corrcoef(part, reference[0])[0, 1] > 0.999


@pytest.mark.parametrize(
    ("name", "option"),
    [
        ("recorded_pairs", "recorded"),
        ("module_stems", "modules"),
        ("recorded_notes", "notes"),
    ],
)
def test_a_set_without_its_material_is_refused_by_option(tmp_path, name, option):
    with pytest.raises(ConfigError, match=f"'{name}' needs --{option} FOLDER"):
        bench.build(tmp_path, "validation", sets=(name,))


def test_sets_without_material_are_left_out_of_validation_alone():
    missing = bench.missing_material(
        "validation", {"recorded": Path("x"), "notes": None}
    )
    assert missing == {"module_stems": "modules", "recorded_notes": "notes"}
    assert bench.missing_material("test", {}) == {}


def test_the_command_says_what_is_left_out(tmp_path, monkeypatch, capsys):
    given = {}
    monkeypatch.setattr(
        bench, "build", lambda *a, **options: given.update(options) or []
    )
    measuring.data_bench(tmp_path, "validation", recorded=tmp_path, workers=1)
    assert given["material"]["recorded"] == tmp_path
    assert capsys.readouterr().out.splitlines() == [
        "module_stems is left out: it needs --modules FOLDER",
        "recorded_notes is left out: it needs --notes FOLDER",
    ]
    measuring.data_bench(tmp_path, "test", workers=1)
    assert capsys.readouterr().out == ""
