# SPDX-License-Identifier: GPL-3.0-or-later
"""Sound files of every kind, encoded once."""

import functools
import io
import struct
import subprocess

import pytest
import soundfile

from requinto_files import ffmpeg
from sounds import RATE, noise

needs_ffmpeg = pytest.mark.skipif(not ffmpeg.is_installed(), reason="no ffmpeg here")

SOUND = 0.3 * noise(4 * RATE)

KINDS = {
    "wav": ("WAV", "PCM_16"),
    "aiff": ("AIFF", "PCM_16"),
    "au": ("AU", "PCM_16"),
    "w64": ("W64", "PCM_16"),
    "rf64": ("RF64", "PCM_16"),
    "caf": ("CAF", "PCM_16"),
    "flac": ("FLAC", "PCM_16"),
    "ogg": ("OGG", "VORBIS"),
    "opus": ("OGG", "OPUS"),
    "mp3": ("MP3", "MPEG_LAYER_III"),
}


@functools.lru_cache(maxsize=64)
def encode_song(kind):
    """Return the bytes of a file of a kind that holds `SOUND`."""
    return encode_sound(kind, SOUND)


def encode_sound(kind, sound, rate=RATE):
    """Return the bytes of a file of a kind."""
    form, subtype = KINDS[kind]
    file = io.BytesIO()
    rate = 48000 if subtype == "OPUS" else rate
    # By blocks: a whole song at once overflows libvorbis' stack
    with soundfile.SoundFile(
        *(file, "w", rate, len(sound)), format=form, subtype=subtype
    ) as opened:
        for start in range(0, sound.shape[1], 1 << 16):
            opened.write(sound[:, start : start + (1 << 16)].T)
    return file.getvalue()


def write_file(folder, content, name="song"):
    path = folder / name
    path.write_bytes(content)
    return path


def with_data_size(content, size):
    """Return a WAV file whose header says that so many bytes of sound follow."""
    index = content.index(b"data") + 4
    return content[:index] + struct.pack("<I", size) + content[index + 4 :]


def encode_by_ffmpeg(wav, path, *options):
    """Have ffmpeg code a file."""
    command = ["ffmpeg", "-v", "error", "-y", "-i", wav, *options, path]
    subprocess.run(command, check=True)
    return path
