# SPDX-License-Identifier: GPL-3.0-or-later
"""Mix several channels down to stereo.

Source: ITU-R BS.775-3, annex 4: to each side go its front channels, the centre and the
surrounds of that side at -3 dB; a single surround, which belongs to both sides, goes to
each at -6 dB; the low-frequency effects go to neither. Nothing is scaled to fit.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from requinto_files.errors import AudioFileError

MAX_CHANNELS = 2  # without a downmix
_MINUS_3_DB = 0.5**0.5
# Gains to the left and to the right, by the names that libsndfile gives to speakers
_GAINS = {
    **{"L": (1.0, 0.0), "R": (0.0, 1.0), "C": (_MINUS_3_DB, _MINUS_3_DB)},
    **{"Lc": (1.0, 0.0), "Rc": (0.0, 1.0)},
    **dict.fromkeys(("Ls", "Sl", "Rls"), (_MINUS_3_DB, 0.0)),
    **dict.fromkeys(("Rs", "Sr", "Rrs"), (0.0, _MINUS_3_DB)),
    **{"Cs": (0.5, 0.5), "LFE": (0.0, 0.0)},
}
# The layouts that a number of channels stands for where a file names none: in WAV, FLAC
# (RFC 9639, section 9.1.3) and whatever follows them, and in Vorbis I (section 4.3.9)
# and Opus (RFC 7845, section 5.1.1.2)
_DEFAULT = {
    3: "L R C",
    4: "L R Ls Rs",
    5: "L R C Ls Rs",
    6: "L R C LFE Ls Rs",
    7: "L R C LFE Cs Sl Sr",
    8: "L R C LFE Ls Rs Sl Sr",
}
_OGG = {
    3: "L C R",
    4: "L R Ls Rs",
    5: "L C R Ls Rs",
    6: "L C R Ls Rs LFE",
    7: "L C R Sl Sr Cs LFE",
    8: "L C R Sl Sr Ls Rs LFE",
}
# What libsndfile's log says of the layout that a header names
_NAMED = re.compile(r"^ *(?:Channel Mask|Layout) *:.*\(([^()]+)\)", re.MULTILINE)
# How ffmpeg names layouts; it keeps their channels in the order of WAV
_OF_FFMPEG = {
    **{"2.1": "L R LFE", "3.0": "L R C", "3.0(back)": "L R Cs", "3.1": "L R C LFE"},
    **{"4.0": "L R C Cs", "4.1": "L R C LFE Cs"},
    **{"quad": "L R Ls Rs", "quad(side)": "L R Sl Sr"},
    **{"5.0": "L R C Ls Rs", "5.0(side)": "L R C Sl Sr"},
    **{"5.1": "L R C LFE Ls Rs", "5.1(side)": "L R C LFE Sl Sr"},
    **{"6.0": "L R C Cs Sl Sr", "6.1": "L R C LFE Cs Sl Sr"},
    **{"hexagonal": "L R C Ls Rs Cs", "6.1(back)": "L R C LFE Ls Rs Cs"},
    **{"7.0": "L R C Ls Rs Sl Sr", "7.1": "L R C LFE Ls Rs Sl Sr"},
    **{"7.1(wide)": "L R C LFE Ls Rs Lc Rc", "7.1(wide-side)": "L R C LFE Lc Rc Sl Sr"},
}


def speakers_in(n_channels: int, form: str, log: str) -> tuple[str, ...]:
    """Return the speakers of a file's channels, or none where they are not known.

    Parameters
    ----------
    n_channels : int
    form : str
        How soundfile calls the format, such as "OGG".
    log : str
        What libsndfile says of the header.
    """
    for names in _NAMED.findall(log):
        speakers = tuple(names.split(", "))
        # Of one layout libsndfile's own list names one speaker twice
        if len(set(speakers)) == n_channels:
            return speakers
    layouts = _OGG if form == "OGG" else _DEFAULT
    return tuple(layouts.get(n_channels, "").split())


def speakers_of_ffmpeg(layout: str) -> tuple[str, ...]:
    """Return the speakers of a layout that ffmpeg names, or none if it is not known."""
    return tuple(_OF_FFMPEG.get(layout, "").split())


def check_channels(n_channels: int, speakers: Sequence[str], *, downmix: bool) -> None:
    """Raise `AudioFileError`, without a subject, if there are too many channels.

    Parameters
    ----------
    n_channels : int
    speakers : sequence of str
        Where their sound belongs; none if that is not known.
    downmix : bool
        Whether more than two may be mixed down.
    """
    if n_channels <= MAX_CHANNELS:
        return
    if not downmix:
        raise AudioFileError(
            f"has {n_channels} channels; 1 or 2 channels are accepted without a "
            "downmix. Mix them down first, for example: ffmpeg -i SONG -ac 2 STEREO.wav"
        )
    if len(speakers) != n_channels or not set(speakers) <= set(_GAINS):
        raise AudioFileError(
            f"has {n_channels} channels in a layout that is not known, so they cannot "
            "be mixed down; choose two, for example the first: "
            'ffmpeg -i SONG -af "pan=stereo|c0=c0|c1=c1" STEREO.wav'
        )


def downmix_matrix(speakers: Sequence[str]) -> np.ndarray:
    """Return the gains `(2, n_channels)`, float32, that make stereo of channels.

    Parameters
    ----------
    speakers : sequence of str
        As `check_channels` accepts them.
    """
    return np.array([_GAINS[name] for name in speakers], np.float32).T
