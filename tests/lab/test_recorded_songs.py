# SPDX-License-Identifier: GPL-3.0-or-later
"""Songs by others: what is decoded, what is left out, what reading gives."""

import io
import json
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest
import soundfile
from typer.testing import CliRunner

from requinto.errors import AudioFileError
from requinto_command.cli import app
from requinto_lab.material import recorded_songs
from requinto_lab.material.inventory import count_songs
from requinto_lab.material.recorded_library import RecordedLibrary

RATE = 44100
# Music that only tests may use, by package
TEST_ONLY = {
    *("freepats", "opl3-soundfont", "csound-soundfont", "freedoom", "freedm"),
    *("openttd-openmsx", "planetblupi-music-ogg", "planetblupi-music-midi"),
    *(
        "planetblupi-common",
        "hydrogen-data",
        "lmms-common",
        "fretsonfire-songs-sectoid",
    ),
    *("fretsonfire-songs-muldjord", "bb", "gweled", "rockdodger", "rafkill-data"),
    *("biniax2-data", "monsterz-data", "pingus-data", "gltron", "criticalmass-data"),
    *("heroes-data", "heroes-sound-tracks", "penguin-command", "singularity-music"),
    *("starfighter-data", "pushover-data", "amoebax-data", "adonthell-data"),
}
TABLE = """
[[songs]]
package = "tunes"
split = "train"
artist = "Ada"
licence = "CC0"
files = ["usr/share/tunes/ada_*.ogg"]
leave_out = ["*/ada_guest.ogg"]

[[songs]]
package = "tunes"
split = "train"
artist = "Others"
licence = "GPL-2+"
files = ["usr/share/tunes/*.ogg"]

[[songs]]
package = "game-data"
split = "validation"
artist = "Ben"
licence = "CC-BY-3.0"
files = ["usr/share/games/game/*.pk3"]
members = ["music/*.ogg"]
"""


def tone(seconds, rate=RATE, n_channels=2, frequency=440.0):
    """Return frames of a tone at -9 dBFS RMS on the left and -15 on the right."""
    t = np.arange(round(seconds * rate)) / rate
    left = 0.5 * np.sin(2 * np.pi * frequency * t)
    return np.stack([left, left / 2], axis=1)[:, :n_channels].astype(np.float32)


def coded(frames, rate=RATE, kind="OGG"):
    file = io.BytesIO()
    soundfile.write(file, frames, rate, format=kind)
    return file.getvalue()


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    """Make a tree with two packages: plain files, and an archive."""
    folder = tmp_path_factory.mktemp("root")
    tunes = folder / "usr/share/tunes"
    tunes.mkdir(parents=True)
    (tunes / "ada_long.ogg").write_bytes(coded(tone(27)))
    (tunes / "ada_guest.ogg").write_bytes(coded(tone(26)))
    (tunes / "jingle.ogg").write_bytes(coded(tone(24)))
    (tunes / "mono.ogg").write_bytes(coded(tone(26, 22050, 1), 22050))
    game = folder / "usr/share/games/game"
    game.mkdir(parents=True)
    with zipfile.ZipFile(game / "data.pk3", "w") as archive:
        archive.writestr("music/Level 1.ogg", coded(tone(26)))
        archive.writestr("sound/bang.ogg", coded(tone(26)))
    return folder


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    path = tmp_path_factory.mktemp("table") / "songs.toml"
    path.write_text(TABLE)
    return path


@pytest.fixture(scope="module")
def folder(root, table, tmp_path_factory):
    target = tmp_path_factory.mktemp("songs") / "new"
    assert recorded_songs.build(target, [root], table=table) == []
    return target


def test_folders_are_complete_songs(folder):
    names = {path.name for path in folder.iterdir()}
    assert names == {
        "train-tunes-ada-long",
        "train-tunes-ada-guest",  # left out of Ada's row, and so in that of others
        "train-tunes-mono",
        "validation-game-data-level-1",
    }
    for path in folder.iterdir():
        info = soundfile.info(path / "song.flac")
        row = json.loads((path / "song.json").read_text())
        assert (info.samplerate, info.channels, info.subtype) == (RATE, 2, "PCM_16")
        assert (row["format"], row["sample_rate"]) == (1, RATE)
        assert row["n_frames"] == info.frames
        assert len(row["level_db"]) == -(-info.frames // (RATE // 2))


def test_manifests_say_where_a_song_comes_from(folder):
    row = json.loads((folder / "validation-game-data-level-1/song.json").read_text())
    assert row["source"] == "usr/share/games/game/data.pk3:music/Level 1.ogg"
    keys = ("split", "package", "artist", "title", "licence")
    assert [row[key] for key in keys] == [
        *("validation", "game-data", "Ben", "Level 1", "CC-BY-3.0")
    ]
    # The mean power of -9.03 and -15.05 dBFS; Vorbis changes it little
    np.testing.assert_allclose(row["level_db"][1:-1], -11.07, atol=0.2)


def test_a_song_is_cut_at_the_longest(root, table, tmp_path, monkeypatch):
    monkeypatch.setattr(recorded_songs, "MAX_S", 26.5)
    recorded_songs.build(tmp_path, [root], table=table)
    info = soundfile.info(tmp_path / "train-tunes-ada-long/song.flac")
    assert info.frames == round(26.5 * RATE)


@pytest.mark.parametrize("kind", ["MP3", "FLAC"])
def test_other_formats_are_read(kind, root, tmp_path):
    path = tmp_path / "song"
    path.write_bytes(coded(tone(26, 48000), 48000, kind))
    source = recorded_songs.SongSource("p", "train", "a", "CC0", ("song",))
    songs, _ = recorded_songs.find_songs([source], [tmp_path])
    audio, title = recorded_songs.decode(songs[0])
    assert title == "song"
    assert audio.shape[1] == pytest.approx(26 * RATE, abs=0.1 * RATE)
    window = audio[0, RATE : 2 * RATE]
    assert np.argmax(np.abs(np.fft.rfft(window))) == 440  # Hz: it keeps its pitch


def test_one_channel_becomes_two(folder):
    audio, _ = soundfile.read(folder / "train-tunes-mono/song.flac")
    assert len(audio) == pytest.approx(26 * RATE, abs=2)
    np.testing.assert_array_equal(audio[:, 0], audio[:, 1])


def test_too_loud_is_turned_down_not_clipped(tmp_path):
    source = recorded_songs.SongSource("p", "train", "a", "CC0", ("song",))
    loud = 4 * tone(26)
    soundfile.write(tmp_path / "song", loud, RATE, format="WAV", subtype="FLOAT")
    songs, _ = recorded_songs.find_songs([source], [tmp_path])
    audio, _ = recorded_songs.decode(songs[0])
    np.testing.assert_allclose(audio, loud.T / np.abs(loud).max(), atol=1e-6)


def test_a_stopped_build_goes_on(root, table, tmp_path, monkeypatch):
    write, written = recorded_songs.write_song, []

    def write_two(folder, song):
        if len(written) == 2:
            raise KeyboardInterrupt
        written.append(write(folder, song))

    monkeypatch.setattr(recorded_songs, "write_song", write_two)
    with pytest.raises(KeyboardInterrupt):
        recorded_songs.build(tmp_path, [root], table=table)
    first = {p: p.stat().st_mtime_ns for p in tmp_path.glob("*/song.flac")}
    monkeypatch.setattr(recorded_songs, "write_song", write)
    recorded_songs.build(tmp_path, [root], table=table)
    assert len(list(tmp_path.iterdir())) == 4
    for path, time in first.items():
        assert path.stat().st_mtime_ns == time


def test_a_song_that_fails_leaves_no_folder(root, table, tmp_path, monkeypatch):
    def fail(*_):
        raise OSError("disk is full")

    monkeypatch.setattr(recorded_songs, "levels_db", fail)
    with pytest.raises(OSError, match="full"):
        recorded_songs.build(tmp_path, [root], table=table)
    assert list(tmp_path.iterdir()) == []


def test_a_damaged_file_is_an_error(table, tmp_path):
    tunes = tmp_path / "usr/share/tunes"
    tunes.mkdir(parents=True)
    (tunes / "bad.ogg").write_bytes(coded(tone(26))[:50] + b"nothing")
    with pytest.raises(AudioFileError, match=r"bad\.ogg cannot be decoded"):
        recorded_songs.build(
            tmp_path / "o", [tmp_path], allow_missing=True, table=table
        )


def test_missing_packages_are_named_with_how_to_install_them(table, tmp_path):
    with pytest.raises(AudioFileError, match=r"apt-get install .* tunes game-data$"):
        recorded_songs.build(tmp_path / "out", [tmp_path], table=table)
    assert not (tmp_path / "out").exists()
    missing = recorded_songs.build(
        tmp_path / "out", [tmp_path], allow_missing=True, table=table
    )
    assert missing == ["tunes", "game-data"]


def test_library_holds_a_split(folder):
    library = RecordedLibrary(folder, "train")
    assert {artist: len(songs) for artist, songs in library.by_artist.items()} == {
        "Ada": 1,
        "Others": 2,
    }
    assert len(library.songs) == 3
    assert all(song.solos == () for song in library.songs)
    assert library.checksum == RecordedLibrary(folder, "train").checksum
    assert library.checksum != RecordedLibrary(folder, "validation").checksum
    with pytest.raises(AudioFileError, match="no recorded test songs"):
        RecordedLibrary(folder, "test")


@pytest.mark.parametrize("start", [-1000, 0, 12345, 27 * RATE - 500, 28 * RATE])
def test_reading_is_silent_past_the_ends(folder, start):
    library = RecordedLibrary(folder, "train")
    song = library.by_artist["Ada"][0]
    whole, _ = soundfile.read(song.path, dtype="float32")
    padded = np.pad(whole.T, ((0, 0), (1000, 3 * RATE)))
    part = library.read(song, start, 2000)
    assert part.dtype == np.float32
    np.testing.assert_array_equal(part, padded[:, start + 1000 : start + 3000])


def test_inventory_sums_packages(folder):
    inventory = count_songs(folder)
    assert inventory["train"]["tunes"] == inventory["train"]["all"]
    assert inventory["train"]["all"]["songs"] == 3
    assert inventory["train"]["all"]["hours"] == pytest.approx(79 / 3600, abs=1e-3)
    assert list(inventory["validation"]) == ["game-data", "all"]


def test_shipped_table_keeps_splits_apart():
    sources = recorded_songs.read_sources()
    assert {source.split for source in sources} == {"train", "validation"}
    for field in ("package", "artist"):
        splits = {
            split: {getattr(s, field) for s in sources if s.split == split}
            for split in ("train", "validation")
        }
        assert not splits["train"] & splits["validation"]


def test_shipped_table_has_no_test_music_and_only_free_licences():
    for source in recorded_songs.read_sources():
        assert source.package not in TEST_ONLY
        assert "NC" not in source.licence
        assert "ND" not in source.licence
        assert not any(name.startswith("/") for name in source.files)


def test_shipped_packages_and_licences_are_documented():
    text = (Path(__file__).parents[2] / "models/LICENCES.md").read_text()
    guide = (Path(__file__).parents[2] / "docs/workshop.md").read_text()
    for source in recorded_songs.read_sources():
        assert f"`{source.package}`" in text
        assert source.artist in text
        assert source.package in guide


def test_command_names_what_is_missing(tmp_path):
    arguments = ["data", "recorded", "-o", str(tmp_path / "o"), "--root", str(tmp_path)]
    result = CliRunner().invoke(app, arguments)
    assert isinstance(result.exception, AudioFileError)
    assert "apt-get install" in str(result.exception)
    result = CliRunner().invoke(app, [*arguments, "--allow-missing"])
    assert result.exit_code == 0
    assert "left out, not installed: " in result.output
    assert "marsshooter-data" in result.output


def test_library_needs_no_tensorflow():
    script = (
        "import sys, requinto_lab.material.recorded_library\n"
        "assert not {'tensorflow', 'keras'} & set(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", script], check=True)
