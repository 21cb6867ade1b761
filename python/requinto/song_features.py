# SPDX-License-Identifier: GPL-3.0-or-later
"""The features of `rhythm.py` of a whole song, kept in a file while it is tracked."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Callable, Iterator

import numpy as np

from requinto.config import RhythmConfig
from requinto.errors import RequintoError, reason_of
from requinto.rhythm import (
    analyse,
    count_columns,
    harmony_distances,
    scale_bands,
    without_silence,
)
from requinto.song import Song, SongWindow
from requinto_files.environment import prepare_temporary_folder

_IN_MEMORY = 1 << 22  # bytes, of four minutes; beyond, a file takes them


class SongFeatures:
    """What `rhythm.features` returns, read by slices; a context.

    The song is read once. The levels of the song and of its harmony are known at its
    end, so they are applied when columns are read.

    Parameters
    ----------
    song : Song
    config : RhythmConfig
    progress : callable
        Called with the share of the song that was read, from 0 to 1.
    """

    def __init__(
        self, song: Song, config: RhythmConfig, progress: Callable[[float], None]
    ) -> None:
        n_distances = 2 * len(config.change_s)
        self._row = np.dtype(
            [
                ("bands", "f4", config.n_bands),
                ("distances", "f4", n_distances),
                ("scales", "f8", n_distances),
            ]
        )
        self._n_columns = count_columns(song.n_frames, song.sample_rate, config)
        self._statistics = song.statistics
        self._largest = np.zeros(n_distances)
        if self._n_columns * self._row.itemsize > _IN_MEMORY:
            prepare_temporary_folder()
        self._file = tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY)  # noqa: SIM115
        with contextlib.ExitStack() as stack:
            stack.callback(self._file.close)
            self._fill(song, config, progress)
            self._stack = stack.pop_all()

    def __enter__(self) -> SongFeatures:
        return self

    def __exit__(self, *exception: object) -> None:
        self._stack.close()

    def __len__(self) -> int:
        return self._n_columns

    def __getitem__(self, columns: slice) -> np.ndarray:
        """Return columns `(n_columns, n_features)`, float32, of a plain slice."""
        first, last, _ = columns.indices(self._n_columns)
        self._file.seek(first * self._row.itemsize)
        content = self._file.read(max(0, last - first) * self._row.itemsize)
        rows = np.frombuffer(content, self._row)
        changes = without_silence(rows["distances"], rows["scales"], self._largest)
        bands = scale_bands(rows["bands"], self._statistics)
        return np.concatenate([bands, changes], axis=1).astype(np.float32)

    def _fill(
        self, song: Song, config: RhythmConfig, progress: Callable[[float], None]
    ) -> None:
        n_rows = 0
        offset = float(self._statistics.means.mean())
        mono = (block.mean(axis=0, keepdims=True) for block in song.blocks())
        parts = analyse(
            *(SongWindow(mono, 1).read, song.n_frames, song.sample_rate, offset, config)
        )
        for bands, distances, scales in _with_distances(parts, config):
            rows = np.empty(len(bands), self._row)
            rows["bands"], rows["distances"], rows["scales"] = bands, distances, scales
            self._write(rows)
            np.maximum(self._largest, scales.max(axis=0), out=self._largest)
            n_rows += len(rows)
            progress(n_rows / self._n_columns)

    def _write(self, rows: np.ndarray) -> None:
        try:
            self._file.write(rows.tobytes())
        except OSError as error:
            raise RequintoError(
                f"temporary files in {tempfile.gettempdir()} cannot be written "
                f"({reason_of(error)}): make room there, or set TMPDIR"
            ) from error


def _with_distances(
    parts: Iterator[tuple[np.ndarray, np.ndarray]], config: RhythmConfig
) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Yield bands, harmonic distances and their scales, of columns in a row.

    A distance looks ahead, so that columns wait until those are there.
    """
    reach = round(max(config.change_s) * config.columns_per_s)
    total = np.zeros((1, 12, 2))  # before each column from `first - reach` on
    waiting = np.zeros((0, config.n_bands), np.float32)  # columns from `first` on
    first = 0
    for bands, chroma in parts:
        sums = np.cumsum(np.concatenate([total[-1:], chroma]), axis=0)[1:]
        total = np.concatenate([total, sums])
        waiting = np.concatenate([waiting, bands])
        end = first + len(waiting)
        last = end - reach
        if last > first:
            distances = harmony_distances(total, first, last, end, config)
            yield (waiting[: last - first], *distances)
            total = total[max(0, last - reach) - max(0, first - reach) :]
            waiting, first = waiting[last - first :], last
    end = first + len(waiting)
    yield (waiting, *harmony_distances(total, first, end, end, config))
