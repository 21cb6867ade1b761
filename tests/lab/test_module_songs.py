# SPDX-License-Identifier: GPL-3.0-or-later
"""Songs made of modules: stems that add up, exact beats, splits that share nothing."""

from __future__ import annotations

import json
import struct

import numpy as np
import pytest
import soundfile

from requinto.errors import RequintoError
from requinto_lab.evaluation import others_modules
from requinto_lab.material import module_songs
from requinto_lab.material.finishing import active_power
from requinto_lab.material.loop_library import LoopLibrary
from requinto_lab.material.module_songs import ModuleSong
from requinto_lab.material.module_songs import module_songs as listed_songs
from requinto_lab.material.modules import render

ROW_S = 6 * 2.5 / 125  # ProTracker begins with 6 ticks a row at tempo 125
NAMES = ("slap bass", "kick", "snare", "greetings", "blip")
# By sample, the rows on which it plays. The last sounds for two rows, twice: 0.5 s
ROWS = ((0, 20, 40), (4, 12, 44), (8, 28), (16, 32, 48), (56,))


def _module(names=NAMES, break_row: int | None = None) -> bytes:
    """Return a ProTracker module of one pattern played twice, a channel a sample."""
    wave = bytes([100] * 32 + [156] * 32)  # one period of a square, signed
    head = b"".join(
        struct.pack(">22sHBBHH", name.encode(), len(wave) // 2, 0, 40, 0, 32)
        for name in names
    ) + (31 - len(names)) * struct.pack(">22sHBBHH", b"", 0, 0, 0, 0, 1)
    cells = bytearray(64 * 4 * 4)
    for sample, rows in enumerate(ROWS[: len(names)], 1):
        for row in rows:
            at = row * 16 + (sample - 1) % 4 * 4
            cells[at : at + 4] = bytes([428 >> 8, 428 & 255, sample << 4, 0])
            # Volume 0 (effect C) ends the note two or four rows on
            end = at + (32 if sample == len(ROWS) else 64)
            cells[end : end + 4] = bytes([0, 0, 12, 0])
    if break_row is not None:
        cells[break_row * 16 + 14] |= 13  # effect D: on to the next pattern
    orders = bytes([2, 127]) + bytes(128) + b"M.K."
    return b"a song".ljust(20, b"\0") + head + orders + bytes(cells) + len(names) * wave


def _song(**changes) -> ModuleSong:
    values = {
        **{"package": "a-game-data", "path": "/usr/share/games/a/Tune_1.mod"},
        **{"licence": "CC0", "author": "this test", "split": "train"},
    }
    return ModuleSong(**{**values, **changes})


def _build(folder, song: ModuleSong, data: bytes) -> module_songs.Outcome:
    path = folder / "root" / song.path.lstrip("/")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    located = module_songs.locate([song], (folder / "none", folder / "root"))
    (outcome,) = module_songs.build(folder / "library", located, n_workers=1)
    return outcome


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    folder = tmp_path_factory.mktemp("modules")
    assert _build(folder, _song(), _module()).reason == ""
    return folder / "library"


@pytest.fixture(scope="module")
def manifest(library):
    return json.loads((library / "train-module-a-game-tune-1/song.json").read_text())


def test_drums_are_one_stem_and_what_hardly_sounds_is_none(manifest):
    rows = [(r["part"], r["instrument"], r["timbre"]) for r in manifest["stems"]]
    timbre = "module-a-game-tune-1"
    assert rows == [
        ("slap bass", "bass", f"{timbre}:1"),
        ("greetings", "other", f"{timbre}:4"),
        ("drums", "drums", f"{timbre}:drums"),
    ]
    assert {r["family"] for r in manifest["stems"]} == {timbre}
    assert {r["licence"] for r in manifest["stems"]} == {"CC0"}
    assert (manifest["split"], manifest["style"]) == ("train", "module")


def test_stems_are_in_time_and_add_up_to_the_mix(library, manifest):
    folder = library / "train-module-a-game-tune-1"
    onset_rows = {"bass": 0, "drums": 4, "other": 16}
    total = np.zeros((2, manifest["n_frames"]))
    for row in manifest["stems"]:
        sound, rate = soundfile.read(folder / row["file"], always_2d=True)
        assert (len(sound), rate) == (manifest["n_frames"], 44100)
        assert sound.shape[1] == row["n_channels"]
        size = np.abs(sound).max(axis=1)
        onset_s = np.argmax(size > 0.05 * size.max()) / rate
        assert onset_s == pytest.approx(onset_rows[row["instrument"]] * ROW_S, abs=2e-3)
        total += sound.T
    # Rows 56 to 63 hold what was dropped; all else is libopenmpt's mix, at one gain
    mix = render(_module(), 90.0).mix
    times_s = np.arange(mix.shape[1]) / rate
    kept = (times_s / ROW_S) % 64 < 56
    gain = np.abs(total).max() / np.abs(mix[:, kept]).max()
    # Three stems of 16 bits, each rounded by half a step
    np.testing.assert_allclose(total[:, kept], gain * mix[:, kept], atol=2 / 32768)
    assert manifest["mix_error_db"] < -90
    # Of 46 rows that sound, two are missing from the stems
    assert manifest["kept_mix_error_db"] == pytest.approx(
        10 * np.log10(2 / 46), abs=0.1
    )


def test_levels_say_how_loud_stems_are(library, manifest):
    songs = LoopLibrary(library, "train")
    assert len(songs.stems) == len(manifest["stems"]) == 3
    for stem in songs.stems:
        power = active_power(songs.read(stem, 0, stem.n_frames))
        # A gain brings each stem to -20 dB; level_db has three decimals, files 16 bits
        assert 10 * np.log10(power) == pytest.approx(-20, abs=0.01)


def test_beats_fall_on_every_fourth_row(manifest):
    np.testing.assert_allclose(manifest["beats_s"], np.arange(32) * 0.48, atol=2e-3)
    np.testing.assert_allclose(manifest["downbeats_s"], np.arange(8) * 1.92, atol=2e-3)
    assert manifest["beats_per_bar"] == 4
    assert manifest["tempo_bpm"] == pytest.approx(125, rel=1e-3)


def test_names_that_greet_name_no_instrument(tmp_path):
    assert _build(tmp_path, _song(has_names=False), _module()).reason == ""
    songs = LoopLibrary(tmp_path / "library", "train")
    assert {stem.instrument for stem in songs.stems} == {"other"}
    assert not songs.by_instrument  # no band asks for it
    assert len(songs.stems) == 4  # kick and snare are two


def test_a_build_goes_on_where_it_was(library, manifest):
    path = library / "train-module-a-game-tune-1/song.json"
    before = path.stat().st_mtime_ns
    assert _build(library.parent, _song(), b"not read again").reason == ""
    assert path.stat().st_mtime_ns == before


@pytest.mark.parametrize(
    ("data", "reason"),
    [(_module(NAMES[:1]), "1 stems"), (_module(break_row=20), "12 beats")],
)
def test_what_does_not_serve_is_left_out(tmp_path, data, reason):
    outcome = _build(tmp_path, _song(), data)
    assert reason in outcome.reason
    assert not list((tmp_path / "library").glob("*"))
    lines = module_songs.summarise(tmp_path / "library", [outcome])
    assert lines[0] == f"left out: train-module-a-game-tune-1: {outcome.reason}"
    assert "train: 0 songs" in lines[1]


def test_stems_that_miss_the_mix_leave_a_song_out(tmp_path, monkeypatch):
    real = module_songs.render_alone
    monkeypatch.setattr(
        module_songs, "render_alone", lambda *given: 0.98 * real(*given)
    )
    assert "-34.0 dB" in _build(tmp_path, _song(), _module()).reason


def test_a_missing_package_is_named_with_how_to_install_it(tmp_path):
    with pytest.raises(RequintoError, match=r"apt-get install .* a-game-data$"):
        module_songs.locate([_song()], (tmp_path,))
    assert module_songs.locate([_song()], (tmp_path,), allow_missing=True) == []


def test_no_package_and_no_author_is_in_two_splits():
    songs = listed_songs()
    for key in ("package", "author", "name"):
        by_split = [
            {getattr(s, key) for s in songs if s.split == split}
            for split in ("train", "validation")
        ]
        assert all(by_split)
        assert not set.intersection(*by_split), key
    assert len({s.name for s in songs}) == len(songs)
    n_validation = sum(s.split == "validation" for s in songs)
    assert 0.15 <= n_validation / len(songs) <= 0.2


@pytest.mark.parametrize("key", ["package", "author"])
def test_a_table_that_mixes_splits_is_refused(tmp_path, key):
    rows = [
        {"package": "a", "author": "x", "split": "train"},
        {"package": "b", "author": "y", "split": "validation"},
    ]
    rows[1][key] = rows[0][key]
    lines = [
        "[[songs]]\nfolder = '/f'\nfiles = ['t.mod']\nlicence = 'CC0'\n"
        + "".join(f"{name} = '{value}'\n" for name, value in row.items())
        for row in rows
    ]
    (tmp_path / "table.toml").write_text("\n".join(lines))
    with pytest.raises(RequintoError, match="two splits"):
        listed_songs(tmp_path / "table.toml")


def test_nothing_that_is_tested_on_is_listed():
    tested = {module.package for module in others_modules.MODULES}
    tested |= {"freedoom", "freedm", "openttd-openmsx", "planetblupi", "hydrogen-data"}
    tested |= {"monsterz-data", "pingus-data", "gltron", "criticalmass-data"}
    tested |= {"heroes-data", "penguin-command", "lmms-common", "singularity-music"}
    tested |= {"starfighter-data", "pushover-data", "amoebax-data", "adonthell-data"}
    stems = {name.removesuffix("-data") for name in tested}
    listed = {song.package.removesuffix("-data") for song in listed_songs()}
    assert listed
    assert not listed & stems
    # Skaven wrote one of the test set's modules, Roz another of its packages'
    authors = " ".join(song.author.lower() for song in listed_songs())
    assert not [name for name in ("skaven", "hajba", "rotsten") if name in authors]
