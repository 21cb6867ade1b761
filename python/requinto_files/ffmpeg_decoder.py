# SPDX-License-Identifier: GPL-3.0-or-later
"""Decode through ffmpeg what libsndfile refuses, or say that ffmpeg is needed."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator

import numpy as np

from requinto_files import ffmpeg
from requinto_files.audio_segments import segments
from requinto_files.audio_streams import sentence
from requinto_files.downmix import check_channels, speakers_of_ffmpeg
from requinto_files.errors import AudioFileError

_READABLE = "wav, flac, ogg, opus, mp3 and aiff"
# How files of common kinds begin: the byte, the mark, and what they are
_MARKS = (
    (4, b"ftyp", "MPEG-4 (m4a, mp4, mov)"),
    (4, b"moov", "QuickTime (mov)"),
    (4, b"mdat", "QuickTime (mov)"),
    (0, b"\x1a\x45\xdf\xa3", "Matroska (webm, mkv, mka)"),
    (0, b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", "Windows Media (wma, wmv, asf)"),
    (0, b"\x0b\x77", "Dolby Digital (ac3, eac3)"),
    (0, b"\x7f\xfe\x80\x01", "DTS (dts)"),
    (0, b"\xff\xf1", "AAC (aac)"),
    (0, b"\xff\xf9", "AAC (aac)"),
    (0, b"OggS", "Ogg with a codec that libsndfile lacks"),
    (8, b"AVI ", "AVI video (avi)"),
    (0, b"FLV", "Flash video (flv)"),
    (0, b"MAC ", "Monkey's Audio (ape)"),
    (0, b"wvpk", "WavPack (wv)"),
)
_LONGEST_MARK = 16  # bytes, from the beginning of a file


class FfmpegDecoder:
    """A file that libsndfile refuses, through ffmpeg.

    Parameters
    ----------
    path : str or path
    refusal : Exception
        Of libsndfile.
    downmix : bool
        Whether there may be more than two channels, which can be mixed down.

    Attributes
    ----------
    sample_rate : int
        Hz.
    n_channels : int
    speakers : tuple of str
        Of the channels, where they are known; see `downmix`.
    n_expected : int
        0, for nothing can be said.

    Raises
    ------
    AudioFileError
        If ffmpeg does not read it either, or there are too many channels; the message
        lacks its subject.
    """

    n_expected = 0

    def __init__(
        self, path: str | os.PathLike[str], refusal: Exception, *, downmix: bool
    ) -> None:
        self._path, self._refusal = path, refusal
        with self._explain_errors():
            header = ffmpeg.read_header(path)
        self.sample_rate, self.n_channels = header.sample_rate, header.n_channels
        self.speakers = speakers_of_ffmpeg(header.layout)
        check_channels(self.n_channels, self.speakers, downmix=downmix)

    def blocks(self, problems: list[str]) -> Iterator[np.ndarray]:
        """Yield the sound from its beginning, and add what is missing of it.

        Each block `(n_channels, n_frames)`, float32, lasts until the next.
        """
        n_frames = 0
        decoding = ffmpeg.Decoding(self._path)
        with self._explain_errors(), decoding as decoder:
            for block in decoder.blocks():
                n_frames += len(block)
                yield block.T
        problems += self._framing_problems() or decoding.problems(
            n_frames / self.sample_rate
        )

    def _framing_problems(self) -> list[str]:
        with open(self._path, "rb") as file:
            parts = segments(file)
        return [problem for part in parts for problem in part.problems] or [
            f"it was cut off: it declares {part.n_missing} bytes more"
            for part in parts
            if part.n_missing
        ]

    @contextlib.contextmanager
    def _explain_errors(self) -> Iterator[None]:
        """Say beside what ffmpeg says why libsndfile did not read it."""
        try:
            yield
        except AudioFileError as error:
            raise AudioFileError(
                f"cannot be read as sound: {sentence(self._refusal)} {error}"
            ) from error


def open_with_ffmpeg(
    path: str | os.PathLike[str], refusal: Exception, *, downmix: bool
) -> FfmpegDecoder:
    """Open with ffmpeg what libsndfile refuses, else say why not.

    Raises
    ------
    AudioFileError
        As `FfmpegDecoder` does, or if ffmpeg is not installed.
    """
    if ffmpeg.is_installed():
        return FfmpegDecoder(path, refusal, downmix=downmix)
    kind = _kind_of(path)
    reason = f"it is {kind}, which" if kind else f"{sentence(refusal)} Perhaps it"
    raise AudioFileError(
        f"cannot be read as sound: {reason} is read where ffmpeg is installed, and no "
        f"ffmpeg is on the PATH; {_READABLE} are read without it"
    ) from refusal


def _kind_of(path: str | os.PathLike[str]) -> str:
    """Return what a file's content says it is, if it is of a kind that ffmpeg reads."""
    with open(path, "rb") as file:
        content = file.read(_LONGEST_MARK)
    for position, mark, kind in _MARKS:
        if content.startswith(mark, position):
            return kind
    return ""
