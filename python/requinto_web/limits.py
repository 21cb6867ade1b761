# SPDX-License-Identifier: GPL-3.0-or-later
"""What one server accepts, and how much it takes of its machine."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from requinto.audio import SHORTEST_S
from requinto.errors import ConfigError

MIN_REFERENCE_S = SHORTEST_S
MAX_REFERENCE_S = 300.0  # a reference is held in memory
MAX_REFERENCES = 20  # of a song
MAX_EXTRACTIONS = 50  # of a song
_BYTES_PER_FRAME = 8  # of two channels, float32
_MAX_RATE_HZ = 192_000


class Settings(NamedTuple):
    """How a server is set up."""

    folder: Path
    hosts: tuple[str, ...] = ()  # names that it answers to, besides local ones
    max_bytes: int = 200_000_000  # of an upload
    max_duration_s: float = 1800.0  # of a song
    kept_s: float = 24 * 3600.0  # from when a song was sent or extracted from
    max_disk_bytes: int = 20_000_000_000  # of all songs and what is made of them
    max_waiting: int = 16  # songs that arrive or wait, and extractions that wait
    n_decoders: int = 2  # files that are decoded at one time
    decoding_memory_bytes: int = 1 << 30
    decoding_s: float = 600.0  # that a file may take to decode

    def max_wav_bytes(self) -> int:
        """Return how large a decoded song may become."""
        return int(self.max_duration_s * _MAX_RATE_HZ * _BYTES_PER_FRAME)


def check_settings(settings: Settings) -> Settings:
    """Return settings that are accepted, or raise `ConfigError`."""
    limits = {
        "the largest size": settings.max_bytes,
        "the longest duration": settings.max_duration_s,
        "the time songs are kept": settings.kept_s,
        "the room on the disk": settings.max_disk_bytes,
    }
    for name, value in limits.items():
        if not 0 < value < 1e15:  # which not-a-number is not either
            raise ConfigError(f"{name} must be above 0 and below 1e15, got {value}")
    return settings
