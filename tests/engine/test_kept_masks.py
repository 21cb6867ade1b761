# SPDX-License-Identifier: GPL-3.0-or-later
"""Masks in a file render a song again, without the network, and never wrongly."""

import os
import resource
import signal
import subprocess
import sys

import numpy as np
import pytest

import requinto
from demo import TEMPO_BPM, extract_parts, mix, part
from requinto import mask_file, target_separation
from requinto.arguments import Instrument, Options
from requinto.errors import AudioFileError
from requinto.exports import LiteRTNetwork
from requinto.extract import extract_song
from requinto.file_extraction import Paths, extract_to_files
from requinto.loader import load_separator
from requinto.mask_file import open_masks
from requinto.song import ArraySong
from requinto.templates import TemplateMatcher
from requinto_files import audio_reader
from shell import SUPPORT
from sounds import RATE

SECONDS = 4.0
STATED_DB = -80.0  # of 16 bits, below the loudest sample
BASS = Instrument("bass", reference=part("bass", 2.0), reference_sample_rate=RATE)
GUITAR = Instrument("guitar", "guitar")


@pytest.fixture
def path(tmp_path):
    """Return where masks go, in a folder of their own."""
    (tmp_path / "masks").mkdir()
    return tmp_path / "masks" / "song"


@pytest.fixture
def calls(monkeypatch):
    """Return a list of what computes masks, as it is called."""
    names = []
    for kind, name in ((LiteRTNetwork, "predict"), (TemplateMatcher, "view")):
        original = getattr(kind, name)

        def call(self, *arguments, original=original, name=name):
            names.append(name)
            return original(self, *arguments)

        monkeypatch.setattr(kind, name, call)
    return names


def assert_close(estimates, expected):
    """Check that sounds are the same within what 16 bits of a mask's root allow."""
    for one, other in zip(estimates, expected, strict=True):
        assert one.shape == other.shape and one.dtype == other.dtype
        error = np.abs(one - other).max() / np.abs(other).max()
        assert 20 * np.log10(error + 1e-30) < STATED_DB


@pytest.mark.parametrize(
    ("model", "rate", "n_channels"),
    [
        ("fast", 44100, 2),
        ("fast", 48000, 1),
        ("fast", 22050, 2),
        ("standard", 44100, 2),
    ],
)
def test_a_song_is_rendered_again_without_the_network(
    path, calls, model, rate, n_channels
):
    sound = mix(SECONDS)[:n_channels]
    options = {"model": model, "rate": rate}
    first = extract_parts(sound, GUITAR, BASS, masks=path, **options)
    plain = extract_parts(sound, GUITAR, BASS, **options)
    for one, other in zip(first, plain, strict=True):
        np.testing.assert_array_equal(one, other)
    content = path.read_bytes()
    for sensitivity in (0.0, 0.5, 0.8, 1.0):
        chosen = {**options, "sensitivity": sensitivity}
        expected = extract_parts(sound, GUITAR, BASS, **chosen)
        load_separator(model).query(BASS.reference, RATE)  # is remembered
        calls.clear()
        again = extract_parts(sound, GUITAR, BASS, masks=path, **chosen)
        assert not calls
        assert_close(again, expected)
    assert path.read_bytes() == content
    assert [each.name for each in path.parent.iterdir()] == ["song"]


def test_the_sensitivity_of_the_first_pass_does_not_matter(path, tmp_path):
    sound = mix(SECONDS)
    extract_parts(sound, masks=path, sensitivity=0.9)
    extract_parts(sound, masks=tmp_path / "other", sensitivity=0.2)
    assert path.read_bytes() == (tmp_path / "other").read_bytes()


def quieter_once(sound):
    """Return a sound of which one sample is another, by the smallest step."""
    changed = sound.copy()
    changed[1, RATE] = np.nextafter(changed[1, RATE], np.float32(1))
    return changed


SOUND = mix(SECONDS)
OTHERS = {
    "model": {"model": "standard"},
    "clips": {"beats_per_clip": 2},
    "beats": {"beats": requinto.Beats.grid(TEMPO_BPM, SECONDS, 0.001)},
    "tempo": {"beats": requinto.Beats.grid(TEMPO_BPM + 0.01, SECONDS)},
    "rate": {"rate": 44099},
    "length": {"sound": SOUND[:, :-1]},
    "channels": {"sound": SOUND[:1]},
    "swapped channels": {"sound": SOUND[::-1]},
    "one sample": {"sound": quieter_once(SOUND)},
    "order": {"sound": SOUND[:, ::-1]},
    "target": {"instruments": [Instrument("", "bongo"), BASS]},
    "another instrument": {"instruments": [GUITAR, BASS, Instrument("", "guira")]},
    "reference": {"instruments": [GUITAR, BASS._replace(reference=part("bass", 1.9))]},
    "its rate": {"instruments": [GUITAR, BASS._replace(reference_sample_rate=44000)]},
    "unlike": {"instruments": [GUITAR, BASS._replace(not_like=part("guira", 2.0))]},
}


@pytest.fixture(scope="module")
def content(tmp_path_factory):
    """Return what a file holds with the masks of two instruments of `SOUND`."""
    path = tmp_path_factory.mktemp("content") / "song"
    extract_parts(SOUND, GUITAR, BASS, masks=path)
    return path.read_bytes()


@pytest.mark.parametrize("name", OTHERS)
def test_masks_of_anything_else_are_computed_again(path, calls, content, name):
    path.write_bytes(content)
    other = {"sound": SOUND, "instruments": [GUITAR, BASS], **OTHERS[name]}
    sound, instruments = other.pop("sound"), other.pop("instruments")
    plain = extract_parts(sound, *instruments, **other)
    calls.clear()
    extracted = extract_parts(sound, *instruments, masks=path, **other)
    assert "predict" in calls
    assert_close(extracted, plain)
    assert path.read_bytes() != content
    calls.clear()
    assert_close(extract_parts(sound, *instruments, masks=path, **other), plain)
    assert not calls


def test_other_weights_have_other_masks(path, calls, content, monkeypatch):
    path.write_bytes(content)
    pair = load_separator("fast")
    n_each = []
    for network in (pair.names, pair.examples):
        assert network.identity
        with monkeypatch.context() as patch:
            patch.setattr(network, "identity", network.identity[:-1] + "x")
            calls.clear()
            extract_parts(SOUND, GUITAR, BASS, masks=path)
            n_each.append(calls.count("view"))
        extract_parts(SOUND, GUITAR, BASS, masks=path)
    assert n_each[0] == n_each[1] > 1


def test_weights_name_a_network(two_models):
    standard, fast = map(load_separator, ("standard", "fast"))  # other weights alone
    assert standard.identity != fast.identity


def test_every_part_of_a_query_counts():
    separator = load_separator("fast").examples
    query = separator.query(BASS.reference, RATE)
    balance = np.zeros(256, np.float32)
    queries = [query, query._replace(balance=balance), query._replace(unlike=balance)]
    queries += [query._replace(by_name=True)]
    queries += [query._replace(templates=query.templates * np.float32(1.01))]
    queries += [query._replace(embedding=query.embedding[::-1])]
    prefixes = {extract_digest(separator.identity, each) for each in queries}
    assert len(prefixes) == len(queries)
    assert extract_digest("other", query) not in prefixes


def extract_digest(identity, query):
    return target_separation._query_digest(identity, query)


def test_a_clip_that_fits_is_not_computed_again(path, calls):
    extract_parts(SOUND, masks=path)
    calls.clear()
    extract_parts(quieter_once(SOUND), masks=path)
    n_computed = calls.count("view")
    calls.clear()
    extract_parts(quieter_once(SOUND))
    assert 0 < n_computed < calls.count("view")


def records(path):
    """Return the records of a file by their names."""
    content = path.read_bytes()
    with path.open("rb") as file:
        spans = dict(mask_file._records(file))
    return {name: content[a : a + size] for name, (a, size) in spans.items()}


def damages(content):
    """Yield names of damages, and what they leave of a file."""
    rng = np.random.default_rng(0)
    header = len(mask_file._MAGIC) + mask_file._HEADER.size
    positions = [*range(0, header + 8, 3), *rng.integers(0, len(content), 12)]
    for position in (*positions, len(content) - 1):
        damaged = bytearray(content)
        damaged[position] ^= 0x41
        yield f"byte {position}", bytes(damaged)
    sizes = [0, 5, len(mask_file._MAGIC), header, header + 7, len(content) - 1]
    for size in (*sizes, *rng.integers(0, len(content), 5)):
        yield f"{size} bytes", content[:size]
    yield "another file", b"RIFF" + bytes(100)
    yield "zeros", bytes(len(content))
    yield "twice the start", content[: len(content) // 2] * 2


def test_a_damaged_file_is_computed_again_and_replaced(path, calls):
    sound = mix(2.0)
    plain = extract_parts(sound, GUITAR, masks=path)
    content, whole = path.read_bytes(), records(path)
    assert sum(map(len, whole.values())) + len(mask_file._MAGIC) == len(content)
    n_damages = 0
    for name, damaged in damages(content):
        path.write_bytes(damaged)
        calls.clear()
        assert_close(extract_parts(sound, GUITAR, masks=path), plain)
        assert calls, name
        assert records(path) == whole, name
        assert path.stat().st_size == len(content), name
        n_damages += 1
    assert n_damages > 30


def test_what_follows_the_masks_is_ignored(path, calls):
    plain = extract_parts(SOUND, GUITAR, masks=path)
    with path.open("ab") as file:
        file.write(b"something else" * 100)
    calls.clear()
    assert_close(extract_parts(SOUND, GUITAR, masks=path), plain)
    assert not calls


@pytest.mark.parametrize("ending", [ZeroDivisionError, KeyboardInterrupt, None])
@pytest.mark.parametrize("earlier", [None, b"an earlier file"])
def test_a_pass_that_does_not_end_leaves_no_masks(path, ending, earlier):
    if earlier:
        path.write_bytes(earlier)
    stretches = extract_song(
        ArraySong(mix(12.0), RATE),
        [GUITAR],
        options=Options(model="fast"),
        beats=requinto.Beats.grid(TEMPO_BPM, 12.0),
        masks=path,
    )
    next(stretches)
    assert len(list(path.parent.iterdir())) == 1 + (earlier is not None)
    if ending:
        with pytest.raises(ending):
            stretches.throw(ending)
    else:
        stretches.close()
    assert [p.read_bytes() for p in path.parent.iterdir()] == [earlier] * bool(earlier)


_KILLED = """
import os, signal, sys
from pathlib import Path
from demo import extract_parts, mix
from requinto.exports import LiteRTNetwork
predict, clips = LiteRTNetwork.predict, []
def predict_or_die(self, inputs):
    clips.append(inputs)
    if len(clips) > 1:
        os.kill(os.getpid(), signal.SIGKILL)
    return predict(self, inputs)
LiteRTNetwork.predict = predict_or_die
extract_parts(mix(12.0), masks=Path(sys.argv[1]))
"""


def test_a_kill_in_mid_pass_leaves_no_masks(path):
    environment = {**os.environ, "PYTHONPATH": str(SUPPORT)}
    command = [sys.executable, "-c", _KILLED, path]
    killed = subprocess.run(command, env=environment, check=False)
    assert killed.returncode == -signal.SIGKILL
    assert not path.exists()


@pytest.mark.parametrize("share", [0.0, 0.4, 0.9])
def test_a_full_disk_is_called_so(path, share):
    extract_parts(SOUND, masks=path)
    size = path.stat().st_size
    path.write_bytes(b"an earlier file")
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (int(share * size), limits[1]))
    try:
        with pytest.raises(AudioFileError, match=r"song cannot be written.*no space"):
            extract_parts(SOUND, masks=path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert [p.read_bytes() for p in path.parent.iterdir()] == [b"an earlier file"]


def test_masks_that_fit_need_no_room(path, calls):
    plain = extract_parts(SOUND, masks=path)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, limits[1]))
    try:
        assert_close(extract_parts(SOUND, masks=path), plain)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)


def test_where_no_file_can_be_it_is_said_at_once(path, tmp_path, calls):
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link").symlink_to("elsewhere")
    no_files = [path.parent, tmp_path / "no" / "folder", tmp_path / "pipe"]
    for no_file in (*no_files, tmp_path / "link"):
        with pytest.raises(AudioFileError, match=r"name a file|not exist|itself"):
            extract_parts(SOUND, masks=no_file)
    assert not calls


def test_a_separator_without_steps_keeps_no_masks(path, unchanged_model):
    for _ in range(2):
        (extracted,) = extract_parts(SOUND, masks=path)
        np.testing.assert_allclose(extracted, SOUND, atol=1e-6)
        assert not path.exists()


def test_silence_needs_no_masks(path, calls):
    silence = np.zeros((2, 2 * RATE), np.float32)
    for _ in range(2):
        assert not extract_parts(silence, masks=path)[0].any()
    assert not calls and not path.exists()


def test_files_are_written_again(path, tmp_path, calls):
    song = ArraySong(SOUND, RATE)
    beats = requinto.Beats.grid(TEMPO_BPM, SECONDS)
    for sensitivity in (0.5, 0.8):
        calls.clear()
        extract_to_files(
            song,
            [GUITAR],
            Paths((tmp_path / "guitar.wav",)),
            options=Options(model="fast", sensitivity=sensitivity),
            beats=beats,
            masks=path,
            overwrite=True,
        )
        assert ("predict" in calls) == (sensitivity == 0.5)
        written = audio_reader.read(tmp_path / "guitar.wav")[0]
        assert_close([written], extract_parts(SOUND, sensitivity=sensitivity))


@pytest.mark.parametrize("shape", [(1, 1, 1), (7, 5, 2)])
@pytest.mark.parametrize("peak", [1e-9, 0.3, 1.0, 2.0, 50.0])
def test_masks_of_any_size_come_back(path, shape, peak):
    mask = np.random.default_rng(0).random(shape, np.float32) ** 4 * np.float32(peak)
    name = bytes(range(mask_file.NAME_SIZE))
    with open_masks(path) as masks:
        assert masks.read(name, shape) is None
        masks.add(name, mask)
    with open_masks(path) as masks:
        assert masks.read(name, (*shape[:2], 3)) is None
        again = masks.read(name, shape)
    assert again.dtype == np.float32
    full = max(peak, 1.0)  # roots are of the mask's share of that
    np.testing.assert_allclose(
        (again / full) ** 0.25, (mask / full) ** 0.25, atol=1.1 / 2**17
    )


def test_clips_that_are_alike_have_one_mask(path):
    mask = np.ones((2, 3, 2), np.float32)
    names = [bytes([i]) * mask_file.NAME_SIZE for i in range(2)]
    with open_masks(path) as masks:
        masks.add(names[0], mask)
    with open_masks(path) as masks:
        masks.add(names[1], mask)
        for _ in range(3):
            assert masks.read(names[0], mask.shape) is not None
    n_bytes = sum(map(len, records(path).values())) + len(mask_file._MAGIC)
    assert path.stat().st_size == n_bytes
