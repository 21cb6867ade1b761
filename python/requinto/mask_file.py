# SPDX-License-Identifier: GPL-3.0-or-later
"""Masks of clips in a file, so that a song is rendered again without the network.

A record holds one mask, under a name that is a checksum of all that the mask depends
on: a file that is of another song, model or query, or damaged, or cut off, simply lacks
the records that are wanted. Records lie one after the other: name, shape, scale,
samples, checksum.

Samples are fourth roots of 16 bits. A sensitivity raises a mask to a power from 1/4 to
4, for which roots are exact enough at both ends: what is rendered is within -80 dB of
what the masks themselves give. Half precision would be at -44 dB, 8 bits at -10 dB.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import os
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import numpy as np

from requinto_files.output_files import (
    UnfinishedFile,
    check_output,
    unfinished_file,
)

NAME_SIZE = 32  # bytes
# Another number whenever masks, or names, are computed in another way
_MAGIC = b"requinto masks 1\n"
_HEADER = struct.Struct(f"<{NAME_SIZE}sIIIf")  # name, shape, scale
_CHECKSUM_SIZE = 16  # bytes
_SAMPLE = np.dtype("<u2")
_FULL = np.float32(np.iinfo(_SAMPLE).max)


@contextlib.contextmanager
def open_masks(path: Path | None) -> Iterator[MaskFile | None]:
    """Open the masks that a file holds, if any; where masks are added, replace it.

    It is replaced when the context ends, and not where anything is raised in it. Then
    it holds the masks that were read or added meanwhile.

    Raises
    ------
    AudioFileError
        If there is no room for the masks, or no file can be at the path.
    """
    if path is None:
        yield None
        return
    check_output(path, overwrite=True)
    with MaskFile(path) as masks:
        yield masks


class MaskFile:
    """The masks in a file, and those to add; a context: see `open_masks`."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._used: dict[bytes, None] = {}  # names, in the order in which they are used
        self._stack = contextlib.ExitStack()
        self._unfinished: tuple[UnfinishedFile, BinaryIO] | None = None

    def __enter__(self) -> MaskFile:
        self._earlier = self._stack.enter_context(_open(self._path))
        self._records = dict(_records(self._earlier))
        return self

    def __exit__(self, kind: object, *exception: object) -> None:
        with self._stack:
            if kind is None and self._unfinished:
                unfinished, file = self._unfinished
                with unfinished.explain_errors():
                    file.close()
                self._earlier.close()  # some systems replace no file that is open
                unfinished.publish(overwrite=True)

    def read(self, name: bytes, shape: tuple[int, int, int]) -> np.ndarray | None:
        """Return a mask, float32, or None where it is not there or damaged."""
        record = self._record(name)
        if not record:
            return None
        _, *there, scale = _HEADER.unpack_from(record)
        if tuple(there) != shape:
            return None
        if name not in self._used:  # clips may be alike
            self._used[name] = None
            if self._unfinished:
                self._write(record)
        samples = np.frombuffer(record[_HEADER.size : -_CHECKSUM_SIZE], _SAMPLE)
        roots = samples.reshape(shape) / _FULL
        return np.asarray(np.square(np.square(roots)) * np.float32(scale))

    def add(self, name: bytes, mask: np.ndarray) -> None:
        """Write a mask `(n_columns, n_bands, n_channels)` under a name.

        Raises
        ------
        AudioFileError
            If there is no room for it.
        """
        if name in self._used:
            return
        if not self._unfinished:
            self._start()
        scale = np.max(mask, initial=np.float32(1))
        roots = np.sqrt(np.sqrt(np.maximum(mask, 0) / scale))
        header = _HEADER.pack(name, *mask.shape, scale)
        content = header + np.round(roots * _FULL).astype(_SAMPLE).tobytes()
        self._used[name] = None
        self._write(content + _checksum(content))

    def _start(self) -> None:
        """Begin a file, with the masks that were read so far."""
        unfinished = self._stack.enter_context(unfinished_file(self._path))
        with unfinished.explain_errors():
            file = self._stack.enter_context(_created(unfinished.name))
        self._unfinished = unfinished, file
        self._write(_MAGIC)
        for name in self._used:
            self._write(self._record(name))

    def _write(self, content: bytes) -> None:
        assert self._unfinished
        unfinished, file = self._unfinished
        with unfinished.explain_errors():
            file.write(content)

    def _record(self, name: bytes) -> bytes:
        """Return a whole record, or nothing."""
        if name not in self._records:
            return b""
        start, size = self._records[name]
        try:
            self._earlier.seek(start)
            record = self._earlier.read(size)
        except OSError:
            return b""
        content, checksum = record[:-_CHECKSUM_SIZE], record[-_CHECKSUM_SIZE:]
        return record if checksum == _checksum(content) else b""


def _records(file: BinaryIO) -> Iterator[tuple[bytes, tuple[int, int]]]:
    """Yield the name of each record, where it begins, and its bytes."""
    with contextlib.suppress(OSError):
        n_bytes = file.seek(0, os.SEEK_END)
        file.seek(0)
        start = len(_MAGIC) if file.read(len(_MAGIC)) == _MAGIC else n_bytes
        while start + _HEADER.size <= n_bytes:
            file.seek(start)
            name, *shape, _ = _HEADER.unpack(file.read(_HEADER.size))
            n_samples = shape[0] * shape[1] * shape[2]
            size = _HEADER.size + n_samples * _SAMPLE.itemsize + _CHECKSUM_SIZE
            if start + size > n_bytes:
                return
            yield name, (start, size)
            start += size


def _open(path: Path) -> BinaryIO:
    """Return the file, or an empty one where it cannot be read."""
    try:
        return open(path, "rb")
    except OSError:
        return io.BytesIO()


@contextlib.contextmanager
def _created(name: str) -> Iterator[BinaryIO]:
    """Open a file to write; whatever fails when it is closed here is not needed."""
    file = open(name, "wb")  # noqa: SIM115
    try:
        yield file
    finally:
        with contextlib.suppress(OSError):
            file.close()


def _checksum(content: bytes) -> bytes:
    return hashlib.blake2b(content, digest_size=_CHECKSUM_SIZE).digest()
