# SPDX-License-Identifier: GPL-3.0-or-later
"""Excerpts of the library hold the sources that they say, at the time they say."""

from types import SimpleNamespace

import numpy as np
import pytest

from requinto.errors import ConfigError
from requinto_lab.material.loop_library import LoopLibrary
from requinto_lab.systems.excerpts import ACCOMPANIMENT, Excerpts, ExcerptsConfig
from sounds import RATE

N = 50  # frames of most excerpts
LENGTH = 1000  # of most stems
INSTRUMENTS = ("guitar", "bass", "bongo", "piano")
SONGS = {f"song {k}": INSTRUMENTS for k in range(4)} | {"solo": ("guitar",)}


def stem(song, instrument, player=0, part=None, n_frames=LENGTH):
    return SimpleNamespace(
        song=song,
        instrument=instrument,
        part=part or instrument,
        player=player,
        n_frames=n_frames,
    )


def numbered(stem, frames):
    """Return what says song, instrument and, after the point, the frame."""
    song = list(SONGS).index(stem.song)
    return 10 * song + INSTRUMENTS.index(stem.instrument) + frames / LENGTH


class Loops:
    """Stands in for the library: stems that a function of their frames fills."""

    def __init__(self, stems=None, wave=numbered):
        songs = SONGS.items()
        self.stems = stems or [stem(song, name) for song, has in songs for name in has]
        self.wave = wave
        self.songs, self.by_instrument = {}, {}
        for s in self.stems:
            self.songs.setdefault(s.song, {}).setdefault(s.instrument, []).append(s)
            self.by_instrument.setdefault(s.instrument, []).append(s)

    def read(self, stem, start, n_frames):
        frames = np.arange(start, start + n_frames)
        wave = np.where(frames < stem.n_frames, self.wave(stem, frames), 0)
        return np.tile(wave.astype(np.float32), (2, 1))


def excerpts(loops=None, **values):
    given = {"sources": ("guitar", "bass"), "sample_rate": RATE, "n_frames": N}
    return Excerpts(
        loops or Loops(), ExcerptsConfig(**given | {"level_db": 0.0} | values)
    )


def draw_many(supply, n=200):
    return [supply.draw(np.random.default_rng([5, i])) for i in range(n)]


def read_off(row):
    """Return song, instrument and first frame of what `numbered` filled."""
    song, instrument = divmod(int(row[0, 0]), 10)
    frames = np.round((row[0] - int(row[0, 0])) * LENGTH).astype(int)
    np.testing.assert_array_equal(np.diff(frames), 1)
    return list(SONGS)[song], INSTRUMENTS[instrument], int(frames[0])


@pytest.mark.parametrize(
    "sources", [("guitar", "bass"), ("bass", "guitar", "piano"), ("bongo",)]
)
def test_coherent_sources_are_of_one_song_and_in_time(sources):
    starts = set()
    for rows in draw_many(excerpts(sources=sources, remixed=0)):
        assert rows.shape == (len(sources), 1, N) and rows.dtype == np.float32
        read = [read_off(row) for row in rows]
        assert tuple(instrument for _, instrument, _ in read) == sources
        assert len({(song, frame) for song, _, frame in read}) == 1
        starts.add(read[0][::2])
    songs, frames = zip(*starts, strict=True)
    # All songs that have them, all of their length
    complete = {song for song, has in SONGS.items() if set(sources) <= set(has)}
    assert set(songs) == complete
    assert min(frames) < 50 and LENGTH - N - 50 < max(frames) <= LENGTH - N


def test_remixed_sources_come_from_anywhere():
    read = [[read_off(row) for row in rows] for rows in draw_many(excerpts(remixed=1))]
    assert {(a[1], b[1]) for a, b in read} == {("guitar", "bass")}
    assert {a[0] for a, _ in read} == set(SONGS)  # also where the others are not
    same_song = np.mean([a[0] == b[0] for a, b in read])
    assert same_song == pytest.approx(1 / 5, abs=0.1)  # four in five by four of each
    assert np.mean([a[2] == b[2] for a, b in read]) < 0.05
    times = np.array([[a[2], b[2]] for a, b in read])
    assert abs(np.corrcoef(times.T)[0, 1]) < 0.2


@pytest.mark.parametrize("remixed", [0.2, 0.7])
def test_as_many_are_remixed_as_configured(remixed):
    in_time = 0
    for rows in draw_many(excerpts(remixed=remixed), 400):
        (song, _, frame), (other, _, other_frame) = map(read_off, rows)
        in_time += song == other and frame == other_frame
    assert in_time / 400 == pytest.approx(1 - remixed, abs=0.07)


@pytest.mark.parametrize("dropped", [0.0, 0.3, 0.6])
@pytest.mark.parametrize("remixed", [0.0, 1.0])
def test_sources_are_dropped_as_configured_but_never_all(dropped, remixed):
    stems = draw_many(excerpts(dropped=dropped, remixed=remixed), 400)
    silent = np.array([[not row.any() for row in rows] for rows in stems])
    assert not silent.all(axis=1).any()
    expected = (dropped - dropped**2) / (1 - dropped**2)  # given that one sounds
    np.testing.assert_allclose(silent.mean(axis=0), expected, atol=0.08)


def bits(stem, frames):
    """Return a bit for each stem, so that a sum says what is in it."""
    return np.full(len(frames), 2.0 ** BAND.index(stem))


BAND = [
    *(stem("song 0", "guitar", k, part) for part in ("lead", "rhythm") for k in (0, 1)),
    *(stem("song 0", "bass", k) for k in (0, 1)),
    *(stem("song 0", "piano", k, part) for part in ("left", "right") for k in (0, 1)),
    stem("song 0", "bongo"),
]


def players_in(row):
    """Return which of the band a sum of bits holds."""
    total = round(float(row[0, 0]))
    return [s for i, s in enumerate(BAND) if total >> i & 1]


@pytest.mark.parametrize("sources", [("guitar",), ("bass", "piano"), ("bongo", "bass")])
@pytest.mark.parametrize("remixed", [0.0, 1.0])
def test_accompaniment_is_what_no_source_is(sources, remixed):
    supply = excerpts(
        Loops(BAND, bits), sources=(*sources, ACCOMPANIMENT), remixed=remixed
    )
    players = set()
    for rows in draw_many(supply):
        *named, rest = map(players_in, rows)
        assert [[s.instrument for s in row] for row in named] == [[n] for n in sources]
        # One player of each part that is left
        left = {s.part for s in BAND if s.instrument not in sources}
        assert sorted(s.part for s in rest) == sorted(left)
        assert not {s.instrument for s in rest} & set(sources)
        players |= {(s.part, s.player) for s in rest}
    assert players == {(s.part, s.player) for s in BAND if s.instrument not in sources}


def test_accompaniment_alone_is_the_whole_band():
    (rest,) = excerpts(Loops(BAND, bits), sources=(ACCOMPANIMENT,)).draw(
        np.random.default_rng(0)
    )
    parts = [s.part for s in players_in(rest)]
    assert sorted(parts) == sorted({s.part for s in BAND})


@pytest.mark.parametrize("sample_rate", [8000, 11025, 16000, 22050, 44100, 48000])
@pytest.mark.parametrize("n_channels", [1, 2])
@pytest.mark.parametrize("n_frames", [4000, 6143])
def test_a_tone_is_a_tone_at_any_rate(sample_rate, n_channels, n_frames):
    def tone(stem, frames):
        return 0.1 * np.sin(2 * np.pi * 1000 * frames / RATE)

    stems = [stem("song 0", "bass", n_frames=2 * RATE)]
    supply = excerpts(
        Loops(stems, tone),
        sources=("bass",),
        sample_rate=sample_rate,
        n_channels=n_channels,
        n_frames=n_frames,
    )
    (row,) = supply.draw(np.random.default_rng(1))
    assert row.shape == (n_channels, n_frames) and row.dtype == np.float32
    for channel in row:
        spectrum = np.abs(np.fft.rfft(channel * np.hanning(n_frames)))
        hz = spectrum.argmax() * sample_rate / n_frames
        assert hz == pytest.approx(1000, abs=sample_rate / n_frames)
        # To the last frame: nothing is filled up
        edge = channel[-sample_rate // 500 :]
        assert np.sqrt(np.mean(np.square(edge))) > 0.02


def steady(stem, frames):
    return np.full(len(frames), 0.1)


def test_two_channels_are_panned_and_one_is_not():
    for rows in draw_many(excerpts(Loops(wave=steady), n_channels=1), 20):
        np.testing.assert_allclose(rows, 0.1, rtol=1e-6)
    ratios = [
        row[0, 0] / row[1, 0]
        for rows in draw_many(excerpts(Loops(wave=steady), n_channels=2), 50)
        for row in rows
    ]
    # Nowhere near hard left or right, as often on either side
    assert 0.3 < min(ratios) < 0.8 and 1.25 < max(ratios) < 3
    assert 0.3 < np.mean(np.array(ratios) > 1) < 0.7


@pytest.mark.parametrize("level_db", [0.0, 6.0])
def test_levels_vary_as_configured(level_db):
    stems = draw_many(excerpts(Loops(wave=steady), level_db=level_db), 300)
    levels_db = 20 * np.log10(np.array(stems)[:, :, 0, 0] / 0.1)
    assert np.abs(levels_db).max() <= level_db + 1e-4
    spread = levels_db.std(axis=0)
    np.testing.assert_allclose(spread, 2 * level_db / np.sqrt(12), atol=0.4)
    if level_db:  # each source at a level of its own
        assert abs(np.corrcoef(levels_db.T)[0, 1]) < 0.2


def test_a_short_stem_is_whole_and_then_silent():
    loops = Loops([stem("song 0", "bass", n_frames=30)], steady)
    (row,) = excerpts(loops, sources=("bass",)).draw(np.random.default_rng(0))
    np.testing.assert_allclose(row[0], np.r_[[0.1] * 30, [0.0] * 20], rtol=1e-6)


def test_silent_excerpts_are_passed_over():
    def late(stem, frames):
        return np.where(frames >= 700, 0.1, 0) if stem.instrument == "bass" else 0

    supply = excerpts(Loops(wave=late), remixed=0)
    for rows in draw_many(supply, 50):
        assert rows[1].any() and not rows[0].any()
    silent = excerpts(Loops(wave=lambda stem, frames: 0.001 + 0 * frames))
    with pytest.raises(ConfigError, match="silent"):
        silent.draw(np.random.default_rng(0))


def test_excerpts_depend_on_the_seed_alone():
    supply = excerpts(remixed=0.5, dropped=0.2, level_db=6.0, n_channels=2)
    first, again = draw_many(supply, 20), draw_many(supply, 20)
    np.testing.assert_array_equal(first, again)
    other = supply.draw(np.random.default_rng(77))
    assert (other != first[0]).any()


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"sources": ("guitar", "guitar")}, "sources must differ"),
        ({"sources": ()}, "sources must differ"),
        ({"n_channels": 3}, "n_channels must be 1 or 2, got 3"),
        ({"n_channels": 0}, "n_channels"),
        ({"n_frames": 0}, "n_frames"),
        ({"sample_rate": 0}, "sample_rate"),
        ({"remixed": 1.5}, "remixed"),
        ({"dropped": -0.1}, "dropped"),
        ({"dropped": 1.0}, "dropped"),
        ({"level_db": -1.0}, "level_db"),
        ({"sources": ("guitar", "kazoo")}, "no loop of .*kazoo"),
        ({"sources": (*INSTRUMENTS, ACCOMPANIMENT)}, "no song of the library has"),
    ],
)
def test_what_cannot_be_an_excerpt_is_said_at_once(values, said):
    with pytest.raises(ConfigError, match=said):
        excerpts(**values)


def test_no_song_has_what_only_two_songs_have():
    loops = Loops([stem("song 0", "guitar"), stem("song 1", "bass")])
    with pytest.raises(ConfigError, match="together"):
        excerpts(loops)


@pytest.mark.parametrize("n_channels", [1, 2])
def test_a_rendered_library_sounds(library, n_channels):
    supply = Excerpts(
        LoopLibrary(library, "train"),
        ExcerptsConfig(("guitar", "bass", ACCOMPANIMENT), 22050, 11025, n_channels),
    )
    levels = np.array(
        [np.square(rows).mean(axis=(1, 2)) for rows in draw_many(supply, 20)]
    )
    assert (levels.max(axis=1) > 1e-5).all()
    assert (np.median(levels, axis=0) > 1e-4).all()  # around -20 dBFS each
