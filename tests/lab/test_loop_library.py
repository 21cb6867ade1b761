# SPDX-License-Identifier: GPL-3.0-or-later
"""A library must follow its seed, and give any part of any stem."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest
import soundfile

from libraries import LIBRARY
from mixes import generator
from requinto.errors import AudioFileError, ConfigError
from requinto_lab.material import inventory, loops, rendering
from requinto_lab.material.finishing import active_power
from requinto_lab.material.instruments import BACHATA
from requinto_lab.material.loop_library import LoopLibrary
from requinto_lab.material.patterns import play
from requinto_lab.material.songs import plan_loop
from requinto_lab.material.style import style
from requinto_lab.material.timbres import find


def test_the_library_follows_its_seed(library: Path, tmp_path: Path) -> None:
    one = dataclasses.replace(LIBRARY, loops={"train": {"bachata": 1}}, songs={})
    loops.build(tmp_path, one, n_workers=1)
    files = sorted(tmp_path.glob("*/*"))
    assert len(files) > 8
    for file in files:
        assert file.read_bytes() == (library / file.relative_to(tmp_path)).read_bytes()


def test_a_build_adds_only_what_is_missing(library: Path, tmp_path: Path) -> None:
    assert loops.build(library, LIBRARY, n_workers=1) == []
    # An unfinished folder of a stopped build does not count
    (tmp_path / ".train-loop-bachata-000000.1").mkdir()
    with pytest.raises(AudioFileError, match="no train songs"):
        LoopLibrary(tmp_path, "train")


def test_stems_sound_and_are_described(library: Path) -> None:
    manifests = list(library.glob("*/song.json"))
    assert len(manifests) == 4
    for manifest in manifests:
        song = json.loads(manifest.read_text())
        assert set(song["downbeats_s"]) <= set(song["beats_s"])
        assert [s["start_s"] for s in song["sections"]] == sorted(
            s["start_s"] for s in song["sections"]
        )
        assert {s["instrument"] for s in song["stems"]} >= set(BACHATA)
        for stem in song["stems"]:
            sound, rate = soundfile.read(
                manifest.parent / stem["file"], dtype="float32", always_2d=True
            )
            assert rate == song["sample_rate"] == 44100
            assert sound.shape == (song["n_frames"], stem["n_channels"])
            assert stem["licence"]
            # Peaky percussion stays lower, because 16 bits end at full scale
            assert -26 < stem["level_db"] < -19.9


def test_the_library_reads_any_part(library: Path) -> None:
    library = LoopLibrary(library, "train")
    for stem in library.stems[:6]:
        whole = library.read(stem, 0, stem.n_frames)
        assert whole.shape == (stem.n_channels, stem.n_frames)
        np.testing.assert_array_equal(
            library.read(stem, 5000, 999), whole[:, 5000:5999]
        )
        early = library.read(stem, -100, 300)
        assert not early[:, :100].any()
        np.testing.assert_array_equal(early[:, 100:], whole[:, :200])
        assert not library.read(stem, stem.n_frames + 10, 50).any()
        assert abs(20 * np.log10(np.sqrt(active_power(whole))) + 20) < 0.1


def test_several_libraries_are_one(library: Path, tmp_path: Path) -> None:
    """Their songs may have the same names; parts of no clear instrument stay apart."""
    second = tmp_path / "second"
    for manifest in library.glob("train-loop-*/song.json"):
        song = json.loads(manifest.read_text())
        for stem in song["stems"]:
            if stem["instrument"] == "guitar":
                stem["instrument"] = "other"
        (second / manifest.parent.name).mkdir(parents=True)
        (second / manifest.parent.name / "song.json").write_text(json.dumps(song))
    one, other = LoopLibrary(library, "train"), LoopLibrary([second], "train")
    both = LoopLibrary([library, str(second)], "train")
    assert both.stems[: len(one.stems)] == [
        dataclasses.replace(s, song=str(s.path.parent)) for s in one.stems
    ]
    assert len(both.songs) == len(one.songs) + len(other.songs)
    assert both.checksum not in (one.checksum, other.checksum)
    assert "other" in other.songs[next(iter(other.songs))]
    assert "other" not in other.by_instrument and "guitar" not in other.by_instrument
    assert len(both.by_instrument["guitar"]) == len(one.by_instrument["guitar"])
    assert len(both.by_instrument["bass"]) > len(one.by_instrument["bass"])
    bands = generator([library, second], bachata=0.0).bands  # type: ignore[arg-type]
    rng = np.random.default_rng(0)
    assert not any("other" in bands.choose_any(rng).playing for _ in range(50))
    with pytest.raises(AudioFileError, match="no songs of any split"):
        LoopLibrary([library, tmp_path / "nowhere"], "train")


def test_an_inventory_counts_what_is_there(library: Path) -> None:
    counted = inventory.count_stems(library)
    assert set(counted["splits"]) == {"train", "validation"}
    stems = LoopLibrary(library, "train").by_instrument
    for name, row in counted["splits"]["train"].items():
        hours = sum(s.n_frames for s in stems[name]) / 44100 / 3600
        assert row["hours"] == pytest.approx(hours, abs=1e-3)
        assert row["stems"] == len(stems[name]) >= row["timbres"] >= row["families"]
    assert counted["bytes"] == sum(f.stat().st_size for f in library.glob("*/*"))


def test_a_library_that_cannot_be_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "library.toml"
    for text, message in [
        ("speed = 3", "unknown names"),
        ("loops = {train = {polka = 1}}", "unknown style 'polka'"),
        ("loops = {holiday = {bachata = 1}}", "unknown split 'holiday'"),
        ("loops = {train = {bachata = -1}}", "got -1"),
        ("timbres_per_part = 0", "timbres_per_part must be 1"),
        ("loops = ", "cannot be used"),
    ]:
        path.write_text(text)
        with pytest.raises(ConfigError, match=message):
            loops.library_config(path)
    with pytest.raises(ConfigError, match="cannot be used"):
        loops.library_config(tmp_path / "missing.toml")


@pytest.mark.parametrize(
    ("instrument", "timbre", "part"),
    [
        ("bongo", "membrane:00", "bongo"),
        ("bongo", "sweep:01", "bongo"),
        ("guitar", "waveguide:02", "requinto"),
        ("guira", "comb:02", "guira"),
    ],
)
def test_onsets_fall_on_the_grid(instrument: str, timbre: str, part: str) -> None:
    song = plan_loop(style("bachata"), 3)
    notes = play(song, song.style.part(part), instrument)
    sound = find(instrument, timbre).render(notes, song)[0].astype(np.float64)
    size = 44  # about a millisecond
    level = np.sqrt(np.add.reduceat(sound**2, np.arange(0, len(sound) - size, size)))
    rise = np.maximum(np.diff(np.log(level + 0.02 * level.max())), 0)
    eighths = np.arange(0, song.n_beats, 0.5)
    frames = np.array([rendering.frame_of(b, song) for b in eighths]) // size
    lags = np.arange(-60, 61)
    strength = [rise[np.clip(frames + lag, 0, len(rise) - 1)].sum() for lag in lags]
    smooth = np.convolve(strength, np.ones(9), "same")
    # A player's habit, looseness and a pluck's rise: 15 ms in all
    assert abs(lags[np.argmax(smooth)]) <= 15


def test_decoded_copies_are_the_same(library: Path, tmp_path: Path) -> None:
    plain = LoopLibrary(library, "train")
    copied = LoopLibrary(library, "train", decoded=tmp_path / "copies")
    for stem in plain.stems[:4]:
        for start, size in ((5000, 999), (-100, 300), (stem.n_frames - 50, 90)):
            expected = plain.read(stem, start, size)
            np.testing.assert_array_equal(copied.read(stem, start, size), expected)
    copies = sorted((tmp_path / "copies").iterdir())
    sizes = sorted(2 * s.n_frames * s.n_channels for s in plain.stems[:4])
    assert sorted(c.stat().st_size for c in copies) == sizes
    for copy in copies:  # read from, from now on
        copy.write_bytes(bytes(copy.stat().st_size))
    assert not copied.read(plain.stems[0], 0, 44_100).any()
