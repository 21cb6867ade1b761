# SPDX-License-Identifier: GPL-3.0-or-later
"""What is written as mp3 comes back as long as it was, and on the same samples."""

import numpy as np
import pytest
import soundfile

from encoded_sounds import needs_ffmpeg
from requinto_files import audio_reader, audio_writer, ffmpeg
from sounds import noise

RATES = (8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000)
# Around the 1152 frames that are coded together, and the padding of a coder
LENGTHS = (1, 1152, 1153, 2257, 12_003)


def muffled(n_frames, n_channels=2):
    """Return noise without the highest octave, which coders leave out."""
    sound = 0.2 * noise(n_frames + 16, n_channels)
    shape = np.hanning(17)
    rows = [np.convolve(row, shape / shape.sum(), "valid") for row in sound]
    return np.array(rows, np.float32)


def lag_of(sound, read):
    """Return by how many frames what is read is late."""
    size = 2 * sound.shape[1]
    spectra = np.conj(np.fft.rfft(sound, size)) * np.fft.rfft(read, size)
    lag = int(np.argmax(np.fft.irfft(spectra.sum(axis=0), size)))
    return lag if lag < size // 2 else lag - size


@pytest.mark.parametrize("n_frames", LENGTHS)
@pytest.mark.parametrize(
    ("rate", "n_channels"), [*((rate, 2) for rate in RATES), (44100, 1), (16000, 1)]
)
def test_mp3_comes_back_on_the_same_samples(tmp_path, rate, n_frames, n_channels):
    sound = muffled(n_frames, n_channels)
    path = tmp_path / "sound.mp3"
    audio_writer.write(path, sound, rate)
    read, read_rate, problems, _ = audio_reader.read_available(path)
    assert (read.shape, read_rate, problems) == (sound.shape, rate, ())
    if n_frames > 2000:
        assert lag_of(sound, read) == 0
        assert np.square(read - sound).sum() < 0.03 * np.square(sound).sum()


@pytest.mark.parametrize(("rate", "kbit_s"), [(32000, 320), (22050, 160), (12000, 64)])
def test_the_bit_rate_is_the_highest(tmp_path, rate, kbit_s):
    path = tmp_path / "sound.mp3"
    audio_writer.write(path, muffled(3 * rate), rate)
    assert path.stat().st_size * 8 / 3 / 1000 == pytest.approx(kbit_s, rel=0.06)


@needs_ffmpeg
@pytest.mark.parametrize("rate", [22050, 44100])
def test_other_decoders_align_it_too(tmp_path, rate):
    sound = muffled(20_077)
    path = tmp_path / "sound.mp3"
    audio_writer.write(path, sound, rate)
    with ffmpeg.Decoding(path) as decoder:
        read = np.concatenate(list(decoder.blocks())).T
    n_frames = min(sound.shape[1], read.shape[1])
    assert read.shape[1] == sound.shape[1]
    assert lag_of(sound[:, :n_frames], read[:, :n_frames]) == 0


def test_a_whole_song_in_blocks(tmp_path):
    """As `write_sounds` writes it, and with sizes that libsndfile reads too."""
    sound = muffled(25_000)
    path = tmp_path / "sound.mp3"
    with audio_writer.SoundWriter(path, *sound.shape, 44100) as writer:
        for start in range(0, sound.shape[1], 9999):
            writer.write(sound[:, start : start + 9999])
        writer.finish()
        writer.publish()
    assert soundfile.info(path).frames == sound.shape[1]
    assert lag_of(sound, audio_reader.read(path)[0]) == 0
