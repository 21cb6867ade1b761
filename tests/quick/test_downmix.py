# SPDX-License-Identifier: GPL-3.0-or-later
"""Several channels become stereo by ITU-R BS.775, whatever order a format has."""

import subprocess
import tracemalloc

import numpy as np
import pytest
import soundfile

from encoded_sounds import encode_by_ffmpeg, needs_ffmpeg
from requinto.errors import AudioFileError
from requinto_files import audio_reader, audio_writer, downmix
from sounds import noise

RATE = 48000
N_TONE = 2400  # frames
N_SLOT = 2 * N_TONE  # frames in which one channel sounds alone, and then none
HALF, QUARTER = 0.5**0.5, 0.5  # -3 and -6 dB
# Gains to the left and right of the channels of a file, in the order of WAV and FLAC
STEREO = {
    3: [(1, 0), (0, 1), (HALF, HALF)],
    4: [(1, 0), (0, 1), (HALF, 0), (0, HALF)],
    5: [(1, 0), (0, 1), (HALF, HALF), (HALF, 0), (0, HALF)],
    6: [(1, 0), (0, 1), (HALF, HALF), (0, 0), (HALF, 0), (0, HALF)],
    7: [(1, 0), (0, 1), (HALF, HALF), (0, 0), (0.5, 0.5), (HALF, 0), (0, HALF)],
    8: [(1, 0), (0, 1), (HALF, HALF), (0, 0), *[(HALF, 0), (0, HALF)] * 2],
}
# The same in the order of Vorbis and Opus, by the specification of Vorbis I
OGG = {
    3: [(1, 0), (HALF, HALF), (0, 1)],
    4: STEREO[4],
    5: [(1, 0), (HALF, HALF), (0, 1), (HALF, 0), (0, HALF)],
    6: [(1, 0), (HALF, HALF), (0, 1), (HALF, 0), (0, HALF), (0, 0)],
    7: [(1, 0), (HALF, HALF), (0, 1), (HALF, 0), (0, HALF), (0.5, 0.5), (0, 0)],
    8: [(1, 0), (HALF, HALF), (0, 1), *[(HALF, 0), (0, HALF)] * 2, (0, 0)],
}
COUNTS = sorted(STEREO)
# What libsndfile writes, with how far it changes a sound
WRITTEN = [
    *(("WAV", "FLOAT", 1e-6), ("WAVEX", "PCM_16", 1e-4), ("FLAC", "PCM_24", 1e-4)),
    *(("AIFF", "FLOAT", 1e-6), ("CAF", "PCM_16", 1e-4), ("W64", "PCM_16", 1e-4)),
    *(("OGG", "VORBIS", 0.05), ("OGG", "OPUS", 0.05)),
]


def one_by_one(n_channels):
    """Return a tone of level 0.5 in each channel, one after another."""
    phase = 2 * np.pi * 100 * np.arange(N_TONE) / RATE  # low, for the effects too
    slot = np.zeros(N_SLOT)
    slot[N_TONE // 2 :][:N_TONE] = 0.5 * np.sin(phase) * np.hanning(N_TONE)
    return np.kron(np.eye(n_channels), slot).astype(np.float32)


def read_gains(path, n_channels):
    """Return the gain of each channel to the left and right, `(n_channels, 2)`.

    From levels, for coders delay.
    """
    recording = audio_reader.read_available(path, downmix=True)
    assert recording.problems == ()
    assert recording.sample_rate == RATE
    slot = one_by_one(1)[0]
    slots = recording.samples[:, : n_channels * N_SLOT].reshape(2, n_channels, N_SLOT)
    levels = np.linalg.norm(slots, axis=2) / np.linalg.norm(slot)
    return levels.T


def with_mask(path, mask, sound):
    """Write WAV whose header names the speakers of its channels."""
    soundfile.write(path, sound.T, RATE, "PCM_16", format="WAVEX")
    content = bytearray(path.read_bytes())
    position = content.index(b"fmt ") + 8 + 20
    content[position : position + 4] = mask.to_bytes(4, "little")
    path.write_bytes(content)
    return path


@pytest.mark.parametrize(("form", "subtype", "tolerance"), WRITTEN)
@pytest.mark.parametrize("n_channels", COUNTS)
def test_each_channel_goes_where_it_belongs(
    tmp_path, form, subtype, tolerance, n_channels
):
    path = tmp_path / "song"
    sound = one_by_one(n_channels)
    soundfile.write(path, sound.T, RATE, subtype, format=form)
    expected = (OGG if form == "OGG" else STEREO)[n_channels]
    if (form, n_channels) == ("WAVEX", 8):
        expected = [*STEREO[6], (1, 0), (0, 1)]  # which libsndfile names in it
    gains = read_gains(path, n_channels)
    np.testing.assert_allclose(gains, expected, atol=tolerance)
    with audio_reader.open_sound(path, downmix=True) as reader:
        assert (reader.n_channels, reader.n_channels_in_file) == (2, n_channels)


@pytest.mark.parametrize("n_channels", [1, 2])
def test_mono_and_stereo_stay_as_they_are(tmp_path, n_channels):
    sound = noise(RATE, n_channels)
    audio_writer.write(tmp_path / "song.wav", sound, RATE)
    recording = audio_reader.read_available(tmp_path / "song.wav", downmix=True)
    np.testing.assert_array_equal(recording.samples, sound)
    with audio_reader.open_sound(tmp_path / "song.wav") as reader:
        assert reader.n_channels == reader.n_channels_in_file == n_channels


def test_nothing_is_scaled_to_fit(tmp_path):
    """And no channel is inverted."""
    path = tmp_path / "song.wav"
    soundfile.write(path, np.ones((RATE, 6), np.float32), RATE, "FLOAT")
    samples = audio_reader.read_available(path, downmix=True).samples
    np.testing.assert_allclose(samples, 1 + 2 * HALF, rtol=1e-6)


# Of the masks in WAV, with ffmpeg's names for them
MASKS = [
    ("2.1", 0x00B, [(1, 0), (0, 1), (0, 0)]),
    ("3.0", 0x007, STEREO[3]),
    ("3.0(back)", 0x103, [(1, 0), (0, 1), (0.5, 0.5)]),
    ("quad", 0x033, STEREO[4]),
    ("quad(side)", 0x603, STEREO[4]),
    ("4.0", 0x107, [(1, 0), (0, 1), (HALF, HALF), (0.5, 0.5)]),
    ("5.0(side)", 0x607, STEREO[5]),
    ("5.1(side)", 0x60F, STEREO[6]),
    ("hexagonal", 0x137, [*STEREO[5], (0.5, 0.5)]),
    ("6.1", 0x70F, STEREO[7]),
    ("6.1(back)", 0x13F, [*STEREO[6], (0.5, 0.5)]),
    ("7.1", 0x63F, STEREO[8]),
    ("7.1(wide)", 0x0FF, [*STEREO[6], (1, 0), (0, 1)]),
]


@pytest.mark.parametrize(("name", "mask", "gains"), MASKS)
def test_speakers_that_a_header_names(tmp_path, name, mask, gains):
    path = with_mask(tmp_path / "song.wav", mask, one_by_one(len(gains)))
    np.testing.assert_allclose(read_gains(path, len(gains)), gains, atol=1e-3)


# MOV through ffmpeg; in CAF libsndfile knows the layouts that have a name
OTHERS = [
    (ending, mask, gains)
    for ending in ("mov", "w64", "caf")
    for name, mask, gains in MASKS
    if name in ("4.0", "5.1(side)")
]
# How ffmpeg calls the speakers
OF_FFMPEG = {
    **{"FL": "L", "FR": "R", "FC": "C", "LFE": "LFE", "FLC": "Lc", "FRC": "Rc"},
    **{"BL": "Ls", "BR": "Rs", "BC": "Cs", "SL": "Sl", "SR": "Sr"},
}


@pytest.mark.parametrize(("ending", "mask", "gains"), OTHERS)
@needs_ffmpeg
def test_speakers_of_other_kinds(tmp_path, ending, mask, gains):
    source = with_mask(tmp_path / "source.wav", mask, one_by_one(len(gains)))
    path = encode_by_ffmpeg(
        source, tmp_path / f"song.{ending}", "-codec:a", "pcm_s16le"
    )
    np.testing.assert_allclose(read_gains(path, len(gains)), gains, atol=1e-3)


@needs_ffmpeg
def test_layouts_that_ffmpeg_names_are_its_own():
    command = ["ffmpeg", "-v", "error", "-layouts"]
    listed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    layouts = dict(line.split() for line in listed.splitlines() if "+" in line)
    n_known = 0
    for name, speakers in layouts.items():
        if known := downmix.speakers_of_ffmpeg(name):
            assert known == tuple(OF_FFMPEG[each] for each in speakers.split("+"))
            n_known += 1
    assert n_known >= len(MASKS)
    assert all(downmix.speakers_of_ffmpeg(name) for name, _, _ in MASKS)


def test_speakers_that_belong_nowhere_are_refused(tmp_path):
    path = with_mask(tmp_path / "song.wav", 0x500F, noise(RATE, 6))  # two at the top
    with pytest.raises(AudioFileError, match=r"6 channels in a layout that is not"):
        audio_reader.read_available(path, downmix=True)


@pytest.mark.parametrize(
    ("name", "options", "tolerance"),
    [
        ("song.ac3", ("-b:a", "640k"), 0.05),
        ("song.m4a", ("-b:a", "512k"), 0.05),
        ("song.ogg", ("-codec:a", "libvorbis", "-q:a", "8"), 0.05),
        ("song.opus", ("-codec:a", "libopus", "-b:a", "512k"), 0.05),
    ],
)
@needs_ffmpeg
def test_surround_as_ffmpeg_writes_it(tmp_path, name, options, tolerance):
    """Ogg, whose order is another, libsndfile reads."""
    source = tmp_path / "source.wav"
    soundfile.write(source, one_by_one(6).T, RATE, "FLOAT")
    path = encode_by_ffmpeg(source, tmp_path / name, *options)
    np.testing.assert_allclose(read_gains(path, 6), STEREO[6], atol=tolerance)


# Of 16 channels ffmpeg names a layout
@pytest.mark.parametrize(
    ("name", "n_channels"), [("song.wav", 9), ("song.wav", 64), ("song.mka", 16)]
)
@needs_ffmpeg
def test_unknown_layouts_are_refused(tmp_path, name, n_channels):
    path = tmp_path / "song.wav"
    soundfile.write(path, noise(N_SLOT, n_channels).T, RATE, "FLOAT")
    if name == "song.mka":
        path = encode_by_ffmpeg(path, tmp_path / name, "-codec:a", "pcm_f32le")
    with pytest.raises(AudioFileError, match=rf"has {n_channels} .*layout that is not"):
        audio_reader.read_available(path, downmix=True)
    with pytest.raises(AudioFileError, match=r"1 or 2 .* without a downmix.*ffmpeg -i"):
        audio_reader.read_available(path)
    # What the error says can be done
    stereo = encode_by_ffmpeg(
        path, tmp_path / "stereo.wav", "-af", "pan=stereo|c0=c0|c1=c1"
    )
    assert len(audio_reader.read(stereo)[0]) == 2


def test_streams_that_differ_are_refused(tmp_path):
    contents = []
    for n_channels in (6, 4):
        soundfile.write(tmp_path / "a.wav", noise(RATE, n_channels).T, RATE)
        contents.append((tmp_path / "a.wav").read_bytes())
    (tmp_path / "a.wav").write_bytes(b"".join(contents))
    with pytest.raises(AudioFileError, match="streams that differ: 6 channels"):
        audio_reader.read_available(tmp_path / "a.wav", downmix=True)


def test_memory_does_not_grow_with_the_file(tmp_path):
    peaks = []
    for seconds in (3, 12):
        path = tmp_path / f"{seconds}.wav"
        sound = np.zeros((seconds * RATE, 6), np.float32)
        soundfile.write(path, sound, RATE, "PCM_16")
        with audio_reader.open_sound(path, downmix=True) as reader:
            tracemalloc.start()
            for _ in reader.blocks():
                pass
            peaks.append(tracemalloc.get_traced_memory()[1])
            tracemalloc.stop()
    assert peaks[1] < 1.2 * peaks[0]
