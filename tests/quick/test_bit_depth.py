# SPDX-License-Identifier: GPL-3.0-or-later
"""Samples of so many bits: which kinds hold them, and how they are rounded."""

import itertools
import os

import numpy as np
import pytest
import soundfile

from requinto.errors import AudioFileError
from requinto_files import audio_reader, audio_writer, sound_kinds
from requinto_files.sound_set import write_sounds
from sounds import RATE, noise

HELD = [
    *((ending, bits) for ending in (".wav", ".aiff") for bits in (16, 24, 32)),
    *((".flac", 16), (".flac", 24)),
]
INTEGERS = [kind for kind in HELD if kind[1] < 32]
REFUSED = [
    *((".flac", 32, "16 or 24 bits"), (".flac", 8, "16 or 24 bits")),
    *((".wav", 20, "16, 24 or 32 bits"), (".aiff", "16", "16, 24 or 32 bits")),
    *((".wav", True, "16, 24 or 32"), (".wav", 16.0, "16, 24 or 32")),
    *((".mp3", 16, r"\.wav, \.flac and \.aiff have one"), (".ogg", 24, "lossy")),
]


@pytest.mark.parametrize(("ending", "bits"), HELD)
def test_each_kind_holds_what_it_should(tmp_path, ending, bits):
    path = tmp_path / f"a{ending}"
    sound = 0.9 * noise(RATE)
    audio_writer.write(path, sound, RATE, bit_depth=bits)
    expected = "FLOAT" if bits == 32 else f"PCM_{bits}"
    assert soundfile.info(path).subtype == expected
    needed = audio_writer.check_capacity(path, 2, RATE, RATE, bit_depth=bits)
    assert path.stat().st_size < needed


@pytest.mark.parametrize(
    ("ending", "subtype"),
    [
        *((".wav", "FLOAT"), (".aiff", "FLOAT"), (".flac", "PCM_24")),
        *((".ogg", "VORBIS"), (".mp3", "MPEG_LAYER_III")),
    ],
)
def test_defaults(tmp_path, ending, subtype):
    audio_writer.write(tmp_path / f"a{ending}", 0.5 * noise(RATE), RATE)
    assert soundfile.info(tmp_path / f"a{ending}").subtype == subtype


@pytest.mark.parametrize(("ending", "bits", "message"), REFUSED)
def test_what_a_kind_does_not_hold_is_refused_before(tmp_path, ending, bits, message):
    path = tmp_path / f"a{ending}"
    shape = (2, RATE)
    for call in (
        lambda: sound_kinds.check_bit_depth(path, bits),
        lambda: audio_writer.check_capacity(path, *shape, RATE, bit_depth=bits),
        lambda: audio_writer.SoundWriter(path, *shape, RATE, bit_depth=bits),
        lambda: audio_writer.write(path, noise(RATE), RATE, bit_depth=bits),
        lambda: write_sounds(
            *((path,), iter(()), shape, RATE), bit_depth=bits, overwrite=False
        ),
    ):
        with pytest.raises(AudioFileError, match=message) as raised:
            call()
        assert str(path) in str(raised.value)
        assert f"got {bits!r}" in str(raised.value)
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize(("ending", "bits"), INTEGERS)
def test_samples_are_rounded_to_the_nearest(tmp_path, ending, bits):
    path = tmp_path / f"a{ending}"
    sound = 0.99 * noise(RATE)
    audio_writer.write(path, sound, RATE, bit_depth=bits)
    steps = soundfile.read(path, dtype="int32")[0].T >> (32 - bits)
    exact = sound.astype(np.float64) * 2.0 ** (bits - 1)
    np.testing.assert_array_equal(steps, np.rint(exact))
    # Without an offset, as truncation has one of half a step
    assert abs(np.mean(steps - exact)) < 0.01
    np.testing.assert_array_equal(audio_reader.read(path)[0], steps / 2 ** (bits - 1))


@pytest.mark.parametrize(("ending", "bits"), INTEGERS)
def test_full_scale(tmp_path, ending, bits):
    path = tmp_path / f"a{ending}"
    sound = np.tile(np.float32([1.0, -1.0, 0.0]), (1, 1000))
    audio_writer.write(path, sound, RATE, bit_depth=bits)
    read = audio_reader.read(path)[0]
    np.testing.assert_array_equal(read[0, :3], [1.0 - 2.0 ** (1 - bits), -1.0, 0.0])


@pytest.mark.parametrize(
    ("ending", "bits"), [*INTEGERS, (".flac", None), (".ogg", None), (".mp3", None)]
)
def test_nothing_is_clipped_in_silence(tmp_path, ending, bits):
    path = tmp_path / f"a{ending}"
    with pytest.raises(
        AudioFileError, match=r"a\.\w+ cannot hold a peak of 2: full sc"
    ):
        audio_writer.write(path, 2 * noise(RATE).round(1), RATE, bit_depth=bits)
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize(("ending", "bits"), [*INTEGERS, (".ogg", None)])
def test_what_rounding_adds_to_full_scale_is_no_peak(tmp_path, ending, bits):
    """As little as a product of floats exceeds it by; no more, as one step would."""
    path = tmp_path / f"a{ending}"
    sound = np.float32(0.5) * noise(RATE)
    sound[0, 9] = 1 + 1e-7
    audio_writer.write(path, sound, RATE, bit_depth=bits, overwrite=True)
    before = path.read_bytes()
    sound[0, 9] = 1.001
    with pytest.raises(AudioFileError, match=r"cannot hold a peak of 1\.001: full sc"):
        audio_writer.write(path, sound, RATE, bit_depth=bits, overwrite=True)
    assert path.read_bytes() == before
    options = {"bit_depth": bits, "overwrite": True}
    levels = write_sounds([path], [[sound]], sound.shape, RATE, **options)
    assert levels.gain == pytest.approx(1 / 1.001, abs=2.0**-14)
    assert levels.peak == pytest.approx(1.001)


def test_floats_that_are_kept_may_exceed_what_wav_holds(monkeypatch, tmp_path):
    sound = 2 * noise(RATE)
    path = tmp_path / "a.flac"
    for limit, form in ((1 << 32, b"RIFF"), (1 << 16, b"RF64")):
        monkeypatch.setattr(audio_writer, "_FIELD_32", limit)
        with audio_writer.FloatStore(path, *sound.shape, RATE) as store:
            store.write(sound)
            blocks = list(store.blocks())
            (kept,) = tmp_path.iterdir()
            assert kept.read_bytes()[:4] == form
        np.testing.assert_array_equal(np.concatenate(blocks, axis=1), sound)
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize(("bits", "n_bytes"), [(16, 2), (24, 3), (32, 4)])
def test_wav_beyond_its_size_is_rf64_at_each_depth(
    monkeypatch, tmp_path, bits, n_bytes
):
    sound = 0.5 * noise(RATE)
    path = tmp_path / "a.wav"
    for limit, form in ((0, b"RIFF"), (-(1 << 16), b"RF64")):
        headers = 1 << 16
        field = sound.size * n_bytes + headers + 1 + limit
        monkeypatch.setattr(audio_writer, "_FIELD_32", field)
        audio_writer.write(path, sound, RATE, bit_depth=bits, overwrite=True)
        assert path.read_bytes()[:4] == form
        assert np.abs(audio_reader.read(path)[0] - sound).max() <= 2.0 ** -min(bits, 25)


@pytest.mark.parametrize(
    ("ending", "bits"), [*itertools.product([".wav", ".aiff"], [16, 24])]
)
def test_room_is_needed_for_floats_and_for_integers(tmp_path, ending, bits):
    """Floats are kept until the gain is known."""
    path = tmp_path / f"a{ending}"
    n_bytes = audio_writer.check_capacity(path, 2, 10 * RATE, RATE, bit_depth=bits)
    assert n_bytes == pytest.approx(20 * RATE * (4 + bits // 8), rel=0.02)
