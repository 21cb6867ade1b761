# SPDX-License-Identifier: GPL-3.0-or-later
"""A song in blocks gives what a song in an array gives, to the bit."""

import importlib
import tempfile

import numpy as np
import pytest
import soundfile

import requinto
from requinto import song_features, song_separation
from requinto.audio import channel_statistics
from requinto.config import RhythmConfig, TrackerConfig
from requinto.errors import AudioError, AudioFileError, RequintoError
from requinto.rhythm import features
from requinto.song import ArraySong, SongWindow
from requinto.song_features import SongFeatures
from requinto.song_file import open_song
from requinto_files import audio_reader
from sounds import RATE, clicks, noise

CONFIG = RhythmConfig()
extract_module = importlib.import_module("requinto.extract")
rhythm_module = importlib.import_module("requinto.rhythm")


def song_of(seconds, n_channels=2, rate=RATE):
    """Return clicks, an offset, and noise on all but the first second."""
    sound = 0.3 * clicks(107, seconds, rate) + 0.05 * noise(
        round(seconds * rate), n_channels
    )
    sound[:, : rate // 2] = 0
    return sound + np.float32(0.01)


@pytest.fixture
def path(tmp_path):
    """Return a file of three seconds."""
    soundfile.write(tmp_path / "song.wav", song_of(3.0).T, RATE, subtype="FLOAT")
    return tmp_path / "song.wav"


def blocks_of(sound, n_frames):
    for start in range(0, sound.shape[1], n_frames):
        yield sound[:, start : start + n_frames]


@pytest.mark.parametrize("n_frames", [1, 7, 100, 1000])
def test_a_window_is_a_slice(n_frames):
    sound = noise(500)
    window = SongWindow(blocks_of(sound, n_frames), 2)
    for start, stop in [(0, 0), (0, 3), (3, 3), (5, 90), (5, 120), (300, 301)]:
        np.testing.assert_array_equal(window.read(start, stop), sound[:, start:stop])
    for start, stop in [(490, 600), (500, 600), (550, 560)]:
        np.testing.assert_array_equal(window.read(start, stop), sound[:, start:stop])


def test_a_window_reads_no_further_than_needed():
    n_read = []

    def blocks():
        for block in blocks_of(noise(1000), 10):
            n_read.append(block.shape[1])
            yield block

    window = SongWindow(blocks(), 2)
    window.read(0, 95)
    assert sum(n_read) == 100
    window.read(500, 501)
    assert sum(n_read) == 510


@pytest.mark.parametrize("seconds", [0.5, 0.51, 1.0, 6.9, 7.1, 14.0, 25.3])
@pytest.mark.parametrize("n_channels", [1, 2])
@pytest.mark.parametrize("in_memory", [100, 1 << 22])
def test_features_of_a_song_are_those_of_its_array(
    monkeypatch, seconds, n_channels, in_memory
):
    monkeypatch.setattr(rhythm_module, "_CHUNK_S", 7.0)
    monkeypatch.setattr(song_features, "_IN_MEMORY", in_memory)
    sound = song_of(seconds, n_channels)
    expected = features(sound, RATE, CONFIG)
    shares = []
    song = ArraySong(sound, RATE)
    with SongFeatures(song, CONFIG, shares.append) as columns:
        assert len(columns) == len(expected)
        for size in (len(columns), 100):
            for first in range(0, len(columns), size):
                part = slice(first, first + size)
                np.testing.assert_array_equal(columns[part], expected[part])
    assert shares == sorted(shares) and shares[-1] == 1.0


def test_no_room_for_temporary_files_is_said(monkeypatch):
    class Full:
        def __init__(self, **options):
            pass

        def write(self, content):
            raise OSError(28, "No space left on device")

        def close(self):
            pass

    monkeypatch.setattr(tempfile, "SpooledTemporaryFile", Full)
    with pytest.raises(RequintoError, match=r"temporary files .*No space .*TMPDIR"):
        requinto.beats(song_of(2.0), RATE)


def test_a_file_is_the_song(path):
    sound = song_of(3.0)
    with open_song(path) as song:
        assert (song.n_channels, song.n_frames) == sound.shape
        assert (song.sample_rate, song.problems) == (RATE, ())
        for _ in range(2):
            np.testing.assert_array_equal(np.hstack(list(song.blocks())), sound)
        expected = channel_statistics(sound)
        np.testing.assert_array_equal(song.statistics.means, expected.means)
        np.testing.assert_array_equal(
            song.statistics.mean_squares, expected.mean_squares
        )


@pytest.mark.parametrize("end", ["first", "last"])
@pytest.mark.parametrize(
    ("value", "message"),
    [(np.nan, "not finite"), (-np.inf, "not finite"), (3e6, r"reaches 3e\+06")],
)
def test_what_is_no_sound_is_seen_in_any_block(path, end, value, message):
    sound = song_of(3.0)
    sound[1, 0 if end == "first" else -1] = value
    soundfile.write(path, sound.T, RATE, subtype="FLOAT")
    with pytest.raises(AudioError, match=rf"song\.wav .*{message}"), open_song(path):
        pass


@pytest.mark.parametrize("change", ["cut", "grown", "other"])
def test_a_file_that_changes_meanwhile_is_said_to(path, change):
    content = path.read_bytes()
    with (
        pytest.raises(AudioFileError, match=r"song\.wav changed while it was read"),
        open_song(path) as song,
    ):
        with open(path, "r+b") as file:
            if change == "cut":
                file.truncate(len(content) // 2)
            elif change == "grown":
                soundfile.write(file, song_of(3.1).T, RATE, "FLOAT", format="WAV")
            else:
                file.seek(len(content) // 2)
                file.write(bytes(len(content) // 4))
        for _ in song.blocks():
            pass


class Halved:
    """A separator that takes half of each clip, and little of the one before it."""

    def __init__(self, unchanged):
        self.clips = unchanged.clips
        self.target = unchanged.target

    def separate_all(self, clips, rate, query, sensitivity=0.5):
        """Return half of each clip, and a little of a neighbouring frame."""
        return [np.float32(0.5) * clip + np.roll(clip, 9) / 8 for clip in clips]


class GridTracker:
    """A tracker whose grid tells of the features that it saw."""

    config = TrackerConfig()

    def track_features(self, columns, duration_s):
        """Return a grid."""
        level = float(np.mean([columns[i : i + 1].mean() for i in range(len(columns))]))
        return requinto.Beats.grid(90 + level, duration_s, 0.1)


@pytest.fixture
def run(run_command, monkeypatch, tmp_path, unchanged):
    """Return a function that runs the command over `Halved`, in a folder."""
    from requinto_command import cli

    monkeypatch.setattr(extract_module, "load_separator", lambda *_: Halved(unchanged))
    monkeypatch.setattr(extract_module, "load_tracker", lambda *_: GridTracker())
    monkeypatch.setattr(cli, "install_signal_handlers", lambda: None)
    monkeypatch.chdir(tmp_path)
    return run_command


@pytest.mark.parametrize("n_frames", [999, 1 << 16, 1 << 20])
@pytest.mark.parametrize("seconds", [0.5, 1.5, 4.0, 33.3])
@pytest.mark.parametrize("n_channels", [1, 2])
def test_the_command_writes_what_the_library_returns(
    run, monkeypatch, n_frames, seconds, n_channels
):
    sound = song_of(seconds, n_channels)
    soundfile.write("song.wav", sound.T, RATE, subtype="FLOAT")
    if n_frames > 1000 or seconds < 5:
        monkeypatch.setattr(audio_reader, "N_FRAMES", n_frames)
    assert run("extract", "song.wav", "-o", "part.wav", "--rest", "rest.wav")[0] == 0
    extracted, rest = requinto.separate(sound, RATE)
    for name, expected in (("part.wav", extracted), ("rest.wav", rest)):
        written, rate = audio_reader.read(name)
        assert rate == RATE
        np.testing.assert_array_equal(written, expected)


@pytest.mark.parametrize("n_together", [1, 2, 5])
def test_how_many_clips_go_together_does_not_matter(run, monkeypatch, n_together):
    sound = song_of(20.0)
    expected = requinto.extract(sound, RATE)
    monkeypatch.setattr(song_separation, "N_TOGETHER", n_together)
    np.testing.assert_array_equal(requinto.extract(sound, RATE), expected)


@pytest.mark.parametrize("name", ["part.wav", "part.flac", "part.ogg"])
def test_a_song_that_changes_meanwhile_leaves_no_output(run, path, monkeypatch, name):
    def track_and_cut(self, columns, duration_s):
        with open(path, "r+b") as file:
            file.truncate(path.stat().st_size // 2)
        return requinto.Beats.grid(120.0, duration_s)

    monkeypatch.setattr(GridTracker, "track_features", track_and_cut)
    status, out, error = run("extract", "song.wav", "-o", name, "--rest", "rest.wav")
    assert (status, out, error.count("\n")) == (2, "", 1)
    assert "song.wav changed while it was read" in error
    assert [each.name for each in path.parent.iterdir()] == ["song.wav"]


def test_progress_reaches_the_end(unchanged_model, monkeypatch):
    monkeypatch.setattr(extract_module, "load_tracker", lambda *_: GridTracker())
    shares = []
    requinto.extract(song_of(9.0), RATE, progress=shares.append)
    assert shares == sorted(shares)
    assert shares[0] > 0 and shares[-1] == pytest.approx(1)
