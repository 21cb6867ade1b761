# SPDX-License-Identifier: GPL-3.0-or-later
"""A library must follow its seed, and training mixes their configuration."""

from __future__ import annotations

import dataclasses
import itertools
import json
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import soundfile

from libraries import LIBRARY
from requinto.config import from_values
from requinto.errors import AudioFileError, ConfigError
from requinto_lab.material import inventory, loops, rendering
from requinto_lab.material.augmentation import Augmentation, AugmentationConfig, augment
from requinto_lab.material.finishing import active_power
from requinto_lab.material.instruments import BACHATA
from requinto_lab.material.loop_library import LoopLibrary, Stem
from requinto_lab.material.mastering import add_inaudible, limit, master
from requinto_lab.material.patterns import play
from requinto_lab.material.songs import plan_loop
from requinto_lab.material.style import style
from requinto_lab.material.timbres import find
from requinto_lab.training.bands import Player, Window
from requinto_lab.training.mixing import MixGenerator
from requinto_lab.training.mixing_config import MixingConfig
from requinto_lab.training.references import Query

PLAIN = AugmentationConfig.none()


@pytest.fixture(scope="module")
def folder(library: Path) -> Path:
    return library


def generator(folder: Path, **numbers: object) -> MixGenerator:
    settings = {"n_frames": 30_000, "reference_frames": 20_000, "bachata": 1} | numbers
    return MixGenerator(folder, MixingConfig(**settings), split="train")  # type: ignore[arg-type]


def test_the_library_follows_its_seed(folder: Path, tmp_path: Path) -> None:
    one = dataclasses.replace(LIBRARY, loops={"train": {"bachata": 1}}, songs={})
    loops.build(tmp_path, one, n_workers=1)
    files = sorted(tmp_path.glob("*/*"))
    assert len(files) > 8
    for file in files:
        assert file.read_bytes() == (folder / file.relative_to(tmp_path)).read_bytes()


def test_a_build_adds_only_what_is_missing(folder: Path, tmp_path: Path) -> None:
    assert loops.build(folder, LIBRARY, n_workers=1) == []
    # An unfinished folder of a stopped build does not count
    (tmp_path / ".train-loop-bachata-000000.1").mkdir()
    with pytest.raises(AudioFileError, match="no train songs"):
        LoopLibrary(tmp_path, "train")


def test_stems_sound_and_are_described(folder: Path) -> None:
    manifests = list(folder.glob("*/song.json"))
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


def test_the_library_reads_any_part(folder: Path) -> None:
    library = LoopLibrary(folder, "train")
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


def test_several_libraries_are_one(folder: Path, tmp_path: Path) -> None:
    """Their songs may have the same names; parts of no clear instrument stay apart."""
    second = tmp_path / "second"
    for manifest in folder.glob("train-loop-*/song.json"):
        song = json.loads(manifest.read_text())
        for stem in song["stems"]:
            if stem["instrument"] == "guitar":
                stem["instrument"] = "other"
        (second / manifest.parent.name).mkdir(parents=True)
        (second / manifest.parent.name / "song.json").write_text(json.dumps(song))
    one, other = LoopLibrary(folder, "train"), LoopLibrary([second], "train")
    both = LoopLibrary([folder, str(second)], "train")
    assert both.stems[: len(one.stems)] == [
        dataclasses.replace(s, song=str(s.path.parent)) for s in one.stems
    ]
    assert len(both.songs) == len(one.songs) + len(other.songs)
    assert both.checksum not in (one.checksum, other.checksum)
    assert "other" in other.songs[next(iter(other.songs))]
    assert "other" not in other.by_instrument and "guitar" not in other.by_instrument
    assert len(both.by_instrument["guitar"]) == len(one.by_instrument["guitar"])
    assert len(both.by_instrument["bass"]) > len(one.by_instrument["bass"])
    bands = generator([folder, second], bachata=0.0).bands  # type: ignore[arg-type]
    rng = np.random.default_rng(0)
    assert not any("other" in bands.choose_any(rng).playing for _ in range(50))
    with pytest.raises(AudioFileError, match="no songs of any split"):
        LoopLibrary([folder, tmp_path / "nowhere"], "train")


def test_an_inventory_counts_what_is_there(folder: Path) -> None:
    counted = inventory.count_stems(folder)
    assert set(counted["splits"]) == {"train", "validation"}
    stems = LoopLibrary(folder, "train").by_instrument
    for name, row in counted["splits"]["train"].items():
        hours = sum(s.n_frames for s in stems[name]) / 44100 / 3600
        assert row["hours"] == pytest.approx(hours, abs=1e-3)
        assert row["stems"] == len(stems[name]) >= row["timbres"] >= row["families"]
    assert counted["bytes"] == sum(f.stat().st_size for f in folder.glob("*/*"))


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


def test_examples_follow_their_generator(folder: Path) -> None:
    one, other = (
        generator(folder).examples(np.random.default_rng(4))[0] for _ in range(2)
    )
    np.testing.assert_array_equal(one.mixture, other.mixture)
    np.testing.assert_array_equal(one.reference, other.reference)


def test_target_and_rest_make_the_mixture(folder: Path) -> None:
    """Where the target plays alone, it is the mixture."""
    exact = AugmentationConfig(mix_coded=0.0)
    nobody = dict.fromkeys(("present", "others", "absent", "rival"), 0.0)
    mixes = generator(folder, augmentation=exact, **nobody)
    rng = np.random.default_rng(0)
    for _ in range(10):
        example = mixes.examples(rng)[0]
        np.testing.assert_array_equal(example.mixture, example.target)


def test_examples_have_their_shapes(folder: Path) -> None:
    mixes, rng = generator(folder), np.random.default_rng(1)
    for example in itertools.chain(*(mixes.examples(rng) for _ in range(20))):
        assert example.mixture.shape == example.target.shape == (2, 30_000)
        assert example.reference.shape == (2, 20_000)
        for sound in example[:3]:
            assert sound.dtype == np.float32
            assert np.isfinite(sound).all()
        assert np.abs(example.mixture).max() <= 0.99
        assert np.abs(example.reference).max() > 1e-3
        assert example.absent == (not example.target.any())


@pytest.mark.parametrize("n_targets", [1, 2, 4])
def test_examples_of_one_mixture_add_up_to_it(folder: Path, n_targets: int) -> None:
    """Everybody is asked for once, and who is asked beyond them does not play."""
    calm = dict.fromkeys(("absent", "rival", "bachata"), 0.0)
    band = {"min_players": 2, "max_players": 2, "n_targets": n_targets}
    exact = AugmentationConfig(mix_coded=0.0)
    mixes = generator(folder, augmentation=exact, **calm, **band)
    rng = np.random.default_rng(7)
    for _ in range(10):
        examples = mixes.examples(rng)
        assert len({e.instrument for e in examples}) == len(examples) == n_targets
        assert all(e.mixture is examples[0].mixture for e in examples)
        together = np.sum([e.target for e in examples], axis=0)
        if n_targets > 1:  # filters in single precision
            np.testing.assert_allclose(together, examples[0].mixture, atol=1e-4)
        assert not any(e.target.any() for e in examples[2:])


def test_any_target_is_absent_as_often(folder: Path) -> None:
    mixes = generator(folder, absent=0.3, bachata=0.0, min_players=2, max_players=2)
    rng = np.random.default_rng(0)
    names = sorted(mixes.library.by_instrument)
    queries = [
        mixes.bands.choose_queries(names[0], names[:2], rng)[1] for _ in range(20_000)
    ]
    # Three standard deviations of 20,000 draws at 0.3
    assert 0.290 < np.mean([name not in names[:2] for name in queries]) < 0.310


def test_the_desk_honours_its_numbers(folder: Path) -> None:
    mixes, rng = generator(folder, absent=0.3, others=0.0), np.random.default_rng(2)
    bands = [mixes.bands.choose_bachata(rng) for _ in range(4000)]
    # Three standard deviations of 4000 draws at 0.3
    assert 0.278 < np.mean([absent for *_, absent in bands]) < 0.322
    counts = Counter(target for _, target, _ in bands)
    assert min(counts[name] for name in BACHATA) > 300
    assert counts["guitar"] == max(counts.values())
    assert all((target in playing) != absent for playing, target, absent in bands)


@pytest.mark.parametrize(("low", "high"), [(1, 1), (2, 4), (3, 3)])
def test_a_band_of_any_instruments_has_as_many_players_as_configured(
    folder: Path, low: int, high: int
) -> None:
    players = {"min_players": low, "max_players": high}
    mixes = generator(folder, bachata=0.0, absent=0.2, **players)
    rng = np.random.default_rng(4)
    bands = [mixes.bands.choose_any(rng) for _ in range(200)]
    assert {len(set(playing)) for playing, _, _ in bands} == {*range(low, high + 1)}
    assert all((target in playing) != absent for playing, target, absent in bands)
    assert 0.1 < np.mean([absent for *_, absent in bands]) < 0.3
    wanted = Counter(target for _, target, _ in bands)
    assert set(wanted) == set(mixes.library.by_instrument)
    example = mixes.examples(rng)[0]
    assert np.abs(example.mixture).max() > 0


def test_the_reference_comes_from_elsewhere(folder: Path) -> None:
    mixes = generator(folder)
    chosen = mixes.library.stems[0]
    reads = []
    read = mixes.library.read
    mixes.library.read = lambda s, a, n: reads.append((s, a, n)) or read(s, a, n)  # type: ignore[method-assign,assignment,func-returns-value]
    rng = np.random.default_rng(3)
    window = Window(200_000, 30_000)  # at its own speed
    for _ in range(20):
        mixes.references.play(Query(Player(chosen, window), None, None), rng)
    for stem, start, size in reads:
        assert (stem.instrument, stem.timbre) == (chosen.instrument, chosen.timbre)
        apart = start + size <= window[0] or start >= sum(window)
        assert stem.song != chosen.song or apart


@pytest.mark.parametrize("coherent", [0.0, 1.0])
def test_a_reference_is_at_the_speed_of_its_player(
    folder: Path, coherent: float
) -> None:
    calm = dict.fromkeys(("absent", "rival", "double", "bachata"), 0.0)
    whole = {"varispeed": 1.0, "min_players": 3, "max_players": 3, "n_targets": 1}
    mixes = generator(folder, coherent=coherent, **whole, **calm)
    reads: list[tuple[str, int]] = []
    read = mixes.library.read
    mixes.library.read = lambda s, a, n: (
        reads.append((s.instrument, n)) or read(s, a, n)
    )  # type: ignore[method-assign,assignment,func-returns-value]
    rng = np.random.default_rng(5)
    speeds = []
    for _ in range(60):
        reads.clear()
        target = mixes.examples(rng)[0].instrument
        band, references = reads[:3], reads[3:]
        # One band plays at one speed; who is thrown together, each at its own
        assert (len({n for _, n in band}) == 1) == bool(coherent)
        speeds.append(dict(band)[target] / 30_000)
        sizes = [n for _, n in references]
        np.testing.assert_allclose(np.array(sizes) / 20_000, speeds[-1], atol=1e-4)
    widest = 2 ** (5 / 12)
    assert 1 / widest - 1e-3 <= min(speeds) < 0.8
    assert 1.25 < max(speeds) <= widest + 1e-3


def test_each_player_of_a_new_timbre_keeps_to_it(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is drawn once for each player, and used for its part and its reference."""
    used: list[int] = []

    class Silencing:
        def __init__(self, config: object, rng: np.random.Generator) -> None:
            self.used = 0

        def __call__(self, sound: np.ndarray) -> np.ndarray:
            self.used += 1
            used.append(self.used)
            return 0 * sound

    monkeypatch.setattr("requinto_lab.training.parts.NewTimbre", Silencing)
    calm = dict.fromkeys(("absent", "rival", "bachata"), 0.0)
    whole = {"new_timbre": 1.0, "min_players": 3, "max_players": 3, "n_targets": 1}
    example = generator(folder, **whole, **calm).examples(np.random.default_rng(6))[0]
    assert not example.mixture.any() and not example.reference.any()
    assert sorted(used) == [1, 1, 1, 2]


@pytest.mark.parametrize("by_name", [0.0, 1.0])
def test_a_name_asks_for_every_player_of_it(folder: Path, by_name: float) -> None:
    mixes = generator(
        folder,
        by_name=by_name,
        rival=1.0,
        double=0.0,
        absent=0.0,
        **{"bachata": 0.0, "min_players": 1, "max_players": 1},
        augmentation=AugmentationConfig(mix_coded=0.0),
    )
    rng = np.random.default_rng(6)
    for _ in range(10):
        example = mixes.examples(rng)[0]
        # Two players and nobody else: both are wanted, or one
        together = np.array_equal(example.mixture, example.target)
        rivals = {s.family for s in mixes.library.by_instrument[example.instrument]}
        assert together == bool(by_name) or len(rivals) == 1


@pytest.mark.parametrize("register", [0.0, 1.0])
def test_references_change_their_register(folder: Path, register: float) -> None:
    mixes = generator(folder, register=register)
    sizes: list[int] = []
    read = mixes.library.read
    mixes.library.read = lambda s, a, n: sizes.append(n) or read(s, a, n)  # type: ignore[method-assign,assignment,func-returns-value]
    rng = np.random.default_rng(3)
    moves: dict[str, set[int]] = {}
    for stem in mixes.library.stems * 4:
        sizes.clear()
        query = Query(Player(stem, Window(0, 30_000)), None, None)
        reference = mixes.references.play(query, rng)
        assert reference.shape == (2, 20_000)
        semitones = 12 * np.log2(sizes[-1] / 20_000)
        moves.setdefault(stem.instrument, set()).add(round(semitones))
        assert abs(semitones - round(semitones)) < 0.01
    up = {5, 7, 12, 19, 24}
    assert moves["bongo"] == moves["guira"] == {0}  # of no pitch
    assert moves["guitar"] <= (up | {-n for n in up} if register else {0})
    assert len(moves["guitar"]) > 5 or not register


@pytest.mark.parametrize("same_desk", [0.0, 1.0])
def test_a_captured_bar_passes_its_players_desk(folder: Path, same_desk: float) -> None:
    """Panned at random, it lies where its player does in the mix."""
    calm = dict.fromkeys(("absent", "rival", "double", "new_timbre", "mono"), 0.0)
    mixes = generator(
        folder, same_desk=same_desk, augmentation=AugmentationConfig.none(pan=1), **calm
    )
    rng = np.random.default_rng(2)
    same = []
    for example in itertools.chain(*(mixes.examples(rng) for _ in range(15))):
        if not example.absent:
            pans = [np.std(sound, axis=1) for sound in example[1:3]]
            angles = [np.arctan2(*pan) for pan in pans]
            same.append(abs(angles[0] - angles[1]) < 1e-3)
    assert len(same) > 15
    assert np.mean(same) == 1 if same_desk else np.mean(same) < 0.2


def reads_of(mixes: MixGenerator) -> list[tuple[Stem, int, int]]:
    """Return a list that grows by each stem, first frame and size that is read."""
    reads: list[tuple[Stem, int, int]] = []
    read = mixes.library.read

    def note(stem: Stem, start: int, n_frames: int) -> np.ndarray:
        reads.append((stem, start, n_frames))
        return read(stem, start, n_frames)

    mixes.library.read = note  # type: ignore[method-assign]
    return reads


def test_only_its_part_tells_a_player_from_one_alike(folder: Path) -> None:
    calm = dict.fromkeys(("absent", "varispeed", "new_timbre", "bachata"), 0.0)
    one = {
        "min_players": 1,
        "max_players": 1,
        "n_targets": 1,
        "reference_frames": 30_000,
    }
    mixes = generator(folder, alike=1.0, register=1.0, **calm, **one)
    reads = reads_of(mixes)
    rng = np.random.default_rng(1)
    kinds: Counter[bool] = Counter()
    apart = 0
    for _ in range(60):
        reads.clear()
        example = mixes.examples(rng)[0]
        apart += np.abs(example.mixture - example.target).max() > 1e-3
        (first, start, _), (rival, beside, size), *references = reads
        assert (rival.instrument, rival.family) == (first.instrument, first.family)
        kinds[first.part == rival.part] += 1
        if first.part == rival.part:
            assert first.timbre == rival.timbre
            assert 4.9 < abs(12 * np.log2(size / 30_000)) < 12.1
        elif first.song == rival.song:
            assert (beside, size) == (start, 30_000)  # in time
        for stem, _, n_frames in references:
            assert (stem.part, stem.timbre) == (first.part, first.timbre)
            assert n_frames == 30_000  # in its register
    assert min(kinds[True], kinds[False]) > 3
    assert apart > 40  # of 60, as a player may rest


def test_a_dense_master_keeps_the_truth() -> None:
    rng = np.random.default_rng(4)
    swell = np.linspace(0.05, 1, 60_000) * np.sin(np.arange(60_000) / 3000) ** 8
    parts = rng.choice((-0.2, 0.1), (2, 2, 60_000)) * (0.01 + swell)
    parts = parts.astype(np.float32)
    whole = parts.sum(axis=0)
    for _ in range(5):
        mixture, targets = limit(whole, list(parts), rng)
        gains = [t / p for t, p in zip(targets, parts, strict=True)]
        np.testing.assert_allclose(*gains, rtol=1e-4)
        assert gains[0].max() <= 1 + 1e-4 and gains[0].min() < 0.9
        # What clips is the mixture's alone, and never louder
        together = np.sum(targets, axis=0)
        assert (np.abs(mixture) <= np.abs(together) + 1e-6).all()
        crests = [np.abs(s).max() / np.std(s) for s in (mixture, whole)]
        assert crests[0] < 0.9 * crests[1]
    silence = np.zeros((2, 1000), np.float32)
    assert not limit(silence, [silence], rng)[0].any()


def test_what_is_inaudible_is_the_mixtures_alone(folder: Path) -> None:
    rng = np.random.default_rng(4)
    offsets, lines = [], []
    for _ in range(40):
        added = add_inaudible(np.zeros((2, 44_100), np.float32), rng)
        spectrum = np.abs(np.fft.rfft(added[0])) / 44_100
        peak = int(np.argmax(spectrum))  # Hz
        (lines if peak else offsets).append(peak or added[0, 0])
        assert np.ptp(added) == 0 or np.abs(added).max() < 0.0502  # -26 dB
    assert 10 < len(lines) < 30
    assert min(lines) >= 14_999 and max(lines) <= 20_001
    assert max(np.abs(offsets)) <= 0.1 and min(offsets) < 0 < max(offsets)

    nobody = dict.fromkeys(("present", "others", "absent", "rival"), 0.0)
    exact = AugmentationConfig(mix_coded=0.0)
    mixes = generator(folder, inaudible=1.0, augmentation=exact, **nobody)
    for _ in range(10):
        example = mixes.examples(rng)[0]
        rest = example.mixture - example.target
        assert rest.any() and np.abs(example.mixture).max() <= 0.99
        magnitudes = np.abs(np.fft.rfft(rest[0]))
        assert np.argmax(magnitudes) == 0 or np.argmax(magnitudes) > 10_000


@pytest.mark.parametrize("reuse", [1, 3])
def test_a_part_serves_as_many_mixes(folder: Path, reuse: int) -> None:
    calm = dict.fromkeys(("absent", "rival", "double", "coherent"), 0.0)
    settings = {"bachata": 1.0, "present": 1.0, "n_targets": 1}
    mixes = generator(folder, reuse=reuse, **calm, **settings)
    rng = np.random.default_rng(3)
    served: Counter[int] = Counter()
    kept = []  # so that no identity comes twice
    for _ in range(60):
        parts = mixes._play(list(BACHATA), rng)
        assert list(parts) == list(BACHATA)
        assert all(p.player.stem.instrument == name for name, p in parts.items())
        kept += parts.values()
        served.update(id(part.sound) for part in parts.values())
    assert max(served.values()) == reuse
    assert 60 * len(BACHATA) / len(served) > 0.8 * reuse


def test_decoded_copies_are_the_same(folder: Path, tmp_path: Path) -> None:
    plain = LoopLibrary(folder, "train")
    copied = LoopLibrary(folder, "train", decoded=tmp_path / "copies")
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


def test_a_desk_does_the_same_to_whatever_passes() -> None:
    every = dict.fromkeys(("equaliser", "compressor", "saturation", "chorus"), 1.0)
    every |= dict.fromkeys(("echo", "room", "narrow"), 1.0)
    rng = np.random.default_rng(5)
    sounds = rng.normal(0, 0.1, (2, 2, 20_000)).astype(np.float32)
    for _ in range(3):
        desk = Augmentation(AugmentationConfig(**every), rng)
        first = desk(sounds[0])
        desk(sounds[1])
        np.testing.assert_array_equal(desk(sounds[0]), first)
        # Thresholds follow the level
        np.testing.assert_allclose(desk(sounds[0] / 4), first / 4, atol=2e-3)


def test_augmentation_keeps_length_and_level() -> None:
    rng = np.random.default_rng(5)
    sound = rng.normal(0, 0.1, (1, 20_000)).astype(np.float32)
    np.testing.assert_allclose(
        np.abs(augment(sound, PLAIN, rng)), np.abs(sound).repeat(2, 0), rtol=1e-5
    )
    every = dict.fromkeys(("equaliser", "compressor", "saturation", "chorus"), 1.0)
    every |= dict.fromkeys(("echo", "room", "narrow", "stretch"), 1.0)
    always = AugmentationConfig(**every, pan=0)
    for _ in range(10):
        changed = augment(sound, always, rng)
        assert changed.shape == (2, 20_000)
        assert abs(20 * np.log10(np.std(changed) / np.std(sound))) < 1


def test_a_mastered_mix_keeps_its_rest(folder: Path) -> None:
    """What is done to mixture and target alike leaves their difference a mix."""
    rng = np.random.default_rng(8)
    target, rest = rng.normal(0, 0.05, (2, 2, 40_000)).astype(np.float32)
    linear = AugmentationConfig.none(
        mix_equaliser=1, equaliser_db=6, mix_room=1, room_wet=0.3
    )
    draws = [np.random.default_rng(1) for _ in range(2)]
    mixture, (answer,) = master(target + rest, [target], linear, draws[0])
    _, (other,) = master(rest, [rest], linear, draws[1])
    # Filters in single precision
    np.testing.assert_allclose(mixture - answer, other, atol=1e-5)
    assert np.abs(answer - target).max() > 0.01

    coded = AugmentationConfig.none(mix_coded=1)
    mixture, (answer,) = master(target + rest, [target], coded, rng)
    np.testing.assert_array_equal(answer, target)
    lag = np.correlate(mixture[0, 2000:30_000], (target + rest)[0, 1900:30_100])
    assert np.argmax(lag) == 100  # the codec's delay is taken out


def test_what_cannot_be_is_refused(tmp_path: Path) -> None:
    with pytest.raises(AudioFileError, match="no train songs"):
        LoopLibrary(tmp_path, "train")
    with pytest.raises(ConfigError):
        MixingConfig(n_frames=0)
    with pytest.raises(ConfigError, match=r"register must be in \[0, 1\], got -1"):
        MixingConfig(register=-1)
    with pytest.raises(ConfigError, match="min_players"):
        MixingConfig(min_players=3, max_players=2)
    with pytest.raises(ConfigError):
        AugmentationConfig(equaliser=1.5)
    earlier = from_values(MixingConfig, {"fewest": 3, "most": 5}, "mixing")
    assert (earlier.min_players, earlier.max_players) == (3, 5)
    read_back = from_values(MixingConfig, {"augmentation": {"pan": 0.1}}, "mixing")
    assert read_back.augmentation == AugmentationConfig(pan=0.1)
