# SPDX-License-Identifier: GPL-3.0-or-later
"""Read through the program ffmpeg, where it is installed, what libsndfile cannot."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import struct
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np

from requinto_files.errors import AudioFileError

_BLOCK = 1 << 16  # frames
_LIMIT_S = 60.0  # seconds of waiting for any file; a longer decoder hangs
_SLOWEST = 50e3  # bytes of a file each second, on the weakest of machines
_AU_HEADER = struct.Struct(">4sIIIII")  # of Sun's format, simple enough to read here
# Kinds that a file shows by itself: no lists of other files, which ffmpeg would read,
# and no headerless codes, for which it takes noise
_FORMATS = (
    *("aac", "ac3", "aiff", "amr", "ape", "asf", "au", "avi", "caf"),
    *("dsf", "dts", "dtshd", "eac3", "flac", "flv", "iff", "ircam", "libopenmpt"),
    *("loas", "matroska", "mlp", "mov", "mp3", "mpc", "mpc8", "mpeg", "mpegts", "mxf"),
    *("nistsphere", "nut", "ogg", "oma", "pvf", "qcp", "rm", "shn", "sox", "tak"),
    *("truehd", "tta", "voc", "vqf", "w64", "wav", "wsd", "wtv", "wv", "xwma"),
)
_SHORT_S = 0.5  # seconds; less may be the padding of a coder
# What it says of the first sound of a file: its rate, and then its channels
_LAYOUT = re.compile(r"Stream #0:\d+.*: Audio: .* Hz, ([^,\n]+)")
_NO_STREAM = "matches no streams"
_DURATION = re.compile(r"Duration: (\d+):(\d+):(\d+\.\d+)")
_TAGGED = re.compile(
    r"^(?:\[[^\]]* @ [^\]]*\] )?\[(?:error|fatal)\] (.*)$", re.MULTILINE
)


class Decoder(NamedTuple):
    """A running ffmpeg that has said what comes."""

    read: Callable[[int], bytes]  # big-endian float32, interleaved
    sample_rate: int  # Hz
    n_channels: int

    def blocks(self) -> Iterator[np.ndarray]:
        """Yield blocks `(n_frames, n_channels)`, to the end."""
        size = 4 * self.n_channels * _BLOCK
        while content := self.read(size):
            whole = len(content) - len(content) % (4 * self.n_channels)
            yield np.frombuffer(content[:whole], ">f4").reshape(-1, self.n_channels)


class Decoding:
    """A sound file that ffmpeg decodes; a context that yields its `Decoder`.

    Parameters
    ----------
    path : str or path

    Raises
    ------
    AudioFileError
        On entering, if ffmpeg reads no sound there; on leaving, if it ended with an
        error or took far too long.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self._path = Path(path)
        self._messages = ""
        self._limit_s = _LIMIT_S + self._path.stat().st_size / _SLOWEST
        self._left_s = self._limit_s
        self._timed_out = False

    def __enter__(self) -> Decoder:
        self._stack = contextlib.ExitStack()
        self._log = self._stack.enter_context(tempfile.TemporaryFile())
        self._process = self._start()
        try:
            return self._read_header()
        except BaseException as error:
            self.__exit__(type(error), error, None)
            raise

    def _start(self) -> subprocess.Popen[bytes]:
        # A name with the protocol is never taken for an option or an address
        return subprocess.Popen(
            [
                *("ffmpeg", "-nostdin", "-hide_banner", "-nostats"),
                *("-loglevel", "level+info", "-protocol_whitelist", "file"),
                *("-format_whitelist", ",".join(_FORMATS)),
                *("-i", f"file:{os.fspath(self._path)}", "-map", "0:a:0"),
                *("-f", "au", "-codec:a", "pcm_f32be", "-protocol_whitelist", "pipe"),
                "pipe:1",
            ],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=self._log,
        )

    def _read_header(self) -> Decoder:
        header = self._read(_AU_HEADER.size)
        if len(header) < _AU_HEADER.size:
            self._end()
            if self._timed_out:
                raise self._too_long()
            raise AudioFileError(f"ffmpeg reads no sound there: {self._reason()}")
        _, n_bytes, _, _, rate, n_channels = _AU_HEADER.unpack(header)
        self._read(n_bytes - _AU_HEADER.size)
        return Decoder(self._read, rate, n_channels)

    @property
    def layout(self) -> str:
        """How ffmpeg, which has ended, called the layout of the channels, if it did."""
        layout = _LAYOUT.search(self._messages)
        return layout[1].strip() if layout else ""

    def _read(self, n_bytes: int) -> bytes:
        """Wait for bytes; only this counts, not what is done with them meanwhile."""
        assert self._process.stdout is not None
        timer = threading.Timer(self._left_s, self._give_up)
        timer.daemon = True
        timer.start()
        start = time.monotonic()
        try:
            return self._process.stdout.read(n_bytes)
        finally:
            timer.cancel()
            self._left_s = max(0.0, self._left_s - (time.monotonic() - start))

    def _give_up(self) -> None:
        self._timed_out = True
        self._process.kill()

    def __exit__(self, kind: type[BaseException] | None, *exception: object) -> None:
        if kind:
            self._process.kill()
        status = self._end()
        if self._timed_out and not kind:
            raise self._too_long()
        if status and not kind:
            raise AudioFileError(f"ffmpeg failed: {self._reason()}")

    def problems(self, duration_s: float) -> tuple[str, ...]:
        """Return what ffmpeg said is wrong with a file that gave so many seconds."""
        errors = _TAGGED.findall(self._messages)
        if errors:
            return (f"ffmpeg says that it is damaged or cut off: {errors[0].strip()}",)
        declared = _DURATION.search(self._messages)
        if declared and "Estimating duration" not in self._messages:
            hours, minutes, seconds = map(float, declared.groups())
            declared_s = 3600 * hours + 60 * minutes + seconds
            if duration_s < declared_s - _SHORT_S:
                return (
                    f"it was cut off: it declares {declared_s:.2f} s and holds "
                    f"{duration_s:.2f} s",
                )
        return ()

    def _end(self) -> int:
        assert self._process.stdout is not None
        self._process.stdout.close()
        status = self._process.wait()
        if not self._log.closed:
            self._log.seek(0)
            self._messages = self._log.read().decode(errors="replace")
        self._stack.close()
        return status

    def _too_long(self) -> AudioFileError:
        return AudioFileError(f"ffmpeg took longer than {self._limit_s:.3g} s")

    def _reason(self) -> str:
        errors = _TAGGED.findall(self._messages) or ["it does not say why"]
        if any(_NO_STREAM in error for error in errors):
            return "it has no audio stream"
        last = errors[-1].strip()
        # Its last line begins with the name of the file, which the caller says too
        return last.removeprefix(f"file:{os.fspath(self._path)}: ")


class Header(NamedTuple):
    """What ffmpeg says of a sound before it gives any."""

    sample_rate: int  # Hz
    n_channels: int
    layout: str  # as ffmpeg names it; empty where it names none


def read_header(path: str | os.PathLike[str]) -> Header:
    """Return the rate and the channels of the sound that ffmpeg gives.

    Raises
    ------
    AudioFileError
        If ffmpeg reads no sound there.
    """
    decoding = Decoding(path)
    decoder = decoding.__enter__()
    decoding.__exit__(GeneratorExit)  # it is ended, whatever it was about to say
    return Header(decoder.sample_rate, decoder.n_channels, decoding.layout)


def is_installed() -> bool:
    """Return whether there is an ffmpeg to be run."""
    return shutil.which("ffmpeg") is not None
